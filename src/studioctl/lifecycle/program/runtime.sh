note() { # note WORDS...: what this step changed or found, for its line in the log
  printf '%s ' "$*" >&4
}

put() { # put FILE MODE TEXT: writes it whole or not at all, and only when it differs
  [[ "$(cat "${1}" 2>/dev/null)" = "${3}" ]] && return
  mkdir -p "${1%/*}"
  printf '%s\n' "${3}" >"${1}.new"
  chmod "${2}" "${1}.new"
  mv -f "${1}.new" "${1}"
  note "${1##*/}"
}

say() { # say NAME STATE SECONDS DETAIL: one line, for CloudWatch and for studio-setup status
  local line detail=${4//[[:cntrl:]]/ }
  printf -v line '[studioctl] %-14s %-10s %6ss  %s' "${1}" "${2}" "${3}" "${detail:0:300}"
  line=${line%"${line##*[![:space:]]}"}
  printf '%s\n' "${line}"
  printf '%s\n' "${line}" >>"${state}/status"
} 2>/dev/null

since() { # since MICROSECONDS: the seconds from then to now, in tenths
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1}) / 100000))
  printf '%s.%s' "$((tenths / 10))" "$((tenths % 10))"
}

step() { # step NAME: runs it in a shell of its own with a log of its own, and says how it went
  local began=${EPOCHREALTIME/[.,]/} log=${state}/logs/${1}.log notes said code how='done'
  { : >"${log}"; } 2>/dev/null || log=/dev/null
  say "${1}" started 0.0 '' >/dev/null
  notes=$(
    trap - PIPE
    set -euo pipefail
    exec 4>&1 >"${log}" 2>&1 </dev/null 9>&-
    cd "${HOME}"
    perform "${1}"
  )
  code=$?
  case ${code} in
    0) [[ -n "${notes}" ]] || how=unchanged ;;
    75) how=background ;;
    77) how=skipped ;;
    *)
      how=failed
      # Without what curl draws while it works, which its error follows in the same line.
      said=$(tr '\r' '\n' <"${log}" | sed 's/^[0-9 .:kMGT-]*curl: (/curl: (/' |
        grep -v -e '^[[:space:]]*$' -e '^  % Total' -e '^ *Dload' -e '^[0-9 .:kMGT-]*:[-0-9][-0-9][0-9 .kMGT]*$' |
        tail -n 1)
      notes=${said:-exit code ${code}}${notes:+; done: ${notes}}
      ;;
  esac
  say "${1}" "${how}" "$(since "${began}")" "${notes}"
}

later() { # later NAME DIRECTORY: runs a step once the editor has made its directory
  local waited
  exec 8>>"${state}/later.lock"
  flock -n 8 || return 0
  for ((waited = 0; waited < ${STUDIOCTL_PATIENCE_SECONDS:-900}; waited++)); do
    [[ -d "${2}" ]] && break
    sleep 1
  done
  sleep 1 # it fills the directory right after making it
  step "${1}"
}

detached() { # detached COMMAND...: takes the place of this shell, in a session of its own
  if command -v setsid >/dev/null; then exec setsid "$@"; else exec "$@"; fi
}

begin() { # only one start at a time: the second finds done what the first did
  trap '' PIPE # whom it tells may be gone
  if { exec 9>>"${state}/lock"; } 2>/dev/null && ! flock -n 9; then
    say lock waiting 0.0 'another start is at work'
    flock 9
  fi
  { : >"${state}/status"; } 2>/dev/null
}

start() { # the part that SageMaker waits for: tells what the other part does, until the time is up
  local began=${EPOCHREALTIME/[.,]/} budget=${STUDIOCTL_BUDGET_SECONDS:-240} left line name how ended=0
  local -A count=([done]=0 [unchanged]=0 [failed]=0 [background]=0 [skipped]=0)
  local pending=" ${steps} " failed='' summary='' result='done'
  if ! { mkdir -p "${state}/logs" && printf . >"${state}/probe"; } 2>/dev/null; then
    state=$(mktemp -d)
    mkdir -p "${state}/logs"
    export STUDIOCTL_STATE=${state}
    say home failed 0.0 "cannot be written, is its disk full? the logs are in ${state}"
    count[failed]=1 failed=' home'
  fi
  exec 3< <(detached bash -c "$(program)" studio-setup run </dev/null 2>/dev/null)
  while left=$((budget * 1000000 - ${EPOCHREALTIME/[.,]/} + began)) && ((left > 0)); do
    printf -v left '%d.%06d' "$((left / 1000000))" "$((left % 1000000))"
    IFS= read -r -t "${left}" line <&3 || { ended=$? && break; }
    printf '%s\n' "${line}"
    read -r _ name how _ <<<"${line}"
    [[ -n "${count[${how}]-}" ]] || continue
    count[${how}]=$((count[${how}] + 1)) pending=${pending/ ${name} / }
    if [[ "${how}" = failed ]]; then failed+=" ${name}"; fi
  done
  exec 3<&-
  for name in ${pending}; do
    how=background line='goes on; see: studio-setup status'
    # More than 128 when the time is up; else nobody is left who could say more.
    if ((ended == 1)); then how=failed line='was killed' failed+=" ${name}"; fi
    printf '[studioctl] %-14s %-10s %6ss  %s\n' "${name}" "${how}" "$(since "${began}")" "${line}"
    count[${how}]=$((count[${how}] + 1))
  done
  for how in 'done' unchanged skipped background failed; do
    if ((count[${how}])); then summary+=", ${count[${how}]} ${how}"; fi
  done
  if ((count[background])); then result=background; fi
  if [[ -n "${failed}" ]]; then result=failed summary+=" (${failed# })"; fi
  set -f
  # shellcheck disable=SC2086 # counted as words
  set -- ${steps}
  printf '[studioctl] %-14s %-10s %6ss  %s\n' summary "${result}" "$(since "${began}")" "$# steps: ${summary#, }"
  if [[ -n "${failed}" ]] && [[ "${strict}" = true ]]; then return 1; fi
}

status() { # what the last start did, and what it still does
  local name how line running=interrupted
  local -A last=()
  flock -n "${state}/lock" true || running=running
  while IFS= read -r line; do
    read -r _ name how _ <<<"${line}"
    last[${name}]=${line/ started / ${running} }
  done <"${state}/status"
  for name in ${steps}; do
    printf '%s\n' "${last[${name}]:-[studioctl] ${name} waiting}"
  done
  printf 'What each step said: %s/logs\n' "${state}"
}

main() {
  set -uo pipefail
  shopt -s inherit_errexit
  eval "$(variables)" # first: a variable of the file must not take the place of one of these
  settings
  own=${HOME}/.local/share/studioctl
  bin=${HOME}/.local/bin
  state=${STUDIOCTL_STATE:-${HOME}/.local/state/studioctl}
  case ${1} in
    start) start ;;
    run) run ;;
    later) later "${2}" "${3}" ;;
    gpu_tell) gpu_tell "${2}" "${3}" "${4}" ;;
    status) status ;;
    *) printf 'Usage: studio-setup [status | start]\n' ;;
  esac
}
