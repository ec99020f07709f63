"""Recognise the user's own working directories: a record outside of them notes what studioctl left there.

A clone or a copy can bring a whole `.studioctl/`, made so that Terraform runs somebody's program or deletes what it
should not. It cannot bring the record, which lies in the user's own data directory: for each working directory, by its
path, the digests of those files that decide something. What has none there, or another one, is a stranger's.

While a run is at work, and after one that was killed, the record is open: a state is then ours when it goes on from the
recorded one, which its lineage tells.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studioctl import disk, homes
from studioctl.catalog.provider import LOCK_FILE
from studioctl.errors import TerraformError
from studioctl.terraform import records
from studioctl.terraform.backend import STATE_FILE
from studioctl.terraform.tree import PROVIDERS

DATA_VARIABLE = "STUDIOCTL_DATA_DIR"
ERRORED = "errored.tfstate"  # what Terraform could not store
STATE_FILES = (STATE_FILE, ERRORED)
INITIALISED = "initialised.json"
USED_BACKEND = ".terraform/terraform.tfstate"
# That what exists was made from here, and the mark that it has.
CLAIMS = ("exists", "birth")
RUNS = "runs.json"
LAST_UP = "last-up.json"  # by which a plan knows what it need not look at
_TERRAFORMS_FILES = (INITIALISED, LOCK_FILE, USED_BACKEND, RUNS)
_TERRAFORMS = {"providers", "terraform.tfstate"}  # all that Terraform keeps in .terraform for our documents


@dataclass(frozen=True)
class Record:
    """Our record of a directory's contents.

    Args:
        directory: The directory.
        digests: Digests, by name, of the files that affect what a run does.
        lineage: The lineage that all states of the environment share; empty if this machine has no state.
        is_open: Whether a run is at work, or was killed.
        told: Notices that the user has already seen.
    """

    directory: str
    digests: Mapping[str, str] = field(default_factory=dict)
    lineage: str = ""
    is_open: bool = False
    told: tuple[str, ...] = ()


class Anchor:
    """The record of one working directory.

    Attributes:
        record: The record; None for an unknown directory.
        why_not: Why nothing can be known of any directory; empty where it can.
        resumes: Whether the last run did not end by itself.
        is_needed: Whether nothing may begin that cannot be recorded.
        knows_terraforms_files: Whether Terraform's own files were looked at: only then are they recorded.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.place, self.why_not = _place()
        name = hashlib.sha256(os.path.realpath(directory).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self.file = self.place / f"{name}.json" if self.place else None
        self.record = self._read()
        self.resumes = self.record is not None and self.record.is_open
        self.is_needed = False
        self.knows_terraforms_files = False
        self._lineage_of = "", ""  # a state's identity, and its lineage: one of a thousand people is long

    def _read(self) -> Record | None:
        try:
            content = records.mapping(self.file) if self.file else {}
        except OSError as error:
            self.why_not = f"'{self.file}': {error.strerror}"
            return None
        if content.get("directory") != os.path.realpath(self.directory):
            return None
        digests, told = content.get("digests"), content.get("told")
        return Record(
            content["directory"],
            digests if isinstance(digests, dict) else {},
            str(content.get("lineage", "")),
            content.get("is_open") is True,
            tuple(map(str, told)) if isinstance(told, list) else (),
        )

    def strange_states(self) -> tuple[Path, ...]:
        """States that we did not leave here, and that say something. A torn one says nothing."""
        found = (self.directory / name for name in (*STATE_FILES, *self._history()) if not self.knows(name))
        return tuple(path for path in found if (content := content_of(path)) and not self._goes_on(content))

    def strange_claims(self) -> tuple[Path, ...]:
        """Files that say of what exists that it was made from here, and that we did not leave here."""
        if self.resumes or not (self.directory / CLAIMS[0]).exists():  # the mark alone is made anew
            return ()
        return tuple(self.directory / name for name in CLAIMS if not self.knows(name))

    def knows(self, name: str) -> bool:
        """Whether this file is as we left it, or not there."""
        found = _digest(self.directory / name)
        return found is None or (self.record is not None and self.record.digests.get(name) == found)

    def _goes_on(self, content: Mapping[str, Any]) -> bool:
        return self.resumes and self.record is not None and self.record.lineage in {"", content.get("lineage")}

    def knows_terraforms(self) -> bool:
        """Whether Terraform's own files are those that we saw it write, and nothing is among them that it has not."""
        try:
            kept = {path.name for path in (self.directory / ".terraform").iterdir()}
        except FileNotFoundError:
            kept = set()
        digests = {} if self.record is None else self.record.digests
        packages = dict(_packages(self.directory))
        return (
            kept <= _TERRAFORMS
            and self.knows(LOCK_FILE)
            and self.knows(USED_BACKEND)
            and packages.items() <= digests.items()
        )

    def begin(self) -> None:
        """Note that a run begins.

        Raises:
            TerraformError: It cannot be noted, and would have to be.
        """
        record = self.record or Record(os.path.realpath(self.directory))
        try:
            self._write(replace(record, is_open=True, lineage=self._lineage(record)))
        except OSError as error:
            if self.is_needed:
                raise self._homeless(error) from error

    def note(self, *, is_open: bool, also: tuple[str, ...] = ()) -> None:
        """Note how things are left. Where that fails, the record stays open, and tells as much as before.

        Args:
            is_open: Whether a run is still at work.
            also: Further files that are taken as they are.
        """
        record = self.record or Record(os.path.realpath(self.directory))
        found = self.present(also)
        kept = {name: digest for name, digest in record.digests.items() if name in _TERRAFORMS_FILES or _of(name)}
        if self.knows_terraforms_files:
            found = self.present((*also, *_TERRAFORMS_FILES))
            kept = dict(_packages(self.directory))
        with suppress(OSError):
            self._write(replace(record, digests=kept | found, is_open=is_open, lineage=self._lineage(record)))

    def present(self, also: tuple[str, ...] = ()) -> dict[str, str]:
        """The digests of the files that are there now and decide something, by name; `also` are further ones."""
        names = (*STATE_FILES, *CLAIMS, LAST_UP, *self._history(), *also)
        return {name: digest for name in names if (digest := _digest(self.directory / name))}

    def tell_once(self, what: str) -> bool:
        """Whether the user was not told this yet; from now on they were."""
        record = self.record or Record(os.path.realpath(self.directory))
        self.record = replace(record, told=tuple(dict.fromkeys((*record.told, what))))
        return what not in record.told

    def _history(self) -> list[str]:
        return [f"history/{path.name}" for path in sorted(self.directory.glob("history/*.tfstate"))]

    def _lineage(self, record: Record) -> str:
        file = self.directory / STATE_FILE
        try:
            identity = _identity(file) if file.exists() else ""
            if identity and identity == self._lineage_of[0]:
                return self._lineage_of[1]
            content = records.content(file, only="lineage")
        except OSError:
            return record.lineage
        if isinstance(content, dict):
            self._lineage_of = identity, str(content.get("lineage", ""))
            return self._lineage_of[1]
        return record.lineage if file.exists() else ""  # torn, or none

    def _write(self, record: Record) -> None:
        if self.file is None or self.place is None:
            raise OSError(self.why_not)
        text = json.dumps({**vars(record), "digests": dict(sorted(record.digests.items()))}, indent=2) + "\n"
        if not self.file.is_file() or self.file.read_bytes() != text.encode():
            for directory in (self.place.parent, self.place):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.replace(self.file, text, mode=0o600)
        self.record = record

    def _homeless(self, error: OSError) -> TerraformError:
        why = self.why_not or f"'{error.filename or self.place}': {error.strerror or error}"
        return TerraformError(
            f"studioctl cannot note that '{self.directory}' is yours: {why}. Without that note it could not tell the"
            " state there from one that a repository brought. Nothing was changed.",
            hint=f"name a directory that only you can write to: export {DATA_VARIABLE}=DIRECTORY; or keep the state in"
            ' S3: [state] backend = "s3"',
        )


def directories() -> tuple[Path, ...]:
    """Every working directory of which there is a note that can be read, by its path."""
    place, _ = _place()
    found = set()
    for file in place.glob("*.json") if place else ():
        with suppress(OSError):
            named = records.mapping(file).get("directory")
            found |= {Path(named)} if isinstance(named, str) else set()
    return tuple(sorted(found))


def content_of(state: Path) -> dict[str, Any]:
    """A state that says something; empty for one that is not there, is torn, or knows of nothing."""
    try:
        content = records.mapping(state)
    except OSError:
        return {}
    says = any(value for key, value in content.items() if key.casefold() in _SAYING)
    return content if says else {}


_SAYING = {"resources", "outputs", "modules"}


def _place() -> tuple[Path | None, str]:
    """The directory of the records, or the reason why there is none."""
    named = os.environ.get(DATA_VARIABLE)
    base = Path(named) if named else homes.data()
    if base is None:
        return None, "your home directory is not known"
    if not base.is_absolute():  # a repository could bring it
        return None, f"'{base}' is not an absolute path"
    kept = base / "workspaces"
    for directory in (base, kept):
        try:
            status = directory.stat()
        except OSError:  # not there yet, or never to be: who writes there is told
            return kept, ""
        if status.st_uid != os.geteuid():
            return None, f"'{directory}' belongs to another user"
        if stat.S_IMODE(status.st_mode) & 0o022:
            return None, f"other users may write to '{directory}'"
    return kept, ""


def _digest(path: Path) -> str | None:
    """Return the digest of a file; None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # a piece at a time: states are large
    except OSError:
        return None


def _of(name: str) -> bool:
    """Whether this is a provider's package."""
    return name.startswith(f"{PROVIDERS}/")


def _packages(directory: Path) -> Iterator[tuple[str, str]]:
    """The source of each provider's package: a link, or a directory here, whose files are told by their identities.

    A program of 700 MB is not read for this in each command. Terraform does that, and compares it with its lock file.
    """
    for path in (directory / PROVIDERS).glob("*/*/*/*/*"):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            yield name, f"link to {path.readlink()}"
            continue
        files = sorted(file for file in path.rglob("*") if not file.is_dir() or file.is_symlink())
        identities = [f"{file.relative_to(path)} {_identity(file)}" for file in files]
        yield name, "package of " + hashlib.sha256("\n".join(identities).encode(errors="surrogateescape")).hexdigest()


def _identity(file: Path) -> str:
    """Return a value that changes when the file's content changes or another file replaces it."""
    now = file.lstat()
    return f"{now.st_dev} {now.st_ino} {now.st_mode} {now.st_size} {now.st_mtime_ns} {now.st_ctime_ns}"
