"""A rehearsal of the editor's script as a person reads it."""

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from studioctl.presentation.console import Terminal

if TYPE_CHECKING:
    from studioctl.operations.editor import Rehearsal, Start, StepReport

AWS_SECONDS = 300


def rehearsal(found: "Rehearsal", terminal: Terminal, *, again: str) -> None:
    """A table with a row for each step, both starts side by side, and what either failed for."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for title in ("step", "cold", "warm"):
        table.add_column(title, no_wrap=True)
    table.add_column("what came of it")
    cold, warm = ({step.name: step for step in start.steps} for start in (found.cold, found.warm))
    for name in {**cold, **warm}:
        first, second = cold.get(name), warm.get(name)
        table.add_row(name, _cell(first), _cell(second), _detail(first, second))
    table.add_section()
    table.add_row("the app waits", f"{found.cold.seconds:.1f}s", f"{found.warm.seconds:.1f}s", "", style="bold")
    terminal.out.print(table)
    for note in found.notes:
        terminal.say(f"Otherwise than on AWS: {note}.")
    for title, start in (("first", found.cold), ("second", found.warm)):
        _script(title, start, terminal)
    for step in {step.name: step for step in (*found.warm.steps, *found.cold.steps) if step.log}.values():
        terminal.say(f"\nWhat {step.name} said last:")
        for line in step.log:
            terminal.say(f"  {line}")
    if found.root:
        terminal.say(f"The image's root is left in {found.root}")
    if any("error: 502" in step.detail for start in (found.cold, found.warm) for step in start.steps):
        terminal.say("502 is the rehearsal's own answer: this machine does not reach that server.")
    if found.failed:
        terminal.next_commands((again, "once what failed is mended; with --network none it reaches no server"))


def _script(title: str, start: "Start", terminal: Terminal) -> None:
    if start.exit_code is None:
        terminal.say(f"The {title} start took longer than {AWS_SECONDS} s: SageMaker would fail the app.")
    elif start.exit_code:
        terminal.say(f"The script of the {title} start ended with {start.exit_code}: SageMaker would fail the app.")
        for line in start.output[-5:]:
            terminal.say(f"  {line}")


def _cell(step: "StepReport | None") -> str:
    return f"{step.seconds:.1f}s {step.state}" if step else ""


def _detail(first: "StepReport | None", second: "StepReport | None") -> str:
    details = dict.fromkeys(step.detail for step in (first, second) if step and step.detail)
    return "\n".join(details)
