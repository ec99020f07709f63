"""SageMaker and S3, as far as tuning needs them: a port, which `studioctl.aws.training` fills."""

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from studioctl.aws.training import JobState, ListedJob


class Cloud(Protocol):
    """The calls of AWS that tuning makes. Keys are of one bucket."""

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""

    def put_new(self, key: str, content: bytes) -> bool:
        """Store an object where there is none; False where there is one, whoever stored it at the same moment."""

    def get(self, key: str) -> bytes | None:
        """An object's content; None where there is none."""

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, in order."""

    def delete(self, keys: Collection[str]) -> None:
        """Delete objects."""

    def create(self, request: Mapping[str, Any]) -> None:
        """Start a training job; one of this name that is there already is the one that was meant.

        Raises:
            NoRoomError: A quota does not allow it now.
            AwsError: AWS refused.
        """

    def job(self, name: str) -> "JobState | None":
        """A job's state; None where there is none."""

    def listed(self, prefix: str) -> "list[ListedJob]":
        """The jobs whose names begin so, whoever started them."""

    def stop(self, name: str) -> None:
        """Ask a job to stop; one that has ended is fine."""


def parsed(content: bytes | None) -> Any:
    """The value of an object of JSON; None where it is none: whoever may write into the bucket can write anything."""
    try:
        return None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        return None
