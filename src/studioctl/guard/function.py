"""The Lambda function: looks, counts, and does what the limits want. Whatever it did not finish, the next run does.

Several may run at once: the ledger is only written over the version that was read, and every act may be done twice.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from studioctl.guard import database, idle, store
from studioctl.guard.database import Meter
from studioctl.guard.idle import Told
from studioctl.guard.ledger import Ledger, Stopped, UnreadableError
from studioctl.guard.limits import EVERYBODY, Decision, Limits, Stop, decide, month_of, spending
from studioctl.guard.rates import Rates
from studioctl.guard.reading import LAG, Watched, look
from studioctl.guard.spans import TRAINING, observe
from studioctl.guard.store import code_of
from studioctl.guard.telling import messages

AHEAD = 300.0
"""Seconds by which a time that is told may be ahead of the clock."""
FIRST, LONGEST = 3600.0, 86400.0
"""Seconds that a look spans which catches up: the first one of a run, and the longest. CloudTrail is asked twice a
second for fifty calls, so a look at a whole month may take longer than the function may run."""
QUICK, SLOW = 5.0, 15.0  # seconds of a look, after which the next one spans twice as much, or half
PATIENCE, HURRY = 40.0, 80.0
"""Seconds after which a run begins no other look, and asks about no other job: the function has two minutes."""
SETTINGS = "settings.json"
# What a client is told that stops an app or a job which ends at this moment, or is not yet there to be stopped.
PASSING = frozenset({"ResourceInUse", "ResourceNotFound", "ValidationException", "ResourceNotFoundException"})
SUMS = frozenset({"monthly_usd", "monthly_usd_per_user"})
Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Settings:
    """All that the function was made with.

    Args:
        environment: The environment's name.
        limits: Its limits.
        rates: The prices of hours.
        roles: The role of each user; the domain's is EVERYBODY's.
        job_prefixes: By user, how the names of the user's jobs begin; by UNKNOWN, those of all others.
        domain_id: The domain.
        bucket: The bucket of the ledger.
        policy_arn: The policy that forbids to start anything.
        topic_arn: The topic for warnings.
        plans: As `reading.Watched` has them.
        schedule: That of the limits, as the file has it: another text is another schedule.
        database: The name of the database of studies; None where there is none.
        acu_usd: US dollars for an ACU hour of it; None: nobody knows.
    """

    environment: str
    limits: Limits
    rates: Rates
    roles: Mapping[str, str]
    job_prefixes: Mapping[str, str]
    domain_id: str
    bucket: str
    policy_arn: str
    topic_arn: str
    users: tuple[str, ...] = field(default=())
    plans: Mapping[str, str] = field(default_factory=dict)
    schedule: str = ""
    database: str | None = None
    acu_usd: float | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any], environ: Mapping[str, str]) -> "Settings":
        """Read the archive's settings, and what only AWS knew when the function was created."""
        return cls(
            environment=told["environment"],
            limits=Limits.of(told["limits"]),
            rates=Rates(told["rates"]),
            roles=told["roles"],
            job_prefixes=told["job_prefixes"],
            users=tuple(told["users"]),
            plans=told["plans"],
            schedule=json.dumps(told["limits"].get("schedule") or "", sort_keys=True).strip('"'),
            database=told["database"],
            acu_usd=told["acu_usd"],
            domain_id=environ["DOMAIN_ID"],
            bucket=environ["BUCKET"],
            policy_arn=environ["POLICY_ARN"],
            topic_arn=environ["TOPIC_ARN"],
        )


def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Called by EventBridge's scheduler, which tells the time for which it calls."""
    settings = Settings.of(json.loads(Path(__file__).parents[2].joinpath(SETTINGS).read_text()), os.environ)
    now = clock(clients()("s3"), settings.bucket)
    told = event.get("time")
    return run(settings, clients(), datetime.fromisoformat(told).timestamp() if told else now, now)


