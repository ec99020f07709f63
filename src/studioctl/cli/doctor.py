"""`studioctl doctor`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")]


def doctor(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    strict: Strict = False,
) -> None:
    """Find problems of this machine, the account, its quotas, names and drift. Changes nothing.

    Works before [bold]up[/] and after it, and without a file. Exits with 1 when there are errors.
    """
    from dataclasses import replace

    from studioctl.cli import context, rehearsal
    from studioctl.cli.hints import found_with
    from studioctl.findings import Severity
    from studioctl.operations.doctor.catalogue import GROUPS
    from studioctl.operations.doctor.examination import examine
    from studioctl.presentation import doctor as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    patient, terminal = context.patient(config, local=local), Terminal()
    found = examine(patient, GROUPS)
    found = replace(found, findings=found_with(context.repeated(config, local=local), found.findings))
    if json:
        typer.echo(dumps(found.to_json()))
    else:
        views.diagnosis(found, terminal.out)
        if patient.config and not patient.workspace.is_claimed:
            rehearsal.note(terminal, "doctor", config, patient.config.name, local=local)
    if found.worst >= (Severity.WARNING if strict else Severity.ERROR):
        raise typer.Exit(ExitCode.FAILED)
