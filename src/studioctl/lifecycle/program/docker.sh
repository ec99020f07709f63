docker_client() { # Studio supports 20.10: taken out of Docker's packages into the home, because apt is reset at each start
  local new=${own}/docker.new key deb
  if command -v docker >/dev/null; then return; fi
  rm -rf "${new}" "${own}/docker"
  mkdir -p "${new}/lists/partial" "${new}/cache/archives/partial" "${bin}" "${HOME}/.docker/cli-plugins"
  curl -fsS --connect-timeout 10 --max-time 60 -o "${new}/key.asc" https://download.docker.com/linux/ubuntu/gpg
  key=$(GNUPGHOME=${new} gpg --batch --show-keys --with-colons "${new}/key.asc" 2>/dev/null | awk -F: '/^pub/ { k++ } /^fpr/ { print k, $10 }')
  # Of one key, with its parts, the first line is its own fingerprint.
  if [[ "${key}" != '1 9DC858229FC7DD38854AE2D88D81803C0EBFCD88'* ]] || [[ "${key}" = *$'\n2 '* ]]; then
    printf 'this is not the key of Docker\n'
    return 1
  fi
  # Its programs need no library of the system, so the ones for 22.04 run on 24.04 too.
  printf 'deb [signed-by=%s] https://download.docker.com/linux/ubuntu jammy stable\n' "${new}/key.asc" >"${new}/sources"
  set -- -qq -o "Dir::State::Lists=${new}/lists" -o "Dir::Cache=${new}/cache" -o "Dir::Etc::SourceList=${new}/sources" \
    -o Dir::Etc::SourceParts=/dev/null -o Acquire::Retries=2 -o Acquire::https::Timeout=15
  apt-get "$@" update
  (cd "${new}" && apt-get "$@" download 'docker-ce-cli=5:20.10.24~3-0~ubuntu-jammy' \
    'docker-compose-plugin=2.17.3-1~ubuntu.22.04~jammy')
  for deb in "${new}"/*.deb; do dpkg-deb -x "${deb}" "${new}/files"; done
  mv "${new}/files" "${own}/docker"
  rm -rf "${new}"
  ln -sfn "${own}/docker/usr/libexec/docker/cli-plugins/docker-compose" "${HOME}/.docker/cli-plugins/docker-compose"
  ln -sfn "${own}/docker/usr/bin/docker" "${bin}/docker"
  note 'docker 20.10.24, docker compose 2.17.3'
}
