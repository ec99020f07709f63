"""Private ways to AWS: the VPC endpoints without which a closed network reaches nothing, each with its reason."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Data, Module, Ref, Resource
from studioctl.infrastructure.naming import Naming, label, name_tag
from studioctl.infrastructure.security_groups import SecurityGroups
from studioctl.infrastructure.vpc import Vpc

STUDIO_PAGE = "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html"
STUDIO_ENDPOINT_PAGE = "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-interface-endpoint.html"
REMOTE_PAGE = (
    "https://docs.aws.amazon.com/sagemaker/latest/dg/"
    "remote-access-remote-setup-vpc-subnets-without-internet-access.html"
)
ECR_PAGE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
SECRETS_PAGE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html"
KEY_PAGE = "https://docs.aws.amazon.com/kms/latest/developerguide/vpc-endpoint-connect.html"
KEYS_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
# What Studio itself does through Systems Manager so that a local editor reaches a space, as REMOTE_PAGE has it.
REMOTE_ACTIONS = {
    "ssm": (
        "AddTagsToResource",
        "CreateActivation",
        "DeleteActivation",
        "DeregisterManagedInstance",
        "DescribeInstanceInformation",
        "GetDocument",
        "ListAssociations",
        "ListInstanceAssociations",
        "PutInventory",
        "RegisterManagedInstance",
        "UpdateInstanceAssociationStatus",
        "UpdateInstanceInformation",
    ),
    "ssmmessages": ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"),
}

# What it takes to pull an image: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True)
class Service:
    """A service of AWS that apps reach through an interface endpoint, why, and where AWS says so."""

    name: str
    why: str
    source: str

    def in_region(self, region: str) -> str:
        """Return AWS's name of the endpoint's service. The name of Studio's begins differently."""
        return f"aws.sagemaker.{region}.studio" if self.name == "studio" else f"com.amazonaws.{region}.{self.name}"


S3 = Service("s3", "Data, and the layers of images, without passing the internet.", STUDIO_PAGE)
ALWAYS = (
    Service("sagemaker.api", "SageMaker's API: spaces, apps and jobs.", STUDIO_PAGE),
    Service("sagemaker.runtime", "Calling models that are deployed.", STUDIO_PAGE),
    Service("studio", "Studio itself, opened from inside the VPC.", STUDIO_PAGE),
    Service("sts", "Who one is, and the SageMaker SDK's jobs.", STUDIO_PAGE),
    Service("logs", "Logs of apps and jobs.", STUDIO_PAGE),
    Service("ecr.api", "Signing in to the image repository.", ECR_PAGE),
    Service("ecr.dkr", "The image repository itself; layers come from S3.", ECR_PAGE),
)
SECRETS = Service("secretsmanager", "The GitHub token, when Git asks for it.", SECRETS_PAGE)
KEY = Service("kms", "The environment's key, for programs that use it themselves.", KEY_PAGE)
REMOTE = (
    Service("ssm", "Remote access: the space registers itself.", REMOTE_PAGE),
    Service("ssmmessages", "Remote access: the session's own channel.", REMOTE_PAGE),
)


@dataclass(frozen=True)
class Endpoints:
    """The endpoints' blocks; none in a network that is not closed, or that somebody else looks after."""

    module: Module


def services(config: EnvironmentConfig) -> tuple[Service, ...]:
    """The services that this environment's apps reach by interface endpoints when there is no other way."""
    has_tokens = config.secrets.github or any(user.github for user in config.users)
    secrets = (SECRETS,) if has_tokens else ()
    key = (KEY,) if config.encryption.customer_key or config.encryption.key else ()
    remote = REMOTE if config.studio.remote_access else ()
    return (*ALWAYS, *secrets, *key, *remote)


def interfaces(config: EnvironmentConfig) -> tuple[Service, ...]:
    """The interface endpoints that are made: with a NAT gateway AWS needs none, and each is paid for."""
    network = config.network
    wanted = network.internet == "none" or network.endpoints == "all"
    return services(config) if network.is_closed and network.vpc is None and wanted else ()


