"""Limits of what people spend: the month so far, as the guard has it, and what an administrator grants on top."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError
from studioctl.aws.session import Session
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import AwsError, ExitCode, StudioctlError
from studioctl.events import Noted, Work
from studioctl.guard import database, ledger, limits, store
from studioctl.guard.ledger import Ledger, UnreadableError
from studioctl.guard.limits import EVERYBODY, Limits, Spent
from studioctl.guard.rates import Rates
from studioctl.guard.spans import titled
from studioctl.infrastructure import guard as blocks
from studioctl.infrastructure.database import CLUSTER
from studioctl.infrastructure.naming import Naming
from studioctl.operations import emulation, holds
from studioctl.operations.data import databases
from studioctl.operations.environment import Account, Environment
from studioctl.operations.prices.priced import refuse_limits_without_prices
from studioctl.terraform.state_resources import Estate

HOLD = "aws_iam_policy.hold"
_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,9})?(?:e[+-][0-9]{2})?)"  # as Python's "g" writes it


class BrokenLedgerError(StudioctlError):
    """The guard's ledger is there, and this version cannot read it."""


class BrokenGrantsError(BrokenLedgerError):
    """The grants are there, and this version cannot read them."""


@dataclass(frozen=True)
class Allowance:
    """A user's month; "" is everybody's.

    Args:
        usd: Spent on apps and training jobs.
        limit: The limit, with what was granted; None: any amount.
        granted: Of that.
        left: The rest of the limit; None: any amount.
    """

    user: str
    usd: float
    limit: float | None
    granted: float
    left: float | None


@dataclass(frozen=True)
class Stopped:
    """Something that the guard stopped, and for which key of [limits], or NO_PRICE. `app`: "" of an earlier guard."""

    at: datetime
    user: str
    space: str
    name: str
    why: str
    app: str

    @property
    def title(self) -> str:
        """See `titled`."""
        return titled(self.app, self.space, self.name)


@dataclass(frozen=True)
class Warned:
    """A share of a limit that the guard's topic was told of: whose, "" for everybody's; and the limit in US dollars."""

    user: str
    share: float
    limit: float


@dataclass(frozen=True)
class DatabaseMonth:
    """The month of the database of studies, which is the environment's and counts for all together.

    Args:
        acu_hours: By the guard's ledger.
        usd: The cost; None if nobody knows the price.
        rests: Whether the guard has stopped it.
    """

    acu_hours: float
    usd: float | None
    rests: bool


@dataclass(frozen=True)
class Month:
    """This month: what was spent, and what is left.

    Args:
        month: Such as "2026-11".
        looked: When the guard last looked; None: never.
        age_minutes: The age of that, in whole minutes.
        is_old: Whether that is too long ago, or still to come, and the guard is not catching up.
        is_catching_up: Whether the guard is at work, and counts what it has missed.
        allowances: Everybody's first, then each user's.
        database: Of which everybody's has the dollars; None where there is none.
        trouble: Why the grants cannot be read, of which none counts then; "" where they can.
        remedy: The step against that.
    """

    month: str
    looked: datetime | None
    age_minutes: int | None
    is_old: bool
    is_catching_up: bool
    allowances: tuple[Allowance, ...]
    database: DatabaseMonth | None
    trouble: str
    remedy: str


@dataclass(frozen=True)
class Limited(Month):
    """The month so far, with what the guard did about it.

    Args:
        held: Roles that may start nothing.
        stopped: The latest things that were stopped this month, the last one last.
        warned: Shares of limits that were reached this month, and told, whether or not anybody has subscribed.
        listeners: The subscribers of the guard's topic; None if AWS does not tell.
        has_guard: Whether there is a guard in the account; None where that is not to be known.
    """

    held: tuple[str, ...]
    stopped: tuple[Stopped, ...]
    warned: tuple[Warned, ...]
    listeners: tuple[guard.Listener, ...] | None
    has_guard: bool | None


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
        held=guard.held(account.session, holds.policy_arn(account)),
        stopped=tuple(
            Stopped(datetime.fromtimestamp(each.at, UTC), each.owner, each.space, each.name, each.why, each.kind)
            for each in (found.stopped if found else ())
            if limits.month_of(each.at)[0] == month.month
        ),
        warned=tuple(_warned(month.month, found.warned if found else ())),
        listeners=listeners(account.session, account.config),
        has_guard=_has_guard(account),
    )


