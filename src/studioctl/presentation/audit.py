"""An audit's findings, for a person on a terminal, and a line each for grep in a pipe."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from studioctl.audit.finding import Finding, Report, Severity
from studioctl.config.text import path
from studioctl.presentation import place as endpoints

STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
INDENTED = 6  # columns, as the doctor's findings are


def report(found: Report, console: Console, *, accepted: bool = False) -> None:
    """What is open, what counts, and on request what is accepted."""
    if console.is_terminal:
        _screen(found, console, accepted=accepted)
        return
    for finding in (*found.open, *(found.accepted if accepted else ())):
        console.file.write("\t".join(_fields(finding, found)) + "\n")  # rich would make spaces of tabs
    if found.unused:
        console.file.write(f"{_unused(found)}\n")
    console.file.write(f"{_summary(found)}\n")


def _screen(found: Report, console: Console, *, accepted: bool) -> None:
    where = endpoints.place(found.target, found.endpoint)
    looked = f"file, plan and {where}" if found.account_id else "file and plan"
    _line(console, f"{found.name}  {found.region}: {looked}", "bold")
    if found.open:
        _list(found.open, found, console)
    if accepted and found.accepted:
        _line(console, "\nAccepted", "bold")
        _list(found.accepted, found, console)
    _line(console, f"\n{_summary(found)}", "bold")
    for scan in found.scans:
        _line(console, f"{scan.engine} {scan.version}: {scan.passed} passed, {scan.failed} failed")
    if found.unused:
        _line(console, _unused(found))
    if found.accepted and not accepted:
        _line(console, "What is accepted, and why: add --accepted")


def _list(findings: tuple[Finding, ...], found: Report, console: Console) -> None:
    """Each finding below a line of its severity and its rule; no table, whose cells would break commands apart."""
    for finding in findings:
        severity = finding.rule.severity
        title, *more = told(finding, found)
        head = Text.assemble("\n", (f"{severity.word:<6}", STYLES[severity]), f"  {finding.rule.id}  {title}")
        console.print(head, soft_wrap=True)
        for line in more:
            _line(console, f"{' ' * INDENTED}{line}")


def told(finding: Finding, found: Report) -> Iterator[str]:
    place = _place(finding, found)
    yield f"{finding.rule.title}: {finding.message}" if finding.message != finding.rule.title else finding.message
    yield f"at: {place}" + (f", {finding.about}" if finding.about and finding.key else "")
    if finding.accepted is not None:
        yield f"accepted by {finding.accepted.by}: {finding.accepted.reason}"
        return
    if finding.rule.why:
        yield finding.rule.why
    yield f"do: {finding.remedy}"
    yield f"cost: {finding.rule.cost}"


def _fields(finding: Finding, found: Report) -> tuple[str, ...]:
    state = f"accepted by {finding.accepted.by}: {finding.accepted.reason}" if finding.accepted else finding.remedy
    return (
        "accepted" if finding.accepted else finding.rule.severity.word,
        finding.rule.id,
        _place(finding, found),
        finding.about or "-",
        finding.message,
        state,
    )


def _place(finding: Finding, found: Report) -> str:
    """Where it is decided: "studio.toml:9: network.access", as compilers say it; what has it, where no file does."""
    if not finding.key:
        return finding.about or found.file
    line = "" if finding.line is None else f":{finding.line}"
    return f"{found.file}{line}: {path(finding.key)}"


def _summary(found: Report) -> str:
    counts = dict(found.counts())
    accepted = counts.pop("accepted")
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    findings = f"{len(found.open)} finding{'' if len(found.open) == 1 else 's'}" if found.open else "No findings"
    return f"{findings}{f' ({words})' if words else ''}, {accepted} accepted."


def _unused(found: Report) -> str:
    return f"Accepted in {found.file}, and not found: {', '.join(found.unused)}"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
