"""A separate program that creates a room's namespaces with bubblewrap. The room reaches the outside only through it.

    python -I -S enter.py

It reads one line of JSON from standard input, see `Run`, and then at most one line "terminate", which asks the command
to end. When its input is closed, because the owner closed it or is gone, it kills all processes in the room. It writes
`ready` and `exit CODE` to standard output, and ends when no process is left in the room. The output of the room's
programs goes to the log.

Root first switches to an unused user id. Then a user namespace is created in which that user, or the user who runs
this, is root. bubblewrap starts in it and creates the other namespaces.
"""

import array
import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HIGHEST_USER = 1_900_000_000
"""The user that root becomes, if its namespace has so many users."""
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_DUMPABLE = 4
JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}
STAGE = "/mnt"
LONGEST_PIPE = 1024 * 1024
"""The capacity of a pipe, see pipe(7). After so many bytes, everything written before the read began has been read."""

libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Log:
    """A file that keeps output, and the most bytes that it keeps.

    A script that never stops writing must fill neither the disk nor a reader's memory.
    """

    number: int
    most: int

    def write(self, said: bytes) -> None:
        """Write as much of the output as is kept."""
        size = os.fstat(self.number).st_size
        if size >= self.most:
            return
        too_much = f"\nThe rest of the output is not kept: it is more than {self.most // 1024**2} MB.\n".encode()
        said = said if size + len(said) < self.most else said[: self.most - size] + too_much
        while said:
            said = said[os.write(self.number, said) :]


def main() -> None:
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from studio_emulator.sandbox.proxy import Relay, answer_all, load_codecs  # noqa: PLC0415 - once, as root may not read it later

    load_codecs()
    wanted = json.loads(read_line(0))
    log = Log(os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW), wanted["most_output"])
    data = {place: memory(Path(file).read_bytes()) for place, file in wanted["files"].items()}
    binds = wanted["binds"]
    if os.geteuid() == 0:
        binds = stage(binds)
        drop()
    ours, theirs = socket.socketpair()
    output, written = os.pipe()
    info, tell_info = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become_root_of_a_namespace()
            files = {"control": theirs.fileno(), "info": tell_info}
            enter(wanted, binds, data, files, written)
        except OSError as error:
            os.write(written, f"{error.strerror}\n".encode())
        os._exit(1)
    for number in (written, tell_info, *data.values()):
        os.close(number)
    theirs.close()
    reader = ours.fileno()
    listening = wait_until_ready(ours, wanted["inside"])
    if listening is None:
        pump(output, log, until_end=True)
        os.waitpid(child, 0)
        sys.exit(1)
    first = int(json.loads(os.read(info, 4096))["child-pid"])
    say("ready")
    for made, relay in zip(listening, wanted["relays"], strict=True):
        threading.Thread(target=answer_all, args=(made, Relay(**relay)), daemon=True).start()
    follow(child, first, reader, output, log)


def follow(child: int, first: int, control: int, output: int, log: Log) -> None:
    """Pass on what the room says, until it is over or the owner lets go."""
    ended = os.pidfd_open(child)
    watched = {0, control, output, ended}
    while True:
        ready = select.select(list(watched), [], [])[0]
        if output in ready and not pump(output, log):
            watched.discard(output)
        if control in ready:
            said = os.read(control, 4096)
            pump(output, log)  # what the script wrote before its end is there before its end is told
            if said:
                say(said.decode().strip())
            else:
                watched.discard(control)
        if 0 in ready and os.read(0, 4096):
            with contextlib.suppress(OSError):  # it may be over
                os.write(control, b"terminate\n")
        elif 0 in ready:
            # The first process takes all others of its namespace along, and is over only when they are.
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
            watched.discard(0)
        if ended in ready:
            os.waitpid(child, 0)
            pump(output, log)
            return


