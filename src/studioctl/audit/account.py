"""Finds security problems of the account. Reads only. Each check is separate: a missing permission affects only one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from studioctl.audit import comparison, policies, rules
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import AwsError
from studioctl.findings import Finding
from studioctl.guard.ledger import LEDGER
from studioctl.infrastructure.block import Blueprint, Resource
from studioctl.infrastructure.guard import is_old
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming

if TYPE_CHECKING:
    from studioctl.aws.session import Session

PARTITION = "${data.aws_partition.current.partition}"


@dataclass(frozen=True)
class Held:
    """An account, and the environment that is or would be in it; and the time there."""

    session: "Session"
    config: EnvironmentConfig
    blueprint: Blueprint
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def flags(self) -> str:
        """The flags of the AWS CLI for this account and region."""
        return self.session.target.aws_flags


def _public_buckets(held: Held) -> Iterator[Finding]:
    from studioctl.aws import safeguards  # noqa: PLC0415 (botocore is heavy)

    if safeguards.account_is_closed(held.session):
        return
    account = held.session.identity.account_id
    message = "public access is not blocked for the account"
    yield rules.OPEN_ACCOUNT.broken(message, about=account, account=account, flags=held.flags)
    for index, bucket in enumerate(held.config.storage.extra_buckets):
        try:
            is_closed = safeguards.bucket_is_closed(held.session, bucket)
        except AwsError as error:  # another account's, perhaps
            yield _unseen(f"bucket '{bucket}'", error)
            continue
        if not is_closed:
            message, place = f"bucket '{bucket}' can be public", ("storage", "extra_buckets", index)
            yield rules.OPEN_BUCKET.broken(message, about=bucket, at=place, bucket=bucket, flags=held.flags)


def _trail(held: Held) -> Iterator[Finding]:
    from studioctl.aws import safeguards  # noqa: PLC0415

    if not safeguards.has_trail(held.session):
        account = held.session.identity.account_id
        yield rules.NO_TRAIL.broken("no trail is on", about=account, flags=held.flags)


def _root(held: Held) -> Iterator[Finding]:
    from studioctl.aws import safeguards  # noqa: PLC0415

    if not safeguards.root_has_mfa(held.session):
        yield rules.NO_ROOT_MFA.broken("the root user has no second factor", about=held.session.identity.account_id)


def _attached(held: Held) -> Iterator[Finding]:
    """Policies of the environment's roles that the blueprint does not attach to them."""
    from studioctl.aws import safeguards  # noqa: PLC0415

    for role in _of_type(held.blueprint, "aws_iam_role"):
        name = str(role.arguments["name"])
        try:
            attached = safeguards.attached_policies(held.session, name)
        except AwsError as error:
            yield _unseen(f"role '{name}'", error)
            continue
        for policy in sorted(attached - _policies_of(role, held)):
            inline = f"aws iam delete-role-policy --role-name {name} --policy-name {policy}{held.flags}"
            message = f"role '{name}' has {policy}"
            found = rules.ATTACHED_ELSEWHERE.broken(
                message, about=role.address, role=name, policy=policy, flags=held.flags
            )
            yield found if policy.startswith("arn:") else replace(found, remedy=inline)


def _changed(held: Held) -> Iterator[Finding]:
    """Policies of the environment that say something else than the file makes them say."""
    from studioctl.aws import safeguards  # noqa: PLC0415
    from studioctl.aws.errors import MissingError  # noqa: PLC0415

    identity = held.session.identity
    known = {"account_id": identity.account_id, "partition": identity.partition}
    for policy, statements in policies.managed(held.blueprint):
        name = str(policy.arguments["name"])
        try:
            document = safeguards.managed_policy(held.session, name, account=identity.account_id)
        except MissingError:  # before the next up, or not any more: the role lacks it
            continue
        except AwsError as error:
            yield _unseen(f"policy '{name}'", error)
            continue
        if not comparison.is_same(statements, document, known):
            yield rules.CHANGED_POLICY.broken(f"policy '{name}' is not what the file makes it", about=policy.address)


