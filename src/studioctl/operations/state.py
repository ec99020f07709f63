"""The state's safety: earlier states, and the lock of one in S3."""

import json
import os
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from studioctl.errors import RefusedError, TerraformError
from studioctl.operations.environment import Account, Environment
from studioctl.target import Target
from studioctl.terraform import history, runs, state

if TYPE_CHECKING:
    from studioctl.aws.state_bucket import StoredState
    from studioctl.terraform.backend import Backend

SHOWN = 30


@dataclass(frozen=True)
class Snapshot:
    """The state at one time.

    Args:
        serial: Terraform's count of its changes; None when it cannot be read.
        stored_at: When it was stored, or copied before it was changed.
        resources: The number of resources that it knows.
        terraform_version: The version of Terraform that wrote it.
        lineage: The id that all states of one environment share.
        is_current: Whether it is the one in force.
        problem: The problem with it; empty if it is whole.
        place: File or version that holds it.
    """

    serial: int | None
    stored_at: datetime
    resources: int
    terraform_version: str
    lineage: str
    is_current: bool
    problem: str
    place: str


def create_bucket(target: Target, name: str) -> bool:
    """Make the bucket for states, or give it all its settings again; whether it is new.

    Raises:
        RefusedError: The name is somebody else's, or the bucket is yours and studioctl did not make it.
        AwsError: AWS refused.
    """
    from studioctl.aws import state_bucket  # noqa: PLC0415 (boto3 is needed only here)
    from studioctl.aws.session import Session  # noqa: PLC0415

    return state_bucket.create_bucket(Session(target), name)


def rehearse_bucket(target: Target, name: str) -> None:
    """Create the state's bucket in a new emulator, which has none. On AWS it must exist before. Any bucket will do."""
    with suppress(RefusedError):
        create_bucket(target, name)


def snapshots(environment: Environment) -> list[Snapshot]:
    """The current state and earlier ones, the newest first; one serial with the same content only once.

    Raises:
        AwsError: The state is in S3, and AWS refused.
    """
    stored = _stored(environment)
    every = _in_bucket(stored) if stored else _on_disk(environment)
    return list(islice(every, SHOWN))


def require(environment: Environment, serial: int) -> None:
    """Makes sure that this state can be restored, before anybody is asked whether it shall be.

    Raises:
        RefusedError: There is no such state, it is damaged, of another environment, or current already.
    """
    _choose(snapshots(environment), serial)


def restore(environment: Environment, serial: int) -> Snapshot:
    """Make an earlier state the current one again, as its own next change. What was current is kept.

    Raises:
        RefusedError: There is no such state, it is damaged, of another environment, or current already.
        TerraformError: Somebody works on the state.
    """
    terraform = environment.terraform
    stored = _stored(environment)
    with terraform.workspace.hold("restore"), _locked(environment, stored, "restore"):
        found = snapshots(environment)
        chosen = _choose(found, serial)
        text = stored.read(chosen.place) if stored else Path(chosen.place).read_text(encoding="utf-8")
        content = state.parse(text or "", engine=terraform.engine)
        content["serial"] = 1 + max(snapshot.serial or 0 for snapshot in found)
        renewed = json.dumps(content, indent=2) + "\n"
        if stored:
            stored.write(renewed)
        else:
            history.keep(terraform.workspace)
            terraform.workspace.write_state(renewed)
    return replace(chosen, serial=content["serial"], is_current=True)


def _choose(found: list[Snapshot], serial: int) -> Snapshot:
    matching = [snapshot for snapshot in found if snapshot.serial == serial]
    if not matching:
        known = ", ".join(str(snapshot.serial) for snapshot in found if snapshot.serial is not None)
        raise RefusedError(
            f"There is no state with serial {serial}: {known or 'none'} are kept.", hint="studioctl state history"
        )
    chosen = next((snapshot for snapshot in matching if not snapshot.problem), matching[0])
    current = next((snapshot for snapshot in found if snapshot.is_current), None)
    lineage = (current.lineage if current else "") or next((s.lineage for s in found if s.lineage), "")
    if chosen.problem:
        raise RefusedError(f"The state with serial {serial} is damaged: {chosen.problem}", hint="choose another one")
    if chosen.is_current:
        raise RefusedError(f"The state with serial {serial} is the current one.", hint="studioctl state history")
    if chosen.lineage != lineage:
        raise RefusedError(
            f"The state with serial {serial} is another environment's (lineage {chosen.lineage}, ours is {lineage}).",
            hint="choose another one: studioctl state history",
        )
    return chosen


def lock(environment: Environment) -> dict[str, str] | None:
    """The lock of a state in S3: ID, Who, Operation, Created. None if there is none, or the state is on this machine,
    where the system frees the lock with the process.
    """
    stored = _stored(environment)
    return stored.lock() if stored else None


def is_lock_id(text: str) -> bool:
    """Whether a text has the form of a lock's id: Terraform and OpenTofu make UUIDs."""
    with suppress(ValueError):
        return str(UUID(text)) == text.lower()
    return False


def whose(held: Mapping[str, str]) -> str:
    """The owner of a lock, its operation and its start, in a sentence."""
    if "Who" not in held:
        return "The state is locked, and its lock does not say by whom."
    return f"The state is locked by {held['Who']} ({held.get('Operation')}) since {held.get('Created')}."


