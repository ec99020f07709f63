"""A command as an ordinary user runs it, also when the tests are root's."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
USER = 54321
# What is in a closed home, as root's is, is shown to the user alone.
SHOWN = """
set -e
home=$1 user=$2 python=$3 scratch=$4
shift 4
mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/python /mnt/tree
mount --bind "$python" /mnt/python
mount --bind "$PWD" /mnt/tree
mount -t tmpfs -o mode=755 none "$home"
case $python in "$home"/*) mkdir -p "$python"; mount --bind /mnt/python "$python" ;; esac
case $PWD in "$home"/*) mkdir -p "$PWD"; mount --bind /mnt/tree "$PWD" ;; esac
exec setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="$scratch" TMPDIR="$scratch" "$@"
"""


def as_ordinary_user(*command: str) -> str:
    """Its output. Fails the test when the command fails."""
    with tempfile.TemporaryDirectory(prefix="ordinary-", dir="/tmp") as scratch:
        if os.geteuid() == 0:
            os.chown(scratch, USER, USER)
            words = (str(Path.home()), str(USER), sys.base_prefix, scratch)
            command = ("unshare", "--mount", "bash", "-c", SHOWN, "-", *words, *command)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
