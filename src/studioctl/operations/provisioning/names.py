"""Names that AWS gives out once: what of the blueprint has one, and to whom each belongs.

The catalogue says of every type of resource whether its name is unique; a test holds it against the blueprint.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.provisioning.problem import Problem

if TYPE_CHECKING:
    from studioctl.aws.claims import Claim, Tag
    from studioctl.aws.session import Session


LONGEST_ENVIRONMENT = 32


@dataclass(frozen=True)
class Kind:
    """A type of resource whose name is unique.

    Args:
        noun: What it is called.
        argument: Terraform's argument with its name.
        key: The key of the file that decides the name.
        own: The key in `[names]` by which the file may give it another.
        longest: How many characters a name may have that the file gives to this alone.
    """

    noun: str
    argument: str = "name"
    key: tuple[str, ...] = ("name",)
    own: str = ""
    longest: int = 63

    def remedy(self, name: str, config: EnvironmentConfig) -> str:
        """What to write instead of this name."""
        own = getattr(config.names, self.own) if self.own else None
        if own and name in {own, *_user_roles(config)}:
            return f'{self.own} = "{another(own, self.longest)}" under [names]'
        if len(self.key) > 1:
            return f'{self.key[-1]} = "{another(name, self.longest)}" under [{self.key[0]}]'
        return f'{self.key[-1]} = "{another(config.name, LONGEST_ENVIRONMENT)}"'


def another(name: str, longest: int) -> str:
    """A name like this one, for which there is room."""
    return next(
        other for other in (f"{name[: longest - 2].rstrip('-./')}-{number}" for number in (2, 3)) if other != name
    )


def _user_roles(config: EnvironmentConfig) -> Iterator[str]:
    naming = Naming.of(config)
    return (naming.user_role(user.name) for user in config.users)


BUCKET, REPOSITORY, SECRET = "aws_s3_bucket", "aws_ecr_repository", "aws_secretsmanager_secret"
ROLE, POLICY, ALIAS = "aws_iam_role", "aws_iam_policy", "aws_kms_alias"
LOG_GROUP, GROUP = "aws_cloudwatch_log_group", "aws_security_group"
DOMAIN = "aws_sagemaker_domain"
KINDS: Mapping[str, Kind] = {
    BUCKET: Kind("bucket", "bucket", ("storage", "bucket")),
    REPOSITORY: Kind("repository", key=("images", "repository"), longest=256),
    SECRET: Kind("secret", own="secret", longest=512),
    ROLE: Kind("role", own="role", longest=64),
    POLICY: Kind("policy"),
    ALIAS: Kind("KMS alias"),
    LOG_GROUP: Kind("log group"),
    DOMAIN: Kind("domain", "domain_name", own="domain"),
    GROUP: Kind("security group"),  # unique in its VPC: one of ours is new, or its groups are found by their tags
}
# What has no name, or one that is unique inside something of ours only, or that holds a digest of its content.
FREELY_NAMED = frozenset(
    {
        "aws_default_security_group",
        "aws_ecr_lifecycle_policy",
        "aws_eip",
        "aws_flow_log",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_internet_gateway",
        "aws_kms_key",
        "aws_nat_gateway",
        "aws_route",
        "aws_route_table",
        "aws_route_table_association",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_sagemaker_app_image_config",
        "aws_sagemaker_image",
        "aws_sagemaker_image_version",
        "aws_sagemaker_space",
        "aws_sagemaker_studio_lifecycle_config",
        "aws_sagemaker_user_profile",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_endpoint",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    }
)


@dataclass(frozen=True)
class FixedName:
    """A name that something of the environment has to have. `vpc_id` is where, for a security group."""

    type: str
    name: str
    vpc_id: str = ""

    @property
    def kind(self) -> Kind:
        """What the catalogue says of its type."""
        return KINDS[self.type]

    def claim(self, session: "Session", environment: str) -> "Claim":
        """To whom it belongs. Raises AwsError when AWS refuses to tell."""
        return _lookups(self.vpc_id)[self.type](session, self.name, (ENVIRONMENT_TAG, environment))


def fixed_names(blueprint: Blueprint, account_id: str, *, known: Collection[str] = ()) -> Iterator[FixedName]:
    """The unique names in a blueprint, in its order.

    Args:
        blueprint: What should exist.
        account_id: Part of some names.
        known: Addresses of what the state knows: those names are the environment's already.
    """
    for resource in blueprint.resources():
        kind = KINDS.get(resource.type)
        if kind is None or resource.address in known:
            continue
        name = re.sub(r"\$\{data\.aws_caller_identity\.[^}]+\}", account_id, str(resource.arguments[kind.argument]))
        vpc_id = str(resource.arguments.get("vpc_id", ""))
        if resource.type != GROUP or vpc_id.startswith("vpc-"):
            yield FixedName(resource.type, name, vpc_id if resource.type == GROUP else "")


def problem(session: "Session", config: EnvironmentConfig, fixed: FixedName) -> Problem | None:
    """Why this name cannot be had; None when it can. Raises AwsError when AWS refuses to tell."""
    from studioctl.aws.claims import Claim  # noqa: PLC0415 (boto3 is needed only here)

    claim, kind = fixed.claim(session, config.name), fixed.kind
    if claim in {Claim.FREE, Claim.OURS}:
        return None
    if claim is Claim.LEAVING:
        remedy = f"storing a value restores it: {restoring(fixed.name)}"
    else:
        remedy = f"write another name: {kind.remedy(fixed.name, config)}"
    return Problem(kind.key, f"{taken(fixed, claim)}; {remedy}")


def taken(fixed: FixedName, claim: "Claim") -> str:
    """Whose the name is, in words."""
    from studioctl.aws.claims import Claim  # noqa: PLC0415

    noun = fixed.kind.noun
    if claim is Claim.ELSEWHERE:
        return f"{noun.capitalize()} '{fixed.name}' is another account's, or closed to you"
    if claim is Claim.LEAVING:
        return f"{noun.capitalize()} '{fixed.name}' is scheduled for deletion"
    where = fixed.vpc_id or "this account"
    return f"There is a {noun} '{fixed.name}' in {where}, which is not this environment's"


def restoring(secret: str) -> str:
    """The command that restores a secret which is scheduled for deletion."""
    user = re.fullmatch(r".+/(.+)/github", secret)  # a user's own
    return "studioctl secret set github" + (f" --user {user[1]}" if user else "")


def _lookups(vpc_id: str) -> "Mapping[str, Callable[[Session, str, Tag], Claim]]":
    from studioctl.aws import claims  # noqa: PLC0415

    return {
        BUCKET: claims.bucket,
        REPOSITORY: claims.repository,
        SECRET: claims.secret,
        ROLE: claims.role,
        POLICY: claims.policy,
        ALIAS: claims.key_alias,
        LOG_GROUP: claims.log_group,
        DOMAIN: claims.domain,
        GROUP: lambda session, name, tag: claims.security_group(session, name, tag, vpc_id),
    }
