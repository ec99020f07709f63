"""`studioctl report`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from studioctl.audit.examination import Audit
    from studioctl.report.content import Report

Output = Annotated[Path, typer.Option("--output", "-o", help="File to write; `-` is stdout.", metavar="FILE")]
Offline = Annotated[bool, typer.Option("--offline", help="Skip AWS: report only the file and its resources.")]
BEGINNING = "<!doctype html>"
STDOUT = Path("-")


def report(
    output: Output = Path("report.html"),
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    offline: Offline = False,
) -> None:
    """Write a report for a reviewer or a manager: network, people, permissions, costs, encryption and findings.

    It is one HTML file that needs nothing else. After [bold]down[/] it also says whether anything is left in AWS.
    """
    from studioctl import disk
    from studioctl.cli import context
    from studioctl.errors import RefusedError
    from studioctl.extras import installing
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import waiting
    from studioctl.presentation.report_page import page

    if output != STDOUT and output.exists() and not disk.text_named(output, kilobytes=16_384).startswith(BEGINNING):
        raise RefusedError(
            f"'{output}' exists and is no report. Nothing was changed.", hint="name another file with -o"
        )
    if output != STDOUT:
        disk.try_out(output)
    terminal = Terminal()
    with waiting(terminal, "Looking"):
        looked = context.audit(config, local=local, offline=offline)
        left = None if offline else _left(config, local=local)
        composed = _report(looked, left)
        text = page(composed)
    if output == STDOUT:
        terminal.data(text)
    else:
        disk.replace(output, text)
        terminal.say(f"Wrote {output}.")
    if not any(section.svg for section in composed.sections):
        terminal.say(f"It has no picture of the network: Graphviz draws it, or: {installing('studioctl[ui]')}")


def _report(looked: "Audit", left: Sequence[str] | None) -> "Report":
    import os
    from datetime import UTC, datetime

    from studioctl import programs
    from studioctl.report import topology
    from studioctl.report.compose import report as compose

    found = looked.report()
    place = f"{found.region}, account {found.account_id}" if found.account_id else found.region
    return compose(
        looked.config,
        looked.blueprint,
        found,
        _versions(looked.blueprint.provider.text),
        place=f"{found.region} on the emulator" if found.target == "local" else place,
        now=datetime.now(UTC),
        svg=programs.laid_out(topology.dot(looked.config), os.environ),
        standing=programs.laid_out(topology.standing(looked.config), os.environ),
        left=left,
    )


def _left(config: Path, *, local: bool) -> Sequence[str] | None:
    """ARNs of what is left, where there is no domain; None where there is one, or one may not look."""
    from studioctl.cli import context
    from studioctl.operations.status import status

    found = status(context.account(config, local=local))
    return found.resources if found.domain is None else None


def _versions(provider: str) -> Mapping[str, str]:
    import studioctl
    from studioctl.catalog.provider import NAME
    from studioctl.errors import StudioctlError
    from studioctl.terraform.executable import find

    try:
        engine = str(find()).partition(" (")[0]
    except StudioctlError:
        engine = "none"
    return {"studioctl": studioctl.__version__, "Terraform": engine, "provider": f"{NAME} {provider}"}
