"""Explanations of errors as text."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from studioctl.operations.explain import Explanation


def explained(found: Sequence[Explanation], console: Console) -> None:
    """Write the first explanation in full, and name the others."""
    first, *others = found
    _line(console, first.name, "bold")
    _line(console, f"  {first.means}")
    _several(console, "Usual causes", first.causes)
    _several(console, "Look", first.look)
    _several(console, "Then", first.run)
    if first.source:
        _line(console, f"\nMore: {first.source}")
    if others:
        _line(console, f"It may also be: {'; '.join(other.name for other in others)}")


def _several(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        _line(console, f"\n{title}", "bold")
    for line in lines:
        _line(console, f"  {line}")


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