def _has_guard(account: Account) -> bool | None:
    try:
        return guard.standing(account.session, Naming.of(account.config).guard) is not None
    except DeniedError:
        return None


def _warned(month: str, keys: Iterable[str]) -> Iterator[Warned]:
    """The warnings by the keys of what was told, see `guard.telling`; those of other messages have another form."""
    for key in keys:
        if found := re.fullmatch(rf"{month} (\S*) {_NUMBER} of {_NUMBER}", key):
            yield Warned(found[1], float(found[2]), float(found[3]))


def month_so_far(account: Account) -> Month:
    """The month without who is held, and what was stopped: two small objects of the bucket, and no other call.

    Raises:
        AwsError: AWS refused or cannot be reached.
        BrokenLedgerError: The ledger is none.
    """
    return _look(account)[0]


def _look(account: Account) -> tuple[Month, Ledger | None]:
    config, session, now = account.config, account.session, emulation.now(account.target).timestamp()
    name, _, _ = limits.month_of(now)
    told = blocks.settings(config, Naming.of(config))
    found = read_ledger(session, config)
    grants, trouble, remedy = {}, "", ""
    try:
        grants = granted(session, config, account.target.aws_flags).get(name, {}) if _has_sums(config) else {}
    except BrokenGrantsError as error:
        trouble, remedy = error.message, error.hint
    spans, meter = (found.spans, found.database) if found else ((), None)
    shared = database.cost(told["acu_usd"], meter, name)
    bounds = Limits.of(told["limits"])
    is_late = found is not None and blocks.is_old(config, now - found.sampled)
    is_at_work = found is not None and is_late and catches_up(session, config, found, now)
    spent = limits.spending(spans, now, bounds, Rates(told["rates"]), grants, told["users"], shared)
    month = Month(
        month=name,
        looked=datetime.fromtimestamp(found.sampled, UTC) if found else None,
        age_minutes=max(0, int((now - found.sampled) // 60)) if found else None,
        is_old=is_late and not is_at_work,
        is_catching_up=is_at_work,
        allowances=tuple(
            Allowance(each.who, each.usd, each.limit, grants.get(each.who, 0.0), _left(each))
            for each in _in_cents(spent)
        ),
        database=DatabaseMonth(
            acu_hours=round(meter.hours(name), 4),
            usd=None if told["acu_usd"] is None else round(shared, 4),
            rests=meter.rests,
        )
        if meter and (told["database"] or meter.hours(name))
        else None,
        trouble=trouble,
        remedy=remedy,
    )
    return month, found


def read_ledger(session: Session, config: EnvironmentConfig) -> Ledger | None:
    """The guard's ledger; None where it has not looked yet.

    Raises:
        AwsError: AWS refused or cannot be reached.
        BrokenLedgerError: The object is not a ledger.
    """
    bucket = _bucket(session, config)
    try:
        found: Ledger | None = guard.reading(session, lambda s3: store.read(s3, bucket)[0])
    except UnreadableError as error:
        raise BrokenLedgerError(
            f"The guard's ledger 's3://{bucket}/{ledger.LEDGER}' cannot be read: {error}.",
            hint="wait for the guard's next look: it keeps a copy, and counts the month anew from CloudTrail",
        ) from error
    return found


def catches_up(session: Session, config: EnvironmentConfig, found: Ledger, now: float) -> bool:
    """Whether a guard whose ledger is late writes it all the same, look by look."""
    bucket = _bucket(session, config)
    written = guard.reading(session, lambda s3: s3.head_object(Bucket=bucket, Key=ledger.LEDGER)["LastModified"])
    return found.sampled < now and written is not None and not blocks.is_old(config, now - written.timestamp())


def _in_cents(spent: Sequence[Spent]) -> tuple[Spent, ...]:
    """The same to the cent: the users' make their sum to the cent, and each is off by less than one."""
    everybody, *users = spent
    sums = [round(usd, 2) for usd in accumulate((each.usd for each in users), initial=0.0)]
    shown = (round(after - before, 2) for before, after in pairwise(sums))
    return (
        replace(everybody, usd=round(everybody.usd, 2)),
        *(replace(each, usd=usd) for each, usd in zip(users, shown, strict=True)),
    )


def _left(spent: Spent) -> float | None:
    return None if spent.left is None else round(spent.left, 2)


def _has_sums(config: EnvironmentConfig) -> bool:
    return config.limits.monthly_usd is not None or config.limits.monthly_usd_per_user is not None


def granted(session: Session, config: EnvironmentConfig, flags: str, ours: str = "") -> guard.Grants:
    """US dollars that were granted, by month and user. `flags`: of the AWS CLI, for a command that is printed.

    `ours`: of studioctl, the same, where nobody adds them to the remedy of an error.

    Raises:
        AwsError: AWS refused or cannot be reached.
        BrokenGrantsError: The object does not hold grants.
    """
    bucket = _bucket(session, config)
    try:
        return guard.reading(session, lambda s3: store.grants_of(s3, bucket)[0]) or {}
    except UnreadableError as error:
        place = f"s3://{bucket}/{ledger.GRANTS}"
        raise BrokenGrantsError(
            f"The grants in '{place}' cannot be read: {error}. For the guard nothing is granted.",
            hint=f"aws s3 mv {place} {place}.unreadable{flags}"
            f"   (then grant again: studioctl limits grant{ours} USER USD)",
        ) from error


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

    written: list[float] = []  # and not read again: who is told of a failure after it has happened grants twice

    def write(s3: object, grants: guard.Grants, version: str) -> bool:
        of_month = grants.setdefault(month, {})
        of_month[user] = round(of_month.get(user, 0.0) + usd, 2) if usd else 0.0
        written.append(float(of_month[user]))
        return store.put(s3, bucket, ledger.GRANTS, json.dumps(grants), version)

    granted(account.session, config, account.target.aws_flags)  # what cannot be read is told, and not written over
    if not guard.changed(lambda s3: store.grants_of(s3, bucket), write, account.session):
        raise StudioctlError(
            "Others are changing grants at the same time.", hint="wait a moment, then run the same command again"
        )
    return written[-1]


def wake(account: Account) -> bool:
    """Starts the database that the guard has stopped, where a grant lets it run again: whether it did.

    The guard would at its next look, and a start takes minutes. Who may not start it, or not see what was spent,
    leaves it to the guard; so does everybody as long as the guard does not know the whole month.

    Raises:
        AwsError: AWS refused or cannot be reached.
        BrokenLedgerError: The ledger is none.
    """
    if not account.config.tuning.has_database:
        return False
    try:
        month, found = _look(account)
        if not (found and found.is_whole and month.database and month.database.rests) or month.allowances[0].left == 0:
            return False
        return databases.begin(account)
    except DeniedError:
        return False


def release(environment: Environment) -> Work[None]:
    """Release the guard's hold before it goes: it rests, nobody is held, and the database that it stopped runs again.

    IAM deletes no policy that a role has.
    """
    addresses = {address for address, _ in Estate(environment.terraform.state()).addresses()}
    if HOLD not in addresses:
        return
    guard.quiet(environment.session, Naming.of(environment.config).guard)
    if roles := guard.release(environment.session, holds.policy_arn(environment)):
        yield Noted(f"These may start apps again: {', '.join(roles)}.")
    if CLUSTER not in addresses:
        return
    try:
        found = read_ledger(environment.session, environment.config)
    except (AwsError, BrokenLedgerError) as error:
        yield Noted(f"Whether the guard has stopped the database is not known: a stopped one starts. {error.message}")
        yield from databases.awake(environment)
        return
    if found and found.database and found.database.rests:
        yield from databases.awake(environment)


def _bucket(session: Session, config: EnvironmentConfig) -> str:
    return config.bucket_in(session.identity.account_id)


def listeners(session: Session, config: EnvironmentConfig) -> tuple[guard.Listener, ...] | None:
    """The subscribers of the guard's topic; None if AWS does not tell."""
    identity, name = session.identity, Naming.of(config).guard
    return guard.listeners(session, f"arn:{identity.partition}:sns:{config.region}:{identity.account_id}:{name}")
