"""The attributes of every Studio resource: an ARN, a status, two dates and tags. Merges settings too."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from studio_emulator.clock import clock
from studio_emulator.studio.exceptions import ValidationException

Settings = dict[str, Any]

SETTLED = frozenset({"InService", "Failed", "Update_Failed", "Delete_Failed"})
"""The statuses in which a domain, profile or space can be updated or deleted."""


def now() -> datetime:
    """The emulator's clock in UTC, as moto's serializers expect it."""
    return clock.now()


def random_id(length: int) -> str:
    """Lower-case letters and digits, as in AWS's domain ids."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


@dataclass
class Resource:
    """A resource with an ARN. `status` has AWS's values. Lifecycle configurations, which have none, stay InService."""

    arn: str
    tags: dict[str, str]
    status: str = "Pending"
    creation_time: datetime = field(default_factory=now)
    last_modified_time: datetime = field(default_factory=now)
    failure_reason: str | None = None

    def turn(self, status: str, reason: str | None = None) -> None:
        """Take on another status, now; `reason` says why, if it is a failure."""
        self.status = status
        self.failure_reason = reason
        self.last_modified_time = now()


def read_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """AWS's list of Key and Value as a mapping.

    Raises:
        ValidationException: A key is there twice (API reference, CreateDomain), or is AWS's own; the texts are assumed.
    """
    found = {tag["Key"]: tag["Value"] for tag in tags or []}
    if len(found) < len(tags or []):
        raise ValidationException("Tag keys must be unique per resource.")
    if any(key.lower().startswith("aws:") for key in found):
        raise ValidationException("Tag keys that start with 'aws:' are reserved for AWS.")
    return found


def merge(old: Settings, new: Settings) -> Settings:
    """Return the result of an Update: structures are merged, lists and plain values replaced, absent members kept.

    AWS does not state this, but the words "attach a script: read, merge, write the list" in its guide and the literal
    `None` that clears an ARN only make sense this way.
    """
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def without_cleared(value: Any) -> Any:
    """Settings without the members that were set to the literal `None`, AWS's way to clear an ARN."""
    if isinstance(value, dict):
        return {key: without_cleared(item) for key, item in value.items() if item != "None"}
    if isinstance(value, list):
        return [without_cleared(item) for item in value]
    return value


def present(members: Settings) -> Settings:
    """Only the members that have a value: AWS leaves the others out."""
    return {key: value for key, value in members.items() if value is not None}
