"""Shows the status of a secret."""

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # its module loads boto3
    from studioctl.operations.secrets import SecretStatus

SAID = {
    "set": "has a value",
    "empty": "has no value yet",
    "deleting": "is scheduled for deletion",
    "missing": "does not exist yet",
    "unwanted": "does not exist, and the file does not ask for it: write github = { username = ... } below [secrets],"
    " or below a [[users]] for a separate token",
}


def show(found: "SecretStatus", terminal: Terminal, *, flags: str, user: str | None = None) -> None:
    """A line for each thing that is known, and what to do next."""
    store = f"studioctl secret set github{f' --user {user}' if user else ''}{flags}"
    _line(terminal, f"{found.name}  {SAID[found.state]}")
    if found.secret is not None:
        _line(terminal, f"changed    {_moment(found.secret.changed_at)}")
        _line(terminal, f"last used  {_day(found.secret.used_at)}")
    if found.secret is not None and found.secret.deletion_at is not None:
        _line(terminal, f"deletion   {_moment(found.secret.deletion_at)}")
    match found.state:
        case "empty":
            terminal.next_commands((store, "store the token"))
        case "deleting":
            terminal.next_commands((store, "restore it with a new token"))
        case "missing" | "unwanted":
            terminal.next_commands((f"studioctl up{flags}", "create it"))


def _moment(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"


def _day(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d") if moment else "never"  # AWS keeps no more than the day


def _line(terminal: Terminal, text: str) -> None:
    terminal.out.print(Text(text), soft_wrap=True)
