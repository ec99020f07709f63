merge() { # merge KIND WANTED MEMORY FILE [DEFAULT]: adds what the user has not set; says what it changed
  local seen
  seen=$(looks "${2}" "${4}")
  # Python takes a moment, and mostly nothing has changed since the last start.
  if [[ "${seen}" = "$(cat "${3}.seen" 2>/dev/null)" ]]; then return; fi
  python3 -I -c "$(merge_program)" "$@" >&4
  looks "${2}" "${4}" >"${3}.seen"
}

looks() { # looks WANTED FILE: a mark that changes with either
  { printf '%s' "${1}" && cat "${2}" || true; } 2>/dev/null | cksum
}
