"""`studioctl state ...`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.cli.group import Group

app = typer.Typer(
    help="Terraform's state: its bucket, earlier versions, and its lock.", cls=Group, rich_markup_mode="rich"
)
bucket = typer.Typer(help="The bucket of a state in S3.", cls=Group, rich_markup_mode="rich")
app.add_typer(bucket, name="bucket")


@bucket.command("create")
def create(
    name: Annotated[str, typer.Argument(help="If left out: the one in `\\[state]`.", show_default=False)] = "",
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
) -> None:
    """Create the bucket: versioned, encrypted, private, only with TLS. Safe to run again."""
    from studioctl.cli import context
    from studioctl.operations.state import create_bucket
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    wanted, target = context.state_bucket(config, local=local, name=name)
    with waiting(terminal, "Making the bucket"):
        is_new = create_bucket(target, wanted)
    terminal.say(f"Bucket '{wanted}' in {target.region} {'is made' if is_new else 'is as it should be'}.")


@app.command("history")
def history(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Show the state's earlier versions, the newest first."""
    from studioctl.cli import context, rehearsal
    from studioctl.operations import state
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config, asks_aws=False)
    with waiting(terminal, "Reading the state"):
        found = state.snapshots(environment)
    if json:
        typer.echo(dumps(found))
    else:
        views.snapshots(found, terminal.out)
        if not found:
            rehearsal.note(terminal, "state history", config, environment.config.name, local=local)


@app.command("restore")
def restore(
    serial: Annotated[int, typer.Argument(help="The serial, as `history` shows it.", min=0)],
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Restore an earlier state. The present one is kept as a version. Changes nothing in AWS."""
    from studioctl.cli import confirm, context
    from studioctl.operations import state
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config, asks_aws=False)
    with waiting(terminal, "Reading the state"):
        state.require(environment, serial)
    terminal.say("Terraform then knows what it knew at that time, and no more. AWS is not touched.")
    confirm.agreed(f"Bring the state with serial {serial} back?", yes=yes)
    with waiting(terminal, "Storing the state"):
        done = state.restore(environment, serial)
    terminal.say(f"Restored the state of serial {serial}; its new serial is {done.serial}.")
    terminal.next_commands(("studioctl plan" + context.repeated(config, local=local), "what it would do now"))


@app.command("unlock")
def unlock(
    lock_id: Annotated[
        str, typer.Argument(help="The lock's id, required if it may be somebody else's.", show_default=False)
    ] = "",
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Release the lock left by a killed run. Shows the owner and asks first."""
    from studioctl.cli import confirm, context
    from studioctl.errors import ExitCode, RefusedError, StudioctlError
    from studioctl.operations import state
    from studioctl.presentation.console import Terminal

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config, asks_aws=False)
    held = state.lock(environment)
    if lock_id and not state.is_lock_id(lock_id) and lock_id != (held or {}).get("ID"):
        raise StudioctlError(
            f"'{lock_id}' is no lock's id, which is like 3d20d141-88c4-bb14-d677-88c5c9ec329a.",
            hint="studioctl state unlock",
            exit_code=ExitCode.USAGE,
        )
    if held is None:
        terminal.say("The state is not locked.")
        return
    terminal.say(state.whose(held))
    if state.is_left_behind(environment, held):
        terminal.say("Your own run on this machine was killed and left it.")
    elif lock_id != held.get("ID"):
        raise RefusedError(
            "It may be somebody else's run, at work right now: it is not yours, or not certain to be dead.",
            hint=f"ask them; if that run has died: studioctl state unlock {held.get('ID')}",
        )
    confirm.agreed("Free it?", yes=yes)
    state.unlock(environment, held["ID"])
    terminal.say("The state is free.")


@app.command("trust")
def trust(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Use a state in .studioctl/ that studioctl did not write. Shows its resources and asks first.

    Needed after the directory was moved or copied, and once for one that an
    early version made. Never do it for a repository that you only cloned: its
    state decides what [bold]up[/] changes and [bold]down[/] deletes.
    With [bold]--json[/] and without [bold]--yes[/] it only shows what there is.
    """
    from studioctl.cli import confirm, context
    from studioctl.operations import trust as trusting
    from studioctl.presentation import trust as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    terminal = Terminal()
    found = context.strange(config, local=local)
    if json:
        if found and yes:
            trusting.accept(found)
        typer.echo(dumps({**found.to_json(), "is_trusted": yes or not found}))
        return
    if not found:
        terminal.say(
            "Nothing there needs your trust. Either all of it is as studioctl left it, or there is nothing yet."
        )
        return
    views.strange(found, terminal.err)
    confirm.agreed("Is this yours, and shall it be used?", yes=yes)
    trusting.accept(found)
    terminal.say("It is used from now on.")
    terminal.next_commands(("studioctl plan" + context.repeated(config, local=local), "what Terraform would do"))
