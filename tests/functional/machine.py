"""A stand-in for the machine behind a space: OpenSSH's server on loopback, and a relay in place of AWS's plugin.

The server runs as whoever runs the tests, with keys and configuration of its own, and is ended by its process id.
nss_wrapper shows it a user database with the account that a space has: `sagemaker-user` is the person who runs the
tests, at home in a directory of the test's.
"""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

SSHD = "/usr/sbin/sshd"
INSTALL = "make prerequisites says what to install"

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
PidFile none
SetEnv PATH={directory}/over-there:/usr/local/bin:/usr/bin:/bin
Subsystem sftp internal-sftp
"""

# Does what the real plugin does at its edges: takes the answer of StartSession from the variable that its first
# argument names, says which session it is, and pipes. It tells the test the token, and pipes once the test has looked
# around.
RELAY = """\
#!{python}
import json, os, socket, sys, threading

if sys.argv[1:] == ["--version"]:
    print("{version}")
    sys.exit(0)
assert sys.argv[1].startswith("AWS_SSM_START_SESSION_RESPONSE") and sys.argv[3] == "StartSession", sys.argv
answer = json.loads(os.environ[sys.argv[1]])
token = answer["TokenValue"]
assert token and not any(token in word for word in sys.argv)
with socket.create_connection(("127.0.0.1", {witness})) as witness:
    facts = {{"token": token, "arguments": sys.argv[1:], "aws": sorted(n for n in os.environ if n.startswith("AWS_"))}}
    witness.sendall(json.dumps(facts).encode() + b"\\n")
    witness.recv(1)  # the test has looked around
sys.stdout.write("\\nStarting session with SessionId: " + answer["SessionId"] + "\\n")
sys.stdout.flush()
server = socket.create_connection(("127.0.0.1", {port}))

def pump(read, write, end):
    while data := read():
        write(data)
    end()

left = {cut_after}

def write_out(data):
    global left
    left -= len(data)
    if left < 0:
        os._exit(1)
    while data:
        data = data[os.write(1, data):]

threading.Thread(
    target=pump, args=(lambda: os.read(0, 65536), server.sendall, lambda: server.shutdown(socket.SHUT_WR)), daemon=True
).start()
pump(lambda: server.recv(65536), write_out, lambda: os._exit(0))
"""


@dataclass
class Machine:
    """A running server and a directory with the relay.

    Args:
        home: The home of `sagemaker-user` there.
        sessions: What each relay told: its token, its arguments, its variables of AWS's.
        command_lines: Those of every process on this machine, as they were while that token was in use.
    """

    directory: Path
    port: int
    witness: socket.socket
    sessions: list[dict[str, Any]] = field(default_factory=list)
    command_lines: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The home of `sagemaker-user`."""
        return self.directory / "home"

    @property
    def programs(self) -> Path:
        """A directory for PATH, with the relay."""
        return self.directory / "bin"

    @property
    def key(self) -> Path:
        """A private key that the server accepts."""
        return self.directory / "key"

    @property
    def over_there(self) -> Path:
        """A directory that comes first in the PATH of whoever is logged in."""
        return self.directory / "over-there"

    def plugin(self, version: str = "1.2.764.0", *, cut_after: int | None = None) -> None:
        """Puts the relay where the plugin is looked for, saying this version; it may break after so many bytes."""
        text = RELAY.format(
            python=sys.executable,
            version=version,
            port=self.port,
            witness=self.witness.getsockname()[1],
            cut_after=sys.maxsize if cut_after is None else cut_after,
        )
        program(self.programs / "session-manager-plugin", text)

    def listen(self) -> None:
        """Hears each relay, keeps what it says and what /proc shows at that moment, and lets it go on."""
        while True:
            try:
                connection, _ = self.witness.accept()
            except OSError:
                return
            with connection:
                self.sessions.append(json.loads(connection.makefile().readline()))
                self.command_lines.append(command_lines())
                connection.sendall(b".")


def program(path: Path, text: str) -> None:
    """Writes a script that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def command_lines() -> str:
    """The command lines of every process on this machine, a line each."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
    return "\n".join(found)


@contextmanager
def machine(directory: Path) -> Iterator[Machine]:
    """A server that listens, until the end of the block."""
    missing = [name for name in (SSHD, "rsync", "ssh-keygen") if shutil.which(name) is None]
    assert not missing, f"{', '.join(missing)}: {INSTALL}"
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    shutil.copy(directory / "key.pub", directory / "authorized_keys")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as witness:
        made = Machine(directory, port, witness)
        made.home.mkdir()
        made.plugin()
        Thread(target=made.listen, daemon=True).start()
        server = _start(made)
        try:
            yield made
        finally:
            server.terminate()
            server.wait()
            witness.shutdown(socket.SHUT_RDWR)


def _start(made: Machine) -> "subprocess.Popen[bytes]":
    directory = made.directory
    (directory / "sshd_config").write_text(CONFIG.format(port=made.port, directory=directory))
    people = subprocess.run(["getent", "passwd"], capture_output=True, text=True, check=True).stdout
    ours = f"sagemaker-user:x:{os.getuid()}:{os.getgid()}::{made.home}:/bin/sh\n"
    (directory / "passwd").write_text(people + ours)
    groups = subprocess.run(["getent", "group"], capture_output=True, text=True, check=True).stdout
    (directory / "group").write_text(groups)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where its unprivileged part is locked in
    wrapped = {
        "PATH": os.environ["PATH"],
        "LD_PRELOAD": "libnss_wrapper.so",
        "NSS_WRAPPER_PASSWD": str(directory / "passwd"),
        "NSS_WRAPPER_GROUP": str(directory / "group"),
    }
    with (directory / "sshd.log").open("wb") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", directory / "sshd_config"], env=wrapped, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, (directory / "sshd.log").read_text()
        assert time.monotonic() < deadline, (directory / "sshd.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", made.port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return server
