"""What operations work on: the file's content, what follows from it, and the ways to act."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.target import Target

if TYPE_CHECKING:
    from studioctl.aws.session import Session
    from studioctl.aws.studio import Studio
    from studioctl.aws.values import Domain
    from studioctl.terraform.runner import Terraform


@dataclass(frozen=True)
class Account:
    """An environment in its account, as far as AWS alone can tell. `source` is the file that describes it."""

    config: EnvironmentConfig
    target: Target
    source: Source = field(default=Source("studio.toml", ""), kw_only=True)

    @cached_property
    def session(self) -> "Session":
        """Clients for AWS, made when first needed: botocore takes longer to import than all of ours."""
        from studioctl.aws.session import Session  # noqa: PLC0415

        return Session(self.target)

    @cached_property
    def studio(self) -> "Studio":
        """SageMaker Studio in the target's account."""
        from studioctl.aws.studio import Studio  # noqa: PLC0415

        return Studio(self.session)

    def domain(self) -> "Domain | None":
        """The environment's domain, found by our tag; None when there is none."""
        name = Naming.of(self.config).domain
        return self.studio.find_domain(name, tag=(ENVIRONMENT_TAG, self.config.name))


@dataclass(frozen=True)
class Environment(Account):
    """An environment that Terraform can work on."""

    terraform: "Terraform"
