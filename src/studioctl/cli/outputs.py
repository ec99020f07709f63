"""`studioctl outputs`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from studioctl.cli import completion, options
from studioctl.errors import AbsentError, StudioctlError

Key = Annotated[
    str | None,
    typer.Argument(
        help="Print only the value of this output, for a script.",
        metavar="KEY",
        show_default=False,
        autocompletion=completion.outputs,
    ),
]


def outputs(
    key: Key = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Show the outputs of [bold]up[/]: ids, ARNs and addresses for other programs.

    For example: [bold]aws s3 ls "s3://$(studioctl outputs bucket)"[/]
    """
    from studioctl.cli import context, rehearsal
    from studioctl.operations.provisioning import up
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config, asks_aws=False)
    values = follow(up.outputs(environment), terminal)
    if key is not None:
        value = _one(values, key, is_local=local)
        typer.echo(value if isinstance(value, str) and not json else dumps(value))
    elif json:
        typer.echo(dumps(values))
    else:
        views.outputs(values, terminal.out)
        if not values:
            rehearsal.note(terminal, "outputs", config, environment.config.name, local=local)


def _one(values: Mapping[str, Any], key: str, *, is_local: bool) -> Any:
    if key in values:
        return values[key]
    if not values:
        raise AbsentError("Nothing was created yet.", hint="studioctl up", is_local=is_local)
    raise StudioctlError(f"There is no output '{key}'.", hint=f"there are: {', '.join(values)}")
