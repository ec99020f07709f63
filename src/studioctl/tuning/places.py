"""The directories of studies, beside studio.toml: each holds Optuna's journal and the trials' logs."""

import json
import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import filelock

from studioctl import disk, homes
from studioctl.errors import ExitCode, RefusedError, StudioctlError

DIRECTORY = "tuning"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_JOURNAL, _DATABASE = "journal.log", "study.db"


class OccupiedError(RefusedError):
    """Another process is the controller of the study."""


@dataclass(frozen=True)
class Place:
    """The directory of one study.

    Args:
        directory: An absolute path; its name is the study's.
    """

    directory: Path

    @property
    def name(self) -> str:
        """The study's name."""
        return self.directory.name

    @property
    def journal(self) -> Path:
        """Optuna's journal: any version of Optuna since 4.0 opens it with JournalFileBackend."""
        return self.directory / _JOURNAL

    @property
    def edition(self) -> tuple[int, ...]:
        """The identity of the journal, for whoever has read it: another may replace it and even get its inode."""
        try:
            found = self.journal.stat()
        except FileNotFoundError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns

    @property
    def exists(self) -> bool:
        """Whether there is a study."""
        return self.journal.is_file() or self.database.is_file()

    @property
    def database(self) -> Path:
        """SQLite's file, in place of the journal, of a study that a script loads itself."""
        return self.directory / _DATABASE

    @property
    def programs(self) -> Path:
        """The directory with what runs a script."""
        return self.directory / "program"

    @property
    def changed(self) -> float:
        """The time of the study's last change."""
        return max(each.stat().st_mtime for each in (self.journal, self.database) if each.is_file())

    def log(self, number: int) -> Path:
        """The file with everything that a trial wrote."""
        return self.directory / "logs" / f"trial-{number:05}.log"

    def job_of(self, number: int) -> str | None:
        """The training job of a trial; None where it ran on this machine, or has not begun."""
        try:
            return self._job(number).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def jobs(self) -> dict[int, str]:
        """The training job of each trial that has had one, by the trial's number."""
        files = (self.directory / "logs").glob("trial-*.job")
        numbers = sorted(int(file.stem.removeprefix("trial-")) for file in files)
        return {number: name for number in numbers if (name := self.job_of(number))}

    def note_job(self, number: int, name: str) -> None:
        """Note the training job of a trial."""
        disk.replace(self._job(number), name)

    def _job(self, number: int) -> Path:
        return self.log(number).with_suffix(".job")

    def worker_log(self, slot: int) -> Path:
        """The file with what a worker wrote before its first trial."""
        return self.directory / "logs" / f"worker-{slot:03}.log"

    @property
    def bills(self) -> Path:
        """The file with what the study's jobs have cost."""
        return self.directory / "jobs.jsonl"

    @property
    def is_shared(self) -> bool:
        """Whether the study is in a database, and the journal a copy of it."""
        return self._shared.is_file()

    def shared(self) -> dict[str, Any]:
        """The note about the workers of a study in a database; empty for another one."""
        try:
            found = json.loads(self._shared.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note_shared(self, **known: Any) -> None:
        """Change the note about the workers."""
        disk.replace(self._shared, json.dumps({**self.shared(), **known}))

    @property
    def _shared(self) -> Path:
        return self.directory / "shared.json"

    @property
    def _stop(self) -> Path:
        return self.directory / "stop"

    @property
    def _holder(self) -> Path:
        return self.directory / "controller.json"

    def _lock(self, name: str = ".lock") -> filelock.FileLock:
        return filelock.FileLock(self.directory / name, mode=0o600)

    def taking(self) -> filelock.BaseFileLock:
        """Held while a newer copy is taken, by whoever looks."""
        return self._lock(".copy.lock")

    @contextmanager
    def hold(self, wanted: dict[str, Any]) -> Iterator[None]:
        """Be the study's only controller.

        Args:
            wanted: The facts on the run that other processes may see, such as {"trials": 40, "workers": 4}.

        Raises:
            OccupiedError: Another process is.
        """
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        require_own(self.directory)
        lock = self._lock()
        try:
            lock.acquire(timeout=2)  # who only looks holds it for a moment
        except filelock.Timeout:
            holder = self.holder() or {}
            raise OccupiedError(
                f"Study '{self.name}' is being tuned by process {holder.get('pid', '?')}. Nothing was changed.",
                hint=f"studioctl tune status --study {self.name}",
            ) from None
        try:
            self._stop.unlink(missing_ok=True)
            disk.replace(self._holder, json.dumps({**wanted, "pid": os.getpid(), "since": time.time()}))
            yield
        finally:
            self._holder.unlink(missing_ok=True)
            self._stop.unlink(missing_ok=True)
            lock.release()

    def holder(self) -> dict[str, Any] | None:
        """The note that the present controller left when it began; None without one."""
        if not self.is_held():
            return None
        try:
            found = json.loads(self._holder.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def is_held(self) -> bool:
        """Whether a controller runs."""
        if not (self.directory / ".lock").is_file():
            return False
        lock = self._lock()
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return True
        lock.release()
        return False

    def ask_to_stop(self) -> None:
        """Ask the controller to stop."""
        disk.replace(self._stop, "")

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether somebody asked the controller to stop."""
        return self._stop.exists()


def place(beside: Path, name: str) -> Place:
    """The directory of a study, whether it exists or not.

    Args:
        beside: The environment's file; it need not exist.
        name: The study's name.

    Raises:
        StudioctlError: The name is no file's name.
        RefusedError: The directory is another person's, or leads elsewhere.
    """
    if not NAME.fullmatch(name):
        raise StudioctlError(
            f"'{name}' cannot be a study's name: it takes letters, digits, '-' and '_', at most 63, and begins with a"
            " letter or digit. Nothing was changed.",
            hint="name another one with --study",
            exit_code=ExitCode.USAGE,
        )
    found = Place(beside.absolute().parent.resolve() / DIRECTORY / name)
    require_own(found.directory)
    return found


def places(beside: Path) -> tuple[Place, ...]:
    """The studies that exist beside a file, the one that changed last first."""
    home = beside.absolute().parent.resolve() / DIRECTORY
    if not home.is_dir():
        return ()
    names = (
        each.name
        for each in home.iterdir()
        if NAME.fullmatch(each.name) and any((each / file).is_file() for file in (_JOURNAL, _DATABASE))
    )
    found = [place(beside, name) for name in names]
    return tuple(sorted(found, key=lambda each: each.changed, reverse=True))


def chosen(beside: Path, name: str | None) -> Place:
    """The study of this name, or the one that changed last.

    Raises:
        StudioctlError: There is none.
    """
    if name is not None:
        found = place(beside, name)
        if found.exists:
            return found
    known = places(beside)
    if name is None and known:
        return known[0]
    names = ", ".join(f"'{each.name}'" for each in known[:10])
    what = f"There is no study '{name}' here." if name else "There is no study here."
    raise StudioctlError(
        f"{what} {f'There are: {names}.' if names else ''}".strip(),
        hint=f"studioctl tune status --study {known[0].name}" if known else "studioctl tune init",
    )


def require_own(directory: Path) -> None:
    """Goes on where nothing in a study's directory leads elsewhere or belongs to somebody else.

    A repository can bring links, through which we would write into other files.

    Raises:
        RefusedError: Something does.
    """
    above = [each for each in (directory.parent, directory) if each.is_symlink() or each.exists()]
    inside = [*directory.iterdir(), *(directory / "logs").glob("*")] if directory.is_dir() else []
    for each in (*above, *inside):
        with suppress(FileNotFoundError):  # SQLite's journals come and go, and so do locks
            is_harmless = not each.is_symlink() or _is_optunas_lock(each)
            if is_harmless and each.lstat().st_uid == os.geteuid():
                continue
        if each.is_symlink() or each.exists():
            what = "is a link" if each.is_symlink() else "belongs to another user"
            raise RefusedError(
                f"'{each}' {what}, so it is not used for a study. Nothing was changed.",
                hint=f"look at it, then move it away: mv {shlex.quote(str(each))} {shlex.quote(f'{each}.moved')}",
            )


def _is_optunas_lock(link: Path) -> bool:
    """Whether a link is Optuna's own lock of this journal, which may be left of a process that was killed."""
    journal = link.with_name(_JOURNAL)
    return link.name.startswith(f"{_JOURNAL}.lock") and link.readlink() == journal


def remember(found: Place, settings: dict[str, Any]) -> None:
    """Note how a study is run, for `tune resume`; outside of the project, as it says what program is started."""
    note = _note(found)
    note.parent.mkdir(parents=True, exist_ok=True)
    disk.replace(note, json.dumps(settings), mode=0o600)


def remembered(found: Place) -> dict[str, Any]:
    """The settings with which this person last ran the study on this machine.

    Raises:
        StudioctlError: It was not.
    """
    try:
        settings: dict[str, Any] = json.loads(_note(found).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StudioctlError(
            f"Study '{found.name}' was not run from here by you, so its program is not known.",
            hint=f"studioctl tune run FILE --local --study {found.name} --trials N",
        ) from None
    return settings


def forget(found: Place) -> None:
    """Delete the note."""
    _note(found).unlink(missing_ok=True)


def _note(found: Place) -> Path:
    digest = sha256(os.fsencode(found.directory)).hexdigest()[:24]
    return homes.state() / "tuning" / f"{digest}.json"
