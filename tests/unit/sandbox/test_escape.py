"""A script that tries to get out of its room, as the user and as root, changes and reads nothing of this machine.

What is looked at before and after: type, mode, owner, size, links, times and target of all in /etc, /usr, /var and the
home, and the content of /etc. A file's change time is the kernel's, so no content changes without it.
"""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run, start_editor
from tests.fakes.ordinary_user import as_ordinary_user

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
import ctypes, glob, os, socket
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
for process in (1, VICTIM):
    attempt(f"trace {process}", libc.ptrace, 16, process, None, None)
for place in ("/proc/1/root/etc", "/proc/1/fd/6", "/proc/1/mem", "/proc/1/environ", "/dev/shm/PLANTED"):
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
for place in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/sys/power/state"):
    try:
        os.open(place, os.O_WRONLY)
        print("SUCCEEDED", place)
    except OSError:
        pass
for address in ("AGENT", "\\0PLANTED", "/run/PLANTED.sock"):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(address)
            print("SUCCEEDED socket", address)
        except OSError:
            pass
for number in os.listdir("/proc/self/fd"):
    try:
        if int(number) > 2 and b"hunter2" in os.pread(int(number), 100, 0):
            print("SUCCEEDED file descriptor")
    except OSError:
        pass
for place in [*glob.glob("/run/*/*"), *glob.glob("/tmp/ssh-*/*"), *glob.glob("/var/run/*")]:
    if place not in ("/run/room/sudo", "/run/room/OnStart.sh"):
        print("SUCCEEDED socket", place)
PYTHON
env | grep -E 'SSH_AUTH_SOCK|AWS_SECRET|AWS_ACCESS|AWS_PROFILE|TOKEN|hunter2' && echo SUCCEEDED environment
ssh-add -l 2>/dev/null && echo SUCCEEDED agent
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


HOME = str(Path.home())
WATCHED = ("/etc", "/usr", "/var", HOME)
# What the machine's own programs write at any time.
LIVELY = ("/var/log", "/var/cache", "/var/lib/apt", f"{HOME}/.cache", f"{HOME}/.local/state")
LOOK = "%p\\t%y %m %U %G %s %n %T@ %C@ %l\\0"


def fingerprint() -> dict[str, str]:
    """The files, by path. The paths of `LIVELY` are left out, but for what a script of ours has put there."""
    lively = [word for place in LIVELY for word in ("-path", place, "-o")]
    wanted = [*WATCHED, "(", *lively, "-name", "__pycache__", ")", "-prune", "-o", "-printf", LOOK]
    found = dict(entry.split("\t", 1) for entry in listed(*wanted))
    found |= dict.fromkeys(listed(*LIVELY, "-name", "escaped*", "-print0"), "ours")
    for path in found:
        if path.startswith("/etc/") and os.access(path, os.R_OK) and Path(path).is_file():
            found[path] += hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


