"""A diagnosis, for a person."""

from itertools import groupby

from rich.console import Console

from studioctl.operations.doctor.diagnosis import Diagnosis
from studioctl.presentation import findings
from studioctl.presentation.findings import line
from studioctl.presentation.place import place


def diagnosis(found: Diagnosis, console: Console) -> None:
    """Every finding by group, and how many there are."""
    where = place(found.target, found.endpoint)
    line(console, f"{found.name or 'no environment'}  {found.region} on {where}", "bold")
    for title, of_group in groupby(found.findings, key=lambda finding: finding.group):
        line(console, f"\n{title}", "bold")
        findings.show(of_group, console)
    line(console, f"\n{findings.counted(found.counts())}", "bold")
