"""A month's hours and dollars for those who pay: by user, space, group or a tag of the user profile."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from studioctl.errors import ExitCode, StudioctlError
from studioctl.operations.costs.month import Month, Used
from studioctl.operations.costs.stored import Volume
from studioctl.operations.environment import Account

TAG = "tag:"
Payer: TypeAlias = Callable[[Used | Volume], str]
T = TypeVar("T", Used, Volume)


@dataclass(frozen=True)
class Share:
    """One payer's part: of the hours, and of the volumes of spaces as they are now.

    US dollars are None as soon as one price in them is unknown. `name` is empty for what is nobody's.
    """

    name: str
    hours: float
    usd: float | None
    volumes_usd: float | None


def shares(account: Account, month: Month, by: str) -> tuple[Share, ...]:
    """The parts of a month, the most expensive first.

    Args:
        account: The environment.
        month: What was used.
        by: "user", "space", "group", or "tag:NAME".

    Raises:
        AwsError: AWS refused to tell tags.
        StudioctlError: `by` is something else.
    """
    payer = _payer(account, by)
    used, volumes = _grouped(month.used, payer), _grouped(month.volumes, payer)
    found = [
        Share(
            name,
            round(sum(each.hours for each in used.get(name, ())), 4),
            _usd(used.get(name, ())),
            _usd(volumes.get(name, ())),
        )
        for name in used | volumes
    ]
    return tuple(sorted(found, key=lambda share: (-(share.usd or 0), share.name)))


def _grouped(things: Iterable[T], payer: Payer) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for each in things:
        groups.setdefault(payer(each), []).append(each)
    return groups


def _usd(members: Sequence[Used | Volume]) -> float | None:
    known = [each.usd for each in members if each.usd is not None]
    return round(sum(known), 4) if len(known) == len(members) else None


def _payer(account: Account, by: str) -> Payer:
    groups = {user.name: user.group or "" for user in account.config.users}
    match by:
        case "user":
            return lambda used: used.user
        case "space":
            return lambda used: used.space
        case "group":
            return lambda used: groups.get(used.user, "")
    if not by.removeprefix(TAG) or not by.startswith(TAG):
        raise StudioctlError(
            f"--by: '{by}' is not user, space, group or {TAG}NAME.",
            hint="studioctl cost --month this --by tag:cost-center",
            exit_code=ExitCode.USAGE,
        )
    domain = account.domain()
    values: dict[str, str] = {}

    def value(used: Used | Volume) -> str:
        if used.user and used.user not in values and domain is not None:
            arn = account.studio.user_profile_arn(domain.id, used.user)
            values[used.user] = account.studio.tag_of(arn, by.removeprefix(TAG)) or ""
        return values.get(used.user, "")

    return value
