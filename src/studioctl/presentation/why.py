"""Answers to `studioctl why` as text."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from studioctl.operations.why.permission import Permission
from studioctl.operations.why.setting import Answer, Layer

DECIDES = "<- this one decides"


def setting(answer: Answer, console: Console, *, flags: str = "") -> None:
    """Write every layer, and which one decides, in the file and in AWS."""
    _line(console, f"{answer.title} is {answer.wanted}, {answer.by}", "bold")
    _line(console, f"  {answer.means}")
    if answer.without_effect:
        _line(console, f"  {answer.without_effect}", "yellow")
    _line(console, "\nThe file, the nearest first", "bold")
    _layers(console, answer.file)
    if answer.aws:
        _line(console, "\nAWS, the nearest first", "bold")
        _layers(console, answer.aws)
    elif not answer.unseen:
        _line(console, "\nAWS holds no single value of it.")
    if answer.unseen:
        _line(console, f"\nAWS was not asked: {answer.unseen}")
    if answer.remedy:
        _line(console, f"Next: {answer.remedy}")
    if answer.differs:
        _line(console, f"\nAWS has {answer.holds}, and the file {answer.wanted}. Next: studioctl plan{flags}", "yellow")


def permission(found: Permission, console: Console) -> None:
    """Write whether it is allowed, by which statement, and why that is there."""
    verb = "may" if found.allowed else "may not"
    _line(console, f"{found.user} {verb} do {found.action} on {found.resource}", "bold")
    _line(console, f"  role       {found.role}")
    how = ("allowed by" if found.allowed else "denied by") if found.by else "because"
    _line(console, f"  {how:<10} {found.by or found.why.removeprefix('because ')}")
    if found.because:
        _line(console, f"  {'it is for' if found.by else 'since':<10} {found.because}")
    if found.key:
        _line(console, f"  the file   {found.key}")
    if found.meant:
        _line(console, f"  misspelt?  neither AWS's API nor the role's policies have it; the nearest is {found.meant}")


def _layers(console: Console, layers: Iterable[Layer]) -> None:
    those = list(layers)
    names = max(len(layer.name) for layer in those)
    values = max(len(layer.value or "-") for layer in those)
    for layer in those:
        sign = f"  {DECIDES}" if layer.decides else ""
        _line(console, f"  {layer.name:<{names}}  {layer.value or '-':<{values if sign else 0}}{sign}")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
