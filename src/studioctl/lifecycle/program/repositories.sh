repositories() { # repositories URL[#BRANCH]...: each is cloned once into the home; what the user deletes stays deleted
  local url branch name failed=''
  local -A jobs=()
  export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS='' SSH_ASKPASS=''
  export GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=accept-new}"
  for url; do
    branch=${url#"${url%%#*}"}
    url=${url%%#*}
    name=${url%/}
    name=${name##*[/:]}
    name=${name%.git}
    if [[ -e "${HOME}/${name}" ]] || grep -qsxF "${url}" "${own}/cloned"; then continue; fi
    clone "${url}" "${name}" "${branch#\#}" &
    jobs[${name}]=$!
  done
  for name in "${!jobs[@]}"; do
    wait "${jobs[${name}]}" || failed+=" ${name}"
  done
  if [[ -n "${failed}" ]]; then
    printf 'not cloned:%s; see its log\n' "${failed}"
    return 1
  fi
}

clone() { # clone URL NAME BRANCH
  local new=${own}/clone-${2}
  rm -rf "${new}"
  timeout 1800 git -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=30 clone --quiet ${3:+--branch "${3}"} -- "${1}" "${new}"
  mv -nT "${new}" "${HOME}/${2}"
  printf '%s\n' "${1}" >>"${own}/cloned"
  note "${2}"
}
