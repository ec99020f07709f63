"""Whether a user's role may do something in AWS, and the statement that says so."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location, listed, quote
from studioctl.errors import AbsentError, StudioctlError
from studioctl.infrastructure.block import Data
from studioctl.operations.environment import Account

if TYPE_CHECKING:
    from studioctl.operations.why.unmet import Need

ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
ANYTHING = "*"
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|aws|\*)?:\S.*")


@dataclass(frozen=True)
class Permission:
    """The answer.

    Args:
        user: The user whose role it is.
        role: The role's ARN.
        action: The action.
        resource: To what.
        allowed: Whether it may be done.
        why: In IAM's words.
        by: The policy, and in brackets the statement; empty where none allows it.
        because: Why the statement is there, where studioctl wrote it.
        key: The key of the file behind it; empty where the file has no say.
        needs: The condition keys with which it would be allowed; none where it is allowed already, or none help.
        only_on: The resources on which a policy allows it, where it was asked of "*" and is not allowed there.
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
    needs: tuple["Need", ...] = ()
    only_on: tuple[str, ...] = ()

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
        action: Such as "s3:GetObject"; capitals do not matter.
        user: The user whose role it is; None for the first user of the file.
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
    from studioctl.operations.why import unmet  # noqa: PLC0415

    name = _user(account, user)
    check_resource(resource)
    domain_id, role_name = _domain_and_role(account, name)
    found = role_policies.of_role(account.session, role_name)
    action = actions.named(action, (*found.identity.values(), *found.boundary.values()))
    number = account.session.identity.account_id
    known = {
        "aws:principalaccount": number,
        "aws:resourceaccount": number,
        "aws:principalarn": found.arn,
        "aws:requestedregion": account.config.region,
        "aws:securetransport": "true",
        # In a session that Studio made for the user.
        "sagemaker:domainid": domain_id,
        "sagemaker:userprofilename": name,
        **{key.lower(): value for key, value in (context or {}).items()},
    }
    principal, asked = Principal(found.arn, found.arn, number), Asked(action, resource, known)
    policies = Policies(identity=found.identity, boundary=found.boundary)
    decision = evaluate(principal, asked, policies)
    way = unmet.Way() if decision.allowed else unmet.way(principal, asked, policies)
    by = way.by or decision.by
    only_on = unmet.resources(asked, policies) if resource == ANYTHING and not (decision.allowed or by) else ()
    because, key = _reason(account, by, resource)
    if not by and _is_of_others(account.config, action, resource):
        because, key = OF_OTHERS.format(user=name), ".".join(map(str, purposes.PER_USER))
    told = (decision.allowed, decision.why, by, because, key, way.needs, only_on)
    return Permission(name, found.arn, action, resource, *told)


def check_resource(resource: str) -> None:
    """See that it can be the resource of a request.

    Raises:
        StudioctlError: It is no ARN.
    """
    if resource == ANYTHING or _ARN.fullmatch(resource):
        return
    is_url = resource.startswith("s3://")
    meant = f"arn:aws:s3:::{resource.removeprefix('s3://')}" if is_url else "arn:aws:s3:::acme-data/report.csv"
    hint = f"write it as {meant}" if is_url else f"name one with --on, such as {meant}"
    raise StudioctlError(f"{quote(resource)} is no ARN.", hint=hint)


def _user(account: Account, user: str | None) -> str:
    names = [each.name for each in account.config.users]
    if user is not None and user not in names:
        raise StudioctlError(
            f"'{user}' is not a user in {account.source.name}. There are: {listed(names)}.",
            hint="name one of them with --user",
        )
    return user or names[0]


def _domain_and_role(account: Account, user: str) -> tuple[str, str]:
    """The domain's id, and the name of the role that AWS takes for a user: the profile's, else the domain's."""
    domain = account.domain()
    if domain is None:
        raise AbsentError(
            f"'{account.config.name}' does not exist in {account.place}.",
            hint="studioctl up",
            is_local=account.target.is_local,
        )
    profile = account.studio.described_profile(domain.id, user).get("UserSettings", {})
    described = account.studio.described_domain(domain.id).get("DefaultUserSettings", {})
    return domain.id, str(profile.get("ExecutionRole") or described["ExecutionRole"]).rpartition("/")[2]


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


def _hold_key(account: Account) -> Location:
    """The key behind a hold. All together are over their limit where the role of everybody is held, too."""
    from studioctl.aws import guard  # noqa: PLC0415 (botocore is needed only here)
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415 (as above)
    from studioctl.infrastructure.naming import Naming  # noqa: PLC0415
    from studioctl.operations import holds  # noqa: PLC0415

    limits, role = account.config.limits, Naming.of(account.config).execution_role
    is_own = limits.monthly_usd_per_user is not None
    if is_own and limits.monthly_usd is not None:
        try:
            is_own = role not in guard.held(account.session, holds.policy_arn(account))
        except DeniedError:
            return ("limits",)
    return ("limits", "monthly_usd_per_user" if is_own else "monthly_usd")


def _reason(account: Account, by: str, resource: str) -> tuple[str, str]:
    """The purpose of the deciding statement, and the key behind its policy."""
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
                    key = _hold_key(account) if purpose == "hold" else key
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
