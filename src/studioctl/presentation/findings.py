"""A finding as people read it, whichever command found it: on a terminal, in a pipe, on the page and in a report."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import fill

from rich.console import Console
from rich.text import Text

from studioctl.findings import HEALTH, Finding, Severity

# The sign says it without colour, too.
SIGNS = {
    Severity.OK: ("✓", "green"),
    Severity.INFO: ("i", "cyan"),
    Severity.WARNING: ("!", "yellow"),
    Severity.ERROR: ("✗", "bold red"),
    Severity.LOW: ("low   ", "cyan"),
    Severity.MEDIUM: ("medium", "yellow"),
    Severity.HIGH: ("high  ", "bold red"),
}
COUNTED = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "info": ("note", "notes"),
}
INDENT = " " * 6


def show(found: Iterable[Finding], console: Console) -> None:
    """Each finding with what is to be known of it below; no table, whose cells would break commands apart."""
    for finding in found:
        sign, style = SIGNS[finding.severity]
        line(console, _wrapped(console, finding.said, first=f"  {sign} {finding.id}  "), style)
        for label, text in below(finding):
            if label:  # a command or a place is copied: it stays whole
                line(console, f"{INDENT}{label}: {text}")
            else:
                line(console, _wrapped(console, text, first=INDENT))


def below(finding: Finding) -> Iterator[tuple[str, str]]:
    """The lines below the first one, each with its label; the reason has none."""
    if finding.severity is Severity.OK:
        return
    if where := place(finding):
        yield "at", where
    if finding.accepted is not None:
        yield f"accepted by {finding.accepted.by}", finding.accepted.reason
        return
    if finding.why:
        yield "", finding.why
    yield "do", finding.remedy
    if finding.rule.cost:
        yield "cost", finding.rule.cost


def place(finding: Finding) -> str:
    """The place of a finding and what has it: "studio.toml:9: network.access"; empty for this machine."""
    return ", ".join(filter(None, (str(finding.place or ""), finding.about)))


def row(finding: Finding, file: str) -> str:
    """A finding on one line, for grep: its fields with tabs between them.

    Args:
        finding: The finding.
        file: The place if nothing more is known.
    """
    accepted = finding.accepted
    fields = (
        "accepted" if accepted else finding.severity.word,
        finding.id,
        str(finding.place or finding.about or file),
        finding.about or "-",
        finding.message,
        f"accepted by {accepted.by}: {accepted.reason}" if accepted else finding.remedy,
    )
    return "\t".join(fields)


def counted(counts: Mapping[str, int]) -> str:
    """The number of each kind, in words: "1 error, 2 notes, 3 ok"."""
    told = ((count, COUNTED.get(word, (word, word))[count != 1]) for word, count in counts.items() if count)
    return ", ".join(f"{count} {word}" for count, word in told)


def status(finding: Finding) -> str:
    """The severity as a sign and a word, for pages: "✗ error", "high"."""
    sign = f"{SIGNS[finding.severity][0]} " if finding.severity in HEALTH else ""
    return f"{sign}{finding.severity.word}"


def line(console: Console, text: str, style: str = "") -> None:
    """A line as it is: a terminal may break it, and nothing else does."""
    console.print(Text(text, style=style), soft_wrap=True)


def _wrapped(console: Console, text: str, *, first: str) -> str:
    """Prose that keeps its indent on a terminal; in a pipe it stays on a line, because the console is wide there."""
    indent = " " * len(first)
    lines = [fill(each, console.width, initial_indent=indent, subsequent_indent=indent) for each in text.split("\n")]
    return first + "\n".join(lines).removeprefix(indent)
