"""A digest of what AWS says of things that all users of an environment share: is anything other than it was?

Terraform asks for each attribute of the network, the roles, the bucket and the domain: some 70 calls. The answers to
34 show whether anybody changed them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

AT_ONCE = 8
MOST = 100  # questions; with a role for each user, Terraform may as well ask
Things = Sequence[Mapping[str, Any]]
Question = Callable[[], Any]
# What AWS changes by itself.
VOLATILE = {"AvailableIpAddressCount", "RoleLastUsed", "ResponseMetadata", "lastEvaluatedAt"}


def _network(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    ec2: Any = session.client("ec2")
    ids = [vpc["id"] for vpc in things["aws_vpc"]]
    inside = [{"Name": "vpc-id", "Values": ids}]
    yield partial(ec2.describe_vpcs, VpcIds=ids)
    yield partial(ec2.describe_subnets, Filters=inside)
    yield partial(ec2.describe_route_tables, Filters=inside)
    yield partial(ec2.describe_security_groups, Filters=inside)
    yield partial(ec2.describe_internet_gateways, Filters=[{"Name": "attachment.vpc-id", "Values": ids}])
    for vpc_id in ids:
        for switch in ("enableDnsHostnames", "enableDnsSupport"):
            yield partial(ec2.describe_vpc_attribute, VpcId=vpc_id, Attribute=switch)


def _policies(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    iam: Any = session.client("iam")
    for policy in things["aws_iam_policy"]:
        yield partial(iam.get_policy, PolicyArn=policy["arn"])  # with its tags, which a list has not


def _roles(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    iam: Any = session.client("iam")
    for role in things["aws_iam_role"]:
        for ask in (iam.get_role, iam.list_attached_role_policies, iam.list_role_policies):
            yield partial(ask, RoleName=role["name"])


def _buckets(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    s3: Any = session.client("s3")
    closed = {it["bucket"] for it in things.get("aws_s3_bucket_ownership_controls", ()) if _has_no_acl(it)}
    for bucket in things["aws_s3_bucket"]:
        if bucket["bucket"] not in closed:
            yield partial(s3.get_bucket_acl, Bucket=bucket["bucket"])
        for ask in (
            s3.get_bucket_cors,
            s3.get_bucket_encryption,
            s3.get_bucket_lifecycle_configuration,
            s3.get_bucket_logging,
            s3.get_bucket_ownership_controls,
            s3.get_bucket_policy,
            s3.get_bucket_replication,
            s3.get_bucket_tagging,
            s3.get_bucket_versioning,
            s3.get_bucket_website,
            s3.get_public_access_block,
        ):
            yield partial(ask, Bucket=bucket["bucket"])


def _has_no_acl(controls: Mapping[str, Any]) -> bool:
    """Whether AWS takes no ACL for a bucket: as long as its owner owns all that is in it, which is asked anyway.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    return any(rule.get("object_ownership") == "BucketOwnerEnforced" for rule in controls.get("rule", ()))


def _repositories(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    ecr: Any = session.client("ecr")
    repositories = things["aws_ecr_repository"]
    names = [repository["name"] for repository in repositories]
    yield partial(ecr.describe_repositories, repositoryNames=names)
    for repository in repositories:
        yield partial(ecr.get_lifecycle_policy, repositoryName=repository["name"])
        yield partial(ecr.list_tags_for_resource, resourceArn=repository["arn"])


def _domains(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    sagemaker: Any = session.client("sagemaker")
    for domain in things["aws_sagemaker_domain"]:
        yield partial(sagemaker.list_tags, ResourceArn=domain["arn"])


def _scripts(session: Session, things: Mapping[str, Things]) -> Iterator[Question]:
    sagemaker: Any = session.client("sagemaker")
    arns = {script["arn"] for script in things["aws_sagemaker_studio_lifecycle_config"]}

    def ours() -> list[Mapping[str, Any]]:
        pages = sagemaker.get_paginator("list_studio_lifecycle_configs").paginate()
        every = (script for page in pages for script in page["StudioLifecycleConfigs"])
        return [script for script in every if script["StudioLifecycleConfigArn"] in arns]

    yield ours
    for arn in sorted(arns):
        yield partial(sagemaker.list_tags, ResourceArn=arn)


# Terraform's type -> the questions about all of that type; None where the answers about another type tell of it.
QUESTIONS: Mapping[str, Callable[[Session, Mapping[str, Things]], Iterator[Question]] | None] = {
    "aws_vpc": _network,
    "aws_default_security_group": None,
    "aws_internet_gateway": None,
    "aws_route": None,
    "aws_route_table": None,
    "aws_route_table_association": None,
    "aws_security_group": None,
    "aws_subnet": None,
    "aws_vpc_security_group_egress_rule": None,
    "aws_vpc_security_group_ingress_rule": None,
    "aws_iam_policy": _policies,
    "aws_iam_role": _roles,
    "aws_iam_role_policy_attachment": None,
    "aws_s3_bucket": _buckets,
    "aws_s3_bucket_ownership_controls": None,
    "aws_s3_bucket_policy": None,
    "aws_s3_bucket_public_access_block": None,
    "aws_s3_bucket_server_side_encryption_configuration": None,
    "aws_s3_bucket_versioning": None,
    "aws_ecr_repository": _repositories,
    "aws_ecr_lifecycle_policy": None,
    "aws_sagemaker_domain": _domains,
    "aws_sagemaker_studio_lifecycle_config": _scripts,
}


def digest(session: Session, things: Mapping[str, Things], domain: Mapping[str, Any]) -> str:
    """The digest of these as they are now; empty where there is a type of which only Terraform can tell, or too many.

    Args:
        session: The account.
        things: The attributes that Terraform recorded of each, by its type. A security group, subnet or route is told
            of with its VPC, so one in a VPC that is not among these is none of whose changes can be seen.
        domain: AWS's description of the domain, which the caller has read.

    Raises:
        AwsError: AWS refused to tell.
    """
    vpcs = {vpc["id"] for vpc in things.get("aws_vpc", ())}
    elsewhere = any(it.get("vpc_id", "") not in {"", *vpcs} for every in things.values() for it in every)
    if elsewhere or not things.keys() <= QUESTIONS.keys():
        return ""
    asked = [question for type_ in sorted(things) for question in _asked(session, type_, things)]
    if len(asked) > MOST:
        return ""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = [_plain(domain), *pool.map(_answer, asked)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _asked(session: Session, type_: str, things: Mapping[str, Things]) -> list[Question]:
    questions = QUESTIONS[type_]
    return list(questions(session, things)) if questions else []


def _answer(question: Question) -> Any:
    try:
        with translated():
            return _plain(question())
    except MissingError:
        return None


def _plain(value: Any) -> Any:
    """An answer without what changes by itself, and in one order: AWS promises none."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in sorted(value.items()) if key not in VOLATILE}
    if isinstance(value, list):
        return sorted(map(_plain, value), key=json.dumps)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
