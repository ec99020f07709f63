"""Answers to `studioctl why` as text."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from studioctl.operations.why.permission import ANYTHING, Permission
from studioctl.operations.why.setting import Answer, Layer

DECIDES = "<- this one decides"


def setting(answer: Answer, console: Console, *, flags: str = "") -> None:
    """Write every layer, and which one decides, in the file and in AWS; for each space of the user."""
    _setting(answer, console, flags)
    for other in answer.others:
        console.print()
        _setting(other, console, flags)


def _setting(answer: Answer, console: Console, flags: str) -> None:
    _line(console, f"{answer.title} is {answer.wanted}, {answer.by}", "bold")
    _line(console, f"  {answer.means}")
    if answer.without_effect:
        _line(console, f"  {answer.without_effect}", "yellow")
    _line(console, "\nThe file, the nearest first", "bold")
    _layers(console, answer.file)
    if answer.is_recorded:
        _line(console, "\nTerraform's state, as the last run left it (studioctl plan asks AWS)", "bold")
        _layers(console, answer.aws)
    elif answer.aws:
        _line(console, "\nAWS, the nearest first", "bold")
        _layers(console, answer.aws)
    elif not answer.unseen:
        _line(console, "\nAWS holds no single value of it.")
    if answer.unseen:
        _line(console, f"\nAWS was not asked: {answer.unseen}")
    if answer.remedy:
        _line(console, f"Next: {answer.remedy}")
    if answer.differs:
        holder = "The last run left" if answer.is_recorded else "AWS has"
        _line(console, f"\n{holder} {answer.holds}, and the file says {answer.wanted}.", "yellow")
        _line(console, f"Next: studioctl plan{flags}", "yellow")


def permission(found: Permission, console: Console, *, others: Sequence[str] = ()) -> None:
    """Write whether it is allowed, by which statement, and why that is there.

    Args:
        found: The answer.
        console: The console to write to.
        others: The other users, where nobody said whose role is meant.
    """
    verb = "may" if found.allowed or found.needs else "may not"
    on = f"on every resource ({ANYTHING})" if found.resource == ANYTHING else f"on {found.resource}"
    only = f", but only if {' and '.join(need.words for need in found.needs)}" if found.needs else ""
    _line(console, f"{found.user} {verb} do {found.action} {on}{only}", "bold")
    _line(console, f"  role       {found.role}")
    how = ("allowed by" if found.allowed or found.needs else "denied by") if found.by else "because"
    _line(console, f"  {how:<10} {found.by or found.why.removeprefix('because ')}")
    if found.because:
        _line(console, f"  {'it is for' if found.by else 'since':<10} {found.because}")
    if found.key:
        _line(console, f"  the file   {found.key}")
    for number, resource in enumerate(found.only_on):
        _line(console, f"  {'' if number else 'allowed on':<10} {resource}")
    if found.only_on:
        _line(console, "Ask about one of these: --on ARN")
    if others:
        told = f"This is the answer for {found.user}, the first of {len(others) + 1} users."
        _line(console, f"{told} For another: --user {others[0]}")


def _layers(console: Console, layers: Iterable[Layer]) -> None:
    those = list(layers)
    names = max(len(layer.name) for layer in those)
    values = max(len(layer.value or "-") for layer in those)
    for layer in those:
        sign = f"  {DECIDES}" if layer.decides else ""
        _line(console, f"  {layer.name:<{names}}  {layer.value or '-':<{values if sign else 0}}{sign}")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
