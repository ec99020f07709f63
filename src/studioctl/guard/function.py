"""The Lambda function: looks, counts, and does what the limits want. Whatever it did not finish, the next run does.

Several may run at once: the ledger is only written over the version that was read, and every act may be done twice.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from studioctl.guard.ledger import GRANTS, LEDGER, Ledger, Stopped, archive_key
from studioctl.guard.limits import EVERYBODY, Decision, Limits, Spent, Stop, decide, month_of, spending
from studioctl.guard.rates import Rates
from studioctl.guard.reading import LAG, look
from studioctl.guard.spans import TRAINING, observe

TRIES = 8
SETTINGS = "settings.json"
# What a client is told that stops an app or a job which ends at this moment, or is not yet there to be stopped.
PASSING = frozenset({"ResourceInUse", "ResourceNotFound", "ValidationException", "ResourceNotFoundException"})
Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Settings:
    """All that the function was made with.

    Args:
        environment: The environment's name.
        limits: Its limits.
        rates: What hours cost.
        roles: The role of each user; the domain's is EVERYBODY's.
        job_prefixes: By user, how the names of the user's jobs begin.
        domain_id: The domain.
        bucket: Where the ledger is.
        policy_arn: The policy that forbids to start anything.
        topic_arn: Where warnings go.
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
            domain_id=environ["DOMAIN_ID"],
            bucket=environ["BUCKET"],
            policy_arn=environ["POLICY_ARN"],
            topic_arn=environ["TOPIC_ARN"],
        )


def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Called by EventBridge's scheduler, which tells the time for which it calls."""
    told = event.get("time")
    now = datetime.fromisoformat(told) if told else datetime.now(UTC)
    settings = Settings.of(json.loads(Path(__file__).parents[2].joinpath(SETTINGS).read_text()), os.environ)
    return run(settings, clients(), now.timestamp())


@cache
def clients() -> Clients:
    """boto3's clients, which are kept from one run to the next. Throttling is tried again."""
    import boto3  # noqa: PLC0415 (there is one in Lambda only)
    from botocore.config import Config  # noqa: PLC0415 (as above)

    config = Config(retries={"mode": "standard", "total_max_attempts": 10}, connect_timeout=5, read_timeout=20)
    return cache(lambda name: boto3.client(name, config=config))


def run(settings: Settings, using: Clients, at: float) -> dict[str, Any]:
    """One round. Returns what was done, for the log."""
    ledger, grants = _remember(settings, using, at), _grants(settings, using)
    at = ledger.sampled
    month, _, _ = month_of(at)
    granted = grants.get(month, {})
    spent = spending(ledger.spans, at, settings.limits, settings.rates, granted, settings.users)
    decision = decide(ledger.spans, at, settings.limits, settings.rates, spent, ledger.scheduled)
    changed = _hold(settings, using, decision.held)
    done = [_stop(settings, using, stop) for stop in decision.stops]
    sent = _warn(settings, using, decision, month, ledger.warned)
    stopped = tuple(
        Stopped(at, stop.span.owner, stop.span.space, stop.span.name, stop.why)
        for stop, is_done in zip(decision.stops, done, strict=True)
        if is_done
    )
    finished = decision.scheduled if decision.scheduled is not None and all(done) else None
    if stopped or sent or finished is not None:
        _note(settings, using, stopped, sent, finished)
    return {
        "at": at,
        "usd": round(spent[0].usd, 4),
        "held": sorted(decision.held),
        "roles": changed,
        "stopped": [f"{each.owner}/{each.space or each.name}: {each.why}" for each in stopped],
        "warned": sent,
    }


