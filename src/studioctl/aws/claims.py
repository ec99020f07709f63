"""Whose a name is: things whose names are unique in an account, or in the whole world.

"Ours" is what carries the environment's tag.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from studioctl.aws.errors import MissingError, code_of, translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import TagTypeDef as EcrTag
    from mypy_boto3_iam.type_defs import TagTypeDef as IamTag
    from mypy_boto3_s3.type_defs import TagTypeDef as S3Tag
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef as SecretTag

Tag = tuple[str, str]


class Claim(Enum):
    """To whom a name belongs."""

    FREE = "nobody"
    OURS = "this environment"
    HERE = "something else in this account"
    ELSEWHERE = "another account"
    LEAVING = "something that is scheduled for deletion"


def bucket(session: Session, name: str, tag: Tag) -> Claim:
    """A bucket: its name is unique in the whole world (of a partition).

    HeadBucket answers 404 for a free name and 403 for one that is another account's, or closed to us.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    s3 = session.client("s3")
    account = session.identity.account_id
    try:
        with translated():
            try:
                s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
            except ClientError as error:
                if code_of(error) in {"403", "AccessDenied"}:
                    return Claim.ELSEWHERE
                if code_of(error) in {"404", "NoSuchBucket"}:
                    return Claim.FREE
                raise
            tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except MissingError:  # NoSuchTagSet
        return Claim.HERE
    return _claim(tags, tag)


def can_use_bucket(session: Session, name: str) -> bool:
    """Whether there is a bucket of this name that is open to us, whoever owns it."""
    try:
        session.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if code_of(error) in {"403", "AccessDenied", "404", "NoSuchBucket"}:
            return False
        with translated():
            raise
    return True


def secret(session: Session, name: str, tag: Tag) -> Claim:
    """A secret. One that is scheduled for deletion keeps its name for 7 to 30 days."""

    def look() -> Claim:
        found = session.client("secretsmanager").describe_secret(SecretId=name)
        leaving = "DeletedDate" in found.keys()  # noqa: SIM118 (the stubs take it to be always there)
        return Claim.LEAVING if leaving else _claim(found.get("Tags", ()), tag)

    return _unless_missing(look)


def repository(session: Session, name: str, tag: Tag) -> Claim:
    """An image repository."""

    def look() -> Claim:
        ecr = session.client("ecr")
        arn = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
        return _claim(ecr.list_tags_for_resource(resourceArn=arn)["tags"], tag)

    return _unless_missing(look)


def role(session: Session, name: str, tag: Tag) -> Claim:
    """An IAM role."""
    return _unless_missing(lambda: _claim(session.client("iam").get_role(RoleName=name)["Role"].get("Tags", ()), tag))


def policy(session: Session, name: str, tag: Tag) -> Claim:
    """A customer managed IAM policy."""
    arn = policy_arn(session, name)
    return _unless_missing(
        lambda: _claim(session.client("iam").get_policy(PolicyArn=arn)["Policy"].get("Tags", ()), tag)
    )


def policy_arn(session: Session, name: str) -> str:
    """ARN of the customer managed policy of this name."""
    return f"arn:{session.identity.partition}:iam::{session.identity.account_id}:policy/{name}"


def _unless_missing(look: Callable[[], Claim]) -> Claim:
    try:
        with translated():
            return look()
    except MissingError:
        return Claim.FREE


def _claim(tags: "Iterable[EcrTag | IamTag | S3Tag | SecretTag]", tag: Tag) -> Claim:
    return Claim.OURS if {"Key": tag[0], "Value": tag[1]} in list(tags) else Claim.HERE
