"""Checks of values in [iam], which end up in IAM policies.

The grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from studioctl.config.text import Violation, latin, nearest, quote

SID = r"^[A-Za-z0-9]{1,100}$"
ACTION = r"^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$"
RESOURCE = r"^(\*|arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:[^\s]+)$"
POLICY_ARN = r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@/_-]+$"
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
ROLE_PATH = r"^/([A-Za-z0-9+=,.@_-]+/)*$"
LONGEST_PATH = 512
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = frozenset(
    {
        *(f"String{how}" for how in ("Equals", "NotEquals", "Like", "NotLike")),
        *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        *(f"{what}{how}" for what in ("Numeric", "Date") for how in _COMPARISONS),
        *(f"Arn{how}" for how in ("Equals", "NotEquals", "Like", "NotLike")),
        *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
    }
)
OVER_SETS = ("ForAllValues:", "ForAnyValue:")
IF_EXISTS = "IfExists"

# Actions by which whoever has them on any role or policy can give themselves everything else.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html (delegating, what it must not allow)
ESCALATING = frozenset(
    f"iam:{action}"
    for action in (
        *("AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey"),
        *("CreateLoginProfile", "CreatePolicyVersion", "DeleteRolePermissionsBoundary", "PassRole", "PutGroupPolicy"),
        *("DeleteUserPermissionsBoundary", "PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPolicy"),
        *("SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateLoginProfile"),
    )
)

T = TypeVar("T")


def some(example: str) -> Callable[[tuple[T, ...]], tuple[T, ...]]:
    """A check that a list is not empty; the example is what to write."""

    def check(value: tuple[T, ...]) -> tuple[T, ...]:
        if not value:
            raise ValueError(f"is empty; write at least one: [{quote(example)}]")
        return value

    return check


def sid(value: str) -> str:
    """A statement's name."""
    if not re.fullmatch(SID, value):
        suggestion = re.sub(r"[^A-Za-z0-9]+", "", latin(value))[:100] or "ReadTheLake"
        raise ValueError(f"{quote(value)} is not a statement's name; write letters and digits: {quote(suggestion)}")
    return value


def action(value: str) -> str:
    """An action of a service, in which wildcards may stand, or "*"."""
    if not re.fullmatch(ACTION, value):
        raise ValueError(f'{quote(value)} is not an action; write service:Action, such as "s3:GetObject"')
    return value


def resource(value: str) -> str:
    """An ARN, in which wildcards and policy variables may stand, or "*"."""
    if not re.fullmatch(RESOURCE, value):
        raise ValueError(f'{quote(value)} is not an ARN; write one such as "arn:aws:s3:::acme-lake/*"')
    return value


def policy_arn(value: str) -> str:
    """The ARN of a managed policy."""
    if not re.fullmatch(POLICY_ARN, value):
        example = "arn:aws:iam::111122223333:policy/ml-boundary"
        raise ValueError(f'{quote(value)} is not a policy\'s ARN; write one such as "{example}"')
    return value


def role_path(value: str) -> str:
    """The path of roles."""
    if not re.fullmatch(ROLE_PATH, value) or len(value) > LONGEST_PATH:
        raise ValueError(f'{quote(value)} is not a path of at most {LONGEST_PATH} characters; write one such as "/ml/"')
    if value.startswith("/aws-service-role/"):
        raise ValueError("is for AWS's own roles; write another path")
    return value


def violations(iam: Mapping[str, Any]) -> Iterable[Violation]:
    """Check [iam] as a whole. Each violation has its location."""
    if iam.get("per_user_roles") is True and iam.get("permissions") == "managed":
        message = "separates users, but AWS's managed policies give access to everybody's data"
        yield ("per_user_roles",), f'{message}; write permissions = "scoped", or delete this line'
    given = iam.get("extra_statements")
    statements = enumerate(given if isinstance(given, list | tuple) else ())
    seen: set[str] = set()
    for place, statement in ((("extra_statements", index), s) for index, s in statements if isinstance(s, dict)):
        name = statement.get("sid")
        if isinstance(name, str) and name in seen:
            yield (*place, "sid"), f"{quote(name)} is another statement's name; write another name"
        elif isinstance(name, str):
            seen.add(name)
        for key, message in _of_statement(statement):
            yield (*place, *key), message


def _of_statement(statement: Mapping[str, Any]) -> Iterable[Violation]:
    actions, conditions = statement.get("actions"), statement.get("conditions")
    if statement.get("effect") != "Deny" and isinstance(actions, list | tuple) and "*" in actions:
        message = '"*" allows everything in the account; name a service: "s3:*", or better its actions'
        yield ("actions", actions.index("*")), message
    if statement.get("effect") != "Deny" and isinstance(actions, list | tuple):
        for index, given in enumerate(actions):
            if isinstance(given, str) and (reached := _escalating(given)):
                message = f"allows {reached} too, by which a user can get every other permission; name the actions"
                yield ("actions", index), f"{quote(given)} {message}: {quote('iam:GetRole')}"
    for operator, tests in conditions.items() if isinstance(conditions, dict) else ():
        if not is_operator(operator):
            yield ("conditions", operator), _no_operator(operator)
        for key, values in tests.items() if isinstance(tests, dict) else ():
            if values in ([], ()):
                yield ("conditions", operator, key), 'is empty; write at least one value: ["..."]'


def _escalating(action: str) -> str | None:
    """Return an action that this pattern matches and that gives access to all others; None for a full name."""
    if not set(action) & {"*", "?"} or not action.startswith("iam:"):
        return None
    pattern = re.escape(action.casefold()).replace(r"\*", ".*").replace(r"\?", ".")
    return next((known for known in sorted(ESCALATING) if re.fullmatch(pattern, known.casefold())), None)


def is_operator(name: str) -> bool:
    """Whether IAM knows this operator of conditions."""
    for over in OVER_SETS:
        name = name.removeprefix(over)
    return name in OPERATORS or (name.removesuffix(IF_EXISTS) in OPERATORS - {"Null"})


def _no_operator(name: str) -> str:
    suggestion = nearest(name, OPERATORS)
    meant = f"did you mean {suggestion}?" if suggestion else "write one such as StringEquals"
    return f"is not an operator of conditions; {meant}"


def of_users(users: Sequence[tuple[Any, Mapping[str, Any], str]], *, per_user_roles: bool) -> Iterable[Violation]:
    """Check users' settings that need per-user roles, or exclude them."""
    for place, user, name in users:
        if not per_user_roles and user.get("push_images") is False:
            yield (
                (*place, "push_images"),
                "needs roles that differ; write per_user_roles = true below [iam], or delete this line",
            )
        if not per_user_roles and user.get("github") is not None:
            yield (
                (*place, "github"),
                "needs a role that nobody else has; write per_user_roles = true below [iam], or delete this line",
            )
        if per_user_roles and "--" in name:
            # It ends the prefix of a user's jobs: "a" must not reach what belongs to "a--b".
            better = re.sub("-+", "-", name)
            message = f"{quote(name)} has two hyphens in a row, which [iam] per_user_roles needs for itself"
            yield (*place, "name"), f"{message}; write {quote(better)}"
