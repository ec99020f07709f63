"""The directory in which Terraform works: `.studioctl/<environment>/<aws|local>/` beside the user's file.

It can be thrown away as long as the state is in S3; a local state lives here, and the README says so.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import time
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock

from studioctl import disk, homes
from studioctl.catalog.provider import LOCK_FILE, NAME, locked_version
from studioctl.errors import TerraformError
from studioctl.target import Target
from studioctl.terraform import backend as backends
from studioctl.terraform import records, tree
from studioctl.terraform.backend import STATE_FILE, Backend
from studioctl.terraform.provider import TERRAFORM_REGISTRY, Mirror, cli_config
from studioctl.terraform.trust import ERRORED, INITIALISED, USED_BACKEND, Anchor

HOME = ".studioctl"
KEPT_LOGS = 20
CLAIM = "exists"
BIRTH = "birth"
EMULATOR = "emulator"
_MARK = re.compile(r"[0-9a-f]{16}")
# As Terraform writes it: comments, and a block for each provider.
_LOCK_FILE = re.compile(r'(\s|#[^\n]*\n|provider "[^"\n]+" \{\n([^{}"\0]|"[^"\n\0]*")*\n\})*')
FORGET = "none"  # in place of a backend's settings
_README = """\
This directory belongs to studioctl. It holds, for each environment and target, the documents that studioctl gives to
Terraform (*.tf.json), Terraform's own working files, and the logs of its last runs. Nothing here needs editing: the
documents are written anew from your TOML file.

