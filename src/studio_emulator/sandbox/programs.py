"""The programs of this machine that a script may use: those of the image that touch nothing but what they are told."""

import os
import shutil
from pathlib import Path

NAMES = """
[ arch awk base32 base64 basename bash bunzip2 bzip2 cat cc chgrp chmod chown cksum cmp comm cp curl cut date dd df diff
diff3 dir dircolors dirname du echo egrep env expand expr factor false fgrep file find flock fmt fold free g++ gawk gcc
getent getopt git gpg grep groups gunzip gzip head hostid hostname iconv id install ionice join jq kill ld less link ln
locale logger logname ls lsb_release make mawk md5sum mkdir mkfifo mktemp more mv nano nice nl nohup nproc numfmt od
openssl paste patch pathchk perl pgrep pidof pinky pkill pr printenv printf ps ptx pwd readlink realpath renice rev rm
rmdir sed seq setsid sh sha1sum sha256sum sha512sum shred shuf sleep sort split ssh ssh-keygen ssh-keyscan stat stdbuf
strings stty sum sync tac tail tar tee test timeout top touch tput tr true truncate tsort tty uname unexpand uniq unlink
unxz unzip uptime users vdir vi w wait wc wget whereis which who whoami xargs xz xzcat yes zcat zip zstd
"""


def link_real_programs(directory: Path) -> None:
    """Link those that this machine has; the others are missing, and a script finds out as it would elsewhere."""
    for name in NAMES.split():
        link_program(name, directory / name)


def link_program(name: str, link: Path) -> None:
    """Link one program, if this machine has it."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/bin", "/bin"))
    program = shutil.which(name, path=path)
    if program is not None:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(program)
