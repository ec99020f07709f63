"""Reading a directory of a space as one compressed archive, over ssh."""

import re
import shlex
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from threading import Thread

from studioctl.errors import AwsError, StudioctlError
from studioctl.remote import ssh
from studioctl.remote.host import Host, config_flag, config_path

# Seen from the home, https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-automount.html
HOME_DIRECTORY = "user-default-efs"
# lost+found is the volume's, and only root may read it; the other two are separate file systems.
NOT_OF_THE_VOLUME = tuple(f"--exclude=./{name}" for name in ("lost+found", HOME_DIRECTORY, "custom-file-systems"))
REPORT = re.compile(r"studioctl:archive (\d+) ([0-9a-f]{64}) (\d+)")
# The editor writes these all the time: logs and caches, none of which anybody wrote.
EDITORS_OWN = re.compile(r"tar: \./(sagemaker-code-editor-server-data|\.cache)(/|:)")
CHANGED = re.compile(r"tar: (.+): (file changed as we read it|File removed before we read it)")
REMEMBERED = 200  # lines of what ssh and the space say
ENDING_SECONDS = 10.0


@dataclass(frozen=True)
class Report:
    """The space's report of an archive: its SHA-256 as hexadecimal digits, and the number of files in it."""

    sha256: str
    files: int


@dataclass
class Reading:
    """An archive on its way.

    Args:
        process: The ssh that carries it.
        space: The space that it comes from.
        said: The last lines that ssh and the space wrote to stderr.
    """

    process: "subprocess.Popen[bytes]"
    space: str
    said: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def blocks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """Its bytes, in blocks of this size at most, until there are no more."""
        assert self.process.stdout is not None  # noqa: S101 - it was opened with a pipe
        while block := self.process.stdout.read1(size):  # type: ignore[attr-defined]
            yield block

    def report(self) -> Report | None:
        """Return the space's report after every block was read; None if it has no such directory.

        Raises:
            AwsError: The connection broke, a file could not be read, or a file changed during the copy.
        """
        code = self.process.wait()
        self._listener.join()
        if "studioctl:absent" in self.said and code == 0:
            return None
        found = next(filter(None, map(REPORT.fullmatch, self.said)), None)
        if found is None or code:
            said = next((line for line in reversed(self.said) if not line.startswith("studioctl:")), "")
            raise AwsError(
                f"Reading '{self.space}' was cut off: ssh ended with {code}{f': {said}' if said else ''}",
                hint=f"look whether this works, then run the same command again: studioctl ssh {self.space}",
            )
        self._refuse_gaps(int(found[1]))
        return Report(found[2], int(found[3]))

    def _refuse_gaps(self, status: int) -> None:
        """tar ends with 1 when something changed while it was read, and with 2 when it could not be read."""
        told = [line.removeprefix("studioctl:said ") for line in self.said if line.startswith("studioctl:said ")]
        theirs = [line for line in told if CHANGED.search(line) and not EDITORS_OWN.search(line)]
        if status > 1:
            raise AwsError(
                f"Not everything in '{self.space}' could be read:\n" + "\n".join(f"  {line}" for line in told[:10]),
                hint=f"make it readable, or delete it: studioctl ssh {self.space}",
            )
        if status and theirs:
            names = [found[1] for line in theirs if (found := CHANGED.search(line))]
            raise AwsError(
                f"Somebody writes in '{self.space}' while it is copied: {', '.join(names[:5])}",
                hint="end what writes there and save your work, then run the same command again",
            )

    def listen(self) -> None:
        """Keeps reading what is said, so that nobody waits for us to."""
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 - it was opened with a pipe
        for line in self.process.stderr:
            self.said.append(line.decode(errors="replace").rstrip("\r\n"))


def require(environ: Mapping[str, str]) -> None:
    """Makes sure that this machine can reach into a space.

    Raises:
        StudioctlError: ssh or AWS's plugin is missing, or too old.
    """
    from studioctl.remote import plugin  # noqa: PLC0415 (so that a test can take this module alone)

    if ssh.find(environ) is None:
        raise StudioctlError("ssh was not found on PATH.", hint=ssh.INSTALL)
    plugin.require(environ)


@contextmanager
def reading(
    host: Host, space: str, directory: str, options: tuple[str, ...], environ: Mapping[str, str]
) -> Iterator[Reading]:
    """Begins to read a directory of a space.

    Args:
        host: The space for ssh.
        space: Its name.
        directory: Seen from the home.
        options: Of tar.
        environ: The environment of ssh.

    Raises:
        StudioctlError: There is no ssh.
    """
    program = ssh.find(environ)
    if program is None:
        raise StudioctlError("ssh was not found on PATH.", hint=ssh.INSTALL)
    script = files(__package__).joinpath("archive.sh").read_text(encoding="utf-8")
    words = shlex.join(["sh", "-c", script, "archive", directory, *options])
    flag = config_flag() if config_path().exists() else []
    command = [str(program.path), *flag, *host.options(), "-T", "-o", "BatchMode=yes", host.alias, words]
    process = subprocess.Popen(
        command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    found = Reading(process, space)
    found.listen()
    try:
        yield found
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
