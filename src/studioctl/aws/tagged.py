"""Everything that carries a tag, whatever it is, and whether it is still there."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

OF_DOMAIN = {"app", "space", "user-profile"}
RECORD = re.compile(r"arn:[^:]+:sagemaker:[^/]+-job/.*")
"""A job's. AWS lists jobs for years after they have ended: a record, which costs nothing. `jobs.py` knows which run."""
PAGE: Any = {"PageSize": 100}  # AWS's largest; its default is 50


def tagged(
    session: Session, tag: tuple[str, str], is_wanted: Callable[[str], bool] = lambda _: True
) -> tuple[str, ...]:
    """ARNs of what carries this tag and exists, but jobs. AWS's index of tags knows what was deleted for some time.

    IAM is not in that index: its roles and policies are looked for by name (belongings.py).

    Args:
        session: The account.
        tag: Key and value.
        is_wanted: Whether somebody wants to know of an ARN: each that is costs a call.
    """
    found, there = filter(is_wanted, listed(session, tag)), dict[str, bool]()
    return tuple(sorted(arn for arn in found if not RECORD.fullmatch(arn) and _exists(session, arn, there)))


def listed(session: Session, tag: tuple[str, str], *types: str) -> Mapping[str, Mapping[str, str]]:
    """The tags of what carries this tag by AWS's index, also of what is gone since, by ARN.

    Args:
        session: The account.
        tag: Key and value.
        types: AWS's names of the types that are wanted, such as kms:key; all when there are none.
    """
    wanted: dict[str, Any] = {"ResourceTypeFilters": list(types)} if types else {}
    filters: Any = [{"Key": tag[0], "Values": [tag[1]]}]
    with translated():
        pages = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
        return {
            entry["ResourceARN"]: {each["Key"]: each["Value"] for each in entry["Tags"]}
            for page in pages.paginate(TagFilters=filters, PaginationConfig=PAGE, **wanted)
            for entry in page["ResourceTagMappingList"]
        }


def _exists(session: Session, arn: str, there: dict[str, bool]) -> bool:
    """Whether it exists; what we have no question for is taken to be there.

    Nothing of a domain outlives it: of thousands of users who are gone, AWS is asked about their domain once.
    """
    _, _, service, _, _, rest = arn.split(":", 5)
    kind, _, identity = rest.partition("/")
    if service == "sagemaker" and kind in OF_DOMAIN:
        domain = arn.replace(rest, f"domain/{identity.partition('/')[0]}")
        if domain not in there:
            there[domain] = _exists(session, domain, there)
        if not there[domain]:
            return False
    question = _questions(session, identity).get(f"{service}/{kind}") or _others(session, arn).get(service)
    if question is None:
        return True
    try:
        with translated():
            return bool(question())
    except MissingError:
        return False


def _questions(session: Session, identity: str) -> Mapping[str, Callable[[], object]]:
    ec2 = session.client("ec2")
    return {
        "ec2/vpc": lambda: ec2.describe_vpcs(VpcIds=[identity]),
        "ec2/subnet": lambda: ec2.describe_subnets(SubnetIds=[identity]),
        "ec2/internet-gateway": lambda: ec2.describe_internet_gateways(InternetGatewayIds=[identity]),
        "ec2/route-table": lambda: ec2.describe_route_tables(RouteTableIds=[identity]),
        "ec2/security-group": lambda: ec2.describe_security_groups(GroupIds=[identity]),
        "ec2/security-group-rule": lambda: ec2.describe_security_group_rules(SecurityGroupRuleIds=[identity]),
        "ec2/natgateway": lambda: _lives(ec2.describe_nat_gateways(NatGatewayIds=[identity])["NatGateways"]),
        "ec2/elastic-ip": lambda: ec2.describe_addresses(AllocationIds=[identity]),
        "ec2/vpc-endpoint": lambda: _lives(ec2.describe_vpc_endpoints(VpcEndpointIds=[identity])["VpcEndpoints"]),
        "ec2/vpc-flow-log": lambda: ec2.describe_flow_logs(FlowLogIds=[identity])["FlowLogs"],
        "ecr/repository": lambda: session.client("ecr").describe_repositories(repositoryNames=[identity]),
        "elasticfilesystem/file-system": lambda: session.client("efs").describe_file_systems(FileSystemId=identity),
        # A key goes only after days, in which it is there for nobody.
        "kms/key": lambda: "DeletionDate" not in session.client("kms").describe_key(KeyId=identity)["KeyMetadata"],
        "sagemaker/domain": lambda: session.client("sagemaker").describe_domain(DomainId=identity),
    }


def _lives(found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of these is not deleted: AWS goes on showing gateways and endpoints for a while."""
    return any(one["State"].lower() not in {"deleting", "deleted"} for one in found)


def _others(session: Session, arn: str) -> Mapping[str, Callable[[], object]]:
    def secret_is_there() -> bool:
        found: Mapping[str, object] = session.client("secretsmanager").describe_secret(SecretId=arn)
        return "DeletedDate" not in found

    def studies_are_there() -> object:
        rds, (kind, name) = session.client("rds"), arn.split(":")[5:7]
        if kind == "cluster-snapshot":
            return rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
        return rds.list_tags_for_resource(ResourceName=arn)["TagList"]

    return {
        "logs": lambda: session.client("logs").describe_log_groups(logGroupNamePrefix=arn.split(":")[6])["logGroups"],
        "rds": studies_are_there,
        "s3": lambda: session.client("s3").get_bucket_location(Bucket=arn.rpartition(":")[2]),
        "secretsmanager": secret_is_there,
        "sagemaker": lambda: session.client("sagemaker").list_tags(ResourceArn=arn),
    }