@cache
def clients() -> Clients:
    """boto3's clients, which are kept from one run to the next. Throttling is tried again."""
    import boto3  # noqa: PLC0415 (there is one in Lambda only)
    from botocore.config import Config  # noqa: PLC0415 (as above)

    config = Config(retries={"mode": "standard", "total_max_attempts": 10}, connect_timeout=5, read_timeout=20)
    return cache(lambda name: boto3.client(name, config=config))


def clock(s3: Any, bucket: str) -> float:
    """The time by S3, which any answer of it tells."""
    told = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]["date"]
    return parsedate_to_datetime(told).timestamp()


def run(settings: Settings, using: Clients, at: float, now: float) -> dict[str, Any]:
    """One round for a time. Returns what was done, for the log.

    What fails keeps nothing else from being done, and is raised at the end: then the alarm rings. Where the guard has
    to catch up, nobody is stopped but for sums; with a ledger that is not whole yet nobody is released, either.

    Raises:
        ValueError: The time is still to come. Once it had counted, earlier ones would not.
        ExceptionGroup: Something was refused.
    """
    if at > now + AHEAD:
        raise ValueError(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC is still to come: nothing is done")
    failures: list[Exception] = []
    is_known = True
    try:
        ledger = _remember(settings, using, at, now, failures)
        is_known = ledger.sampled >= at
    except Exception as error:
        stored = _stored(settings, using)
        if stored is None:
            raise
        failures.append(error)
        is_known = False
        ledger = _believed(stored, now)
    behind = max(0.0, at - ledger.sampled)
    ledger = replace(ledger, sampled=max(at, ledger.sampled))
    grants = _grants(settings, using, failures)
    at = ledger.sampled
    month, _, _ = month_of(at)
    granted = grants.get(month, {})
    shared = database.cost(settings.acu_usd, ledger.database, month)
    spent = spending(ledger.spans, at, settings.limits, settings.rates, granted, settings.users, shared)
    told = _told(settings, using, ledger, failures)
    decision = decide(ledger.spans, at, settings.limits, settings.rates, spent, ledger.scheduled, told)
    if not is_known:  # what runs now is not known: only those are stopped for whom anything is too much
        sure = tuple(stop for stop in decision.stops if stop.why in SUMS)
        # Until all is counted, only a limit that is reached is certain.
        reached = tuple(each for each in decision.warnings if ledger.is_whole and each.share >= 1)
        decision = replace(decision, stops=sure, warnings=reached, scheduled=None, unpriced=(), silent=())
    changed = _hold(settings, using, decision.held, failures, releases=ledger.is_whole)
    done = [_stop(settings, using, stop, failures) for stop in decision.stops]
    rests = EVERYBODY in decision.held
    turned = _turn(settings, using, ledger.database, rests=rests, failures=failures) if rests or ledger.is_whole else ""
    sent = _warn(settings, using, decision, month, ledger.warned, failures)
    stopped = tuple(
        Stopped(at, stop.span.owner, stop.span.space, stop.span.name, stop.why, stop.span.kind)
        for stop, is_done in zip(decision.stops, done, strict=True)
        if is_done
    )
    finished = decision.scheduled if decision.scheduled is not None and all(done) else None
    if stopped or sent or finished is not None:
        _note(settings, using, stopped, sent, finished)
    if failures:
        raise ExceptionGroup("not all could be done, and the next run tries again", failures)
    return {
        "at": at,
        "usd": round(spent[0].usd, 4),
        "held": sorted(decision.held),
        "roles": changed,
        "stopped": [f"{each.owner}/{each.space or each.name}: {each.why}" for each in stopped],
        "warned": sent,
        "database": turned,
        "behind": behind,
    }


def _stored(settings: Settings, using: Clients) -> Ledger | None:
    """The ledger as it is; None where there is none that can be read."""
    try:
        return store.read(using("s3"), settings.bucket)[0]
    except UnreadableError:
        return None


def _believed(ledger: Ledger, now: float) -> Ledger:
    """A ledger that has looked at a time still to come would look at nothing until then."""
    return ledger.until(now) if ledger.sampled > now + AHEAD else ledger


def _remember(settings: Settings, using: Clients, at: float, now: float, failures: list[Exception]) -> Ledger:
    """The ledger after as many looks as there is time for; as another guard has it that looked later.

    A look spans little after a pause, or of a ledger that was lost, and each is written: the next run goes on there.
    """
    begun = monotonic()
    longest, lost = max(FIRST, 2 * settings.limits.every), 0
    while lost < store.TRIES:
        ledger, version = store.read_or_renew(using("s3"), settings.bucket, at)
        broken = ledger is not None and ledger.sampled > now + AHEAD
        ledger = _believed(ledger or Ledger.new(at), now)
        if at <= ledger.sampled and not broken:
            return ledger
        looked = monotonic()
        until = min(at, ledger.sampled + longest)
        new, is_all = _looked(settings, using, ledger, until, failures, is_last=until == at, end=begun + HURRY)
        new = new.with_schedule(settings.schedule, at)
        new = replace(new, is_whole=new.is_whole or new.sampled >= at)
        kept = new.within(new.sampled)
        store.archive(using("s3"), settings.bucket, new, kept)
        if not store.write(using("s3"), settings.bucket, kept, version):
            lost += 1
        elif kept.sampled >= at or not is_all or monotonic() - begun > PATIENCE:
            return kept
        took = monotonic() - looked
        longest = min(2 * longest, LONGEST) if took < QUICK else max(longest / 2, FIRST) if took > SLOW else longest
    raise RuntimeError("the ledger is written by others again and again")


def _looked(
    settings: Settings,
    using: Clients,
    ledger: Ledger,
    at: float,
    failures: list[Exception],
    *,
    is_last: bool,
    end: float,
) -> tuple[Ledger, bool]:
    """The ledger after one more look, and whether that was a whole one: else the same time is looked at again."""
    seen = look(
        using,
        Watched(settings.environment, settings.domain_id, settings.job_prefixes, settings.plans),
        at=at,
        since=ledger.since,
        back=max(_doubtful_since(ledger, at) - LAG, ledger.since),
        known=ledger.spans,
        domains=ledger.domains,
        changed=max(ledger.sampled - LAG, ledger.since),
        running=is_last,
        is_late=lambda: monotonic() > end,
    )
    new = replace(ledger, spans=observe(ledger.spans, seen), domains=seen.domains)
    if not seen.is_whole:
        return new, False
    return replace(new, sampled=at, database=_measured(settings, using, ledger, at, failures)), True


def _measured(settings: Settings, using: Clients, ledger: Ledger, at: float, failures: list[Exception]) -> Meter | None:
    """The database's meter; as it was where CloudWatch does not answer. A new one begins with the month."""
    if settings.database is None:
        return ledger.database
    try:
        return database.measured(ledger.database, using("cloudwatch"), settings.database, month_of(at)[1], at)
    except Exception as error:  # noqa: BLE001 (what people run is counted all the same)
        failures.append(error)
        return ledger.database


def _turn(settings: Settings, using: Clients, meter: Meter | None, *, rests: bool, failures: list[Exception]) -> str:
    """Lets the database rest or run. What was done."""

    def note(rests: bool) -> None:
        def noted(ledger: Ledger) -> Ledger:
            return replace(ledger, database=replace(ledger.database or Meter(ledger.sampled), rests=rests))

        if not store.change(using("s3"), settings.bucket, noted):
            raise RuntimeError("the ledger is written by others again and again")

    if settings.database is None:
        return ""
    try:
        rds = using("rds")
        return database.turn(rds, settings.database, settings.environment, meter, rests=rests, note=note)
    except Exception as error:  # noqa: BLE001 (the rest of the round does not depend on it)
        failures.append(error)
        return ""


def _told(settings: Settings, using: Clients, ledger: Ledger, failures: list[Exception]) -> Mapping[str, Told] | None:
    """The words of spaces on their GPUs; asked only where one runs and that matters. None where it cannot be had."""
    if settings.limits.idle_gpu is None or not idle.watched(ledger.spans):
        return None
    try:
        return idle.told(using("s3"), settings.bucket)
    except Exception as error:  # noqa: BLE001 (the rest of the round does not depend on it)
        failures.append(error)
        return None


def _doubtful_since(ledger: Ledger, at: float) -> float:
    """The time from which CloudTrail may have news: the last sight of what is gone, while its end may still be told."""
    gone = (span.seen for span in ledger.spans if span.kind != TRAINING and span.ended is None and span.gone)
    return min((seen for seen in gone if seen > at - 2 * LAG), default=ledger.sampled)


def _note(
    settings: Settings, using: Clients, stopped: tuple[Stopped, ...], sent: list[str], finished: float | None
) -> None:
    """Writes down what was done. Where that fails, it is done again, which harms nobody."""
    store.change(
        using("s3"),
        settings.bucket,
        lambda ledger: replace(
            ledger,
            stopped=(*ledger.stopped, *(each for each in stopped if each not in ledger.stopped)),
            warned=tuple(dict.fromkeys((*ledger.warned, *sent))),
            scheduled=max(ledger.scheduled, finished or 0.0),
        ),
    )


def _grants(settings: Settings, using: Clients, failures: list[Exception]) -> Mapping[str, Mapping[str, float]]:
    """None where they cannot be read: nobody may spend more than the file says."""
    try:
        return store.grants_of(using("s3"), settings.bucket)[0]
    except UnreadableError as error:
        failures.append(error)
        return {}


def _hold(
    settings: Settings, using: Clients, held: frozenset[str], failures: list[Exception], *, releases: bool
) -> list[str]:
    """Lets exactly the roles of those who are held have the policy that forbids. Returns what has changed.

    Where the file has no sums any more nobody is held, and whoever was is released.
    """
    iam, policy = using("iam"), settings.policy_arn
    wanted = {role for who, role in settings.roles.items() if who in held or EVERYBODY in held}
    try:
        pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy, EntityFilter="Role")
        present = {role["RoleName"] for page in pages for role in page["PolicyRoles"]}
    except Exception as error:  # noqa: BLE001 (the rest of the round does not depend on it)
        failures.append(error)
        return []
    released = (present - wanted) & set(settings.roles.values()) if releases else set()
    changes = [(f"-{role}", iam.detach_role_policy, role) for role in sorted(released)]
    changes += [(f"+{role}", iam.attach_role_policy, role) for role in sorted(wanted - present)]
    return [told for told, change, role in changes if _tried(failures, change, RoleName=role, PolicyArn=policy)]


