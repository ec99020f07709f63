"""`studioctl down`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import StudioctlError

DeleteData = Annotated[
    str,
    typer.Option(
        "--delete-data",
        help="Also permanently delete this data: bucket, homes, images, secrets, spaces, studies (comma-separated), or"
        " all of it.",
        metavar="[KINDS]",
        show_default=False,
    ),
]
Backup = Annotated[
    str,
    typer.Option(
        "--backup",
        help="First copy volumes and home directories to your own bucket, and verify the copies.",
        metavar="s3://BUCKET[/PREFIX]",
        show_default=False,
    ),
]


def down(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    delete_data: DeleteData = "",
    backup: Backup = "",
    yes: options.Yes = False,
    adopt: options.Adopt = None,
    verbose: options.PlanVerbose = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Remove the environment, and what AWS leaves behind. Data is kept.

    The bucket, images, home file system and secret are kept if they hold data,
    and the database of studies as a snapshot. The next [bold]up[/] uses all of them
    again except the home file system, because AWS gives a new domain an empty one.
    Volumes of spaces cannot be kept: the command refuses while there are any,
    unless you copy them with [bold]--backup[/] or give [bold]--delete-data=spaces[/].
    Asks for the environment's name.
    """
    from studioctl.cli import confirm, context, copying, rehearsal
    from studioctl.operations.data import inventory
    from studioctl.operations.provisioning import down as teardown
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow
    from studioctl.terraform.plan import addresses

    terminal = Terminal()
    place = copying.place(backup)
    delete = inventory.kinds([word.strip() for word in delete_data.split(",") if word.strip()])
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    found = follow(teardown.survey(environment, delete=delete, move_state=move, adopt=adopt), terminal, verbose=verbose)
    name = environment.config.name
    if found.is_empty:
        terminal.say(f"There is nothing of '{name}' to remove.")
        views.kept(found.kept, terminal.err)
        rehearsal.note(terminal, "down", config, name, local=local)
        return
    plan = copying.plan_before(environment, found, place, terminal) if place else None
    if plan:
        found = found.after(plan)
    teardown.refuse_to_lose(found, is_local=local)
    views.teardown(found, addresses(environment.terraform.blueprint), terminal.err, verbose=verbose)
    terminal.say(f"\nIn {environment.place}.")
    confirm.typed(name, f"Type the environment's name ({name}) to remove all this", yes=yes)
    copies = copying.run(environment, plan, terminal, delete=delete, verbose=verbose) if plan else ()
    outcome = follow(teardown.remove(environment, delete, copies), terminal, verbose=verbose)
    if outcome.left:
        raise _leftovers(name, [f"  {remain.kind} {remain.name}" for remain in outcome.left])
    flags = context.repeated(config, local=local)
    views.gone(terminal, name, outcome, flags=flags, aws_flags=environment.target.aws_flags)


def _leftovers(name: str, lines: list[str]) -> StudioctlError:
    return StudioctlError(
        f"{len(lines)} left of '{name}', which AWS may still be deleting:\n" + "\n".join(lines),
        hint="studioctl down   (looks again, and removes what it can)",
    )
