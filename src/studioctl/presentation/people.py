"""The users in the file, and changes of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from studioctl.config.text import listed
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.data.backup import Copy
    from studioctl.operations.data.of_user import Belonging
    from studioctl.operations.people import Change, Listed

STYLES = {"+": "green", "-": "red", "@": "cyan"}
NAMED = 8  # names in one sentence


def listing(users: Sequence["Listed"], terminal: Terminal) -> None:
    """A line for each user, in the file's order."""
    shown = tables.listing(terminal.out, "USER", "GROUP", "SPACES", "WHERE")
    for user in users:
        spaces = ", ".join(f"{s['name']} ({s['instance_type']}, {s['volume_gb']} GB)" for s in user.spaces)
        shown.add_row(user.name, user.group or "", spaces or "none", user.place)
    terminal.out.print(shown)


def diff(change: "Change", terminal: Terminal) -> None:
    """The change of the file, on stdout."""
    for line in change.diff.splitlines():
        style = "" if line.startswith(("+++", "---")) else STYLES.get(line[:1], "")
        terminal.out.print(Text(line, style=style), no_wrap=True, overflow="ignore", crop=False)


def added(change: "Change", terminal: Terminal, *, flags: str, is_written: bool, whence: str = "") -> None:
    """Show who was added, and what to do next. `whence`: the list's name, if they come from one."""
    if not change.added and not change.known:
        terminal.say(f"{whence} names nobody.")
        return
    done = "Added" if is_written else "Would add"
    terminal.say(
        f"{done} {_names(change.added)} to {change.file}." if change.added else f"{change.file} has everybody already."
    )
    if change.added and change.known:
        terminal.say(f"In it already, and left as they are: {_names(change.known)}.")
    for name, who in change.numbered.items():
        terminal.say(f"'{name}' is '{who}': another user has the name without the number.")
    if change.left_out:
        terminal.say(f"Not copied, as it is one person's alone: {', '.join(change.left_out)}.")
    if change.added and is_written:
        terminal.next_commands((f"studioctl plan{flags}", "what it makes"), (f"studioctl up{flags}", "make it"))


def belongings(user: str, found: Sequence["Belonging"], terminal: Terminal) -> None:
    """The data that a user has in AWS, and what becomes of it."""
    if not found:
        terminal.say(f"'{user}' has no data in AWS.")
        return
    terminal.say(f"'{user}' has in AWS:")
    for each in found:
        fate = "stays" if each.is_kept else "deleted by the next up"
        terminal.say(f"  {each.kind} {each.name}: {each.contents}  ({fate})")


def removed(change: "Change", terminal: Terminal, *, flags: str, loses: bool) -> None:
    """Show who was removed, and what to do next."""
    terminal.say(f"Removed {_names(change.removed)} from {change.file}.")
    word = " --delete-data" if loses else ""
    terminal.next_commands(
        (f"studioctl plan{flags}", "what it deletes"), (f"studioctl up{flags}{word}", "delete the user profile")
    )


def as_json(change: "Change", *, is_written: bool) -> dict[str, Any]:
    """A change for programs."""
    return {
        "file": change.file,
        "added": change.added,
        "known": change.known,
        "not_copied": change.left_out,
        "numbered": change.numbered,
        "diff": change.diff,
        "is_written": is_written,
    }


def removal_as_json(change: "Change", found: Sequence["Belonging"], copies: Sequence["Copy"]) -> dict[str, Any]:
    """The change that removed a user, the data that the user has in AWS, and copies taken of it, for programs."""
    told = {"file": change.file, "removed": change.removed, "data": found, "copies": copies}
    return {**told, "diff": change.diff, "is_written": True}


def _names(names: Sequence[str]) -> str:
    return listed((f"'{name}'" for name in names), NAMED)
