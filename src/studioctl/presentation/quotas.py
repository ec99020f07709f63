"""Quotas: what is needed, what the account has, and what was asked for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.quotas import Asked, Demand


def show(found: Sequence["Demand"], asked: Mapping[str, "Asked"], terminal: Terminal, *, flags: str) -> None:
    """A line for each, and the next command where something is missing."""
    shown = tables.listing(terminal.out, "QUOTA", "NEEDED", "ACCOUNT HAS", "")
    for demand in found:
        has = "no such quota" if demand.quota is None else str(demand.quota.limit)
        shown.add_row(demand.what, str(demand.needed), has, _state(demand, asked))
    terminal.out.print(shown)
    missing = [demand for demand in found if not demand.is_met]
    if not missing:
        terminal.say("The account has all that the file needs.")
        return
    blocking = [demand for demand in missing if not demand.is_needed_to_start]
    if blocking:
        terminal.say(f"up would fail in the middle: {', '.join(demand.what for demand in blocking)}.")
    if any(demand.quota and demand.quota.is_adjustable and demand.quota.code not in asked for demand in missing):
        terminal.next_commands((f"studioctl quotas request{flags}", "ask AWS for what is missing"))


def requests(wanted: Sequence["Demand"], terminal: Terminal) -> None:
    """The requests that would be filed."""
    terminal.say("Would ask AWS for:")
    for demand in wanted:
        if demand.quota:
            terminal.say(f"  {demand.quota.name}: {demand.needed} instead of {demand.quota.limit}")


def short(found: Sequence["Demand"] | None, terminal: Terminal, *, flags: str) -> None:
    """A line for each that is missing, below a plan."""
    if found is None:
        terminal.say("\nNote: AWS did not tell the account's quotas, so this plan was not compared with them.")
        return
    for demand in found:
        has = "has no such quota" if demand.quota is None else f"may have {demand.quota.limit}"
        terminal.say(f"\nQuota: {demand.what}: {demand.needed} needed, and the account {has}.")
    if found:
        terminal.next_commands((f"studioctl quotas request{flags}", "ask AWS for what is missing, before up"))


def as_json(found: Sequence["Demand"], asked: Mapping[str, "Asked"]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "what": demand.what,
            "needed": demand.needed,
            "limit": demand.quota.limit if demand.quota else None,
            "is_met": demand.is_met,
            "service": demand.quota.service if demand.quota else None,
            "code": demand.quota.code if demand.quota else None,
            "name": demand.quota.name if demand.quota else None,
            "request": _request(demand, asked),
        }
        for demand in found
    ]


def _request(demand: "Demand", asked: Mapping[str, "Asked"]) -> dict[str, Any] | None:
    found = asked.get(demand.quota.code) if demand.quota else None
    return {"id": found.id, "desired": found.desired, "status": found.status, "is_new": found.is_new} if found else None


def _state(demand: "Demand", asked: Mapping[str, "Asked"]) -> str:
    if demand.is_met:
        return "enough"
    if demand.quota is None:
        return "another instance type is needed"
    if request := asked.get(demand.quota.code):
        return f"{request.desired} requested ({request.status})"
    return "too few" if demand.quota.is_adjustable else "too few, and AWS does not raise it"
