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
from typing import Any

from studioctl.guard.ledger import GRANTS, LEDGER, Ledger, Stopped, archive_key
from studioctl.guard.limits import EVERYBODY, Decision, Limits, Spent, Stop, decide, month_of, spending
from studioctl.guard.rates import Rates
from studioctl.guard.reading import LAG, look
from studioctl.guard.spans import TRAINING, Span, observe

TRIES = 8
AHEAD = 300.0
"""Seconds by which a time that is told may be ahead of the clock."""
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
        rates: What hours cost.
        roles: The role of each user; the domain's is EVERYBODY's.
        job_prefixes: By user, how the names of the user's jobs begin; by UNKNOWN, those of all others.
        domain_id: The domain.
        bucket: Where the ledger is.
        policy_arn: The policy that forbids to start anything.
        topic_arn: Where warnings go.
        schedule: That of the limits, as the file has it: another text is another schedule.
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
    schedule: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any], environ: Mapping[str, str]) -> "Settings":
        """From the archive's settings, and what only AWS knew when it was made."""
        return cls(
            environment=told["environment"],
            limits=Limits.of(told["limits"]),
            rates=Rates(told["rates"]),
            roles=told["roles"],
            job_prefixes=told["job_prefixes"],
            users=tuple(told["users"]),
            schedule=json.dumps(told["limits"].get("schedule") or "", sort_keys=True).strip('"'),
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

    What fails keeps nothing else from being done, and is raised at the end: then the alarm rings.

    Raises:
        ValueError: The time is still to come. Once it had counted, earlier ones would not.
        ExceptionGroup: Something was refused.
    """
    if at > now + AHEAD:
        raise ValueError(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC is still to come: nothing is done")
    failures: list[Exception] = []
    try:
        ledger = _remember(settings, using, at, now)
    except Exception as error:
        stored, _ = read(using("s3"), settings.bucket)
        if stored is None:
            raise
        failures.append(error)
        ledger = _believed(stored, now)
        ledger = replace(ledger, sampled=max(at, ledger.sampled))
    grants = _grants(settings, using)
    at = ledger.sampled
    month, _, _ = month_of(at)
    granted = grants.get(month, {})
    spent = spending(ledger.spans, at, settings.limits, settings.rates, granted, settings.users)
    decision = decide(ledger.spans, at, settings.limits, settings.rates, spent, ledger.scheduled)
    if failures:  # what runs now is not known: only those are stopped for whom anything is too much
        sure = tuple(stop for stop in decision.stops if stop.why in SUMS)
        decision = replace(decision, stops=sure, scheduled=None, unpriced=())
    changed = _hold(settings, using, decision.held, failures)
    done = [_stop(settings, using, stop, failures) for stop in decision.stops]
    sent = _warn(settings, using, decision, month, ledger.warned, failures)
    stopped = tuple(
        Stopped(at, stop.span.owner, stop.span.space, stop.span.name, stop.why)
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
    }


def _believed(ledger: Ledger, now: float) -> Ledger:
    """A ledger that has looked at a time still to come would look at nothing until then."""
    return ledger.until(now) if ledger.sampled > now + AHEAD else ledger


def _remember(settings: Settings, using: Clients, at: float, now: float) -> Ledger:
    """The ledger with one more look; as another guard has it that looked later."""
    for _ in range(TRIES):
        ledger, version = read(using("s3"), settings.bucket)
        broken = ledger is not None and ledger.sampled > now + AHEAD
        ledger = _believed(ledger or Ledger.new(at), now)
        if at <= ledger.sampled and not broken:
            return ledger
        seen = look(
            using,
            settings.domain_id,
            settings.job_prefixes,
            at=at,
            since=ledger.since,
            back=max(_doubtful_since(ledger, at) - LAG, ledger.since),
            known=ledger.spans,
            changed=max(ledger.sampled - LAG, ledger.since),
        )
        new = replace(ledger, sampled=at, spans=observe(ledger.spans, seen))
        new = new.with_schedule(settings.schedule, at)
        kept = new.within(at)
        _archive(settings, using, new, kept)
        if write(using("s3"), settings.bucket, kept, version):
            return kept
    raise RuntimeError("the ledger is written by others again and again")


def _doubtful_since(ledger: Ledger, at: float) -> float:
    """From when on CloudTrail may have news: the last sight of what is gone, as long as its end may still be told."""
    gone = (span.seen for span in ledger.spans if span.kind != TRAINING and span.ended is None and span.gone)
    return min((seen for seen in gone if seen > at - 2 * LAG), default=ledger.sampled)


def _archive(settings: Settings, using: Clients, ledger: Ledger, kept: Ledger) -> None:
    """Months that leave the ledger get an object each, which is written before they leave, and only once."""
    for month in ledger.leaving(kept):
        put(using("s3"), settings.bucket, archive_key(month), replace(ledger, spans=ledger.of_month(month)).to_text())


def _note(
    settings: Settings, using: Clients, stopped: tuple[Stopped, ...], sent: list[str], finished: float | None
) -> None:
    """Writes down what was done. Where that fails, it is done again, which harms nobody."""
    for _ in range(TRIES):
        ledger, version = read(using("s3"), settings.bucket)
        if ledger is None:
            return
        new = replace(
            ledger,
            stopped=(*ledger.stopped, *(each for each in stopped if each not in ledger.stopped)),
            warned=tuple(dict.fromkeys((*ledger.warned, *sent))),
            scheduled=max(ledger.scheduled, finished or 0.0),
        )
        if write(using("s3"), settings.bucket, new, version):
            return


def read(s3: Any, bucket: str, key: str = LEDGER) -> tuple[Ledger | None, str]:
    """The ledger and its version; None where there is none yet."""
    body, version = _get(s3, bucket, key)
    return (None if body is None else Ledger.of(body)), version


def write(s3: Any, bucket: str, ledger: Ledger, version: str) -> bool:
    """Writes it over the version that was read. False: somebody else has written."""
    return put(s3, bucket, LEDGER, ledger.to_text(), version)


def put(s3: Any, bucket: str, key: str, text: str, version: str = "") -> bool:
    """Writes an object over this version, "" for none. False: there is another."""
    condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json", **condition)
    except s3.exceptions.ClientError as error:
        if _code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "404", "NoSuchKey"}:
            return False
        raise
    return True


def grants_of(s3: Any, bucket: str) -> tuple[dict[str, dict[str, float]], str]:
    """US dollars that were granted, by month and user; and the version of the object."""
    body, version = _get(s3, bucket, GRANTS)
    return ({} if body is None else json.loads(body)), version


def _get(s3: Any, bucket: str, key: str) -> tuple[bytes | None, str]:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if _code(error) in {"NoSuchKey", "404"}:
            return None, ""
        raise
    return found["Body"].read(), found["ETag"]


def _grants(settings: Settings, using: Clients) -> Mapping[str, Mapping[str, float]]:
    return grants_of(using("s3"), settings.bucket)[0]


def _hold(settings: Settings, using: Clients, held: frozenset[str], failures: list[Exception]) -> list[str]:
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
    released = (present - wanted) & set(settings.roles.values())
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
        if _code(error) not in passing:
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
    """Tells whoever has subscribed. Of several shares that were reached at once the highest is told."""
    highest: dict[str, tuple[Spent, float]] = {}
    keys: dict[str, list[str]] = {}
    for warning in decision.warnings:
        who = warning.spent.who
        key = f"{month} {who} {warning.share:g} of {warning.spent.limit:g}"
        if key not in warned:
            keys.setdefault(who, []).append(key)
            if warning.share >= highest.get(who, (warning.spent, 0.0))[1]:
                highest[who] = warning.spent, warning.share
    messages = [(keys[who], who, _words(settings.environment, spent, share)) for who, (spent, share) in highest.items()]
    for span in decision.unpriced:
        key = f"{month} no price {span.kind} {span.instance_type} {span.owner}"
        if key not in warned and key not in {known for told, _, _ in messages for known in told}:
            messages.append(([key], span.owner, _words_of_unpriced(settings.environment, span)))
    sent: list[str] = []
    for told, who, message in messages:
        about = {"user": {"DataType": "String", "StringValue": who}} if who else {}
        mail = {"Subject": message.partition(":")[0][:99], "Message": message, "MessageAttributes": about}
        if _tried(failures, using("sns").publish, TopicArn=settings.topic_arn, **mail):
            sent += told
    return sent


def _words_of_unpriced(environment: str, span: Span) -> str:
    job = span.kind == TRAINING
    what, item = ("job", f"training {span.instance_type}") if job else ("app", span.instance_type)
    return (
        f"{environment}, {span.owner or 'a user'}: {what} {span.space or span.name} was stopped, as nobody knows what"
        f" {span.instance_type} costs and so whether a limit is kept. No file is lost. An administrator can write the"
        f' price into the file and deploy it: "{item}" = ... under [cost.prices].'
    )


def _words(environment: str, spent: Spent, share: float) -> str:
    whose = spent.who or "all users"
    used = f"{spent.usd:,.2f} of {spent.limit or 0:,.2f} USD"
    if share < 1:
        return f"{environment}, {whose}: {used} of this month are used."
    return (
        f"{environment}, {whose}: {used} of this month are used up. No file is lost. Apps and jobs were stopped, and"
        " none can be started until the month ends (UTC) or an administrator grants more (studioctl limits grant)."
    )


def _code(error: Any) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
