"""Every name and tag, derived once from the environment's name."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from studioctl.config.apps import CODE_EDITOR, App
from studioctl.config.model import EnvironmentConfig, Names

# The tag by which everything of an environment is found again, also without any state.
ENVIRONMENT_TAG = "studioctl:environment"
MANAGED_BY_TAG = "studioctl:managed-by"
# On the role that is made first: which `up` made it. Two environments of one name differ in nothing else.
BIRTH_TAG = "studioctl:birth"
KEPT_TAG = "studioctl:kept"  # on a home file system whose domain is gone
HOMES_TAG = "studioctl:homes"  # beside it: whose directory is which
DATABASE_READY_TAG = "studioctl:workers"  # on a database whose workers' user is there
LONGEST_TAG = 256
MOST_HOME_TAGS = 40

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_ROLE_NAME = 64


@dataclass(frozen=True)
class Naming:
    """The names of one environment's resources.

    Args:
        environment: The environment's name: at most 32 characters, so that every name below fits AWS's limits.
        own: Names that the file gives to single resources.
    """

    environment: str
    own: Names = field(default_factory=Names)

    @classmethod
    def of(cls, config: EnvironmentConfig) -> Self:
        """The names of the environment that a file describes."""
        return cls(config.name, config.names)

    @property
    def domain(self) -> str:
        """Name of the SageMaker domain."""
        return self.own.domain or self.environment

    @property
    def vpc(self) -> str:
        """`Name` tag of the VPC."""
        return self.environment

    def subnet(self, index: int) -> str:
        """`Name` tag of the public subnet in the zone at this index, from 0."""
        return f"{self.environment}-public-{index + 1}"

    def private_subnet(self, index: int) -> str:
        """`Name` tag of the private subnet in the zone at this index, from 0."""
        return f"{self.environment}-private-{index + 1}"

    @property
    def private_route_table(self) -> str:
        """`Name` tag of the private subnets' route table."""
        return f"{self.environment}-private"

    @property
    def nat(self) -> str:
        """`Name` tag of the NAT gateway, its subnet, route table and address."""
        return f"{self.environment}-nat"

    def endpoint(self, service: str) -> str:
        """`Name` tag of the endpoint of a service, such as "ecr.api"."""
        return f"{self.environment}-{service}"

    @property
    def flow_logs(self) -> str:
        """Name of the log group of the network's connections, and of the role that writes to it."""
        return f"{self.environment}-flow-logs"

    @property
    def guard(self) -> str:
        """Name of the function that watches what people spend, of its role, schedule, topic and alarm."""
        return f"{self.environment}-guard"

    @property
    def guard_log(self) -> str:
        """Name of the log group into which Lambda writes what the guard says."""
        return f"/aws/lambda/{self.guard}"

    @property
    def guard_caller(self) -> str:
        """Name of the role with which the schedule calls the guard."""
        return f"{self.environment}-guard-schedule"

    @property
    def endpoints_security_group(self) -> str:
        """Name of the security group of interface endpoints."""
        return f"{self.environment}-endpoints"

    def user_security_group(self, user: str) -> str:
        """Name of the security group that one user's apps have to themselves."""
        return f"{self.environment}-user-{user}"

    @property
    def database(self) -> str:
        """Name of the database of studies, of its instance, subnet group and parameters."""
        return f"{self.environment}-tuning"

    @property
    def database_security_group(self) -> str:
        """Name of the database's security group."""
        return f"{self.environment}-database"

    @property
    def internet_gateway(self) -> str:
        """`Name` tag of the internet gateway."""
        return self.environment

    @property
    def public_route_table(self) -> str:
        """`Name` tag of the public subnets' route table."""
        return f"{self.environment}-public"

    @property
    def security_group(self) -> str:
        """Name of Studio's security group."""
        return f"{self.environment}-studio"

    @property
    def execution_role(self) -> str:
        """Name of the role that SageMaker assumes."""
        return self.own.role or f"{self.environment}-execution"

    def user_role(self, user: str) -> str:
        """Name of one user's own role: 64 characters at most, and nobody else's."""
        name = f"{self.execution_role}-{user}"
        if len(name) <= LONGEST_ROLE_NAME:
            return name
        mark = hashlib.sha256(user.casefold().encode()).hexdigest()[:10]
        return f"{name[: LONGEST_ROLE_NAME - len(mark) - 1].rstrip('-')}-{mark}"

    def policy(self, purpose: str, user: str | None = None) -> str:
        """Name of a customer managed policy, for everybody or for one user's role: 128 characters at most."""
        return f"{self.environment}-{purpose}-{user}" if user else f"{self.environment}-{purpose}"

    def job_prefix(self, user: str | None = None) -> str:
        """The prefix of the names of jobs, models and endpoints, of everybody or of one user.

        Two hyphens, which no environment's name has: with one, "acme" would reach what belongs to "acme-ml".
        """
        return f"{self.environment}--{user.lower()}--" if user else f"{self.environment}--"

    @property
    def key_alias(self) -> str:
        """Alias of the environment's own KMS key."""
        return f"alias/{self.environment}"

    @property
    def github_secret(self) -> str:
        """Name of the secret that holds the GitHub token."""
        return self.own.secret or f"{self.environment}/github"

    def user_github_secret(self, user: str) -> str:
        """Name of the secret that holds the GitHub token of one user's own."""
        return f"{self.environment}/{user}/github"

    def lifecycle_config(self, digest: str, app: App = CODE_EDITOR) -> str:
        """Name of the lifecycle configuration of an app whose content has this digest."""
        return f"{self.environment}-editor-{'' if app == CODE_EDITOR else 'lab-'}{digest}"

    def user_lifecycle_config(self, user: str, digest: str, app: App = CODE_EDITOR) -> str:
        """Name of one user's lifecycle configuration: 63 characters at most, and nobody else's.

        Two users may want the same script, and their names may begin alike, so the last part tells both apart; and
        the scripts of two apps may be the same.
        """
        of_app = "" if app == CODE_EDITOR else f" {app}"
        mark = hashlib.sha256(f"{user.casefold()} {digest}{of_app}".encode()).hexdigest()[:10]
        room = 63 - len(f"{self.environment}-editor--{mark}")
        return f"{self.environment}-editor-{user[:room].rstrip('-')}-{mark}"

    def custom_image(self, digest: str) -> str:
        """Name of SageMaker's image for the container image of this digest ("sha256:..."), and of how it is run."""
        return f"{self.environment}-image-{digest.removeprefix('sha256:')[:10]}"

    def tags(self, extra: dict[str, str]) -> dict[str, str]:
        """The tags of every resource: ours, and the user's."""
        return {ENVIRONMENT_TAG: self.environment, MANAGED_BY_TAG: "studioctl", **extra}