def build(
    config: EnvironmentConfig,
    *,
    vpc: Vpc,
    groups: SecurityGroups,
    account: Data,
    partition: Data,
    naming: Naming,
    lacking: Mapping[str, Collection[str]],
) -> Endpoints:
    """S3's gateway endpoint, which is free, and the interface endpoints.

    `lacking` has the zones in which a service, by AWS's name of it, has no endpoints.
    """
    blocks: list[Resource] = []
    if vpc.private_routes is not None:
        gateway = {"vpc_endpoint_type": "Gateway", "route_table_ids": [vpc.private_routes]}
        statements = _s3_statements(config, account, partition)
        blocks.append(_endpoint(S3, config.region, gateway, statements, vpc, naming))
    for service in interfaces(config):
        interface = {
            "vpc_endpoint_type": "Interface",
            "subnet_ids": _subnets(vpc, lacking.get(service.in_region(config.region), ())),
            "security_group_ids": [groups.endpoints_id],
            "private_dns_enabled": True,
        }
        statements = _statements(service, config.region, account, partition)
        blocks.append(_endpoint(service, config.region, interface, statements, vpc, naming))
    return Endpoints(Module("endpoints", "Private ways to AWS, each open to this account alone.", tuple(blocks)))


def _subnets(vpc: Vpc, lacking: Collection[str]) -> list[Ref | str] | str:
    """The subnets, or an expression for those outside some zones: which subnet is in which, Terraform knows."""
    if not lacking:
        return list(vpc.subnet_ids)
    subnets = ", ".join(f'"{str(subnet).replace(".id}", "}")}"' for subnet in vpc.subnet_ids)
    zones = json.dumps(sorted(lacking))
    return f"${{[for subnet in [{subnets}] : subnet.id if !contains({zones}, subnet.availability_zone)]}}"


def _endpoint(
    service: Service, region: str, where: dict[str, Any], statements: list[dict[str, Any]], vpc: Vpc, naming: Naming
) -> Resource:
    arguments = {
        "vpc_id": vpc.vpc_id,
        "service_name": service.in_region(region),
        **where,
        "policy": json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")),
        "tags": name_tag(naming.endpoint(service.name)),
    }
    its_label = label(service.name.replace(".", "_"))
    return Resource("aws_vpc_endpoint", its_label, arguments, why=f"{service.why} {service.source}")


def _statements(service: Service, region: str, account: Data, partition: Data) -> list[dict[str, Any]]:
    """The statements of an endpoint's policy, which limit what the callers' own policies allow."""
    ours = str(account.ref("account_id"))
    if actions := REMOTE_ACTIONS.get(service.name):
        allowed = [f"{service.name}:{action}" for action in actions]
        return [_allow(allowed, ["*"], {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}})]
    if service.name == "studio":
        # A browser's requests carry no identity of IAM's, so the resource is what can be told.
        return [_allow(["sagemaker:*"], [f"arn:{partition.ref('partition')}:sagemaker:{region}:{ours}:*"])]
    # Nobody else's credentials, and nobody else's secrets, images or logs: KEYS_PAGE. What concerns no resource,
    # such as signing in to ECR, may say nothing of a resource's account. SageMaker's API also reads AWS's own images,
    # and a key that exists already may be another account's.
    conditions: dict[str, Any] = {"StringEquals": {"aws:PrincipalAccount": ours}}
    if service is KEY or service.name.startswith("sagemaker."):
        return [_allow(["*"], ["*"], conditions)]
    own = conditions | {"StringEqualsIfExists": {"aws:ResourceAccount": ours}}
    # AWS's own images are in AWS's accounts. Nobody can carry anything out by pulling.
    pulling = [_allow(list(PULL_ACTIONS), ["*"], conditions)] if service.name.startswith("ecr.") else []
    return [_allow(["*"], ["*"], own), *pulling]


def _s3_statements(config: EnvironmentConfig, account: Data, partition: Data) -> list[dict[str, Any]]:
    """Writing only to this account's buckets and those that the file names; what is read depends on the internet."""
    arn = f"arn:{partition.ref('partition')}:s3:::"
    owner = {"StringEquals": {"aws:ResourceAccount": str(account.ref("account_id"))}}
    statements = [_allow(["s3:*"], ["*"], owner)]
    if named := config.storage.extra_buckets:
        statements.append(_allow(["s3:*"], [f"{arn}{name}{path}" for name in named for path in ("", "/*")]))
    if config.network.internet == "none":
        # "Minimum Amazon S3 Bucket Permissions for Amazon ECR" on ECR_PAGE.
        layers = [f"{arn}prod-{config.region}-starport-layer-bucket/*"]
        return [*statements, _allow(["s3:GetObject"], layers)]
    # Public data, Git's large files and the like are in S3 too, and the internet would show them anyway.
    return [*statements, _allow(["s3:Get*", "s3:List*"], ["*"])]


def _allow(actions: list[str], resources: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})
