"""The object that operations work on: configuration, values derived from it, and clients for AWS and Terraform."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from studioctl.aws import sign_in
from studioctl.catalog.kinds import DOMAIN
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.target import Target

if TYPE_CHECKING:
    from studioctl.aws.session import Session
    from studioctl.aws.studio import Studio
    from studioctl.aws.values import Domain
    from studioctl.terraform.runner import Terraform


def signs_in_here(target: Target) -> bool:
    """Whether Terraform cannot sign in there, and somebody may have to type an MFA code."""
    return not target.is_local and sign_in.is_beyond_provider(target.profile)


@dataclass(frozen=True)
class Account:
    """An environment in its account, as far as AWS alone can tell.

    `source` is the file that describes it; `is_without_file` where it was found by its name alone.
    """

    config: EnvironmentConfig
    target: Target
    source: Source = field(default=Source("studio.toml", ""), kw_only=True)
    is_without_file: bool = field(default=False, kw_only=True)

    @cached_property
    def session(self) -> "Session":
        """Clients for AWS, created when first needed: botocore takes longer to import than all of studioctl."""
        from studioctl.aws.session import Session  # noqa: PLC0415

        return Session(self.target)

    def sign_in(self) -> None:
        """Look the credentials up, and ask for an MFA code where one is needed, before anything else begins.

        Raises:
            AwsError: There are none that work.
        """
        if not self.target.is_local:
            self.session.sign_in()

    @property
    def account_name(self) -> str:
        """The account in words: "the emulator", "account 111122223333"; with the address that stands for AWS."""
        if self.target.is_local:
            return "the emulator"
        endpoint = self.session.endpoint("sts")
        return f"account {self.session.identity.account_id}" + (f" at {endpoint}" if endpoint else "")

    @property
    def place(self) -> str:
        """The target in words: "eu-west-1, account 111122223333, profile acme" or "us-east-1 on the emulator"."""
        if self.target.is_local:
            return f"{self.target.region} on the emulator"
        profile = f", profile {self.target.profile}" if self.target.profile else ""
        return f"{self.target.region}, {self.account_name}{profile}"

    def session_at(self, target: Target) -> "Session":
        """Clients for another region or profile, made once: a look for credentials may ask a program, or AWS."""
        from studioctl.aws.session import Session  # noqa: PLC0415

        if target == self.target:
            return self.session
        if target not in self._elsewhere:
            self._elsewhere[target] = Session(target)
        return self._elsewhere[target]

    @cached_property
    def _elsewhere(self) -> "dict[Target, Session]":
        return {}

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

    def domain_id(self) -> str | None:
        """The domain's id by the state, else as AWS finds it by our tag, which takes some calls; None without one."""
        from studioctl.terraform.state_resources import Estate  # noqa: PLC0415 (commands of the day need none of it)

        known = Estate(self.terraform.state()).ids(DOMAIN)
        if len(known) == 1:
            return known[0]
        found = self.domain()
        return found.id if found else None
