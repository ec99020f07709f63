"""The room's first process: it is root there, runs the script as `sagemaker-user`, and commands of `sudo` as root.

    python -I -S init.py CONTROL

CONTROL is a socket to `enter.py`, which is outside and sends one line of JSON with the command to run. `enter.py`
receives `ready` with the listening sockets that it answers outside, and `exit CODE` when the script ends. This process
ends when all processes that it started have ended; the others end with it.

All files of the room have the same owner outside. Two things separate root from `sagemaker-user`: the user's processes
are in another user namespace, without capabilities, and root's files are not writable for their owner, which stops
everybody but root (`CAP_DAC_OVERRIDE`).
"""

import array
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from typing import Any

UID, GID = 1000, 100
SUDO = "/run/room/sudo"
CLONE_NEWUSER = 0x10000000
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
LAST_CAPABILITY = 40
CONTAINER = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""The capabilities of root in a container, see capabilities(7): what Docker grants, without a way to mount or trace."""
SIOCSIFADDR = 0x8916
ROOTS_UMASK, USERS_UMASK = 0o222, 0o022
MOST_PROCESSES = 4096
"""Of the user and of root each: a script that starts itself again and again must leave this machine some."""

libc = ctypes.CDLL(None, use_errno=True)


def main(control_number: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python would end at it, and the room with us
    control = socket.socket(fileno=int(control_number))
    control.set_inheritable(False)
    reader = control.makefile("rb")
    wanted = json.loads(reader.readline())
    send_listening(control, wanted["ports"])
    users = make_user_namespace()
    Room(control, users, wanted).serve()


def send_listening(control: socket.socket, ports: list[tuple[str, int]]) -> None:
    """Sockets that belong to this network and are answered by whoever holds them."""
    listening = []
    for address, port in ports:
        if not address.startswith("127."):
            add_address(address)
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(64)
        listening.append(made)
    numbers = array.array("i", [made.fileno() for made in listening])
    control.sendmsg([b"ready\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)] if listening else [])
    for made in listening:
        made.close()


def add_address(address: str) -> None:
    """Give this network's loopback one more address, see netdevice(7)."""
    request = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, SIOCSIFADDR, request)


def make_user_namespace() -> int:
    """A namespace in which the owner of all files is `sagemaker-user`, with nobody in it yet."""
    told, tell = os.pipe()
    end, wait = os.pipe()
    child = os.fork()
    if child == 0:
        check(libc.unshare(CLONE_NEWUSER), "unshare")
        for file, text in (("setgroups", "deny"), ("uid_map", f"{UID} 0 1"), ("gid_map", f"{GID} 0 1")):
            with open(f"/proc/self/{file}", "w") as stream:  # noqa: PTH123
                stream.write(text)
        os.write(tell, b".")
        os.close(wait)
        os.read(end, 1)
        os._exit(0)
    os.close(tell)
    if not os.read(told, 1):
        sys.exit("the user's namespace could not be made")
    namespace = os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    for number in (told, end, wait):
        os.close(number)
    os.waitpid(child, 0)
    return namespace


