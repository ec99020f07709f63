"""A script that tries to get out of its room, as the user and as root, changes and reads nothing of this machine."""

import contextlib
import hashlib
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run, start_editor
from tests.fakes.ordinary_user import as_ordinary_user

WATCHED = ("/etc", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/var/tmp", "/var/spool", "/var/lib/dpkg", "/opt")
AS_ANYBODY = """
for place in /etc /usr /usr/sbin /var/lib /var/spool /var/tmp /opt /root /home /.host /.host/usr /srv; do
  touch "$place/escaped"
  echo escaped >> "$place/passwd"
  ln -f /.host/usr/bin/env "$place/escaped-link"
  chmod 777 "$place"
done
echo x > /usr/sbin/policy-rc.d
echo x > /.host/usr/bin/escaped
echo x >> /etc/ssl/openssl.cnf
rm -f /.host/usr/bin/env /etc/ssl/openssl.cnf
kill -9 VICTIM 1
python3 - <<'PYTHON'
import ctypes, glob, os
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, call, *words):
    if call(*words) == 0:
        print("SUCCEEDED", what)
attempt("mount proc", libc.mount, b"proc", b"/mnt", b"proc", 0, None)
attempt("mount tmpfs", libc.mount, b"tmpfs", b"/mnt", b"tmpfs", 0, None)
attempt("bind /.host", libc.mount, b"/.host/usr", b"/mnt", None, 4096, None)
attempt("remount /.host", libc.mount, None, b"/.host/usr", None, 4096 | 32, None)
attempt("umount /proc", libc.umount2, b"/proc", 2)
attempt("user namespace", libc.unshare, 0x10000000)
attempt("mount namespace", libc.unshare, 0x00020000)
for place in ("/proc/1/root/etc", "/proc/1/fd/6", "/proc/1/mem", "/proc/1/environ"):
    try:
        os.open(place, os.O_RDONLY)
        print("SUCCEEDED", place)
    except OSError:
        pass
for name in ("sda", "vda", "nvme0n1", "kmsg", "mem", "kvm", "fuse", "net/tun"):
    if os.path.exists(f"/dev/{name}"):
        print("SUCCEEDED device", name)
disk = "/tmp/disk-" + str(os.getuid())
try:
    os.mknod(disk, 0o60666, os.makedev(254, 0))
    open(disk, "rb")
    print("SUCCEEDED mknod")
except OSError:
    pass
for place in [*glob.glob("/run/*/*"), *glob.glob("/tmp/ssh-*/*"), *glob.glob("/var/run/*")]:
    if place not in ("/run/room/sudo", "/run/room/OnStart.sh"):
        print("SUCCEEDED socket", place)
PYTHON
env | grep -E 'SSH_AUTH_SOCK|AWS_SECRET|TOKEN' && echo SUCCEEDED environment
ls -A /proc | grep -x VICTIM && echo SUCCEEDED process
cat SECRET && echo SUCCEEDED secret
echo tried as $(id -u)
"""
ATTEMPTS = """
cat > /tmp/attempts <<'END.'
AS_ANYBODY
END.
bash /tmp/attempts 2>/dev/null
sudo bash /tmp/attempts 2>/dev/null
for port in LISTENING 22; do
  (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && echo SUCCEEDED port $port
  curl -s -m 5 -o /dev/null http://127.0.0.1:$port/ && echo SUCCEEDED port $port
  for name in localhost 127.0.0.1 '[::1]' '[::ffff:127.0.0.1]' 0.0.0.0 2130706433 127.1 HOSTNAME; do
    body=$(curl -s -m 5 --noproxy '' -p http://$name:$port/)$(curl -s -m 5 --noproxy '' http://$name:$port/)
    case $body in *loopback-secret*) echo SUCCEEDED proxy $name ;; esac
  done
done
ln -sfn /etc "$HOME/sagemaker-code-editor-server-data"
mkdir -p "$HOME/.local/state"; ln -sfn SECRET "$HOME/.local/state/studioctl"
mv /home/sagemaker-user /home/other 2>/dev/null && echo SUCCEEDED moved home
echo over
""".replace("AS_ANYBODY", AS_ANYBODY)
ENDS = ["tried as 1000", "tried as 0", "over"]


def fingerprint() -> dict[str, tuple[int, int, int, int, str]]:
    """Modes, owners, times and digests of what a script might change."""
    found = {}
    for top in WATCHED:
        for directory, below, files in os.walk(top):
            for path in (Path(directory), *(Path(directory, name) for name in (*below, *files))):
                with contextlib.suppress(OSError):
                    now = path.lstat()
                    content = b""
                    if stat.S_ISREG(now.st_mode) and now.st_size < 1_000_000:
                        content = path.read_bytes()
                    digest = hashlib.sha256(content).hexdigest()
                    found[str(path)] = (now.st_mode, now.st_uid, now.st_size, now.st_mtime_ns, digest)
    return found


@contextmanager
def a_server_on_loopback() -> Iterator[int]:
    """A port that only this machine should reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.recv(4096)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nloopback-secret")

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def escape(place: Path) -> list[str]:
    """What a script that tries everything says: what succeeded, and that it came to its end."""
    secret = place / "secret"
    secret.write_text("hunter2")
    room = Room(place / "root", Image(4, 0))
    room.lay_out()
    with a_server_on_loopback() as port, subprocess.Popen(["sleep", "300"]) as victim:
        script = ATTEMPTS.replace("VICTIM", str(victim.pid)).replace("SECRET", str(secret))
        script = script.replace("LISTENING", str(port)).replace("HOSTNAME", socket.gethostname())
        with Run(room, script, room.environment(), reach=Reach.the_internet({}), seconds=240) as run:
            lines = [line.text for line in run.lines()]
        assert victim.poll() is None, "it killed a process of this machine"
        victim.kill()
    start_editor(room)  # follows what the script has left in the home, and must not lead outside
    assert secret.read_text() == "hunter2"
    assert room.read("home/sagemaker-user/.local/state/studioctl") is None
    room.lay_out()
    room.remove()
    return [line for line in lines if "SUCCEEDED" in line or "hunter2" in line or line in ENDS]


def test_a_script_does_not_get_out(tmp_path: Path) -> None:
    before = fingerprint()
    assert escape(tmp_path) == ENDS
    assert fingerprint() == before


def test_a_script_of_an_ordinary_user_does_not_get_out() -> None:
    code = "from tests.unit.sandbox import test_escape as t; import tempfile, pathlib;"
    code += "print(t.escape(pathlib.Path(tempfile.mkdtemp())))"
    before = fingerprint()
    assert as_ordinary_user(sys.executable, "-c", code).splitlines()[-1] == str(ENDS)
    assert fingerprint() == before
