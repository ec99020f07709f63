"""Limits of what people spend: the month so far, as the guard has it, and what an administrator grants on top."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from studioctl.aws import guard
from studioctl.aws.session import Session
from studioctl.config.limits import OLD_LOOKS
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import ExitCode, StudioctlError
from studioctl.events import Noted, Work
from studioctl.guard import function, ledger, limits
from studioctl.guard.ledger import Ledger
from studioctl.guard.limits import EVERYBODY, Limits, Spent
from studioctl.guard.rates import Rates
from studioctl.infrastructure import guard as blocks
from studioctl.infrastructure.naming import Naming
from studioctl.operations import emulation
from studioctl.operations.environment import Account, Environment
from studioctl.operations.provisioning.priced import refuse_limits_without_prices
from studioctl.terraform.state_resources import Estate

HOLD = "aws_iam_policy.hold"


@dataclass(frozen=True)
class Allowance:
    """A user's month; "" is everybody's.

    Args:
        usd: Spent on apps and training jobs.
        limit: How much may be, with what was granted; None: any amount.
        granted: Of that.
        left: What is left of the limit; None: any amount.
    """

    user: str
    usd: float
    limit: float | None
    granted: float
    left: float | None


@dataclass(frozen=True)
class Stopped:
    """Something that the guard stopped, and for which key of [limits]; or `guard.limits.NO_PRICE`."""

    at: datetime
    user: str
    space: str
    name: str
    why: str


@dataclass(frozen=True)
class Month:
    """This month: what was spent, and what is left.

    Args:
        month: Such as "2026-11".
        looked: When the guard last looked; None: never.
        age_minutes: How long that is ago, in whole minutes.
        is_old: Whether that is too long ago, or still to come.
        allowances: Everybody's first, then each user's.
    """

    month: str
    looked: datetime | None
    age_minutes: int | None
    is_old: bool
    allowances: tuple[Allowance, ...]


@dataclass(frozen=True)
class Limited(Month):
    """The month so far, with what the guard did about it.

    Args:
        held: Roles that may start nothing.
        stopped: The latest things that were stopped this month, the last one last.
    """

    held: tuple[str, ...]
    stopped: tuple[Stopped, ...]


def require(account: Account) -> None:
    """Raises StudioctlError where the file limits nothing, or by amounts that nobody can count."""
    if not account.config.limits.are_set:
        raise StudioctlError(
            "The file has no limits.",
            hint="write monthly_usd = 100 under [limits], then run: studioctl up",
            exit_code=ExitCode.USAGE,
        )
    refuse_limits_without_prices(account.config)


def show(account: Account) -> Limited:
    """The month so far, by the guard's ledger.

    Raises:
        AwsError: AWS refused or cannot be reached.
        StudioctlError: The file limits nothing.
    """
    require(account)
    month, found = _look(account)
    return Limited(
        **vars(month),
        held=guard.held(account.session, _policy_arn(account)),
        stopped=tuple(
            Stopped(datetime.fromtimestamp(each.at, UTC), each.owner, each.space, each.name, each.why)
            for each in (found.stopped if found else ())
            if limits.month_of(each.at)[0] == month.month
        ),
    )


def month_so_far(account: Account) -> Month:
    """The month without who is held, and what was stopped: two small objects of the bucket, and no other call.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    return _look(account)[0]