With `backend = "local"` the file terraform.tfstate is Terraform's only knowledge of what exists in your account:
do not delete it while the environment exists. git ignores this directory.
"""


@dataclass
class Workspace:
    """One environment's working directory.

    Args:
        directory: The directory; made when first written to.
        target: The target of Terraform from here.
        source: Name of the user's file that describes the environment.
        anchor: The outside record of it, once somebody looked whether it is the user's own (vetting.py).
    """

    directory: Path
    target: Target
    source: str = ""
    anchor: Anchor | None = field(default=None, init=False, repr=False)
    _lock: filelock.FileLock = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._lock = filelock.FileLock(self.directory / ".lock", mode=0o600)

    @classmethod
    def beside(cls, config_file: Path, environment: str, target: Target) -> "Workspace":
        """The workspace that belongs to an environment of this file."""
        directory = config_file.absolute().parent / HOME / environment / target.name
        return cls(directory, target, config_file.name)

    def claim(self) -> None:
        """Note that the environment exists, or begins to."""
        write_text(self.directory / CLAIM, self.source)
        self.note()

    def release(self) -> None:
        """Note that nothing of the environment is left."""
        for record in (CLAIM, BIRTH):
            (self.directory / record).unlink(missing_ok=True)
        self.note()

    def note(self) -> None:
        """Note elsewhere how things are now."""
        if self.anchor is not None:
            self.anchor.note(is_open=self._lock.is_locked)

    @property
    def is_claimed(self) -> bool:
        """Whether an `up` began to make the environment from here, and no `down` has ended since."""
        return (self.directory / CLAIM).is_file()

    def birth(self) -> str:
        """The mark of the environment that is made from here, written down before anything is made.

        Empty for one that a version made which knew no marks: it left a claim and nothing else.
        """
        file = self.directory / BIRTH
        known = (records.text(file) or "").strip()
        if _MARK.fullmatch(known):
            return known
        if self.is_claimed:
            return ""
        write_text(file, made := secrets.token_hex(8))
        self.note()
        return made

    def predecessors(self) -> tuple[str, ...]:
        """Names of other environments that the same file described before and that still exist."""
        claims = sorted(self.directory.parent.parent.glob(f"*/{self.target.name}/{CLAIM}"))
        own = self.directory.parent.name
        others = ((claim.parent.parent.name, claim) for claim in claims if claim.parent.parent.name != own)
        return tuple(name for name, claim in others if self._may_be_ours(name, claim))

    def _may_be_ours(self, environment: str, claim: Path) -> bool:
        """Whether the same file described this environment. In doubt it did, unless another file does so now."""
        beside = self.directory.parent.parent.parent
        source = records.text(claim) or ""
        if source == self.source:
            return True
        if source.endswith(".toml") or source in {file.name for file in beside.iterdir()}:
            return False
        return not any(_names(file, environment) for file in beside.glob("*.toml") if file.name != self.source)

    def write(self, documents: Mapping[str, str], backend: Backend) -> bool:
        """Bring the documents on disk in line; whether anything changed.

        Files are replaced in one step, and only where their text differs; documents that are no longer made go.
        """
        self._prepare()
        wanted = {**documents, **backends.render(backend, self.target)}
        changed = [write_text(self.directory / name, text) for name, text in wanted.items()]
        is_less = self.remove_stale(wanted)
        write_text(self.directory / "documents.json", json.dumps(list(wanted), indent=2) + "\n")
        return any(changed) or is_less

    def remove_stale(self, wanted: Collection[str]) -> bool:
        """Remove the documents that were written last and are no longer made; whether there were any."""
        stale = set(self.manifest()) - set(wanted)
        for name in stale:
            (self.directory / name).unlink(missing_ok=True)
        return bool(stale)

    def manifest(self) -> list[str]:
        """The documents that were written last. Whatever the list says: nothing that cannot be made anew."""
        names = records.content(self.directory / "documents.json")
        listed = names if isinstance(names, list) else []
        return [name for name in listed if isinstance(name, str) and _is_document(name)]

    def _prepare(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        home = self.directory.parent.parent
        write_text(home / ".gitignore", "*\n")
        write_text(home / "README.md", _README)

    @property
    def logs(self) -> Path:
        """The directory of the runs' full logs."""
        return self.directory / "logs"

    def new_log(self, verb: str) -> Path:
        """The file for the next run's log; the oldest make room for it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in sorted(self.logs.glob("*.jsonl"))[: -(KEPT_LOGS - 1)]:
            old.unlink(missing_ok=True)
        return self.logs / f"{datetime.now().astimezone():%Y%m%dT%H%M%S.%f}-{verb}.jsonl"

    @property
    def state_file(self) -> Path:
        """Terraform's state, where the backend is local."""
        return self.directory / STATE_FILE

    @property
    def history(self) -> Path:
        """Copies of earlier states, where the backend is local."""
        return self.directory / "history"

    @contextmanager
    def hold(self, verb: str) -> Iterator[None]:
        """Be the only one that works here; may be nested.

        Raises:
            TerraformError: Another process works here; the message says which and since when.
        """
        tree.make(self.directory)
        holder = self.directory / ".lock.json"
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise _occupied(holder) from error
        try:
            if self._lock.lock_counter == 1:
                write_text(
                    holder,
                    json.dumps(
                        {"verb": verb, "typed": homes.typed(), "who": homes.user(), "pid": os.getpid()}
                        | {"since": time.time()}
                    ),
                )
                if self.anchor is not None:
                    self.anchor.begin()
            yield
        finally:
            if self._lock.lock_counter == 1:
                if self.anchor is not None:
                    tree.tighten(self.directory)
                    self.anchor.note(is_open=False)
                holder.unlink(missing_ok=True)
            self._lock.release()

    def is_bound_to(self, instance_id: str) -> bool:
        """Whether this workspace is of that instance of the emulator."""
        return records.text(self.directory / EMULATOR) == instance_id

    def bind_emulator(self, instance_id: str) -> bool:
        """Tie this workspace to a running emulator; whether it was tied to another one.

        The emulator's world lives in its memory. When another instance runs, what the state describes is gone, so the
        state is moved aside, and a place for it in that world is forgotten.

        Raises:
            TerraformError: Another process works here.
        """
        record = self.directory / EMULATOR
        if self.is_bound_to(instance_id):
            return False
        with self.hold("emulator"):
            before = records.text(record)
            if before == instance_id:  # another run did it first
                return False
            self.set_state_aside()
            shutil.rmtree(self.history, ignore_errors=True)
            for name in (ERRORED, "runs.json"):
                (self.directory / name).unlink(missing_ok=True)
            self.release()
            self.forget()
            write_text(record, instance_id)
            return before is not None

    def write_state(self, text: str) -> None:
        """Replace a local state in one step."""
        write_text(self.state_file, text)

    def set_state_aside(self) -> None:
        """Rename a local state that is no longer the state to `terraform.tfstate.<n>`, n being 1 for the first."""
        if self.state_file.is_file():
            self.set_aside(self.state_file)

    def set_aside(self, file: Path) -> None:
        """Rename a file that is no longer used to `<name>.<n>`, n being 1 for the first."""
        numbers = (path.suffix.removeprefix(".") for path in self.directory.glob(f"{file.name}.*"))
        latest = max((int(number) for number in numbers if number.isdecimal()), default=0)
        file.rename(self.directory / f"{file.name}.{latest + 1}")

    def use_mirror(self, mirror: Mirror | None, registry: str, environ: Mapping[str, str]) -> Path | None:
        """Write Terraform's CLI configuration for a mirror; where it is, or None when none is needed."""
        path = self.directory / "terraform.rc"
        if mirror is None:
            path.unlink(missing_ok=True)
            return None
        if mirror.registry != registry:
            mirror = self._translated(mirror, registry)
        write_text(path, cli_config(mirror, environ))
        return path

    def _translated(self, mirror: Mirror, registry: str) -> Mirror:
        """The same packages under the host name that OpenTofu asks for."""
        directory = self.directory / "mirror"
        link = directory / registry / NAME
        target = mirror.directory / TERRAFORM_REGISTRY / NAME
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        return Mirror(directory, registry)

    def initialised(self) -> "Initialised | None":
        """The basis of the last successful `terraform init`; None if there was none or its result is gone."""
        content, backend = self._record(), self.remembered()
        if backend is None or not (self.directory / tree.PROVIDERS).is_dir():
            return None
        return Initialised(content["fingerprint"], backend)

    def remembered(self) -> Backend | None:
        """The state's backend at the last successful `terraform init`, even if Terraform's files are gone."""
        content = self._record()
        return Backend(content["kind"], content["settings"], content["overrides"]) if content else None

    def overrides(self, given: Iterable[str]) -> dict[str, str]:
        """The settings of the backend that are not in the file: those of the last `init`, then the given ones.

        Args:
            given: As `parse_overrides` takes them; the word "none" among them forgets the remembered ones.

        Raises:
            ConfigError: See `parse_overrides`.
        """
        words = list(given)
        remembered = {} if FORGET in words else self._record().get("overrides", {})
        return {**remembered, **backends.parse_overrides(word for word in words if word != FORGET)}

    def _record(self) -> dict[str, Any]:
        """Return the record that `remember` wrote; empty if it is missing or not whole."""
        if self.anchor is not None and not self.anchor.knows(INITIALISED):
            return {}
        content = records.mapping(self.directory / INITIALISED)
        whole = (
            isinstance(content.get("fingerprint"), str)
            and content.get("kind") in {"local", "s3"}
            and all(records.is_text_by_name(content.get(key)) for key in ("settings", "overrides"))
        )
        return content if whole else {}

    def remember(self, record: "Initialised") -> None:
        """Note what `terraform init` was based on."""
        content = {
            "fingerprint": record.fingerprint,
            "kind": record.backend.kind,
            "settings": dict(record.backend.settings),
            "overrides": dict(record.backend.overrides),
        }
        write_text(self.directory / INITIALISED, json.dumps(content, indent=2) + "\n")
        self.note()

    def discard_torn(self) -> None:
        """Remove what Terraform itself could not read: the next `init` makes it anew."""
        used, locked = self.directory / USED_BACKEND, self.directory / LOCK_FILE
        if used.is_file() and not records.mapping(used):
            shutil.rmtree(self.directory / ".terraform", ignore_errors=True)
        if locked.is_file() and not _LOCK_FILE.fullmatch(records.text(locked) or "\0"):
            locked.unlink()
            shutil.rmtree(self.directory / ".terraform", ignore_errors=True)

    def provider_version(self) -> str | None:
        """The version of the provider that `init` took; None before."""
        return locked_version(records.text(self.directory / LOCK_FILE) or "")

    def forget(self) -> None:
        """Let the next run initialise Terraform anew, with nothing to migrate."""
        (self.directory / INITIALISED).unlink(missing_ok=True)
        shutil.rmtree(self.directory / ".terraform", ignore_errors=True)


