extensions() { # extensions ID[@VERSION] | URL...
  local directory wanted id version name file shipped=/opt/amazon/sagemaker/sagemaker-code-editor-server-data failed=''
  directory=$(place extensions-dir)/extensions
  # The editor adds the bundled extensions only when it makes this directory itself.
  if [[ ! -d "${directory}" ]]; then
    note 'when the editor has made its directory for them'
    detached bash -c "$(program)" studio-setup later extensions "${directory}" >/dev/null 2>&1 </dev/null 4>&- &
    return 75
  fi
  exec 7>>"${state}/extensions.lock"
  flock 7
  bundled
  for wanted; do
    grep -qsxF "${wanted}" "${directory}/.studioctl" && continue
    id=${wanted%%@*} version=${wanted#"${wanted%%@*}"} file=${wanted}
    name=${directory}/${id,,}-${version#@}
    case ${wanted} in
      https://*)
        file=$(mktemp --suffix .vsix)
        curl -fsSL --connect-timeout 10 --max-time 120 -o "${file}" "${wanted}" || file=''
        ;;
      # A digit after the name, because other names begin with it; after the version, at most a platform.
      *@*) if compgen -G "${name}" || compgen -G "${name}-*"; then file=there; fi ;;
      *) if compgen -G "${name}[0-9]*"; then file=there; fi ;;
    esac
    if [[ "${file}" != there ]]; then
      if [[ -z "${file}" ]] || ! timeout 180 sagemaker-code-editor --install-extension "${file}" --force \
        --extensions-dir "${directory}" --server-data-dir "${directory%/extensions}"; then
        failed+=" ${wanted}"
        continue
      fi
      note "${wanted}"
    fi
    if [[ "${file}" != "${wanted}" ]] && [[ "${file}" != there ]]; then rm -f "${file}"; fi
    printf '%s\n' "${wanted}" >>"${directory}/.studioctl"
  done
  if [[ -n "${failed}" ]]; then
    printf 'not installed:%s\n' "${failed}"
    return 1
  fi
}

bundled() { # after an update of the image, links to the extensions that it brings lead nowhere
  local link new name mended=''
  for link in "${directory}"/*; do
    if [[ -e "${link}" ]] || [[ ! -L "${link}" ]]; then continue; fi
    name=${link##*/}
    for new in "${shipped}/extensions/${name%-[0-9]*}"-[0-9]*; do
      if [[ -d "${new}" ]] && [[ ! -e "${directory}/${new##*/}" ]]; then ln -sfn "${new}" "${directory}/${new##*/}"; fi
    done
    rm -f "${link}"
    note "${name%-[0-9]*}"
    mended=yes
  done
  # Without its list, the editor reads the directory again.
  if [[ -n "${mended}" ]]; then rm -f "${directory}/extensions.json"; fi
}