def _remember(settings: Settings, using: Clients, at: float) -> Ledger:
    """The ledger with one more look; as another guard has it that looked later."""
    for _ in range(TRIES):
        ledger, version = read(using("s3"), settings.bucket)
        ledger = ledger or Ledger.new(at)
        if at <= ledger.sampled:
            return ledger
        doubtful = (span.seen for span in ledger.spans if span.kind != TRAINING and span.ended is None and span.gone)
        back = min((t for t in doubtful if t > at - 2 * LAG), default=ledger.sampled) - LAG
        seen = look(
            using, settings.domain_id, settings.job_prefixes, at=at, since=ledger.since, back=max(back, ledger.since)
        )
        new = replace(ledger, sampled=at, spans=observe(ledger.spans, seen))
        kept = new.within(at)
        _archive(settings, using, new, kept)
        if write(using("s3"), settings.bucket, kept, version):
            return kept
    raise RuntimeError("the ledger is written by others again and again")


def _archive(settings: Settings, using: Clients, ledger: Ledger, kept: Ledger) -> None:
    """Months that leave the ledger get an object each, which is written before they leave."""
    leaving = {month_of(span.began)[0] for span in ledger.spans} - {month_of(span.began)[0] for span in kept.spans}
    for month in sorted(leaving):
        text = replace(ledger, spans=ledger.of_month(month)).to_text()
        using("s3").put_object(Bucket=settings.bucket, Key=archive_key(month), Body=text.encode())


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


def put(s3: Any, bucket: str, key: str, text: str, version: str) -> bool:
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


def _hold(settings: Settings, using: Clients, held: frozenset[str]) -> list[str]:
    """Lets exactly the roles of those who are held have the policy that forbids. Returns what has changed."""
    if settings.limits.per_user is None and settings.limits.in_all is None:
        return []
    iam = using("iam")
    wanted = {role for who, role in settings.roles.items() if who in held or EVERYBODY in held}
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=settings.policy_arn, EntityFilter="Role")
    present = {role["RoleName"] for page in pages for role in page["PolicyRoles"]}
    for role in sorted(wanted - present):
        iam.attach_role_policy(RoleName=role, PolicyArn=settings.policy_arn)
    for role in sorted((present - wanted) & set(settings.roles.values())):
        iam.detach_role_policy(RoleName=role, PolicyArn=settings.policy_arn)
    return [*(f"+{role}" for role in sorted(wanted - present)), *(f"-{role}" for role in sorted(present - wanted))]


def _stop(settings: Settings, using: Clients, stop: Stop) -> bool:
    """Whether it ends. Files stay on the volume; a job has two minutes to write its checkpoint."""
    span, sagemaker = stop.span, using("sagemaker")
    try:
        if span.kind == TRAINING:
            sagemaker.stop_training_job(TrainingJobName=span.name)
        else:
            owner = {"SpaceName": span.space} if span.space else {"UserProfileName": span.owner}
            sagemaker.delete_app(DomainId=settings.domain_id, AppType=span.kind, AppName=span.name, **owner)
    except sagemaker.exceptions.ClientError as error:
        if _code(error) not in PASSING:
            raise
        return False
    return True


def _warn(settings: Settings, using: Clients, decision: Decision, month: str, warned: tuple[str, ...]) -> list[str]:
    """Tells whoever has subscribed. Of several shares that were reached at once the highest is told."""
    highest: dict[str, tuple[Spent, float]] = {}
    new = []
    for warning in decision.warnings:
        who = warning.spent.who
        key = f"{month} {who} {warning.share:g} of {warning.spent.limit:g}"
        if key not in warned:
            new.append(key)
            if warning.share >= highest.get(who, (warning.spent, 0.0))[1]:
                highest[who] = warning.spent, warning.share
    for spent, share in highest.values():
        message = _words(settings.environment, spent, share)
        about = {"user": {"DataType": "String", "StringValue": spent.who}} if spent.who else {}
        using("sns").publish(
            TopicArn=settings.topic_arn,
            Subject=message.partition(":")[0][:99],
            Message=message,
            MessageAttributes=about,
        )
    return new


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
    return str(error.response.get("Error", {}).get("Code", ""))
