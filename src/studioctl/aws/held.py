"""Asks other services than SageMaker for the values that they hold of keys of studio.toml."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

MANAGED = "AmazonSageMakerFullAccess"
WORDS = "words"  # the lifecycle rule of the guard's own files
Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """The value of a key that one thing in AWS holds.

    Args:
        name: The thing: "data bucket acme-ml-data".
        value: As the file has it; None where the thing says nothing.
        is_value: Whether the file's value can be compared with it.
        is_gone: Whether Terraform's record has the thing, and AWS does not.
    """

    name: str
    value: Any
    is_value: bool = True
    is_gone: bool = False


@dataclass(frozen=True)
class Known:
    """The resources that Terraform recorded, and the account that has them.

    Args:
        session: The account.
        things: The attributes that Terraform recorded, by address.
    """

    session: Session
    things: Mapping[str, Attributes]

    def client(self, service: str) -> Any:
        """A client of any service."""
        ask: Any = self.session.client
        return ask(service)

    def first(self, address: str) -> Attributes | None:
        """The thing of this address, or the first whose address begins so."""
        return next((it for at, it in self.things.items() if at == address or at.startswith(f"{address}.")), None)


Reader = Callable[[Known], Iterator[Held]]


def held(session: Session, key: tuple[str, ...], things: Mapping[str, Attributes]) -> tuple[Held, ...]:
    """The values of a key in AWS; none where there is no such thing, or no service but SageMaker knows it.

    Args:
        session: The account.
        key: The section and the key.
        things: The attributes that Terraform recorded of everything, by address: by them it is found.

    Raises:
        AwsError: AWS refused to tell.
    """
    reader = READERS.get(key)
    if reader is None:
        return ()
    with translated():
        return tuple(reader(Known(session, things)))


def _of(address: str, noun: str, name: str, ask: Callable[[Known, Attributes], Any]) -> Reader:
    """A reader of the one thing at this address, which bears the name in this attribute."""

    def read(known: Known) -> Iterator[Held]:
        thing = known.first(address)
        if thing is None:
            return
        try:
            with translated():
                yield Held(f"{noun} {thing[name]}", ask(known, thing))
        except MissingError:
            yield Held(f"{noun} {thing[name]}, which is gone", None, is_gone=True)

    return read


def _of_bucket(ask: Callable[[Any, str], Any]) -> Reader:
    return _of("aws_s3_bucket", "data bucket", "bucket", lambda known, it: ask(known.client("s3"), it["bucket"]))


def _bucket(s3: Any, name: str) -> str:
    s3.head_bucket(Bucket=name)
    return name


def _old_versions(s3: Any, name: str) -> int | None:
    _bucket(s3, name)  # a bucket without rules is not one that is gone
    try:
        with translated():
            rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    except MissingError:
        return None
    days = [rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for rule in rules if _is_ours(rule)]
    return next(filter(None, days), None)


def _is_ours(rule: Mapping[str, Any]) -> bool:
    return rule.get("ID") != WORDS and rule["Status"] == "Enabled"


def _key_of_bucket(s3: Any, name: str) -> str | None:
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    key: str | None = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    return key


def _own_key(known: Known, bucket: Attributes) -> bool:
    own = known.first("aws_kms_key")
    return own is not None and _key_of_bucket(known.client("s3"), bucket["bucket"]) in {own["arn"], own["key_id"]}


def _other_key(known: Known, bucket: Attributes) -> str | None:
    return None if _own_key(known, bucket) else _key_of_bucket(known.client("s3"), bucket["bucket"])


def _customer_key(known: Known) -> Iterator[Held]:
    yield from _of("aws_s3_bucket", "data bucket", "bucket", _own_key)(known)
    for told in _of("aws_kms_key", "yearly rotation of key", "key_id", _rotation)(known):
        yield replace(told, is_value=False)


def _rotation(known: Known, key: Attributes) -> bool:
    return bool(known.client("kms").get_key_rotation_status(KeyId=key["key_id"])["KeyRotationEnabled"])


def _of_vpc(ask: Callable[[Any, Any], Any]) -> Reader:
    return _of("aws_vpc", "VPC", "id", lambda known, it: ask(known.client("ec2"), it["id"]))


def _inside(vpc_id: str, filter_: str = "vpc-id") -> list[dict[str, Any]]:
    return [{"Name": filter_, "Values": [vpc_id]}]


def _cidr(ec2: Any, vpc_id: str) -> str:
    return str(ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlock"])


def _logs(ec2: Any, vpc_id: str) -> bool:
    return bool(ec2.describe_flow_logs(Filters=_inside(vpc_id, "resource-id"))["FlowLogs"])


def _way_out(ec2: Any, vpc_id: str) -> str:
    gateways = ec2.describe_nat_gateways(Filters=_inside(vpc_id))["NatGateways"]
    return "nat" if any(it["State"] in {"pending", "available"} for it in gateways) else "none"


def _public_ips(known: Known) -> Iterator[Held]:
    for subnet in _subnets(known):
        yield Held(f"subnet {subnet['SubnetId']}", subnet["MapPublicIpOnLaunch"])


def _prefixes(known: Known) -> Iterator[Held]:
    for subnet in _subnets(known):
        yield Held(f"subnet {subnet['SubnetId']}", ip_network(subnet["CidrBlock"]).prefixlen, is_value=False)


def _zones(known: Known) -> Iterator[Held]:
    zones = sorted({subnet["AvailabilityZone"] for subnet in _subnets(known)})
    if zones:
        yield Held(f"subnets in {', '.join(zones)}", len(zones))


def _subnets(known: Known) -> list[Mapping[str, Any]]:
    """The environment's subnets that exist: a filter, unlike a list of ids, passes over one that is gone."""
    ids = [it["id"] for at, it in known.things.items() if at.startswith("aws_subnet.")]
    ours = [{"Name": "subnet-id", "Values": ids}]
    return list(known.client("ec2").describe_subnets(Filters=ours)["Subnets"]) if ids else []


