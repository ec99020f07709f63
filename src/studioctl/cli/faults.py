"""`studioctl emulator faults ...`."""

from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.cli.group import Group

app = typer.Typer(
    help="Make AWS fail in the emulator, to see how your commands react.",
    cls=Group,
    rich_markup_mode="rich",
)
KINDS = (
    "throttling, server-error, unavailable, slow, timeout, reset, lost-answer, expired-credentials, quota, failed, "
    "capacity, interruption or error."
)


@app.command()
def show(json: options.Json = False) -> None:
    """List active faults and how often each was triggered."""
    from studio_emulator import server
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    found = server.faults(server.start())
    if json:
        typer.echo(dumps(found))
    else:
        views.faults(found, Terminal().out)


@app.command(name="set")
def set_(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=KINDS, show_default=False)] = "",
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Use the faults in this TOML or JSON file instead.")
    ] = None,
    action: Annotated[str, typer.Option(help="Only for this action, or a pattern such as Create*.")] = "",
    service: Annotated[str, typer.Option(help="Only in this service, such as sagemaker or s3.")] = "",
    times: Annotated[int | None, typer.Option(help="Number of hits. By default unlimited.", min=1)] = None,
    after: Annotated[int, typer.Option(help="Let this many calls pass first.", min=0)] = 0,
    probability: Annotated[float, typer.Option(help="Probability that a call is hit.", min=0, max=1)] = 1.0,
    seconds: Annotated[float | None, typer.Option(help="Duration of slow, or longest of timeout.", min=0)] = None,
    code: Annotated[str, typer.Option(help="AWS's error code; required for error.")] = "",
    message: Annotated[str, typer.Option(help="AWS's message, or the reason of a failure.")] = "",
    status: Annotated[int | None, typer.Option(help="HTTP status.", min=400, max=599)] = None,
    per_second: Annotated[
        float | None,
        typer.Option(help="Calls per second to let through. AWS limits rates like that.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers for --probability.")] = None,
) -> None:
    """Add a fault, or replace all faults with those in a file."""
    from dataclasses import asdict

    from studio_emulator import faults, server
    from studioctl.disk import text_named

    if file is None and not kind:
        raise typer.BadParameter(f"say what goes wrong: {KINDS.removesuffix('.')}; or name a --file", param_hint="KIND")
    if file is not None and (beside := _beside(context)):
        raise typer.BadParameter(f"the file says all of it; leave out {', '.join(beside)}", param_hint="--file")
    try:
        if file is not None:
            server.set_faults(server.start(), faults.loads(text_named(file), is_json=file.suffix == ".json"))
            return
        fault = faults.Fault(
            faults.Kind(kind), service, action, times, after, probability, seconds, code, message, status, per_second
        )
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    server.add_faults(server.start(), {"faults": [asdict(fault)]} | ({} if seed is None else {"seed": seed}))


def _beside(context: typer.Context) -> list[str]:
    """The words that were typed beside the file."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    typed = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    return ["KIND" if name == "kind" else f"--{name.replace('_', '-')}" for name in typed if name != "file"]


@app.command()
def clear() -> None:
    """Remove all faults."""
    from studio_emulator import server

    server.set_faults(server.start(), {})
