"""The record of how the last `up` left everything, beside the state: by it a plan knows what it need not look at.

The record is for the very state that it was made for, by the digest of all that is in it. Another `up`, from wherever,
stores another state, and the record is worth nothing. Whoever can write it can write the state, too; it never tells
what exists, only what Terraform need not ask AWS about.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from studioctl.infrastructure.block import Resource
from studioctl.operations import state
from studioctl.operations.environment import Environment
from studioctl.terraform import document, records
from studioctl.terraform.trust import LAST_UP
from studioctl.terraform.workspace import fingerprint, write_text

if TYPE_CHECKING:
    from studioctl.aws.state_bucket import StoredState

FORMAT = 1
SUFFIX = ".last-up"  # of the object beside the state's


@dataclass(frozen=True)
class Left:
    """A resource as `up` left it: the digest of its rendering, and AWS's time of its last change, if AWS lists it."""

    rendered: str
    changed_at: str


@dataclass(frozen=True)
class LastUp:
    """The record.

    Args:
        state: Digest of the state that it is about.
        basis: Digest of what everything else was made from: tags, region, provider, engine.
        refreshed_at: When Terraform last looked at everything: seconds since 1970.
        resources: The record of each of them, by address.
        marks: Digest of what AWS said then of all that users share; empty where that is not known.
        file: Digests of what the file said, by its parts, see `studioctl.review.since`.
        version: studioctl's, which decides what becomes of a file.
        seen: The newest time of a change of a profile that AWS listed before the `up` changed anything. The next plan
            looks for all changes since then: somebody else may have changed one while the `up` ran.
        strangers: The names of the domain's user profiles that are not in the state; None where nobody knows.
        quotas: Quotas, each with the time when it was read, see `studioctl.aws.quotas.Limits`.
    """

    state: str
    basis: str
    refreshed_at: float
    resources: Mapping[str, Left] = field(default_factory=dict)
    marks: str = ""
    file: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    seen: str = ""
    strangers: frozenset[str] | None = None
    quotas: Mapping[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def age(self) -> float:
        """Seconds since everything was looked at; negative where a clock was set back."""
        return time.time() - self.refreshed_at

    def text(self) -> str:
        """The record as it is stored."""
        left = {address: [it.rendered, it.changed_at] for address, it in sorted(self.resources.items())}
        content: dict[str, Any] = {
            "format": FORMAT,
            "state": self.state,
            "basis": self.basis,
            "refreshed_at": self.refreshed_at,
            "seen": self.seen,
        }
        content |= {"marks": self.marks, "file": dict(self.file), "version": self.version, "quotas": dict(self.quotas)}
        if self.strangers is not None:
            content["strangers"] = sorted(self.strangers)
        return json.dumps({**content, "resources": left}) + "\n"


def parse(text: str) -> LastUp | None:
    """A record from its text; None for one that is torn, or was never ours."""
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            return None
        found = {str(address): Left(str(it[0]), str(it[1])) for address, it in content["resources"].items()}
        file = {str(key): str(digest) for key, digest in content.get("file", {}).items()}
        state, basis, version, seen = (str(content.get(key, "")) for key in ("state", "basis", "version", "seen"))
        marks, at = str(content.get("marks", "")), float(content["refreshed_at"])
        strangers = frozenset(map(str, content["strangers"])) if "strangers" in content else None
        quotas = {str(key): (int(it[0]), float(it[1])) for key, it in content.get("quotas", {}).items()}
        return LastUp(state, basis, at, found, marks, file, version, seen, strangers, quotas)
    except (ValueError, OverflowError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def of_state(recorded: Mapping[str, Any]) -> str:
    """Digest of all that is in a state: lineage and serial, and what both of them could hide.

    The text of one resource at a time: that of a whole state takes a hundred megabytes for 5,000 users.
    """
    digest = hashlib.sha256()
    for part in ({**recorded, "resources": None}, *recorded.get("resources", ())):
        digest.update(json.dumps(part, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def of_resource(resource: Resource) -> str:
    """Digest of what a resource is rendered from."""
    return fingerprint(resource.address, resource.arguments, resource.by_api, resource.api_alone)


def basis(environment: Environment) -> str:
    """Digest of what decides on every resource, and stands in none. It is the same on each machine of a team."""
    terraform = environment.terraform
    alone = replace(terraform.blueprint, modules=(), files={})
    main = document.render(alone, environment.target)["main.tf.json"]
    engine = f"{terraform.engine.kind} {terraform.engine.version}"
    return fingerprint(main, terraform.workspace.provider_version() or "", engine)


def read(environment: Environment) -> LastUp | None:
    """The record beside the state; None where there is none, or none that anybody can make sense of.

    Raises:
        AwsError: It is in S3, and AWS refused.
    """
    if stored := _stored(environment):
        return parse(stored.read_beside(SUFFIX) or "")
    workspace = environment.terraform.workspace
    if workspace.anchor is not None and not workspace.anchor.knows(LAST_UP):
        return None  # somebody else wrote it
    return parse(records.text(workspace.directory / LAST_UP) or "")


def write(environment: Environment, record: LastUp) -> None:
    """Store a record beside the state.

    Raises:
        AwsError: It is in S3, and AWS refused.
        OSError: The disk took it not.
    """
    if stored := _stored(environment):
        stored.write_beside(SUFFIX, record.text())
        return
    workspace = environment.terraform.workspace
    with workspace.hold("note"):
        write_text(workspace.directory / LAST_UP, record.text())


def _stored(environment: Environment) -> "StoredState | None":
    backend = environment.terraform.backend
    return None if backend.kind == "local" else state.stored_at(environment, backend)
