"""The guard's function and schedule, its ledger and grants in the bucket, and its holds on roles."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studioctl.aws.errors import DeniedError, MissingError, ignoring_missing, translated
from studioctl.aws.session import Session

Grants = dict[str, dict[str, float]]
TRIES = 8
PENDING = "PendingConfirmation"  # in place of the ARN of a subscription that nobody has confirmed


@dataclass(frozen=True)
class Standing:
    """The guard's function and schedule as AWS has them, which have the same name.

    Args:
        changed: When the function's code or settings were last changed.
        is_quiet: Whether the function may not run: its reserved concurrency is 0.
        schedule: The schedule's state: "ENABLED", "DISABLED"; None where there is no schedule.
    """

    changed: datetime
    is_quiet: bool
    schedule: str | None


def standing(session: Session, name: str) -> Standing | None:
    """The guard of this name; None where there is no such function."""
    try:
        with translated():
            client = session.client("lambda")
            function = client.get_function(FunctionName=name)
            reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    except MissingError:
        return None
    return Standing(
        changed=datetime.fromisoformat(function["Configuration"]["LastModified"]),
        is_quiet=reserved == 0,
        schedule=_schedule(session, name),
    )


def _schedule(session: Session, name: str) -> str | None:
    try:
        with translated():
            return str(session.client("scheduler").get_schedule(Name=name)["State"])
    except MissingError:
        return None


@dataclass(frozen=True)
class Listener:
    """Somebody whom a topic tells: by "email" and the like, at which address, and whether that is confirmed."""

    protocol: str
    endpoint: str
    is_confirmed: bool


def listeners(session: Session, topic_arn: str) -> tuple[Listener, ...] | None:
    """All who have subscribed to a topic; None where that is not to be known: no such topic, or no permission."""
    try:
        with translated():
            pages = session.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
            found = [each for page in pages for each in page["Subscriptions"]]
    except (DeniedError, MissingError):
        return None
    return tuple(Listener(each["Protocol"], each["Endpoint"], each["SubscriptionArn"] != PENDING) for each in found)


def quiet(session: Session, function: str) -> None:
    """Lets the guard run no more. It may be gone already."""
    with ignoring_missing():
        session.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)


def held(session: Session, policy_arn: str) -> tuple[str, ...]:
    """The roles that have the policy; none where there is no such policy."""
    try:
        with translated():
            pages = session.client("iam").get_paginator("list_entities_for_policy")
            found = [page["PolicyRoles"] for page in pages.paginate(PolicyArn=policy_arn, EntityFilter="Role")]
    except MissingError:
        return ()
    return tuple(role["RoleName"] for roles in found for role in roles)


def release(session: Session, policy_arn: str) -> tuple[str, ...]:
    """Takes the policy off every role that has it, and returns those."""
    roles = held(session, policy_arn)
    for role in roles:
        with ignoring_missing():
            session.client("iam").detach_role_policy(RoleName=role, PolicyArn=policy_arn)
    return roles


def changed(
    read: Callable[[Any], tuple[Grants, str]], write: Callable[[Any, Grants, str], bool], session: Session
) -> Any:
    """Tries `write` on what `read` gives until nobody has written between the two; whether it was written."""
    s3 = session.client("s3")
    with translated():
        return any(write(s3, *read(s3)) for _ in range(TRIES))


def reading(session: Session, read: Callable[[Any], Any]) -> Any:
    """All that `read` reads with a client of S3; None where the bucket is missing."""
    try:
        with translated():
            return read(session.client("s3"))
    except MissingError:
        return None
