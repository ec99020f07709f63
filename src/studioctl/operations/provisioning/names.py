"""Names that AWS gives out once: what of the blueprint has one, and to whom each belongs.

`catalog.kinds` says of every kind of resource whether its name is unique.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.catalog import kinds
from studioctl.catalog.kinds import SECURITY_GROUP, Kind, Unique
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.provisioning.problem import Problem

if TYPE_CHECKING:
    from studioctl.aws.claims import Claim
    from studioctl.aws.session import Session


LONGEST_ENVIRONMENT = 32
LISTED = {"aws_iam_role", kinds.POLICY}  # AWS lists a thousand in one call
KINDS: Mapping[str, tuple[Kind, Unique]] = {it.type: (it, it.unique) for it in kinds.KINDS.values() if it.unique}


def place(resource_type: str, name: str, config: EnvironmentConfig) -> tuple[str, ...]:
    """The key of the file that decides this name."""
    unique = KINDS[resource_type][1]
    own = getattr(config.names, unique.own) if unique.own else None
    return ("names", unique.own) if own and name in {own, *_user_roles(config)} else unique.key


def remedy(resource_type: str, name: str, config: EnvironmentConfig) -> str:
    """Return the setting that replaces this name."""
    *tables, key = place(resource_type, name, config)
    if not tables:
        return f'{key} = "{another(config.name, LONGEST_ENVIRONMENT)}"'
    taken = getattr(config.names, key) if tables == ["names"] else name
    return f'{key} = "{another(taken, KINDS[resource_type][1].longest)}" under [{tables[0]}]'


def another(name: str, longest: int) -> str:
    """A name like this one, for which there is room."""
    return next(
        other for other in (f"{name[: longest - 2].rstrip('-./')}-{number}" for number in (2, 3)) if other != name
    )


def _user_roles(config: EnvironmentConfig) -> Iterator[str]:
    naming = Naming.of(config)
    return (naming.user_role(user.name) for user in config.users)


@dataclass(frozen=True)
class FixedName:
    """A name that something of the environment has to have. `vpc_id` is where, for a security group."""

    type: str
    name: str
    vpc_id: str = ""

    @property
    def title(self) -> str:
        """Its noun and its name."""
        return f"{KINDS[self.type][0].title} {self.name}"

    def claim(self, session: "Session", environment: str) -> "Claim":
        """The owner of the name. Raises AwsError when AWS refuses to tell."""
        from studioctl.aws import claims  # noqa: PLC0415 (boto3 is needed only here)

        look = getattr(claims, KINDS[self.type][1].claim)
        where = (self.vpc_id,) if self.vpc_id else ()
        claim: Claim = look(session, self.name, (ENVIRONMENT_TAG, environment), *where)
        return claim


def fixed_names(blueprint: Blueprint, account_id: str, *, known: Collection[str] = ()) -> Iterator[FixedName]:
    """The unique names in a blueprint, in its order.

    Args:
        blueprint: The resources that should exist.
        account_id: Part of some names.
        known: Addresses of what the state knows: those names are the environment's already.
    """
    for resource in blueprint.resources():
        if resource.type not in KINDS or resource.address in known:
            continue
        name = re.sub(
            r"\$\{data\.aws_caller_identity\.[^}]+\}", account_id, str(resource.arguments[KINDS[resource.type][0].name])
        )
        vpc_id = str(resource.arguments.get("vpc_id", ""))
        if resource.type != SECURITY_GROUP or vpc_id.startswith("vpc-"):
            yield FixedName(resource.type, name, vpc_id if resource.type == SECURITY_GROUP else "")


def worth_a_look(session: "Session", found: Collection[FixedName]) -> tuple[FixedName, ...]:
    """The names that may be taken. Of many roles or policies, AWS is asked for the existing names.

    Raises:
        AwsError: AWS refuses to tell, and not for want of a permission.
    """
    from studioctl.aws import claims  # noqa: PLC0415 (boto3 is needed only here)
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415

    taken: dict[str, frozenset[str]] = {}
    for type_, count in Counter(each.type for each in found).items():
        if type_ in LISTED and count > claims.FEW:
            with suppress(DeniedError):  # who may not list them asks for each
                taken[type_] = frozenset(name.casefold() for name in claims.iam_names(session, type_))
    return tuple(each for each in found if each.type not in taken or each.name.casefold() in taken[each.type])


def problem(session: "Session", config: EnvironmentConfig, fixed: FixedName) -> Problem | None:
    """The reason why this name cannot be had; None if it can. Raises AwsError when AWS refuses to tell."""
    from studioctl.aws.claims import Claim  # noqa: PLC0415 (boto3 is needed only here)

    claim = fixed.claim(session, config.name)
    if claim in {Claim.FREE, Claim.OURS}:
        return None
    if claim is Claim.LEAVING:
        way = f"storing a value restores it: {restoring(fixed.name)}"
    else:
        way = f"write another name: {remedy(fixed.type, fixed.name, config)}"
    return Problem(KINDS[fixed.type][1].key, f"{taken(fixed, claim)}; {way}")


def taken(fixed: FixedName, claim: "Claim") -> str:
    """A sentence that says who has the name."""
    from studioctl.aws.claims import Claim  # noqa: PLC0415

    noun = KINDS[fixed.type][0].title
    if claim is Claim.ELSEWHERE:
        return f"{noun.capitalize()} '{fixed.name}' is another account's, or closed to you"
    if claim is Claim.LEAVING:
        return f"{noun.capitalize()} '{fixed.name}' is scheduled for deletion"
    where = fixed.vpc_id or "this account"
    return f"There is a {noun} '{fixed.name}' in {where}, which is not this environment's"


def restoring(secret: str) -> str:
    """The command that restores a secret which is scheduled for deletion."""
    user = re.fullmatch(r".+/(.+)/github", secret)  # a user's own
    return "studioctl secret set github" + (f" --user {user[1]}" if user else "")
