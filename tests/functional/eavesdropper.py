"""Somebody who looks at what every user of a machine can see: command lines, and files that are left behind."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Heard:
    """Command lines, and environments of processes, that were seen while listening; and which had which."""

    lines: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    processes: set[tuple[str, str]] = field(default_factory=set)

    def with_text(self, *texts: str) -> list[str]:
        """The command lines that hold one of these texts."""
        return sorted(line for line in self.lines if any(text in line for text in texts))

    def holding(self, *texts: str) -> set[str]:
        """The command lines of those whose environment, or command line, holds one of these texts.

        A process that ended between the reading of its environment and of its command line has none.
        """
        return {line for line, held in self.processes if line and any(text in held or text in line for text in texts)}


@contextmanager
def listening() -> Iterator[Heard]:
    """Reads every process's command line, over and over, while the block runs."""
    heard, over = Heard(), threading.Event()

    def listen() -> None:
        while not over.is_set():
            for directory in Path("/proc").iterdir():
                if directory.name.isdigit():
                    line, held = _read(directory / "cmdline"), _read(directory / "environ")
                    heard.lines.add(line)
                    heard.environments.add(held)
                    heard.processes.add((line, held))
            time.sleep(0.005)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield heard
    finally:
        over.set()
        listener.join()


def _read(place: Path) -> str:
    try:
        return place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has ended meanwhile, or is somebody else's
        return ""


def files_with(text: str, *directories: Path) -> list[Path]:
    """The files below these directories that hold this text."""
    return [
        path
        for directory in directories
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink() and text.encode() in _content(path)
    ]


def _content(path: Path) -> bytes:
    """Nothing of a file that has gone meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
