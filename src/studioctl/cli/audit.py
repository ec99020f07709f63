"""`studioctl audit`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, StudioctlError

Sarif = Annotated[
    bool, typer.Option("--sarif", help="Print SARIF 2.1.0 on stdout, which code hosts show beside the file.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Leave the account out: only the file, and what it makes.")]
Accepted = Annotated[bool, typer.Option("--accepted", help="Also show what is accepted, and why.")]


def audit(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    sarif: Sarif = False,
    offline: Offline = False,
    accepted: Accepted = False,
) -> None:
    """Look with a security reviewer's eyes: what is public, over-broad, unencrypted, unlogged. Changes nothing.

    Looks at the file, at what [bold]up[/] would make of it, and at the account. Exits with 0 when nothing is found or
    all of it is accepted, and with 2 when there are findings.
    """
    from dataclasses import replace

    from studioctl.cli import context
    from studioctl.cli.hints import found_with
    from studioctl.presentation import audit as views
    from studioctl.presentation import sarif as log
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    if json and sarif:
        raise StudioctlError(
            "--json and --sarif are two forms of one output.",
            hint="studioctl audit --sarif",
            exit_code=ExitCode.USAGE,
        )
    found = context.audit(config, local=local, offline=offline).report()
    found = replace(found, findings=found_with(context.repeated(config, local=local), found.findings))
    if sarif:
        typer.echo(dumps(log.sarif(found)))
    elif json:
        typer.echo(dumps(found.to_json()))
    else:
        views.report(found, Terminal().out, accepted=accepted)
    if found.open:
        raise typer.Exit(ExitCode.FINDINGS)
