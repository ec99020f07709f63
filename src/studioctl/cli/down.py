"""`studioctl down`."""

from typing import Annotated

import typer

from studioctl.cli import options

DeleteData = Annotated[
    bool,
    typer.Option(
        "--delete-data", help="Also delete, for ever: objects, images, secrets, volumes and home directories."
    ),
]


def down(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    delete_data: DeleteData = False,
    yes: options.Yes = False,
    verbose: options.Verbose = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Remove the environment, and what AWS leaves behind it.

    Refuses while the bucket, the repository, the secret, a space or the home file system holds data, unless
    [bold]--delete-data[/] is given. Asks for the environment's name.
    """
    from studioctl.cli import confirm, context
    from studioctl.operations import teardown
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    found = follow(teardown.survey(environment, move_state=move), terminal, verbose=verbose)
    name = environment.config.name
    if found.is_empty:
        terminal.say(f"There is nothing of '{name}' to remove.")
        return
    views.teardown(found, terminal.err)
    if not delete_data:
        teardown.refuse_to_lose(found)
    confirm.typed(name, f"Type the environment's name ({name}) to remove all this", yes=yes)
    follow(teardown.remove(environment, found, delete_data=delete_data), terminal, verbose=verbose)
    terminal.say(f"'{name}' is gone.")
