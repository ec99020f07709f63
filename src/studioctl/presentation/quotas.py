"""Quotas: what is needed, what the account has, and what was asked for."""

from collections.abc import Iterable, Mapping, Sequence
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
    commands = []
    if any(demand.quota and demand.quota.is_adjustable and demand.quota.code not in asked for demand in missing):
        commands.append((f"studioctl quotas request{flags}", "ask AWS for what is missing"))
    if flags.endswith("--local") and (more := _more_on_the_emulator(missing)):
        commands.append((more, "rehearse as if AWS had agreed; everything in it will be gone"))
    if commands:
        terminal.next_commands(*commands)


def _more_on_the_emulator(missing: Iterable["Demand"]) -> str:
    """The command that gives an emulator these quotas, which decides no request; empty for none."""
    given = "".join(f" --quota {demand.quota.code}={demand.needed}" for demand in missing if demand.quota)
    return f"studioctl emulator stop && studioctl emulator start{given}" if given else ""


def requests(wanted: Sequence["Demand"], terminal: Terminal) -> None:
    """The requests that would be filed."""
    terminal.say("Would ask AWS for:")
    for demand in wanted:
        if demand.quota:
            terminal.say(f"  {demand.quota.name}: {demand.needed} instead of {demand.quota.limit}")


def short(found: Sequence["Demand"] | None) -> list[str]:
    """The things that the account lacks for a plan: a line for each, and what to do about it; nothing if it has all."""
    if found is None:
        return ["Note: AWS did not tell the account's quotas, so this plan was not compared with them."]
    lines = [f"Quota: {demand.what}: {_wanted(demand)}, and the account {_has(demand)}." for demand in found]
    if any(demand.leaving for demand in found):
        lines.append("up creates before all that leaves is deleted, so both count while it runs.")
    if any(demand.makes_room for demand in found):
        lines.append("If up fails for this, run it again: what it has deleted by then makes room.")
    if any(demand.quota and demand.quota.is_adjustable for demand in found):
        lines.append("To ask AWS for what is missing, before up: studioctl quotas request")
    return lines


def _wanted(demand: "Demand") -> str:
    if not demand.leaving:
        return f"{demand.needed} needed"
    return f"{demand.needed} needed while up runs, {demand.afterwards} afterwards"


def _has(demand: "Demand") -> str:
    return "has no such quota" if demand.quota is None else f"may have {demand.quota.limit}"


def as_json(found: Sequence["Demand"], asked: Mapping[str, "Asked"]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "what": demand.what,
            "needed": demand.needed,
            "afterwards": demand.afterwards,
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