def listed(*words: str) -> list[str]:
    """The output of `find`; a hundred thousand entries in a second or two. Directories closed to us have none."""
    done = subprocess.run(["find", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode(errors="surrogateescape").split("\0")[:-1]


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


@contextmanager
def a_machine_with_something_to_get(place: Path) -> Iterator[dict[str, str]]:
    """Secrets in a file, the environment, an open file and shared memory; sockets, one of them an agent's."""
    secret = place / "secret"
    secret.write_text("hunter2")
    with ExitStack() as after:
        keep = after.enter_context
        name = Path(keep(tempfile.TemporaryDirectory(prefix="planted-"))).name
        agent = keep(tempfile.TemporaryDirectory(prefix="ssh-", dir="/tmp")) + "/agent.1"
        shared = keep(tempfile.NamedTemporaryFile("w", prefix=name, dir="/dev/shm"))  # noqa: SIM115
        shared.write("hunter2")
        shared.flush()
        for address in (agent, f"\0{name}", *([f"/run/{name}.sock"] if os.geteuid() == 0 else [])):
            listening = keep(socket.socket(socket.AF_UNIX))
            listening.bind(address)
            listening.listen()
            if address.startswith("/"):
                after.callback(Path(address).unlink)
        opened = keep(secret.open())
        os.set_inheritable(opened.fileno(), True)
        planted = {
            "SSH_AUTH_SOCK": agent,
            "AWS_ACCESS_KEY_ID": "AKIAhunter2",
            "AWS_SECRET_ACCESS_KEY": "hunter2",
            "AWS_SESSION_TOKEN": "hunter2",
            "AWS_PROFILE": "hunter2",
            "GITHUB_TOKEN": "hunter2",
        }
        keep(patch.dict(os.environ, planted))
        yield {"SECRET": str(secret), "AGENT": agent, "/dev/shm/PLANTED": shared.name, "PLANTED": name}


def escape(place: Path) -> tuple[list[str], set[str]]:
    """The successes of a script that tries everything, and that it came to its end; then the differences from before.

    Other programs of the machine may change something meanwhile, but not the same in each of two runs.
    """
    lines, changed = try_to_escape(place)
    if changed:
        again, changed_again = try_to_escape(place)
        lines, changed = [*lines, *again[len(ENDS) :]], changed & changed_again
    return lines, changed


def try_to_escape(place: Path) -> tuple[list[str], set[str]]:
    before = fingerprint()
    assert len(before) > 1000
    room = Room(place / "root", Image(4, 0))
    room.lay_out()
    with (
        a_machine_with_something_to_get(place) as planted,
        a_server_on_loopback() as port,
        subprocess.Popen(["sleep", "600"]) as victim,
    ):
        known = {**planted, "VICTIM": str(victim.pid), "LISTENING": str(port), "HOSTNAME": socket.gethostname()}
        script = ATTEMPTS
        for word, value in known.items():
            script = script.replace(word, value)
        with Run(room, script, room.environment(), reach=Reach.the_internet({}), seconds=480) as run:
            lines = [line.text for line in run.lines()]
        assert victim.poll() is None, "it killed a process of this machine"
        victim.kill()
        start_editor(room)  # follows what the script has left in the home, and must not lead outside
        assert Path(planted["SECRET"]).read_text() == "hunter2"
        assert room.read("home/sagemaker-user/.local/state/studioctl") is None
    room.lay_out()
    room.remove()
    after = fingerprint()
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return [line for line in lines if "SUCCEEDED" in line or "hunter2" in line or line in ENDS], changed


def test_a_change_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind, also one that leaves size and modification time as they were."""
    monkeypatch.setattr(sys.modules[__name__], "WATCHED", (str(tmp_path),))
    monkeypatch.setattr(sys.modules[__name__], "LIVELY", (str(tmp_path / "log"),))
    (tmp_path / "log").mkdir()
    for name in ("content", "mode", "linked", "gone"):
        (tmp_path / name).write_text("one")
    before = fingerprint()
    was = (tmp_path / "content").stat()
    (tmp_path / "content").write_text("two")
    os.utime(tmp_path / "content", ns=(was.st_atime_ns, was.st_mtime_ns))
    (tmp_path / "mode").chmod(0o600)
    (tmp_path / "log/escaped-link").hardlink_to(tmp_path / "linked")
    (tmp_path / "log/other").touch()
    (tmp_path / "gone").unlink()
    after = fingerprint()

    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {
        str(tmp_path),
        *(f"{tmp_path}/{name}" for name in ("content", "mode", "linked", "gone", "log/escaped-link")),
    }


def test_a_script_does_not_get_out(tmp_path: Path) -> None:
    assert escape(tmp_path) == (ENDS, set())


def test_a_script_of_an_ordinary_user_does_not_get_out() -> None:
    code = """
import os, pathlib, tempfile
home = pathlib.Path(os.environ["HOME"], "home")
(home / ".ssh").mkdir(parents=True)
for name in (".bashrc", ".ssh/id_ed25519"):
    (home / name).write_text("theirs")
os.environ["HOME"] = str(home)
from tests.unit.sandbox import test_escape as t
assert str(home / ".bashrc") in t.fingerprint()
print(t.escape(pathlib.Path(tempfile.mkdtemp())))
"""
    assert as_ordinary_user(sys.executable, "-c", code).splitlines()[-1] == str((ENDS, set()))
