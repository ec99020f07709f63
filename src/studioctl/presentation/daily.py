"""The final output of the everyday commands."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from studioctl.config.text import listed
from studioctl.presentation.console import Terminal
from studioctl.presentation.json import line
from studioctl.presentation.money import dollars
from studioctl.target import EMULATORS_KEY

READY = "InService"

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.spaces.logs import LogLine
    from studioctl.operations.spaces.start_stop import App, LeftRunning, Space


def started(space: str, app: "App", terminal: Terminal, *, usd_per_hour: float | None, flags: str) -> None:
    """Show the running or starting app, its cost, and the next command."""
    terminal.say(runs(space, app, usd_per_hour=usd_per_hour))
    if app.status == READY:
        terminal.next_commands(
            (f"studioctl open {space}{flags}", "open it in the browser"),
            (f"studioctl stop {space}{flags}", "stop paying for it; files are kept"),
        )
    else:
        terminal.next_commands((f"studioctl start {space}{flags}", "wait until it can be opened"))


def start_as_json(space: "Space", app: "App", *, usd_per_hour: float | None) -> dict[str, Any]:
    """The stable shape behind `studioctl start --json`."""
    return {
        "space": space.name,
        "owner": space.owner,
        "app_type": app.type,
        "app_status": app.status,
        "instance_type": app.instance_type,
        "image": app.spec.image,
        "since": app.created_at,
        "in_recovery": app.in_recovery,
        "training_plan": app.spec.training_plan,
        "usd_per_hour": usd_per_hour,
    }


def runs(space: str, app: "App", *, usd_per_hour: float | None) -> str:
    """Return a sentence on what runs now, or is about to, and what it costs."""
    cost = f", {dollars(usd_per_hour)} USD an hour" if usd_per_hour is not None else ""
    if app.spec.training_plan:
        cost = ", on the capacity of its training plan, which is paid in advance"
    on = f" on {app.instance_type}{cost}" if app.instance_type else ""
    return f"'{space}' is {'running' if app.status == READY else 'starting'}{on}."


def start_question(space: str) -> str:
    """The question before a stopped space is started in order to be opened."""
    return f"'{space}' is stopped. Start it? Its instance is paid for from then on."


def in_recovery(space: str, terminal: Terminal, *, flags: str) -> None:
    """Tells how a space in recovery is repaired, and how recovery ends."""
    terminal.say(
        "\nIt is in recovery: its home is /tmp/sagemaker-recovery-mode-home, which goes with it.\n"
        "Your files are in /home/sagemaker-user. In its terminal, find what fills the volume, or mend .condarc there:\n"
        "  du -xh --max-depth=2 /home/sagemaker-user | sort -h | tail"
    )
    terminal.next_commands((f"studioctl restart {space}{flags}", "when it is repaired"))


def stopped(names: Sequence[str], terminal: Terminal, *, waited: bool) -> None:
    """Show which spaces were stopped. It is no failure if none ran."""
    terminal.say(stop(names, waited=waited))


def stop(names: Sequence[str], *, waited: bool = True) -> str:
    """A sentence that names the spaces that were stopped."""
    if not names:
        return "Nothing was running."
    which = listed(f"'{name}'" for name in names)
    return f"{which} {'stopped' if waited else 'is stopping' if len(names) == 1 else 'are stopping'}."


def left_running(apps: Sequence["LeftRunning"], terminal: Terminal, *, local: bool) -> None:
    """The apps that studioctl does not stop, and for each the command that does."""
    if not apps:
        return
    terminal.say("\nStill running and paid for, because studioctl starts and stops Code Editor and JupyterLab only:")
    for app in apps:
        terminal.say(f"  {app.title}{f' on {app.instance_type}' if app.instance_type else ''}")
    first = [(EMULATORS_KEY, "let the AWS CLI talk to the emulator")] if local else []
    terminal.next_commands(*first, *((app.stop, f"stop {app.title}") for app in apps))


def log(lines: Iterable["LogLine"], terminal: Terminal, *, as_json: bool) -> int:
    """Each line as it comes, on stdout; how many there were."""
    count = 0
    for count, entry in enumerate(lines, start=1):  # noqa: B007
        terminal.data(line(entry) if as_json else f"{entry.at:%Y-%m-%dT%H:%M:%SZ}  {entry.source:<9}  {entry.text}")
    return count
