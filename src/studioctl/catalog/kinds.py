"""The kinds of resources that an environment has: one line says of each all that differs from kind to kind.

A kind that is not here is an error: `Resource` refuses it. Add it to KINDS, in the order in which a plan tells of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["people", "editor", "network", "permissions", "limits", "data"]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Unique:
    """A name that AWS gives out once.

    Args:
        claim: The function of `aws.claims` that says whose it is.
        key: The key of the file that decides the name.
        own: The key in `[names]` by which the file may give it another.
        longest: The most characters of a name that the file gives to this alone.
    """

    claim: str
    key: Key = ("name",)
    own: str = ""
    longest: int = 63


@dataclass(frozen=True)
class Store:
    """Something that holds users' data, so that nothing deletes it unasked.

    Args:
        kind: The word for a holding in it.
        remedy: The change to the file that saves it from deletion by `up`.
        outlives: Whether it outlives its environment.
    """

    kind: str
    remedy: str
    outlives: bool = True


@dataclass(frozen=True)
class Use:
    """Something that running apps hold on to: AWS does not delete it while they run.

    Args:
        while_: When that is, in words.
        attribute: The attribute by which an app refers to it; "" where every app does.
        what: It in words, where that is not just one of its noun.
    """

    while_: str
    attribute: str = ""
    what: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of resource.

    Args:
        type: Terraform's word for it.
        part: The part of an environment that a person looks for it in.
        noun: The word for it.
        key: The key of the file behind it.
        plural: Several of them, where that is not the noun with an "s".
        name: Terraform's argument with its name; "" where it has none, or a name does not matter.
        found: The way to find it in AWS when no state knows it: the method of `aws.belongings.Belongings`, and the
            arguments that it takes from the resource, of which "Name" is the tag. Left out where it goes with
            another, and is put, not created: doing that again changes nothing.
        unique: Its name, if AWS gives that out once.
        store: Its properties as a store of users' data.
        lost: The words for its loss in a plan, if something is lost with it.
        renewable: Whether people can make again what is lost with it.
        use: Its use by apps.
        paid: The item of the price list that it is paid as, used or not.
        times: The number of units of that item.
        holds: Whether others are in it or name it, and change with it.
        remade: Whether AWS cannot change it, and nothing that people have is in it, so that it is made anew.
        called: The words before its name, if they are not its noun.
    """

    type: str
    part: Part
    noun: str
    key: Key
    plural: str = ""
    name: str = ""
    found: tuple[str, ...] = ()
    unique: Unique | None = None
    store: Store | None = None
    lost: str = ""
    renewable: bool = False
    use: Use | None = None
    paid: str = ""
    times: int = 1
    holds: bool = False
    remade: bool = False
    called: str = ""

    @property
    def title(self) -> str:
        """Its noun beside its name."""
        return self.called or self.noun


class UnknownKindError(LookupError):
    """A kind of resource that the table does not have."""


_BUCKET, _IMAGES, _CUSTOM, _NETWORK = (
    ("storage", "bucket"),
    ("images", "repository"),
    ("images", "custom"),
    ("network",),
)
_LOGS, _KEY = ("network", "flow_logs"), ("encryption", "customer_key")
_STUDIES = ("tuning", "database")

DOMAIN: Final = "aws_sagemaker_domain"
PROFILE: Final = "aws_sagemaker_user_profile"
SPACE: Final = "aws_sagemaker_space"
SCRIPT: Final = "aws_sagemaker_studio_lifecycle_config"
IMAGE: Final = "aws_sagemaker_image"
APP_IMAGE_CONFIG: Final = "aws_sagemaker_app_image_config"
IMAGE_VERSION: Final = "aws_sagemaker_image_version"
BUCKET: Final = "aws_s3_bucket"
REPOSITORY: Final = "aws_ecr_repository"
SECRET: Final = "aws_secretsmanager_secret"  # noqa: S105 (the container of one)
KMS_KEY: Final = "aws_kms_key"
KMS_ALIAS: Final = "aws_kms_alias"
ROLE: Final = "aws_iam_role"
POLICY: Final = "aws_iam_policy"
SECURITY_GROUP: Final = "aws_security_group"
SUBNET: Final = "aws_subnet"
VPC: Final = "aws_vpc"
NAT_GATEWAY: Final = "aws_nat_gateway"
ENDPOINT: Final = "aws_vpc_endpoint"
DATABASE: Final = "aws_rds_cluster"
DATABASE_INSTANCE: Final = "aws_rds_cluster_instance"
ALARM: Final = "aws_cloudwatch_metric_alarm"
FUNCTION: Final = "aws_lambda_function"


