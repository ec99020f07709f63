"""Whether a user's role may do something in AWS, and the statement that says so."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, listed
from studioctl.errors import AbsentError, StudioctlError
from studioctl.infrastructure.block import Data
from studioctl.operations.environment import Account

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z*]+")


@dataclass(frozen=True)
class Permission:
    """The answer.

    Args:
        user: Whose role it is.
        role: The role's ARN.
        action: What is to be done.
        resource: To what.
        allowed: Whether it may be done.
        why: In IAM's words.
        by: The policy, and in brackets the statement; empty where none allows it.
        because: Why the statement is there, where studioctl wrote it.
        key: The key of the file behind it; empty where the file has no say.
        meant: The action that was probably meant; empty where this one is known, or like none.
    """

    user: str
    role: str
    action: str
    resource: str
    allowed: bool
    why: str
    by: str
    because: str
    key: str
    meant: str = ""

    def to_json(self) -> dict[str, Any]:
        """The stable shape behind `studioctl why ACTION --json`."""
        return asdict(self)


def is_action(text: str) -> bool:
    """Whether a question is about an action of IAM, such as s3:GetObject."""
    return ACTION.fullmatch(text) is not None


def permission(
    account: Account, action: str, *, user: str | None, resource: str, context: Mapping[str, str] | None = None
) -> Permission:
    """Whether a user's role may do this, by the policies that IAM has today.

    The policies of buckets, keys and organizations are not read; those may forbid more, and a bucket's may allow more.

    Args:
        account: The environment.
        action: Such as "s3:GetObject".
        user: Whose role; None for the first user of the file.
        resource: An ARN, or "*".
        context: More condition keys of the request.

    Raises:
        StudioctlError: The file has no such user.
        AbsentError: There is no domain.
        AwsError: AWS refuses to tell.
    """
    from studio_emulator.iam.evaluate import Policies, evaluate  # noqa: PLC0415 (needed here only)
    from studio_emulator.iam.policy import Asked, Principal  # noqa: PLC0415
    from studioctl.aws import actions, role_policies  # noqa: PLC0415 (botocore is needed only here)
    from studioctl.infrastructure.iam import purposes  # noqa: PLC0415

    name = _user(account, user)
    role_name = _role_of(account, name)
    found = role_policies.of_role(account.session, role_name)
    number = account.session.identity.account_id
    known = {
        "aws:principalaccount": number,
        "aws:resourceaccount": number,
        "aws:principalarn": found.arn,
        "aws:requestedregion": account.config.region,
        "aws:securetransport": "true",
        **{key.lower(): value for key, value in (context or {}).items()},
    }
    decision = evaluate(
        Principal(found.arn, found.arn, number),
        Asked(action, resource, known),
        Policies(identity=found.identity, boundary=found.boundary),
    )
    because, key = _reason(account, decision.by, resource)
    if not decision.by and _is_of_others(account.config, action, resource):
        because, key = OF_OTHERS.format(user=name), ".".join(map(str, purposes.PER_USER))
    meant = actions.meant(action, (*found.identity.values(), *found.boundary.values()))
    told = (decision.allowed, decision.why, decision.by, because, key, meant)
    return Permission(name, found.arn, action, resource, *told)


def _user(account: Account, user: str | None) -> str:
    names = [each.name for each in account.config.users]
    if user is not None and user not in names:
        raise StudioctlError(
            f"'{user}' is not a user in {account.source.name}. There are: {listed(names)}.",
            hint="name one of them with --user",
        )
    return user or names[0]


def _role_of(account: Account, user: str) -> str:
    """The name of the role that AWS takes for a user: the profile's, else the domain's."""
    domain = account.domain()
    if domain is None:
        raise AbsentError(
            f"'{account.config.name}' does not exist in {account.place}.",
            hint="studioctl up",
            is_local=account.target.is_local,
        )
    profile = account.studio.described_profile(domain.id, user).get("UserSettings", {})
    described = account.studio.described_domain(domain.id).get("DefaultUserSettings", {})
    return str(profile.get("ExecutionRole") or described["ExecutionRole"]).rpartition("/")[2]


_PERMISSIONS = ("iam", "permissions")
# Why nothing allows it.
OF_OTHERS = "users/{user}/ and shared/ are all of the data bucket that this user's role reaches"


def _is_of_others(config: EnvironmentConfig, action: str, resource: str) -> bool:
    """Whether it is about objects that a role for all users would reach."""
    from studioctl.infrastructure.iam.things import OBJECT_ACTIONS  # noqa: PLC0415 (needed here only)

    bucket = resource.rpartition(":")[2].partition("/")[0]
    is_data = re.fullmatch(re.escape(config.storage.bucket or f"{config.name}-data-") + r"(\d{12})?", bucket)
    return config.iam.per_user_roles and is_data is not None and action in {*OBJECT_ACTIONS, "s3:ListBucket"}


def _bucket_key(config: EnvironmentConfig, sid: str, resource: str) -> Location:
    """The key behind a statement about buckets."""
    from studioctl.infrastructure.iam import purposes  # noqa: PLC0415 (needed here only)

    if sid in purposes.OWN_PART:
        return purposes.PER_USER
    named = resource.rpartition(":")[2].partition("/")[0]
    return ("storage", "extra_buckets" if named in config.storage.extra_buckets else "bucket")


def _reason(account: Account, by: str, resource: str) -> tuple[str, str]:
    """Why studioctl wrote the statement that decided, and the key behind its policy."""
    from studioctl.infrastructure import blueprint  # noqa: PLC0415 (needed here only)
    from studioctl.infrastructure.iam import purposes  # noqa: PLC0415

    policy, _, sid = by.removesuffix(")").partition(" (")
    for module in blueprint.build(account.config).modules:
        for block in module.blocks:
            if not (isinstance(block, Data) and block.type == "aws_iam_policy_document"):
                continue
            purpose = purposes.told_apart(block.label)[0]
            key = purposes.KEYS.get(purpose, _PERMISSIONS)
            for statement in block.arguments["statement"]:
                if sid and statement.get("sid") == sid and "principals" not in statement:
                    key = _bucket_key(account.config, sid, resource) if purpose == "s3" else key
                    return str(statement.get("//", block.why)), ".".join(map(str, key))
    managed = account.config.iam.permissions == "managed" and policy.startswith(("Amazon", "Secrets"))
    told = 'AWS\'s own policy, by [iam] permissions = "managed"'
    return (told, ".".join(_PERMISSIONS)) if managed else ("", "")


def parsed(pairs: list[str]) -> Mapping[str, str]:
    """Condition keys as they were typed: KEY=VALUE.

    Raises:
        StudioctlError: One has no "=".
    """
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise StudioctlError(
            f"{json.dumps(wrong)} is no condition key with a value.", hint="write it as aws:SourceIp=10.0.0.1"
        )
    return dict(pair.split("=", 1) for pair in pairs)
