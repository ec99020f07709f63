"""The policy for a user's own identity in AWS, for this environment as it is."""

from dataclasses import dataclass

from studioctl.config.partitions import partition_of
from studioctl.config.text import listed, nearest
from studioctl.errors import ExitCode, StudioctlError
from studioctl.infrastructure.iam import limits, own_identity
from studioctl.infrastructure.iam.statement import Statement
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account
from studioctl.operations.spaces import start_stop


@dataclass(frozen=True)
class OwnPolicy:
    """The policy as text, and whether its user signs in to Studio by IAM Identity Center, without it."""

    text: str
    by_identity_center: bool


def policy(account: Account, user: str) -> OwnPolicy:
    """The policy to be attached to the identity as which the user's commands act.

    Raises:
        AbsentError: There is no environment.
        StudioctlError: It has no such user.
    """
    domain_id = start_stop.domain_id(account)
    profiles = [profile.name for profile in account.studio.user_profiles(domain_id)]
    name = next((each for each in profiles if each.casefold() == user.casefold()), None)
    if name is None:
        meant = nearest(user, profiles)
        raise StudioctlError(
            f"'{account.config.name}' has no user '{user}'{f'; did you mean {meant}?' if meant else '.'}",
            hint=f"name one of: {listed(profiles)}",
            exit_code=ExitCode.USAGE,
        )
    by_identity_center = account.studio.described_domain(domain_id).get("AuthMode") == "SSO"
    statements = own_identity.statements(
        partition=partition_of(account.target.region),
        region=account.target.region,
        account=account.session.identity.account_id,
        domain_id=domain_id,
        user=name,
        remote_access=account.config.studio.remote_access,
        by_identity_center=by_identity_center,
        denied=_denied(account),
    )
    return OwnPolicy(own_identity.text(statements), by_identity_center)


def _denied(account: Account) -> tuple[Statement, ...]:
    """The same statements as in the environment's own roles: a start from a laptop does not get round them."""
    config, region = account.config, account.target.region
    naming, arn = Naming.of(config), f"arn:{partition_of(region)}:sagemaker:{region}"
    custom = {image.name: naming.custom_image(image.digest) for image in config.images.custom}
    begins = f"{arn}:{account.session.identity.account_id}:"
    return limits.statements(config.limits, custom, sagemaker=begins, images=f"{arn}:*:")
