"""`studioctl audit`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, StudioctlError

Sarif = Annotated[
    bool, typer.Option("--sarif", help="Print SARIF 2.1.0 on stdout, which code hosts show beside the file.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Skip the account: check only the file and its resources.")]
Accepted = Annotated[bool, typer.Option("--accepted", help="Also show the accepted findings and their reasons.")]


def audit(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    sarif: Sarif = False,
    offline: Offline = False,
    accepted: Accepted = False,
) -> None:
    """Find security problems: public, too broad, unencrypted or unlogged resources. Changes nothing.

    Checks the file, the resources that [bold]up[/] would create, and the account. Exits with 0 if there are no findings
    or all of them are accepted, and with 2 if there are findings.
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
