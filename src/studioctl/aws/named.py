"""Reads resources that the user's file names and other people manage: whether they exist, and their settings."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from studioctl.aws.errors import MissingError, code_of, translated
from studioctl.aws.session import Session

LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
LOG_SERVICE = "logging.s3.amazonaws.com"
# What SageMaker and the users' roles do with a key. https://docs.aws.amazon.com/sagemaker/latest/dg/key-management.html
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant")


@dataclass(frozen=True)
class BucketFacts:
    """A bucket: its region, and whether it is open to us."""

    region: str
    is_open: bool


@dataclass(frozen=True)
class KeyFacts:
    """A KMS key, in AWS's words."""

    state: str
    usage: str
    spec: str


def policy_is_there(session: Session, arn: str) -> bool:
    """Whether there is a managed policy of this ARN."""
    try:
        with translated():
            session.client("iam").get_policy(PolicyArn=arn)
    except MissingError:
        return False
    return True


@translated()
def bucket_facts(session: Session, name: str, *, owner: str | None = None) -> BucketFacts | None:
    """The bucket of this name, whoever owns it; None where there is none.

    HeadBucket tells the region also of one that is closed to us.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html

    Args:
        session: The account.
        name: Its name.
        owner: An account: one that belongs to another counts as closed.
    """
    expected: dict[str, Any] = {"ExpectedBucketOwner": owner} if owner else {}
    try:
        answer: Mapping[str, Any] = session.client("s3").head_bucket(Bucket=name, **expected)
        code = ""
    except ClientError as error:
        answer, code = error.response, code_of(error)
        if code in {"404", "NoSuchBucket"}:
            return None
        elsewhere = _region_of(answer, session) != session.target.region
        # 400 is the answer for a bucket of another region, and also for a token that expired.
        if code not in {"403", "AccessDenied", "301", "PermanentRedirect"} and not (code == "400" and elsewhere):
            raise
    return BucketFacts(_region_of(answer, session), code in {"", "301"})


def _region_of(answer: Mapping[str, Any], session: Session) -> str:
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region", session.target.region))


def takes_logs(session: Session, bucket: str) -> bool:
    """Whether a bucket's policy or its access list lets S3 write its logs there.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    s3 = session.client("s3")
    try:
        with translated():
            policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except MissingError:  # NoSuchBucketPolicy
        policy = {}
    if any(_admits(s, {"Service": [LOG_SERVICE]}, "s3:PutObject") for s in _allowing(policy)):
        return True
    with translated():
        grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    return any(grant.get("Grantee", {}).get("URI") == LOG_DELIVERY for grant in grants)


def file_system_tags(session: Session, ids: Iterable[str]) -> dict[str, dict[str, str] | None]:
    """The tags of each of these file systems of EFS; None for one that is not there."""
    return {each: _tags(session, each) for each in ids}


def _tags(session: Session, its_id: str) -> dict[str, str] | None:
    try:
        with translated():
            (found,) = session.client("efs").describe_file_systems(FileSystemId=its_id)["FileSystems"]
    except MissingError:
        return None
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}


def key_facts(session: Session, arn: str) -> KeyFacts | None:
    """The KMS key of this ARN; None where there is none."""
    try:
        with translated():
            found = session.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    except MissingError:
        return None
    return KeyFacts(
        found["KeyState"], found.get("KeyUsage") or "ENCRYPT_DECRYPT", found.get("KeySpec", "SYMMETRIC_DEFAULT")
    )


def closed_to_account(session: Session, arn: str) -> tuple[str, ...]:
    """The actions that Studio needs and the key's policy allows nobody in our account. Conditions are ignored."""
    with translated():
        policy = json.loads(session.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    identity = session.identity
    prefix = f"arn:{identity.partition}:iam::{identity.account_id}:"
    ours = {"AWS": [identity.account_id, f"{prefix}*"]}
    return tuple(
        action for action in KEY_ACTIONS if not any(_admits(statement, ours, action) for statement in _allowing(policy))
    )


def _allowing(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = policy.get("Statement", ())
    yield from (s for s in ([statements] if isinstance(statements, dict) else statements) if s.get("Effect") == "Allow")


def _admits(statement: Mapping[str, Any], wanted: Mapping[str, Iterable[str]], action: str) -> bool:
    excludes = "NotAction" in statement
    named = _listed(statement["NotAction"] if excludes else statement.get("Action", ()))
    if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in named) is excludes:
        return False
    principal = statement.get("Principal", ())
    if principal == "*" or "NotPrincipal" in statement:
        return True
    return any(
        found == "*" or fnmatchcase(found, pattern)
        for kind, patterns in wanted.items()
        for found in _listed(principal.get(kind, ()) if isinstance(principal, dict) else ())
        for pattern in patterns
    )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]