def _endpoints(known: Known) -> Iterator[Held]:
    if vpc := known.first("aws_vpc"):
        pages = known.client("ec2").get_paginator("describe_vpc_endpoints").paginate(Filters=_inside(vpc["id"]))
        for endpoint in sorted((it for page in pages for it in page["VpcEndpoints"]), key=lambda it: it["ServiceName"]):
            yield Held(f"endpoint {endpoint['ServiceName']}", endpoint["State"].lower(), is_value=False)


def _of_role(ask: Callable[[Any, str], Any]) -> Reader:
    role = "aws_iam_role.execution"
    return _of(role, "role", "name", lambda known, it: ask(known.client("iam"), it["name"]))


def _permissions(iam: Any, name: str) -> str:
    policies = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return "managed" if any(policy["PolicyName"] == MANAGED for policy in policies) else "scoped"


def _boundary(iam: Any, name: str) -> str | None:
    boundary: str | None = (
        iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    )
    return boundary


def _of_repository(ask: Callable[[Mapping[str, Any]], Any]) -> Reader:
    def read(known: Known, it: Attributes) -> Any:
        return ask(known.client("ecr").describe_repositories(repositoryNames=[it["name"]])["repositories"][0])

    return _of("aws_ecr_repository", "image repository", "name", read)


def _of_rule(tagged: str) -> Reader:
    """The number in the rule of the repository's policy about images that are tagged, or are not."""

    def read(known: Known, it: Attributes) -> int | None:
        ecr = known.client("ecr")
        ecr.describe_repositories(repositoryNames=[it["name"]])  # a repository without a policy is not one that is gone
        try:
            with translated():
                policy = ecr.get_lifecycle_policy(repositoryName=it["name"])["lifecyclePolicyText"]
        except MissingError:
            return None
        chosen = [rule["selection"] for rule in json.loads(policy)["rules"]]
        return next((int(rule["countNumber"]) for rule in chosen if rule["tagStatus"] == tagged), None)

    return _of("aws_ecr_repository", "image repository", "name", read)


def _secret(known: Known, it: Attributes) -> str:
    return str(known.client("secretsmanager").describe_secret(SecretId=it["arn"])["Name"])


def _of_database(ask: Callable[[Mapping[str, Any]], Any]) -> Reader:
    def read(known: Known, it: Attributes) -> Any:
        name = it["cluster_identifier"]
        return ask(known.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])

    return _of("aws_rds_cluster", "database", "cluster_identifier", read)


# The section and the key -> who asks.
READERS: Mapping[tuple[str, ...], Reader] = {
    ("storage", "bucket"): _of_bucket(_bucket),
    ("storage", "versioning"): _of_bucket(
        lambda s3, name: s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
    ),
    ("storage", "keep_old_versions_days"): _of_bucket(_old_versions),
    ("storage", "access_logs"): _of_bucket(
        lambda s3, name: s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {}).get("TargetBucket")
    ),
    ("encryption", "customer_key"): _customer_key,
    ("encryption", "key"): _of("aws_s3_bucket", "data bucket", "bucket", _other_key),
    ("network", "cidr"): _of_vpc(_cidr),
    ("network", "flow_logs"): _of_vpc(_logs),
    ("network", "internet"): _of_vpc(_way_out),
    ("network", "public_ips"): _public_ips,
    ("network", "subnet_prefix"): _prefixes,
    ("network", "availability_zones"): _zones,
    ("network", "endpoints"): _endpoints,
    ("names", "role"): _of_role(lambda iam, name: iam.get_role(RoleName=name)["Role"]["RoleName"]),
    ("iam", "role_path"): _of_role(lambda iam, name: iam.get_role(RoleName=name)["Role"]["Path"]),
    ("iam", "permissions_boundary"): _of_role(_boundary),
    ("iam", "permissions"): _of_role(_permissions),
    ("images", "repository"): _of_repository(lambda it: it["repositoryName"]),
    ("images", "immutable_tags"): _of_repository(lambda it: it["imageTagMutability"] == "IMMUTABLE"),
    ("images", "scan_on_push"): _of_repository(lambda it: it["imageScanningConfiguration"]["scanOnPush"]),
    ("images", "keep_latest"): _of_rule("tagged"),
    ("images", "expire_untagged_days"): _of_rule("untagged"),
    ("names", "secret"): _of("aws_secretsmanager_secret.github", "secret", "name", _secret),
    ("tuning", "database"): _of_database(lambda it: it["Engine"]),
    ("tuning", "min_acu"): _of_database(lambda it: float(it["ServerlessV2ScalingConfiguration"]["MinCapacity"])),
    ("tuning", "max_acu"): _of_database(lambda it: float(it["ServerlessV2ScalingConfiguration"]["MaxCapacity"])),
    ("tuning", "backup_days"): _of_database(lambda it: it["BackupRetentionPeriod"]),
}
