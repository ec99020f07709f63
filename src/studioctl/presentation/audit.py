"""An audit, for a person on a terminal, and a line for each finding for grep in a pipe."""

from rich.console import Console

from studioctl.audit.report import Report
from studioctl.presentation import findings
from studioctl.presentation.findings import counted, line
from studioctl.presentation.place import place


def report(found: Report, console: Console, *, accepted: bool = False) -> None:
    """Show the open findings, the counts and, on request, the accepted findings."""
    if console.is_terminal:
        _screen(found, console, accepted=accepted)
        return
    for finding in (*found.open, *(found.accepted if accepted else ())):
        console.file.write(f"{findings.row(finding, found.file)}\n")  # rich would make spaces of tabs
    if found.unused:
        console.file.write(f"{_unused(found)}\n")
    console.file.write(f"{_summary(found)}\n")


def _screen(found: Report, console: Console, *, accepted: bool) -> None:
    where = place(found.target, found.endpoint)
    looked = f"file, plan and {where}" if found.account_id else "file and plan"
    line(console, f"{found.name}  {found.region}: {looked}", "bold")
    if found.open:
        line(console, "")
        findings.show(found.open, console)
    if accepted and found.accepted:
        line(console, "\nAccepted", "bold")
        findings.show(found.accepted, console)
    line(console, f"\n{_summary(found)}", "bold")
    for scan in found.scans:
        line(console, f"{scan.engine} {scan.version}: {scan.passed} passed, {scan.failed} failed")
    if found.unused:
        line(console, _unused(found))
    if found.accepted and not accepted:
        line(console, "What is accepted, and why: add --accepted")


def _summary(found: Report) -> str:
    counts = dict(found.counts())
    accepted, words = counts.pop("accepted"), counted(counts)
    told = f"{len(found.open)} finding{'' if len(found.open) == 1 else 's'}" if found.open else "No findings"
    return f"{told}{f' ({words})' if words else ''}, {accepted} accepted."


def _unused(found: Report) -> str:
    return f"Accepted in {found.file}, and not found: {', '.join(found.unused)}"
