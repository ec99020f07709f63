tools() { # tools REQUIREMENT...: each in an environment of its own in the home, all at once
  local python tag sum spec name target uv='' failed='' todo=()
  local -A jobs=()
  python=$(command -v python3)
  tag=$(readlink -f "${python}") # ends in its version: with another Python, the tools are made anew
  mkdir -p "${own}/tools" "${bin}"
  for spec; do
    sum=$(cksum <<<"${spec} ${tag}")
    target=${own}/tools/${spec%%[!A-Za-z0-9._-]*}@${sum%% *}
    if [[ ! -e "${target}/.complete" ]] || [[ ! -x "${target}/bin/python" ]]; then todo+=("${spec}" "${target}"); fi
  done
  if ((${#todo[@]} == 0)); then return; fi
  if ! uv=$(command -v uv); then get_uv; fi
  export UV_HTTP_TIMEOUT=30 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true
  # uv does not know pip's index.
  name=$(cat "/etc/pip.conf" "${HOME}/.pip/pip.conf" "${HOME}/.config/pip/pip.conf" 2>/dev/null || true)
  name=$(sed -n 's/^ *index-url *= *//p' <<<"${name}" | tail -n 1)
  if [[ -n "${PIP_INDEX_URL:-${name}}" ]]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-${name}}}; fi
  set -- "${todo[@]}"
  while (($#)); do
    tool "${1%%[!A-Za-z0-9._-]*}" "${1}" "${2}" &
    jobs[${1%%[!A-Za-z0-9._-]*}]=$!
    shift 2
  done
  for name in "${!jobs[@]}"; do
    wait "${jobs[${name}]}" || failed+=" ${name}"
  done
  if [[ -n "${failed}" ]]; then
    printf 'not installed:%s\n' "${failed}"
    return 1
  fi
}

get_uv() { # the one program that installs the others
  uv=${own}/uv/bin/uv
  if [[ -x "${uv}" ]]; then return; fi
  rm -rf "${own}/uv" "${own}/uv.new"
  "${python}" -I -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-cache-dir --timeout 15 --retries 2 \
    --target "${own}/uv.new" uv
  mv "${own}/uv.new" "${own}/uv"
}

tool() { # tool NAME REQUIREMENT DIRECTORY
  local program old
  rm -rf "${3}"
  "${uv}" venv --quiet --python "${python}" "${3}"
  "${uv}" pip install --quiet --python "${3}/bin/python" "${2}"
  "${3}/bin/python" -I -c 'import importlib.metadata as m, sys
for f in m.files(sys.argv[1]): print(f.name) if f.parent.name == "bin" else 0' "${1}" |
    while IFS= read -r program; do
      # What the user put there stays, links of pipx and uv too.
      if [[ ! -e "${bin}/${program}" ]] || [[ "$(readlink "${bin}/${program}")" = "${own}/tools/"* ]]; then
        ln -sfn "${3}/bin/${program}" "${bin}/${program}"
      fi
    done
  : >"${3}/.complete"
  for old in "${own}/tools/${1}@"*; do
    if [[ "${old}" != "${3}" ]]; then rm -rf "${old}"; fi
  done
  find "${bin}" -maxdepth 1 -xtype l -lname "${own}/tools/${1}@*" -delete
  note "${1}"
}
