"""Whether users of the environment could write Terraform's state.

Whoever writes a state decides what the next `up` or `down` deletes. So the roles of Studio's users must not reach it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Violation, quote

# What changes an object, or who may change it.
WRITING = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ReplicateObject",
    "s3:RestoreObject",
    "s3:BypassGovernanceRetention",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketOwnershipControls",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketVersioning",
    "s3:DeleteBucket",
    "s3:CreateAccessPoint",
    "s3:PutAccessPointPolicy",
)
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html
WRITABLE_BY_MANAGED = ("*SageMaker*", "*Sagemaker*", "*sagemaker*", "*aws-glue*")


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Each place of the file that gives users the state."""
    state = table_in(data, "state")
    bucket, key = state.get("bucket"), state.get("key") or f"{data.get('name')}/terraform.tfstate"
    if state.get("backend") == "s3" and isinstance(bucket, str) and isinstance(key, str):
        yield from of_place(data, bucket, key)


def of_place(data: Mapping[str, Any], bucket: str, key: str) -> Iterator[Violation]:
    """Each place of the file that gives users a state at this place.

    Args:
        data: The file as plain dicts and lists.
        bucket: The state's bucket.
        key: The state's object; the lock is beside it.
    """
    storage, iam = table_in(data, "storage"), table_in(data, "iam")
    named = quote(bucket)
    if bucket == storage.get("bucket") or re.fullmatch(rf"{re.escape(str(data.get('name')))}-data-\d{{12}}", bucket):
        yield ("state", "bucket"), f"{named} is the data bucket, which every user may write; {_ANOTHER}"
    for index, extra in enumerate(list_in(storage, "extra_buckets")):
        if extra == bucket:
            yield ("storage", "extra_buckets", index), f"{named} holds Terraform's state: {_POWER}; delete it here"
    if iam.get("permissions") == "managed" and _any_matches(WRITABLE_BY_MANAGED, _arns_after_colons(bucket, key)):
        reach = 'what AmazonSageMakerFullAccess lets every user write ("sagemaker" or "aws-glue" in it)'
        yield ("state", "bucket"), f"{quote(f'{bucket}/{key}')} matches {reach}; {_ANOTHER}"
    for index, statement in enumerate(list_in(iam, "extra_statements")):
        if isinstance(statement, dict) and _writes(statement, bucket, key):
            message = f"lets every user write {named}, which holds Terraform's state: {_POWER}"
            place = ("iam", "extra_statements", index, "resources")
            yield place, f"{message}; name the buckets that are meant, or only actions that read"


_POWER = "whoever writes it decides what is deleted"
_ANOTHER = "write a bucket for states alone"


def _writes(statement: Mapping[str, Any], bucket: str, key: str) -> bool:
    """Whether it allows a change of the state; its conditions could hold, so they do not count."""
    if statement.get("effect", "Allow") != "Allow":
        return False
    actions = [action.lower() for action in list_in(statement, "actions") if isinstance(action, str)]
    resources = [resource for resource in list_in(statement, "resources") if isinstance(resource, str)]
    if not _any_matches(actions, [action.lower() for action in WRITING]):
        return False
    places = [resource if resource == "*" else resource.split(":", 5)[-1] for resource in resources if _of_s3(resource)]
    return _any_matches([_filled(place) for place in places], _arns_after_colons(bucket, key))


def _of_s3(resource: str) -> bool:
    service = resource.split(":")[2:3]
    return resource == "*" or (bool(service) and _any_matches(service, ["s3"]))


def _filled(resource: str) -> str:
    """A policy variable may stand for anything."""
    return re.sub(r"\$\{[^}]*\}", "*", resource)


def _arns_after_colons(bucket: str, key: str) -> list[str]:
    return [bucket, f"{bucket}/{key}", f"{bucket}/{key}.tflock", f"{bucket}/{key}.last-up"]


def _any_matches(patterns: "list[str] | tuple[str, ...]", words: list[str]) -> bool:
    """IAM's wildcards: a star spans slashes too."""
    return any(_pattern(pattern).fullmatch(word) for pattern in patterns for word in words)


def _pattern(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in pattern), re.DOTALL)
