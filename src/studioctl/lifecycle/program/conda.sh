conda_packages() { # an environment of its own in the home, behind base on PATH: base is reset at each start
  local sum prefix conda old
  sum=$(cksum <<<"$*")
  prefix=${own}/conda-${sum%% *}
  if [[ ! -e "${prefix}/.complete" ]]; then
    conda=$(command -v micromamba || command -v mamba || printf conda)
    rm -rf "${prefix}"
    timeout 1800 "${conda}" create --yes --quiet --prefix "${prefix}" "$@"
    : >"${prefix}/.complete"
    note "$@"
  fi
  if [[ "$(readlink "${own}/conda")" != "${prefix}" ]]; then ln -sfn "${prefix}" "${own}/conda"; fi
  for old in "${own}"/conda-*; do
    if [[ "${old}" != "${prefix}" ]]; then rm -rf "${old}"; fi
  done
}
