"""The programs of this machine that a script may use: those of the image that touch nothing but what they are told."""

import os
import shutil
from functools import cache
from pathlib import Path

NAMES = """
[ arch awk base32 base64 basename bash bunzip2 bzip2 cat cc chmod cksum cmp comm cp curl cut date dd df diff
diff3 dir dircolors dirname du echo egrep env envsubst expand expr factor false fgrep file find flock fmt fold free g++
gawk gcc getconf getent getopt gettext git gpg gpgconf grep groups gunzip gzip head hostid hostname iconv id install
ionice join jq kill ld less link ln locale logger logname ls lsb_release make mawk md5sum mkdir mkfifo mktemp more mv
nano nice nl nohup nproc numfmt od openssl paste patch pathchk perl pgrep pidof pinky pkill pr printenv printf ps ptx
pwd readlink realpath renice rev rm rmdir rsync sed seq setsid sh sha1sum sha256sum sha512sum shred shuf sleep sort
split ssh ssh-add ssh-agent ssh-keygen ssh-keyscan stat stdbuf strings stty sum sync tac tail tar tee test timeout top
touch tput tr true truncate tsort tty uname unexpand uniq unlink unxz unzip uptime users vdir w wait wc wget whereis
which who whoami xargs xz xzcat yes zcat
"""
"""The image's, as far as scripts are known to call them. Source: its Dockerfile, and what Ubuntu has in every image."""

HOST = "/.host"
"""The room's path of this machine's /usr."""
PLACES = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
# Debian's package of a program that has another name than it.
PACKAGES = {
    "envsubst": "gettext-base",
    "gettext": "gettext-base",
    "ssh": "openssh-client",
    "cc": "gcc",
    "ssh-keygen": "openssh-client",
    "xz": "xz-utils",
    "gpg": "gnupg",
}


@cache
def found() -> dict[str, str | None]:
    """The path of each program in the room; None if this machine does not have it."""
    return {name: find(name) for name in NAMES.split()}


def find(name: str) -> str | None:
    """The path in the room of a program from this machine's /usr."""
    program = shutil.which(name, path=os.pathsep.join(PLACES))
    if program is None:
        return None
    place = Path(program).resolve()  # past /etc/alternatives, which leads back to where the room has its own
    return f"{HOST}{place}" if place.is_relative_to("/usr") else None


def link_real_programs(directory: Path) -> None:
    """Link those that this machine has; in place of the others stands a program that says so."""
    for name, program in found().items():
        if program is not None:
            (directory / name).symlink_to(program)
        else:
            write_program(directory / name, missing(name))


def missing(name: str) -> str:
    """A program that says that it is not here, although the image has it."""
    package = PACKAGES.get(name, name)
    words = f"{name}: the image has this program, and this machine does not: install it (in Debian, {package})"
    return f'#!/bin/sh\necho "{words}" >&2\nexit 127\n'


def write_program(file: Path, text: str) -> None:
    """A program's file, in place of what was there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o755)