def _setting(resource_type: str, called: str, key: Key) -> Kind:
    noun, plural = "setting of the data bucket", "settings of the data bucket"
    return Kind(resource_type, "data", noun, key, plural, called=f"{called} of bucket")


_ALL = (
    Kind(
        *(DOMAIN, "people", "domain", ("studio",)),
        name="domain_name",
        found=("domain", "domain_name"),
        unique=Unique("domain", own="domain"),
        lost="the domain is deleted and created anew: every home directory, every space and every volume is deleted",
        use=Use("any app runs"),
        holds=True,
    ),
    Kind(
        *(PROFILE, "people", "user profile", ("users",)),
        name="user_profile_name",
        found=("user_profile", "domain_id", "user_profile_name"),
        use=Use("an app of the user runs", "user_profile_name"),
    ),
    Kind(
        *(SPACE, "people", "space", ("users",)),
        name="space_name",
        found=("space", "domain_id", "space_name"),
        store=Store(
            "space",
            remedy="keep it in the file (a renamed user is another one), or copy what is in it first: studioctl backup"
            " s3://BUCKET",
            outlives=False,
        ),
        use=Use("an app runs in it", "space_name"),
    ),
    Kind(
        *(SCRIPT, "editor", "lifecycle script", ("editor",)),
        found=("lifecycle_config", "studio_lifecycle_config_name"),
        use=Use("an app with the old lifecycle script runs", "arn", "the old lifecycle script"),
        remade=True,
    ),
    Kind(
        *(IMAGE, "editor", "custom image", _CUSTOM),
        found=("image", "image_name"),
        use=Use("an app with this image runs", "arn"),
        remade=True,
    ),
    Kind(
        *(IMAGE_VERSION, "editor", "version of a custom image", _CUSTOM, "versions of custom images"),
        found=("image_version", "image_name"),
        use=Use("an app with this image runs", "arn"),
        remade=True,
    ),
    Kind(
        *(APP_IMAGE_CONFIG, "editor", "setting of a custom image", _CUSTOM),
        plural="settings of custom images",
        called="settings of image",
        found=("app_image_config", "app_image_config_name"),
        remade=True,
    ),
    Kind(VPC, "network", "VPC", _NETWORK, found=("vpc", "Name"), holds=True),
    Kind("aws_default_security_group", "network", "default security group", _NETWORK),
    Kind(SUBNET, "network", "subnet", _NETWORK, found=("subnet", "Name", "vpc_id"), holds=True),
    Kind("aws_route_table", "network", "route table", _NETWORK, found=("route_table", "Name", "vpc_id")),
    Kind(
        *("aws_route_table_association", "network", "route table association", _NETWORK),
        called="routes of subnet",
        found=("route_table_association", "subnet_id", "route_table_id"),
        remade=True,
    ),
    Kind("aws_route", "network", "route", _NETWORK, found=("route", "route_table_id", "destination_cidr_block")),
    Kind("aws_internet_gateway", "network", "internet gateway", _NETWORK, found=("internet_gateway", "Name")),
    Kind(NAT_GATEWAY, "network", "NAT gateway", _NETWORK, found=("nat_gateway", "Name"), paid="nat_gateway"),
    Kind(
        *("aws_eip", "network", "public address", _NETWORK, "public addresses"),
        found=("address", "Name"),
        paid="public_address",
    ),
    Kind(
        *(SECURITY_GROUP, "network", "security group", _NETWORK),
        name="name",
        found=("security_group", "name", "vpc_id"),
        unique=Unique("security_group"),  # in its VPC: our own is new, or its groups are found by their tags
    ),
    Kind("aws_vpc_security_group_egress_rule", "network", "security group rule", _NETWORK, found=("egress_rule",)),
    Kind("aws_vpc_security_group_ingress_rule", "network", "security group rule", _NETWORK, found=("ingress_rule",)),
    Kind(
        *(ENDPOINT, "network", "private endpoint", ("network", "endpoints")),
        found=("vpc_endpoint", "Name", "vpc_id"),
        paid="endpoint",
    ),
    Kind(
        *("aws_cloudwatch_log_group", "network", "log group", _LOGS),
        name="name",
        found=("log_group", "name"),
        unique=Unique("log_group"),
        lost="is deleted with the logs in it",
    ),
    Kind("aws_flow_log", "network", "flow log", _LOGS, found=("flow_log", "vpc_id")),
    Kind(
        *(ROLE, "permissions", "role", ("iam",)),
        name="name",
        found=("role", "name"),
        unique=Unique("role", own="role", longest=64),
        holds=True,
    ),
    Kind("aws_iam_role_policy", "permissions", "policy", _LOGS, "policies", found=("role_policy", "role", "name")),
    Kind(
        *(POLICY, "permissions", "policy", ("iam",), "policies"),
        name="name",
        found=("policy", "name"),
        unique=Unique("policy"),
        remade=True,
    ),
    Kind(
        *("aws_iam_role_policy_attachment", "permissions", "policy attachment", ("iam",)),
        called="policy of role",
        found=("policy_attachment", "role", "policy_arn"),
        remade=True,
    ),
    Kind(
        *(BUCKET, "data", "bucket", _BUCKET),
        name="bucket",
        found=("bucket", "bucket"),
        unique=Unique("bucket", _BUCKET),
        store=Store(
            "bucket", remedy="keep its name; another bucket can be used too: extra_buckets = [...] under [storage]"
        ),
        lost="is deleted with every object and old version in it",
        holds=True,
    ),
    _setting("aws_s3_bucket_logging", "access log", ("storage", "access_logs")),
    _setting("aws_s3_bucket_ownership_controls", "ownership of objects", ("storage",)),
    _setting("aws_s3_bucket_policy", "policy", ("storage",)),
    _setting("aws_s3_bucket_public_access_block", "block of public access", ("storage",)),
    _setting("aws_s3_bucket_server_side_encryption_configuration", "encryption", ("storage",)),
    _setting("aws_s3_bucket_versioning", "versioning", ("storage", "versioning")),
    Kind(
        *(REPOSITORY, "data", "image repository", _IMAGES, "image repositories"),
        called="repository",
        name="name",
        found=("repository", "name"),
        unique=Unique("repository", _IMAGES, longest=256),
        store=Store("repository", remedy="keep its name"),
        lost="is deleted with its images",
        holds=True,
    ),
    Kind(
        *("aws_ecr_lifecycle_policy", "data", "expiry rule for images", _IMAGES, "expiry rules for images"),
        remade=True,
    ),
    Kind(
        *(SECRET, "data", "secret of a GitHub token", ("secrets", "github"), "secrets of GitHub tokens"),
        called="secret",
        name="name",
        found=("secret", "name"),
        unique=Unique("secret", own="secret", longest=512),
        store=Store("secret", remedy="keep it in the file"),
        lost="is deleted at once with the token in it, which stays valid at GitHub until somebody revokes it there; a"
        " new one can be made there",
        renewable=True,
        paid="secret",
        holds=True,
    ),
    Kind(
        *(KMS_KEY, "data", "encryption key", _KEY),
        found=("key",),
        lost="is deleted: what it encrypts can never be read again",
        paid="key",
        holds=True,
    ),
    Kind(
        *(KMS_ALIAS, "data", "key alias", _KEY, "key aliases"),
        called="KMS alias",
        name="name",
        found=("key_alias", "name"),
        unique=Unique("key_alias"),
    ),
    Kind(
        *("aws_db_subnet_group", "data", "subnet group of the database", _STUDIES, "subnet groups of the database"),
        found=("database_subnets", "name"),
    ),
    Kind(
        *(DATABASE, "data", "database of studies", _STUDIES, "databases of studies"),
        found=("database", "cluster_identifier"),
    ),
    Kind(
        *(DATABASE_INSTANCE, "data", "database instance", _STUDIES),
        found=("database_instance", "identifier"),
    ),
    Kind(
        "aws_rds_cluster_parameter_group",
        *("data", "parameter group of the database", _STUDIES, "parameter groups of the database"),
        found=("database_parameters", "name"),
    ),
    Kind("aws_sns_topic", "limits", "topic", ("limits",), found=("topic", "name")),
    Kind(FUNCTION, "limits", "function", ("limits",), found=("function", "function_name")),
    Kind("aws_scheduler_schedule", "limits", "schedule", ("limits",), found=("schedule", "name")),
    Kind(
        *(ALARM, "limits", "alarm", ("limits",)),
        found=("alarm", "alarm_name"),
        paid="alarm_metric",
        times=2,  # runs, and those that failed
    ),
)
KINDS: Final[Mapping[str, Kind]] = {kind.type: kind for kind in _ALL}
STORES: Final[Mapping[str, Store]] = {kind.type: kind.store for kind in _ALL if kind.store}
# What of a network is paid for, used or not.
PAID_NETWORK: Final = frozenset(kind.type for kind in _ALL if kind.part == "network" and kind.paid)


def kind_of(resource_type: str) -> Kind:
    """All that differs from kind to kind.

    Raises:
        UnknownKindError: The table lacks it.
    """
    try:
        return KINDS[resource_type]
    except KeyError:
        words = f"'{resource_type}' is no kind in KINDS of studioctl/catalog/kinds.py: add it there"
        raise UnknownKindError(words) from None