def _look(account: Account) -> tuple[Month, Ledger | None]:
    config, session, now = account.config, account.session, emulation.now(account.target).timestamp()
    name, _, _ = limits.month_of(now)
    told = blocks.settings(config, Naming.of(config))
    found = read_ledger(session, config)
    grants = _grants(session, config).get(name, {}) if _has_sums(config) else {}
    spans = found.spans if found else ()
    spent = limits.spending(spans, now, Limits.of(told["limits"]), Rates(told["rates"]), grants, told["users"])
    month = Month(
        month=name,
        looked=datetime.fromtimestamp(found.sampled, UTC) if found else None,
        age_minutes=max(0, int((now - found.sampled) // 60)) if found else None,
        is_old=found is not None and is_old(config, now - found.sampled),
        allowances=tuple(
            Allowance(each.who, round(each.usd, 4), each.limit, grants.get(each.who, 0.0), _left(each))
            for each in spent
        ),
    )
    return month, found


def read_ledger(session: Session, config: EnvironmentConfig) -> Ledger | None:
    """The guard's ledger; None where it has not looked yet.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    bucket = _bucket(session, config)
    found: Ledger | None = guard.reading(session, lambda s3: function.read(s3, bucket)[0])
    return found


def is_old(config: EnvironmentConfig, seconds: float) -> bool:
    """Whether a guard that did nothing for so long is dead. Less than nothing: it has looked at a time to come."""
    return not -function.AHEAD <= seconds <= 60 * config.limits.check_minutes * OLD_LOOKS


def _left(spent: Spent) -> float | None:
    return None if spent.limit is None else round(max(0.0, spent.limit - spent.usd), 4)


def _has_sums(config: EnvironmentConfig) -> bool:
    return config.limits.monthly_usd is not None or config.limits.monthly_usd_per_user is not None


def _grants(session: Session, config: EnvironmentConfig) -> guard.Grants:
    bucket = _bucket(session, config)
    return guard.reading(session, lambda s3: function.grants_of(s3, bucket)[0]) or {}


def grant(account: Account, user: str, usd: float) -> float:
    """Adds to what a user, or "everybody", may spend this month; 0 takes back all that was granted.

    Returns:
        What is granted now.

    Raises:
        AwsError: AWS refused or cannot be reached.
        StudioctlError: The file has no such limit or user.
    """
    require(account)
    config = account.config
    known = {each.name for each in config.users}
    user = EVERYBODY if user == "everybody" and user not in known else user
    if user == EVERYBODY and config.limits.monthly_usd is None:
        raise StudioctlError(
            "[limits] monthly_usd is not set: all users together have no limit.", hint="studioctl limits show"
        )
    if user != EVERYBODY and (config.limits.monthly_usd_per_user is None or user not in known):
        raise StudioctlError(f"'{user}' has no limit in the file.", hint="studioctl limits show")
    bucket, month = _bucket(account.session, config), limits.month_of(emulation.now(account.target).timestamp())[0]

    def write(s3: object, grants: guard.Grants, version: str) -> bool:
        of_month = grants.setdefault(month, {})
        of_month[user] = round(of_month.get(user, 0.0) + usd, 2) if usd else 0.0
        return function.put(s3, bucket, ledger.GRANTS, json.dumps(grants), version)

    if not guard.changed(lambda s3: function.grants_of(s3, bucket), write, account.session):
        raise StudioctlError(
            "Others are changing grants at the same time.", hint="wait a moment, then run the same command again"
        )
    return float(_grants(account.session, config).get(month, {}).get(user, 0.0))


def release(environment: Environment) -> Work[None]:
    """Before the guard goes: it rests, and nobody is held any more. IAM deletes no policy that a role has."""
    if HOLD not in {address for address, _ in Estate(environment.terraform.state()).addresses()}:
        return
    guard.quiet(environment.session, Naming.of(environment.config).guard)
    if roles := guard.release(environment.session, _policy_arn(environment)):
        yield Noted(f"These may start apps again: {', '.join(roles)}.")


def _bucket(session: Session, config: EnvironmentConfig) -> str:
    return config.storage.bucket or f"{config.name}-data-{session.identity.account_id}"


def _policy_arn(account: Account) -> str:
    identity = account.session.identity
    return f"arn:{identity.partition}:iam::{identity.account_id}:policy/{Naming.of(account.config).policy('hold')}"


def calls_a_month(check_minutes: int) -> dict[str, float]:
    """All that the guard itself asks of AWS in a month of 730 hours, by what is paid for."""
    runs = 730 * 60 / check_minutes
    return {
        "runs": runs,
        "gigabyte_seconds": runs * SECONDS_A_RUN * blocks.MEMORY_MB / 1024,
        "puts": runs,
        "gets": 3 * runs,
    }


SECONDS_A_RUN = 1.0


def own_cost(check_minutes: int) -> float:
    """US dollars a month for the guard itself, without the free tier, by us-east-1's prices of 2026-08.

    Lambda on arm64 0.0000133334 a GB-second and 0.20 a million requests; S3 0.005 a thousand PUTs and 0.0004 a
    thousand GETs; the schedule 1.00 a million calls; the alarm's two metrics 0.10 each. Lists of SageMaker, IAM and
    CloudTrail's history cost nothing.
    """
    calls = calls_a_month(check_minutes)
    return round(
        calls["gigabyte_seconds"] * 0.0000133334
        + calls["runs"] * (0.20 + 1.00) / 1e6
        + calls["puts"] * 0.005 / 1000
        + calls["gets"] * 0.0004 / 1000
        + 0.20,
        2,
    )
