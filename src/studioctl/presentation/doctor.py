"""The doctor's findings, for a person."""

from itertools import groupby
from textwrap import fill

from rich.console import Console
from rich.text import Text

from studioctl.operations.doctor.finding import Diagnosis, Finding, Severity
from studioctl.presentation.place import place

# The mark says it without colour, too.
MARKS = {
    Severity.OK: ("✓", "green"),
    Severity.INFO: ("i", "cyan"),
    Severity.WARNING: ("!", "yellow"),
    Severity.ERROR: ("✗", "bold red"),
}
WORDS = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "info": ("note", "notes"),
    "ok": ("ok", "ok"),
}


def diagnosis(found: Diagnosis, console: Console) -> None:
    """Every finding on a line, by group; under one that is not well, why it matters and what to do."""
    where = place(found.target, found.endpoint)
    _line(console, f"{found.name or 'no environment'}  {found.region} on {where}", "bold")
    for title, findings in groupby(found.findings, key=lambda finding: finding.group):
        _line(console, f"\n{title}", "bold")
        for finding in findings:
            _finding(finding, console)
    counts = [f"{count} {WORDS[word][count != 1]}" for word, count in found.counts().items() if count]
    _line(console, f"\n{', '.join(counts)}", "bold")


def _finding(finding: Finding, console: Console) -> None:
    mark, style = MARKS[finding.severity]
    _line(console, _wrapped(console, finding.message, first=f"  {mark} {finding.id}  "), style)
    if finding.severity is Severity.OK:
        return
    _line(console, _wrapped(console, finding.why, first=" " * 6))
    _line(console, f"      do: {finding.remedy}")  # a command is copied: no line breaks of ours in it


def _wrapped(console: Console, text: str, *, first: str) -> str:
    """Prose that keeps its indent on a terminal; in a pipe it stays on a line, because the console is wide there."""
    indent = " " * len(first)
    lines = [fill(line, console.width, initial_indent=indent, subsequent_indent=indent) for line in text.split("\n")]
    return first + "\n".join(lines).removeprefix(indent)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