class Room:
    """The processes in the room, and the sockets that learn of their end."""

    def __init__(self, control: socket.socket, users: int, wanted: dict[str, Any]) -> None:
        self.control = control
        self.users = users
        self.wanted = wanted
        self.script = 0
        self.waiting: dict[int, socket.socket] = {}
        self.asked = socket.socket(socket.AF_UNIX)
        os.makedirs(os.path.dirname(SUDO), exist_ok=True)  # noqa: PTH103, PTH120
        self.asked.bind(SUDO)
        os.chmod(SUDO, 0o666)  # noqa: PTH101, S103 - everybody here may become root here
        self.asked.listen(64)
        for place in (os.path.dirname(SUDO), "/run", "/.host"):  # noqa: PTH120 - bubblewrap made them
            os.chmod(place, 0o555)  # noqa: PTH101, S103 - root's, and so not the user's to write

    def serve(self) -> None:
        """Serve until nothing is left."""
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        files = (os.open(os.devnull, os.O_RDONLY), 1, 2)
        wanted = self.wanted
        self.script = self.spawn(wanted["command"], wanted["environment"], wanted["directory"], files)
        os.close(files[0])
        while self.reap():
            ready = select.select([woken, self.control.fileno(), self.asked.fileno()], [], [])[0]
            if woken in ready:
                os.read(woken, 4096)
            if self.control.fileno() in ready:
                if not self.control.recv(64):  # whoever wanted all this is gone
                    return
                self.terminate()
            if self.asked.fileno() in ready:
                self.answer(self.asked.accept()[0])

    def terminate(self) -> None:
        """SIGTERM for the command, which counts as the first process of its container.

        The kernel lets that one ignore a signal for which it has set nothing up: pid_namespaces(7).
        """
        with contextlib.suppress(OSError, ValueError, StopIteration), open(f"/proc/{self.script}/status") as status:  # noqa: PTH123
            caught = next(line for line in status if line.startswith("SigCgt:"))
            if int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1):
                os.kill(self.script, signal.SIGTERM)

    def answer(self, client: socket.socket) -> None:
        """One call of `sudo`: what to run, and the caller's three files."""
        try:
            client.settimeout(5)
            text, files = receive(client)
            asked = json.loads(text)
            child = self.spawn(asked["command"], asked["environment"], asked["directory"], files, root=asked["root"])
            self.waiting[child] = client
        except (OSError, ValueError, KeyError, TypeError):
            client.close()

    def reap(self) -> bool:
        """Take note of every process that ended; whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            code = os.waitstatus_to_exitcode(status)
            if pid == self.script:
                self.control.sendall(f"exit {code}\n".encode())
            if client := self.waiting.pop(pid, None):
                with contextlib.suppress(OSError):  # its caller may be gone
                    client.sendall(str(code).encode())
                client.close()

    def spawn(
        self, command: list[str], environment: dict[str, str], directory: str, files: Any, *, root: bool = False
    ) -> int:
        """Start a command as root or as the user."""
        child = os.fork()
        if child:
            if root:
                for number in files:
                    os.close(number)
            return child
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            for place, number in enumerate(files):
                os.dup2(number, place)
            os.closerange(3, self.users)
            os.setsid()
            limit_processes()
            if root:
                become_container_root()
            else:
                check(libc.setns(self.users, CLONE_NEWUSER), "setns")
            os.closerange(self.users, 256)
            os.umask(ROOTS_UMASK if root else USERS_UMASK)
            os.chdir(directory)
            os.execvpe(command[0], command, environment)  # noqa: S606
        except Exception as error:  # noqa: BLE001 - whatever it is, this must not go on as a second first process
            os.write(2, f"{command[0]}: {getattr(error, 'strerror', None) or error}\n".encode())
        os._exit(127)


def limit_processes() -> None:
    """Lower the limit of processes for good: it cannot be raised again."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    most = MOST_PROCESSES if hard == resource.RLIM_INFINITY else min(hard, MOST_PROCESSES)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def become_container_root() -> None:
    """Keep what root has in a container, and nothing that the room needed to be made."""
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(LAST_CAPABILITY + 1):
        if capability not in CONTAINER:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    kept = sum(1 << capability for capability in CONTAINER)
    header = struct.pack("Ii", 0x20080522, 0)  # version 3, this process
    words = struct.pack("IIIIII", kept, kept, 0, kept >> 32, kept >> 32, 0)  # effective, permitted, inheritable
    check(libc.capset(header, words), "capset")


def receive(client: socket.socket) -> tuple[bytes, tuple[int, ...]]:
    """A line of JSON, and the files that came with its beginning."""
    text, sent, _, _ = client.recvmsg(65536, socket.CMSG_SPACE(3 * 4))
    files: tuple[int, ...] = ()
    for level, kind, data in sent:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files = struct.unpack(f"{len(data) // 4}i", data)
    while not text.endswith(b"\n"):
        more = client.recv(65536)
        if not more:
            raise ValueError("the caller is gone")
        text += more
    if len(files) != 3:
        raise ValueError("three files are wanted")
    return text, files


def check(answer: int, what: str) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
