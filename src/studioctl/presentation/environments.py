"""The environments of an account and region."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from studioctl.config.text import listed
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.environments import Listed, Running

NAMED = 5  # users in one cell


def listing(found: Sequence["Listed"], terminal: Terminal, *, region: str, local: bool) -> None:
    """A line for each, and the next command."""
    place = f"{region} on the emulator" if local else region
    ours = [each for each in found if each.name]
    if not ours:
        terminal.say(f"There is no environment in {place}.")
    if found:
        shown = tables.listing(terminal.out, "ENVIRONMENT", "DOMAIN", "STATUS", "USERS", "SPACES", "RUNNING")
        for each in found:
            shown.add_row(
                each.name or "(not studioctl's)",
                each.domain_id,
                each.status,
                listed(each.users, NAMED),
                str(each.spaces),
                _running(each),
            )
        terminal.out.print(shown)
    if ours:
        flag = " --local" if local else ""
        terminal.next_commands((f"studioctl status --env {ours[0].name}{flag}", "what is there, and what it costs"))


def _running(each: "Listed") -> str:
    who = Counter((app.user or app.space or "shared", _what(app)) for app in each.running)
    texts = [f"{user} ({what})" + (f" x{number}" if number > 1 else "") for (user, what), number in who.items()]
    return listed(texts, NAMED) or "nothing"


def _what(app: "Running") -> str:
    """Its instance type, and its name unless that is Code Editor."""
    instance_type = app.instance_type or "?"
    return instance_type if app.type == "CodeEditor" else f"{app.type}, {instance_type}"