def kept_tags(environment: str) -> dict[str, str]:
    """The tags of a home file system that `studioctl down` keeps."""
    return {ENVIRONMENT_TAG: environment, KEPT_TAG: "home"}


def home_tags(numbers: Mapping[str, str]) -> dict[str, str]:
    """Tags that say which user's directory in a home file system is which: nothing else does, once the domain is gone.

    Several users share a tag, as a file system takes 50 tags of 256 characters: who does not fit in is left out.
    https://docs.aws.amazon.com/efs/latest/ug/manage-fs-tags.html
    """
    values = [""]
    for user, number in sorted(numbers.items()):
        entry = f"{user}={number}"
        if len(values[-1]) + 1 + len(entry) > LONGEST_TAG:
            values.append("")
        values[-1] = f"{values[-1]} {entry}".strip()
    return {f"{HOMES_TAG}-{place}": value for place, value in enumerate(values[:MOST_HOME_TAGS], 1) if value}


def read_home_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The number of each user's directory, as `home_tags` has written it."""
    entries = [entry for key, value in tags.items() if key.startswith(f"{HOMES_TAG}-") for entry in value.split()]
    return dict(sorted((user, number) for user, _, number in (entry.partition("=") for entry in entries)))


def unfinished_tags(environment: str) -> dict[str, str]:
    """The tags of the home file system of a domain that AWS could not finish: nobody has ever used it."""
    return {ENVIRONMENT_TAG: environment, KEPT_TAG: "no"}


def name_tag(name: str) -> dict[str, Any]:
    """The `tags` argument of a resource whose name AWS shows only as a tag."""
    return {"Name": name}


def label(name: str) -> str:
    """A Terraform label for something that the user named: the name itself where Terraform allows it."""
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return cleaned if re.match(r"[A-Za-z_]", cleaned) else f"_{cleaned}"