def _stop(settings: Settings, using: Clients, stop: Stop, failures: list[Exception]) -> bool:
    """Whether it ends. Files stay on the volume; a job has two minutes to write its checkpoint."""
    span, sagemaker = stop.span, using("sagemaker")
    if span.kind == TRAINING:
        return _tried(failures, sagemaker.stop_training_job, PASSING, TrainingJobName=span.name)
    owner = {"SpaceName": span.space} if span.space else {"UserProfileName": span.owner}
    app = {"DomainId": settings.domain_id, "AppType": span.kind, "AppName": span.name, **owner}
    return _tried(failures, sagemaker.delete_app, PASSING, **app)


def _tried(failures: list[Exception], act: Callable[..., Any], passing: Iterable[str] = (), **asked: Any) -> bool:
    """Whether AWS did it. One thing that cannot be done keeps no other from being done."""
    try:
        act(**asked)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is raised at the end)
        if code_of(error) not in passing:
            failures.append(error)
        return False
    return True


def _warn(
    settings: Settings,
    using: Clients,
    decision: Decision,
    month: str,
    warned: tuple[str, ...],
    failures: list[Exception],
) -> list[str]:
    """Tells whoever has subscribed."""
    sent: list[str] = []
    has_database = settings.database is not None
    for message in messages(decision, settings.environment, month, warned, has_database=has_database):
        about = {"user": {"DataType": "String", "StringValue": message.who}} if message.who else {}
        mail = {"Subject": message.subject, "Message": message.text, "MessageAttributes": about}
        if _tried(failures, using("sns").publish, TopicArn=settings.topic_arn, **mail):
            sent += message.keys
    return sent