def is_left_behind(environment: Environment, held: dict[str, str]) -> bool:
    """Whether a lock is certainly our own, of a run that was killed."""
    return runs.left_behind(environment.terraform.workspace, held) is not None


def unlock(environment: Environment, lock_id: str) -> None:
    """Remove the lock with this id.

    Raises:
        RefusedError: Another lock has replaced it.
    """
    stored = _stored(environment)
    held = stored.lock() if stored else None
    if stored is None or held is None or held.get("ID") != lock_id:
        raise RefusedError(f"No lock {lock_id} is there. Nothing was changed.", hint="studioctl state unlock")
    stored.release()


@contextmanager
def _locked(environment: Environment, stored: "StoredState | None", operation: str) -> Iterator[None]:
    """Hold Terraform's own lock, in its own form, so that it and its users are told of us."""
    if stored is None:
        yield  # whoever works on a local state holds the workspace, and that we do
        return
    ours = {
        "ID": str(uuid4()),
        "Operation": operation,
        "Info": "studioctl",
        "Who": runs.who(),
        "Version": environment.terraform.engine.version,
        "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "Path": f"{stored.bucket}/{stored.key}",
    }
    if not stored.acquire(ours):
        held = stored.lock() or {}
        raise TerraformError(
            whose(held).rstrip("."),
            hint=f"Wait until that run has finished. If it has died: studioctl state unlock {held.get('ID', '')}",
        )
    try:
        yield
    finally:
        stored.release()


def state_target(target: Target, backend: "Backend") -> Target:
    """The target of the state's bucket: its own region and profile, if `[state]` names them."""
    settings = backend.settings
    return Target(
        region=settings.get("region", target.region),
        profile=settings.get("profile", target.profile),
        local=target.local,
    )


def _stored(environment: Environment) -> "StoredState | None":
    """The state in S3; None when it is on this machine."""
    backend = environment.terraform.backend
    return None if backend.kind == "local" else stored_at(environment, backend)


def stored_at(environment: Account, backend: "Backend") -> "StoredState":
    """The state at a place in S3: the object that Terraform works on, reached as it reaches it.

    The key is the object's whole name, because Terraform's workspace is always "default": TF_WORKSPACE is not passed
    on, and `.terraform/environment` not left there. Region and profile are those that `terraform.backend.arguments`
    tells it. Where it borrows credentials, it is told no profile: they are this one's, of the one session that this
    process has (`aws.lending`). What the environment and AWS's configuration say of keys, roles, addresses,
    certificates and proxies means the same to botocore as to Terraform's SDK. What Terraform alone goes by is added
    here and in `aws.session`.

    Raises:
        ConfigError: The backend does not say where.
    """
    from studioctl.aws.state_bucket import StoredState  # noqa: PLC0415 (boto3 is needed only here)

    backend.require_place()
    settings = backend.settings
    extra = {"ServerSideEncryption": "AES256"}
    if settings.get("kms_key_id"):
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings["kms_key_id"]}
    if sealed := _sealed(environment.target, settings):
        extra = {}
    if settings.get("acl"):
        extra["ACL"] = settings["acl"]
    session = environment.session_at(state_target(environment.target, backend))
    return StoredState(session, settings["bucket"], settings["key"], extra, sealed)


def _sealed(target: Target, settings: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that open an object which is encrypted with the user's key, which S3 does not keep.

    Terraform takes the key from this variable: https://developer.hashicorp.com/terraform/language/backend/s3
    """
    key = os.environ.get("AWS_SSE_CUSTOMER_KEY")
    if not key or target.is_local or settings.get("encrypt") in {"false", "0"}:
        return {}
    with suppress(ValueError):  # Terraform tells what is wrong with it
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b64decode(key)}
    return {}


def _in_bucket(stored: "StoredState") -> Iterator[Snapshot]:
    for version in stored.versions():
        text = stored.read(version.id) or ""
        yield _snapshot(text, version.stored_at, version.id, is_current=version.is_current)


def _on_disk(environment: Environment) -> Iterator[Snapshot]:
    workspace = environment.terraform.workspace
    current = ""
    if workspace.state_file.is_file():
        current = workspace.state_file.read_text(encoding="utf-8", errors="surrogateescape")
        stored_at = datetime.fromtimestamp(workspace.state_file.stat().st_mtime, UTC)
        yield _snapshot(current, stored_at, str(workspace.state_file), is_current=True)
    for copy in history.copies(workspace):
        text = copy.read_text(encoding="utf-8", errors="surrogateescape")
        if text != current:
            yield _snapshot(text, history.taken_at(copy), str(copy), is_current=False)


def _snapshot(text: str, stored_at: datetime, place: str, *, is_current: bool) -> Snapshot:
    try:
        content: dict[str, Any] = state.parse(text)
    except TerraformError as error:
        return Snapshot(None, stored_at, 0, "", "", is_current, error.message, place)
    resources = sum(
        len(resource["instances"]) for resource in content.get("resources", ()) if resource["mode"] == "managed"
    )
    version, lineage = content.get("terraform_version", ""), content.get("lineage", "")
    return Snapshot(content.get("serial"), stored_at, resources, version, lineage, is_current, "", place)
