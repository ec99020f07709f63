"""Reads an account's safeguards: whether buckets may be public, whether a trail runs, and a role's real policies."""

import json
from typing import Any

from botocore.exceptions import ClientError

from studioctl.aws.errors import MissingError, code_of, translated
from studioctl.aws.session import Session

_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def account_is_closed(session: Session) -> bool:
    """Whether no bucket of the account can be public, whatever its own settings say.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    try:
        with translated():
            found = session.client("s3control").get_public_access_block(AccountId=session.identity.account_id)
    except MissingError:  # NoSuchPublicAccessBlockConfiguration
        return False
    return _all_on(found["PublicAccessBlockConfiguration"])


def bucket_is_closed(session: Session, name: str) -> bool:
    """Whether this bucket cannot be public by its own settings. One that is not there cannot be, either."""
    with translated():
        try:
            found = session.client("s3").get_public_access_block(Bucket=name)
        except ClientError as error:
            if code_of(error) in {"NoSuchPublicAccessBlockConfiguration", "NoSuchBucket"}:
                return code_of(error) == "NoSuchBucket"
            raise
    return _all_on(found["PublicAccessBlockConfiguration"])


def has_trail(session: Session) -> bool:
    """Whether a trail that is on sees this region. An organization's trail counts: AWS shows it here as a shadow."""
    with translated():
        client = session.client("cloudtrail")
        trails = client.describe_trails(includeShadowTrails=True)["trailList"]
        return any(client.get_trail_status(Name=trail["TrailARN"])["IsLogging"] for trail in trails)


def root_has_mfa(session: Session) -> bool:
    """Whether the account's root user needs more than a password, or has none to sign in with."""
    with translated():
        summary = session.client("iam").get_account_summary()["SummaryMap"]
    return bool(summary.get("AccountMFAEnabled")) or not summary.get("AccountPasswordPresent", 1)


def attached_policies(session: Session, role: str) -> frozenset[str]:
    """ARNs of the managed policies that a role has, and names of its inline ones; none when there is no such role."""
    iam = session.client("iam")
    try:
        with translated():
            attached = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
            inline = iam.get_paginator("list_role_policies").paginate(RoleName=role)
            arns = {policy["PolicyArn"] for page in attached for policy in page["AttachedPolicies"]}
            return frozenset(arns | {name for page in inline for name in page["PolicyNames"]})
    except MissingError:
        return frozenset()


def managed_policy(session: Session, name: str, account: str = "aws") -> Any:
    """Return the current document of a managed policy, in IAM's grammar.

    Args:
        session: A session in the account's partition.
        name: The policy's name with its path, such as "AmazonSageMakerFullAccess".
        account: The policy's owner; AWS by default.

    Raises:
        MissingError: There is no such policy.
    """
    iam = session.client("iam")
    arn = f"arn:{session.identity.partition}:iam::{account}:policy/{name}"
    with translated():
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return json.loads(document) if isinstance(document, str) else document


def _all_on(settings: Any) -> bool:
    return all(settings.get(switch) for switch in _SWITCHES)
