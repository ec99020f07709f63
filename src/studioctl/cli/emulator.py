"""`studioctl emulator ...`."""

import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from studioctl.cli import clock, faults, options
from studioctl.cli.group import Group

if TYPE_CHECKING:
    from studio_emulator.server import RunningEmulator
    from studio_emulator.settings import EmulatorSettings

app = typer.Typer(
    help="The AWS account on this machine that [bold]--local[/] acts on.", cls=Group, rich_markup_mode="rich"
)
app.add_typer(faults.app, name="faults")
app.command()(clock.clock)


@app.command()
def start(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535, metavar="PORT")
    ] = 0,
    transition_seconds: Annotated[
        float,
        typer.Option(help="Duration of Pending, Updating and Deleting. AWS needs minutes.", min=0, metavar="SECONDS"),
    ] = 0.3,
    enforce_quotas: Annotated[
        bool, typer.Option("--enforce-quotas", help="Refuse requests beyond the account's quotas, as AWS does.")
    ] = False,
    quota: Annotated[
        list[str] | None, typer.Option(help="A quota that is not AWS's default. Repeatable.", metavar="CODE=VALUE")
    ] = None,
    run_lifecycle: Annotated[
        bool,
        typer.Option("--run-lifecycle", help="Apps run their lifecycle script when they start, in namespaces here."),
    ] = False,
    lifecycle_network: Annotated[
        Literal["internet", "emulator", "none"],
        typer.Option(help="What scripts may reach: internet, emulator or none.", metavar="WHAT"),
    ] = "internet",
    lifecycle_allow: options.AllowedHosts = None,
    accept_any_key: Annotated[
        bool,
        typer.Option(
            "--accept-any-key",
            help="Accept every request, whoever signed it, for tests of other programs. No code runs.",
        ),
    ] = False,
    cost_explorer: Annotated[
        list[str] | None,
        typer.Option(
            help="Enable Cost Explorer, with this price for an hour on this type. Repeatable.",
            metavar="TYPE=USD",
        ),
    ] = None,
    lifecycle_seconds: Annotated[
        float,
        typer.Option(help="An app fails if its script takes longer. AWS allows 5 minutes.", min=0, metavar="SECONDS"),
    ] = 300,
) -> None:
    """Start the emulator in the background, if it is not running."""
    from studio_emulator import server
    from studio_emulator.settings import EmulatorSettings

    if accept_any_key and run_lifecycle:
        raise typer.BadParameter(
            "it excludes --run-lifecycle: any user of this machine could run code as you", param_hint="--accept-any-key"
        )
    settings = EmulatorSettings(
        transition_seconds=transition_seconds,
        enforce_quotas=enforce_quotas,
        quotas=_quotas(quota or []),
        cost_explorer=_prices(cost_explorer) if cost_explorer else None,
        run_lifecycle=run_lifecycle,
        accept_any_key=accept_any_key,
        lifecycle_seconds=lifecycle_seconds,
        lifecycle_network=lifecycle_network,
        lifecycle_allow=tuple(lifecycle_allow or ()),
    )
    if run_lifecycle:
        from studio_emulator.sandbox import run

        if (missing := run.probe()) is not None:
            raise missing
    running = server.start(port=port, settings=settings)
    _refuse_other_settings(context, settings, running)
    typer.echo(f"running at {running.endpoint_url}, process {running.pid}, log {running.log_path}")


