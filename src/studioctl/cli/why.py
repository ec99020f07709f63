"""`studioctl why`."""

from typing import Annotated

import typer

from studioctl.cli import options

Asked = Annotated[
    str,
    typer.Argument(
        help="A key (network.endpoints), a user's or a space's (ada.instance_type), or an action (s3:GetObject).",
        metavar="KEY|ACTION",
        show_default=False,
    ),
]
User = Annotated[str | None, typer.Option("--user", help="The user whose role or setting it is.", metavar="USER")]
On = Annotated[
    str | None,
    typer.Option("--on", help="For an action: the ARN of the resource. Default: all resources.", metavar="ARN"),
]
Context = Annotated[
    list[str] | None,
    typer.Option("--context", help="For an action: a condition key of the request. Repeatable.", metavar="KEY=VALUE"),
]


def why(
    asked: Asked,
    user: User = None,
    on: On = None,
    given: Context = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Explain a setting or a permission: the line, default or layer of AWS that decides it, and AWS's present value.

    For example: [bold]studioctl why ada.idle_timeout_minutes[/]
    or [bold]studioctl why s3:GetObject --user ada --on arn:aws:s3:::acme-data/x[/]
    """
    from dataclasses import replace

    from studioctl.cli import context
    from studioctl.cli.hints import repeating
    from studioctl.config.load import load
    from studioctl.config.source import Source
    from studioctl.errors import ConfigError, ExitCode, StudioctlError
    from studioctl.operations.why import look, permission
    from studioctl.presentation import why as presented
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    if permission.is_action(asked):
        account = context.account(config, local=local)
        with waiting(terminal, "Asking AWS"):
            found = permission.permission(
                account, asked, user=user, resource=on or permission.ANYTHING, context=permission.parsed(given or [])
            )
        if json:
            typer.echo(dumps(found.to_json()))
        else:
            others = [each.name for each in account.config.users if each.name != found.user]
            presented.permission(found, terminal.out, others=[] if user else others)
        return
    if on or given:
        raise StudioctlError(
            f"{'--on' if on else '--context'} is about an action, and '{asked}' is a key.",
            hint=f"studioctl why {asked}; or ask about an action, such as s3:GetObject",
            exit_code=ExitCode.USAGE,
        )
    question = f"{user}.{asked}" if user and asked.partition(".")[0] != user else asked
    flags = context.repeated(config, local=local)
    try:
        environment = context.environment(config, local=local, backend_settings=backend_config)
        with waiting(terminal, "Asking AWS"):
            answer = look.setting(environment, question)
    except ConfigError:
        raise
    except StudioctlError as problem:  # no credentials, or nothing that reads the state: the file has an answer, too
        answer = look.in_file(load(config), Source.of(config), question, problem)
    answer = replace(answer, remedy=repeating(answer.remedy, flags))
    if json:
        typer.echo(dumps(answer.to_json()))
    else:
        presented.setting(answer, terminal.out, flags=flags)
