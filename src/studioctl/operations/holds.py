"""Users whom a limit of the month keeps from starting anything: the guard attaches a policy to their role."""

from studioctl.aws import guard
from studioctl.errors import AwsError
from studioctl.events import Noted, Work
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account


def policy_arn(account: Account) -> str:
    """The policy that forbids to start anything."""
    identity = account.session.identity
    return f"arn:{identity.partition}:iam::{identity.account_id}:policy/{Naming.of(account.config).policy('hold')}"


def told(account: Account, user: str | None) -> Work[None]:
    """Says that the guard will stop what was started for somebody who is held: administrators may start it."""
    limits, naming = account.config.limits, Naming.of(account.config)
    if user is None or (limits.monthly_usd is None and limits.monthly_usd_per_user is None):
        return
    role = naming.user_role(user) if account.config.iam.per_user_roles else naming.execution_role
    try:
        held = guard.held(account.session, policy_arn(account))
    except AwsError:  # the app starts: nothing that is only told may fail that
        return
    if role in held:
        yield Noted(
            f"'{user}' has reached a limit of this month: the guard stops this app at its next look, unless an"
            " administrator grants more before."
        )