@dataclass(frozen=True)
class Initialised:
    """The basis of a `terraform init`: the fingerprint of its inputs, and the backend."""

    fingerprint: str
    backend: Backend


def fingerprint(*parts: Any) -> str:
    """A short word that changes when any part does."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _names(file: Path, environment: str) -> bool:
    """Whether a file describes this environment, as far as it can be read."""
    try:
        return tomllib.loads(records.text(file) or "").get("name") == environment
    except (OSError, ValueError, RecursionError):
        return False


def _is_document(name: str) -> bool:
    """Whether a name is that of a document, or of a file in a separate directory that documents refer to."""
    first, *more = Path(name).parts or ("",)
    if first.startswith(("/", ".")) or ".." in more or "\0" in name:
        return False
    return first not in {"history", "logs", "mirror", tree.ASIDE} if more else name.endswith(".tf.json")


def write_text(path: Path, text: str) -> bool:
    """Replace a file in one step, only if its text differs; whether it did."""
    if path.is_file() and path.read_bytes() == text.encode("utf-8", "surrogateescape"):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    disk.replace(path, text)
    return True


def _occupied(holder: Path) -> TerraformError:
    content = records.mapping(holder)
    try:
        since = datetime.fromtimestamp(content["since"]).astimezone()
        deed = content.get("typed") or content["verb"]
        who = f"{content['who']} (`{deed}`, process {content['pid']}) since {since:%H:%M:%S}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        who = "another studioctl"
    message = f"This environment is being worked on: {who}"
    return TerraformError(message, hint="Wait until it has finished, then try again.")
