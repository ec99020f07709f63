"""Find the owner of a name that is unique in an account, or in the whole world.

"Ours" is what carries the environment's tag.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from studioctl.aws import keys
from studioctl.aws.contents import bucket_contents
from studioctl.aws.errors import MissingError, code_of, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.aws.studio import Studio

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef
    from mypy_boto3_ec2.type_defs import TagTypeDef as Ec2Tag
    from mypy_boto3_ecr.type_defs import TagTypeDef as EcrTag
    from mypy_boto3_iam.type_defs import PaginatorConfigTypeDef
    from mypy_boto3_iam.type_defs import TagTypeDef as IamTag
    from mypy_boto3_s3.type_defs import TagTypeDef as S3Tag
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef as SecretTag

Tag = tuple[str, str]
FEW = 10  # names that are asked for one by one
MANY: "PaginatorConfigTypeDef" = {"PageSize": 1000}  # IAM's largest page; its default is 100


class Claim(Enum):
    """The owner of a name."""

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
    except MissingError:  # NoSuchTagSet: S3 is told tags only afterwards, so an empty one may be an interrupted run's
        return Claim.OURS if bucket_contents(session, name) is None else Claim.HERE
    return _claim(tags, tag)


@translated()
def can_use_bucket(session: Session, name: str) -> bool:
    """Whether there is a bucket of this name that is open to us, whoever owns it."""
    try:
        session.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if code_of(error) in {"403", "AccessDenied", "404", "NoSuchBucket"}:
            return False
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


def key_alias(session: Session, name: str, tag: Tag) -> Claim:
    """A KMS key's alias, also while it leads to a key that is scheduled for deletion."""
    kms = session.client("kms")
    with translated():
        pages = kms.get_paginator("list_aliases").paginate()
        found = any(alias["AliasName"] == name for page in pages for alias in page["Aliases"])
    if not found:
        return Claim.FREE
    return Claim.OURS if keys.named(session, name, tag) else Claim.HERE


def log_group(session: Session, name: str, tag: Tag) -> Claim:
    """A log group of CloudWatch."""
    logs = session.client("logs")
    with translated():
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        if not any(group["logGroupName"] == name for page in pages for group in page["logGroups"]):
            return Claim.FREE
        tags = logs.list_tags_log_group(logGroupName=name)["tags"]
    return Claim.OURS if tags.get(tag[0]) == tag[1] else Claim.HERE


def domain(session: Session, name: str, tag: Tag) -> Claim:
    """A domain of SageMaker's. AWS does not say whether a name can be given twice."""
    studio = Studio(session)
    arns = studio.domain_arns(name)
    if not arns:
        return Claim.FREE
    return Claim.OURS if any(studio.has_tag(arn, tag) for arn in arns) else Claim.HERE


def security_group(session: Session, name: str, tag: Tag, vpc_id: str) -> Claim:
    """A security group, whose name is unique in its VPC."""
    filters: list[FilterTypeDef] = [
        {"Name": "group-name", "Values": [name]},
        {"Name": "vpc-id", "Values": [vpc_id]},
    ]
    with translated():
        found = session.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return _claim(found[0].get("Tags", ()), tag) if found else Claim.FREE


@translated()
def iam_names(session: Session, resource_type: str) -> frozenset[str]:
    """The names of all roles, or of all customer managed policies, of the account.

    Args:
        session: The account.
        resource_type: "aws_iam_role" or "aws_iam_policy".
    """
    iam = session.client("iam")
    if resource_type == "aws_iam_role":
        roles = iam.get_paginator("list_roles").paginate(PaginationConfig=MANY)
        return frozenset(role["RoleName"] for page in roles for role in page["Roles"])
    policies = iam.get_paginator("list_policies").paginate(Scope="Local", PaginationConfig=MANY)
    return frozenset(policy["PolicyName"] for page in policies for policy in page["Policies"])


def attached_policies(session: Session, role: str) -> frozenset[str]:
    """The ARNs of the policies that a role has; none where there is no such role."""
    with ignoring_missing():
        pages = session.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
        return frozenset(policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"])
    return frozenset()


def policy_arn(session: Session, name: str) -> str:
    """ARN of the customer managed policy of this name."""
    return f"arn:{session.identity.partition}:iam::{session.identity.account_id}:policy/{name}"


def _unless_missing(look: Callable[[], Claim]) -> Claim:
    try:
        with translated():
            return look()
    except MissingError:
        return Claim.FREE


def _claim(tags: "Iterable[Ec2Tag | EcrTag | IamTag | S3Tag | SecretTag]", tag: Tag) -> Claim:
    return Claim.OURS if {"Key": tag[0], "Value": tag[1]} in list(tags) else Claim.HERE
