"""The policy for a user's own identity in AWS, for this environment as it is."""

from studioctl.config.partitions import partition_of
from studioctl.config.text import nearest
from studioctl.errors import ExitCode, StudioctlError
from studioctl.infrastructure.iam import own_identity
from studioctl.operations.environment import Account
from studioctl.operations.spaces import start_stop


def policy(account: Account, user: str) -> str:
    """The policy as text, to be attached to the identity as which the user signs in.

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
            hint=f"name one of: {', '.join(profiles)}",
            exit_code=ExitCode.USAGE,
        )
    statements = own_identity.statements(
        partition=partition_of(account.target.region),
        region=account.target.region,
        account=account.session.identity.account_id,
        domain_id=domain_id,
        user=name,
        remote_access=account.config.studio.remote_access,
    )
    return own_identity.text(statements)
