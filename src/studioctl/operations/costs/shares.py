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

    Args:
        name: Empty for what is nobody's.
        hours: Instance hours.
        usd: The cost, as far as prices are known; None if none is.
        volumes_usd: None as soon as one price in it is unknown.
        unknown_hours: Hours that are not in `usd`, as their price is unknown.
    """

    name: str
    hours: float
    usd: float | None
    volumes_usd: float | None
    unknown_hours: float


def shares(account: Account, month: Month, by: str) -> tuple[Share, ...]:
    """The parts of a month, the most expensive first.

    Args:
        account: The environment.
        month: The month's use.
        by: "user", "space", "group", or "tag:NAME".

    Raises:
        AwsError: AWS refused to tell tags.
        StudioctlError: `by` is something else.
    """
    payer = _payer(account, by)
    used, volumes = _grouped(month.used, payer), _grouped(month.volumes, payer)
    found = [_share(name, used.get(name, ()), volumes.get(name, ())) for name in used | volumes]
    return tuple(sorted(found, key=lambda share: (-(share.usd or 0), share.name)))


def _grouped(things: Iterable[T], payer: Payer) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for each in things:
        groups.setdefault(payer(each), []).append(each)
    return groups


def _share(name: str, used: Sequence[Used], volumes: Sequence[Volume]) -> Share:
    known, kept = _known(used), _known(volumes)
    return Share(
        name=name,
        hours=round(sum(each.hours for each in used), 4),
        usd=round(sum(known), 4) if known or not used else None,
        volumes_usd=round(sum(kept), 4) if len(kept) == len(volumes) else None,
        unknown_hours=round(sum(each.hours for each in used if each.usd is None), 4),
    )


def _known(members: Sequence[Used | Volume]) -> list[float]:
    return [each.usd for each in members if each.usd is not None]


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
