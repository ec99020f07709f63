"""What the everyday commands end with."""

from collections.abc import Sequence

from studioctl.presentation.console import Terminal


def started(space: str, instance_type: str | None, terminal: Terminal, *, ready: bool, flags: str) -> None:
    """What runs now, or is about to, and the next command."""
    on = f" on {instance_type}" if instance_type else ""
    if ready:
        terminal.say(f"'{space}' is running{on}.")
        terminal.next_commands(
            (f"studioctl open {space}{flags}", "open it in the browser"),
            (f"studioctl stop {space}{flags}", "stop paying for it; files are kept"),
        )
    else:
        terminal.say(f"'{space}' is starting{on}.")
        terminal.next_commands((f"studioctl start {space}{flags}", "wait until it can be opened"))


def stopped(names: Sequence[str], terminal: Terminal, *, waited: bool) -> None:
    """Which spaces were stopped; that none ran is no failure."""
    if not names:
        terminal.say("Nothing was running.")
        return
    listed = ", ".join(f"'{name}'" for name in names)
    terminal.say(f"{listed} {'stopped' if waited else 'is stopping' if len(names) == 1 else 'are stopping'}.")