def _refuse_other_settings(context: typer.Context, wanted: "EmulatorSettings", running: "RunningEmulator") -> None:
    """One that runs already stays as it is: whoever wants it otherwise has to know."""
    from studio_emulator import server
    from studio_emulator.errors import EmulatorError

    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    asked = asdict(wanted) | {"port": context.params["port"] or running.port}
    has = asdict(server.settings_of(running)) | {"port": running.port}
    fields = {name: "quotas" if name == "quota" else name for name in [*given, "accept_any_key"]}
    differing = [_flag(name) for name, key in fields.items() if asked[key] != has[key]]
    if not differing:
        return
    again = [word for name in given for word in _words(name, context.params[name])]
    raise EmulatorError(
        f"The emulator runs already, and not as these say: {', '.join(differing)}.",
        hint=f"studioctl emulator stop && {shlex.join(['studioctl', 'emulator', 'start', *again])}"
        "   (everything in it will be gone)",
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _words(name: str, value: object) -> list[str]:
    match value:
        case bool():
            return [_flag(name if value else f"no_{name}")]
        case list() | tuple():
            return [word for item in value for word in (_flag(name), str(item))]
        case _:
            return [_flag(name), str(value)]


def _quotas(given: list[str]) -> dict[str, float]:
    pairs = [word.partition("=") for word in given]
    for code, _, value in pairs:
        if not code.startswith("L-") or not value.isdecimal():
            raise typer.BadParameter(f"'{code}' is not like L-AC46C40F=5", param_hint="--quota")
    return {code: float(value) for code, _, value in pairs}


def _prices(given: list[str]) -> dict[str, float]:
    pairs = [word.partition("=") for word in given]
    for kind, _, usd in pairs:
        if not kind.startswith("ml.") or not re.fullmatch(r"\d+(\.\d+)?", usd):
            raise typer.BadParameter(f"'{kind}' is not like ml.t3.medium=0.05", param_hint="--cost-explorer")
    return {kind: float(usd) for kind, _, usd in pairs}


@app.command()
def stop() -> None:
    """Stop the emulator. Everything in it is deleted."""
    from studio_emulator import server

    typer.echo("stopped" if server.stop() else "it was not running")


@app.command()
def status(json: options.Json = False) -> None:
    """Show whether the emulator is running, and where. Exits with 1 if it is not."""
    from studio_emulator import server
    from studioctl.presentation.json import dumps

    running = server.find()
    if json:
        typer.echo(dumps({"running": running is not None, "emulator": running}))
    elif running:
        typer.echo(f"running at {running.endpoint_url}, process {running.pid}, log {running.log_path}")
    else:
        typer.echo("not running")
    if running is None:
        raise typer.Exit(1)


@app.command()
def env(
    region: Annotated[str, typer.Option(help="AWS region of the other client.")] = "us-east-1",
    user: Annotated[
        str,
        typer.Option(
            "--as", help="Act as this user's app in Studio, with the permissions of its role.", metavar="USER"
        ),
    ] = "",
    domain: Annotated[str, typer.Option(help="The domain, if several have this user.", metavar="ID")] = "",
    json: options.Json = False,
) -> None:
    """Print variables that point other AWS clients at the emulator: [bold]eval "$(studioctl emulator env)"[/]

    Without [bold]--as[/] they act as the account's administrator. With it they have a session of the user's execution
    role, like code in the user's space on AWS, and the emulator refuses calls that no policy allows.
    """
    import shlex

    from studio_emulator import server
    from studioctl.presentation.json import dumps

    running = server.start()
    variables = server.session(running, region, user, domain) if user else server.environment(running, region)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    typer.echo(dumps(variables) if json else "\n".join(lines))


@app.command()
def hold(
    policy: Annotated[
        Path | None, typer.Argument(help="An IAM policy, as JSON.", metavar="FILE", show_default=False)
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Allow everything again, and show the refused calls.")] = False,
) -> None:
    """Check all your calls with --local against a policy, as AWS does for the role that has it.

    For example: [bold]studioctl iam deployer --local > deploy.json && studioctl emulator hold deploy.json[/]
    """
    if (policy is None) != off:
        raise typer.BadParameter("name a policy's file, or write --off", param_hint="FILE")
    from studio_emulator import controls, server

    running = server.start()
    if policy is not None:
        from studioctl.disk import text_named

        controls.hold(running, text_named(policy))
        typer.echo("The emulator asks this policy for all that you do.")
        return
    refused = sorted(set(controls.refusals(running)))
    controls.hold(running, "")
    typer.echo("You may do everything again. Refused by the policy:" if refused else "You may do everything again.")
    for each in refused:
        typer.echo(f"  {each}")


@app.command()
def inventory() -> None:
    """Print everything that exists in the emulator, as JSON."""
    from studio_emulator import server
    from studioctl.presentation.json import dumps

    typer.echo(dumps(server.inventory(server.start())))
