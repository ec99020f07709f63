#!/bin/sh
# Gets the programs of the system that tests run for real: OpenSSH's, rsync, nss_wrapper, buildah, bubblewrap,
# PostgreSQL and Chromium.
#
# Installs only where that changes nobody's machine, as root in a container: on a machine that boots services Debian
# would open an SSH server to the network, so there the person is told instead.
set -eu

missing=""
[ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
command -v ssh >/dev/null || missing="$missing openssh-client"
command -v rsync >/dev/null || missing="$missing rsync"
found=$(find /usr/lib /usr/lib64 -name 'libnss_wrapper.so*' 2>/dev/null | head -n 1)
[ -n "$found" ] || missing="$missing libnss-wrapper"
command -v bwrap >/dev/null || missing="$missing bubblewrap"
command -v buildah >/dev/null || missing="$missing buildah"
command -v postgres >/dev/null || [ -n "$(find /usr/lib/postgresql -name postgres -type f 2>/dev/null)" ] ||
    missing="$missing postgresql"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ -d /run/systemd/system ]; then
    echo "The tests need, in Debian's names:$missing. Install them: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