def _policies_of(role: Resource, held: Held) -> set[str]:
    """Return the policies that the blueprint gives this role: ARNs of managed ones, and names of inline ones."""
    identity = held.session.identity
    ours = f"arn:{identity.partition}:iam::{identity.account_id}:policy"
    made = {
        f"${{{policy.address}.arn}}": f"{ours}/{policy.arguments['name']}"
        for policy in _of_type(held.blueprint, "aws_iam_policy")
    }
    own = [
        block.arguments
        for block in _of_type(held.blueprint, "aws_iam_role_policy_attachment", "aws_iam_role_policy")
        if str(block.arguments["role"]).startswith(f"${{{role.address}.")
    ]
    arns = [str(each["policy_arn"]) for each in own if "policy_arn" in each]
    inline = {str(each["name"]) for each in own if "policy_arn" not in each}
    # The guard attaches its policy to whoever has spent what they may, and takes it off again.
    hold = {f"{ours}/{Naming.of(held.config).policy('hold')}"} if held.config.limits.are_set else set()
    return inline | hold | {made.get(arn) or arn.replace(PARTITION, identity.partition) for arn in arns}


def _guard(held: Held) -> Iterator[Finding]:
    """The guard of `[limits]`: before there is a domain there is nobody to watch."""
    from studioctl.aws import guard  # noqa: PLC0415
    from studioctl.aws.studio import Studio  # noqa: PLC0415

    config, naming = held.config, Naming.of(held.config)
    if not config.limits.are_set:
        return
    if Studio(held.session).find_domain(naming.domain, tag=(ENVIRONMENT_TAG, config.name)) is None:
        return
    found = guard.standing(held.session, naming.guard)
    if found is None:
        yield _unguarded(held, f"there is no function '{naming.guard}'", "studioctl up")
    elif found.schedule != "ENABLED":
        message = f"schedule '{naming.guard}', which calls the guard, is {found.schedule or 'gone'}"
        yield _unguarded(held, message, "studioctl up")
    elif found.is_quiet:
        again = f"aws lambda delete-function-concurrency --function-name {naming.guard}{held.flags}"
        yield _unguarded(held, f"function '{naming.guard}' may not run: its reserved concurrency is 0", again)
    elif is_old(config, _silence(held, found.changed)):
        yield _unguarded(held, f"guard '{naming.guard}' does not look", "studioctl doctor")


def _silence(held: Held, changed: datetime) -> float:
    """Seconds since the guard last wrote its ledger, as each look does, or since it was changed."""
    from studioctl.aws import guard  # noqa: PLC0415

    bucket = held.config.bucket_in(held.session.identity.account_id)
    written = guard.reading(held.session, lambda s3: s3.head_object(Bucket=bucket, Key=LEDGER)["LastModified"])
    return (held.now() - max(written or changed, changed)).total_seconds()


def _unguarded(held: Held, message: str, command: str) -> Finding:
    return rules.UNGUARDED.broken(message, about=Naming.of(held.config).guard, command=command)


def _of_type(blueprint: Blueprint, *kinds: str) -> Iterator[Resource]:
    return (block for block in blueprint.resources() if block.type in kinds)


CHECKS: tuple[tuple[str, Callable[[Held], Iterator[Finding]]], ...] = (
    ("public buckets", _public_buckets),
    ("CloudTrail", _trail),
    ("the root user", _root),
    ("the role's policies", _attached),
    ("the environment's policies", _changed),
    ("the guard", _guard),
)


def look(held: Held) -> Iterator[Finding]:
    """Yield the findings of our checks of the account, and the checks that were not possible."""
    try:
        held.session.identity  # noqa: B018 (asked for its failure: without credentials nothing else is worth asking)
    except AwsError as error:
        yield _unseen("the account", error)
        return
    for title, check in CHECKS:
        try:
            yield from check(held)
        except AwsError as error:
            yield _unseen(title, error)


def _unseen(what: str, error: AwsError) -> Finding:
    return rules.NO_ACCOUNT.broken(f"{what}: {error.message}", about=what, remedy=error.hint)
