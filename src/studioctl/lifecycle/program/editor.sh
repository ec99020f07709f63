place() { # place OPTION: where this image's editor keeps its data (below /opt before 2.3, extensions before 2.5 and in 3.0)
  local started
  started=$(grep -m 1 -oe "--${1} [^ ]*" "/usr/local/bin/start-code-editor" 2>/dev/null) || true
  case ${started} in
    *opt/amazon/*) printf '%s' "${shipped}" ;;
    *) printf '%s' "${HOME}/sagemaker-code-editor-server-data" ;;
  esac
}

user_file() { # user_file NAME EMPTY WANTED: merges into settings.json or keybindings.json
  local data shipped=/opt/amazon/sagemaker/sagemaker-code-editor-server-data
  data=$(place server-data-dir)/data/User
  mkdir -p "${data}"
  merge "${1}" "${2}" "${data}/.studioctl-${1}" "${data}/${1}.json" "${shipped}/data/User/${1}.json"
}