def enter(
    wanted: dict[str, Any], binds: list[list[str]], data: dict[str, int], files: dict[str, int], out: int
) -> None:
    """Become bubblewrap."""
    root, *others = binds
    arguments = ["bwrap", "--bind", root[1], "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    arguments += ["--bind", f"{root[1]}{wanted['home']}", wanted["home"]]
    for place, source in others:
        arguments += ["--bind" if place in wanted["mounts"] else "--ro-bind", source, place]
    for place, number in data.items():
        mode = "0555" if place == wanted["script"] else "0444"
        arguments += ["--perms", mode, "--ro-bind-data", str(number), place]
    arguments += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += [
        "--hostname",
        wanted["hostname"],
        "--die-with-parent",
        "--as-pid-1",
        "--new-session",
        "--cap-add",
        "ALL",
    ]
    arguments += ["--info-fd", str(files["info"]), *wanted["first"], str(files["control"])]
    for number in (*files.values(), *data.values()):
        os.set_inheritable(number, True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir("/")
    os.execvpe("bwrap", arguments, {"PATH": "/usr/local/bin:/usr/bin:/bin"})  # noqa: S606, S607 - where the system has it


def stage(binds: list[list[str]]) -> list[list[str]]:
    """Put all that the room shows where the user who owns nothing can get at it, for us alone. Runs as root."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    check(libc.mount(b"tmpfs", STAGE.encode(), b"tmpfs", 0, b"mode=755"), "mount")
    staged = []
    for number, (place, source) in enumerate(binds):
        there = f"{STAGE}/{number}"
        if Path(source).is_dir():
            Path(there).mkdir()
        else:
            Path(there).touch()
        check(libc.mount(source.encode(), there.encode(), None, MS_BIND | MS_REC, None), "mount")
        staged.append([place, there])
    return staged


def drop() -> None:
    """Be the user that nobody is, for good."""
    user = owner()
    with contextlib.suppress(PermissionError):  # where there is but one group, as in a namespace of one user
        os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or our own /proc would be root's


def owner() -> int:
    """The user outside to whom a room's files belong."""
    if os.geteuid() != 0:
        return os.geteuid()
    ranges = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    first, _, count = ranges[-1]
    return min(HIGHEST_USER, first + count - 1)


def become_root_of_a_namespace() -> None:
    """Root of a namespace in which there is nobody else, and in which one more namespace can be made: the user's."""
    user, group = os.geteuid(), os.getegid()
    machine = os.uname().machine
    if machine in JOIN_SESSION_KEYRING:  # the person's keys stay theirs
        libc.syscall(JOIN_SESSION_KEYRING[machine], 1, None)
    check(libc.unshare(CLONE_NEWUSER), "unshare")
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path(f"/proc/self/{file}").write_text(text)
    Path("/proc/sys/user/max_user_namespaces").write_text("1")


def wait_until_ready(control: socket.socket, wanted: dict[str, Any]) -> list[socket.socket] | None:
    """Tell the room what to run; the sockets that listen in it, or None when it could not be made."""
    said: bytes = b""
    sent: list[tuple[int, int, bytes]] = []
    with contextlib.suppress(ConnectionError):
        control.sendall(json.dumps(wanted).encode() + b"\n")
        said, sent, _, _ = control.recvmsg(len(b"ready\n"), socket.CMSG_SPACE(8 * 4))
    if not said:
        return None
    numbers = array.array("i")
    for _, _, content in sent:
        numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    return [socket.socket(fileno=number) for number in numbers]


def pump(source: int, log: Log, *, until_end: bool = False) -> bool:
    """Write down what was said so far; whether more may come. It ends, however fast the room goes on."""
    taken = 0
    while until_end or (taken < LONGEST_PIPE and select.select([source], [], [], 0)[0]):
        said = os.read(source, 65536)
        if not said:
            return False
        taken += len(said)
        log.write(said)
    return True


def memory(content: bytes) -> int:
    number = os.memfd_create("room")
    with open(number, "wb", closefd=False) as stream:
        stream.write(content)
    os.lseek(number, 0, os.SEEK_SET)
    return number


def read_line(number: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(number, 65536)
        if not more:
            sys.exit(1)
        line += more
    return line


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # the owner may be gone
        os.write(1, f"{text}\n".encode())


def check(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
