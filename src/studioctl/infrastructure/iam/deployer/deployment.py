"""An environment that is deployed, and its names and ARNs for the statements of the deployer's policy."""

from dataclasses import dataclass

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.iam.statement import Condition
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming


@dataclass(frozen=True)
class Deployment:
    """An environment, and the account that it is deployed to.

    Args:
        config: The file.
        partition: Such as "aws".
        account: The account's id.
        domain: The domain's id, "*" while there is none.
        vpc: The id of its VPC, likewise.
        deletes_data: Whether `--delete-data` may be used.
        reads_only: Whether only `plan`, `status`, `doctor` and `quotas` are run.
    """

    config: EnvironmentConfig
    partition: str
    account: str
    domain: str = "*"
    vpc: str = "*"
    deletes_data: bool = False
    reads_only: bool = False

    @property
    def naming(self) -> Naming:
        """The environment's names."""
        return Naming.of(self.config)

    @property
    def bucket(self) -> str:
        """The data bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.config.bucket_in(self.account)}"

    def arns(self, service: str, *resources: str, region: str | None = None) -> tuple[str, ...]:
        """ARNs of this account and, unless it is said otherwise, of the environment's region."""
        place = self.config.region if region is None else region
        return tuple(f"arn:{self.partition}:{service}:{place}:{self.account}:{resource}" for resource in resources)

    @property
    def ours(self) -> tuple[Condition, ...]:
        """The condition for existing resources: they carry the environment's tag."""
        return (Condition("StringEquals", f"aws:ResourceTag/{ENVIRONMENT_TAG}", (self.config.name,)),)

    @property
    def becomes_ours(self) -> tuple[Condition, ...]:
        """The condition for new resources: they get the environment's tag."""
        return (Condition("StringEquals", f"aws:RequestTag/{ENVIRONMENT_TAG}", (self.config.name,)),)


def actions(service: str, names: str) -> tuple[str, ...]:
    """A service's actions, from their names with spaces between them."""
    return tuple(f"{service}:{name}" for name in names.split())
