"""`studioctl homes`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.cli.group import Group

app = typer.Typer(help="Home directories that an earlier [bold]down[/] kept.", cls=Group, rich_markup_mode="rich")
Which = Annotated[
    str | None,
    typer.Argument(help="The kept file system, if there are several.", metavar="[FILE_SYSTEM]", show_default=False),
]


@app.command()
def restore(
    file_system: Which = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Restore the home directories that an earlier [bold]down[/] kept, from the next [bold]up[/] on.

    For example: [bold]studioctl homes restore[/], then [bold]studioctl up[/].

    Makes the kept file system reachable from the domain's subnets and writes it into the file. Each user's spaces mount
    only the user's own old directory, below /mnt/custom-file-systems/efs.
    """
    from studioctl.cli import context
    from studioctl.operations.data import homes
    from studioctl.presentation import homes as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    account = context.account(config, local=local)
    work = homes.restore(account, config, homes.chosen(account, file_system))
    done = follow(work, terminal, verbose=verbose)
    if json:
        typer.echo(dumps(done))
    else:
        views.restored(done, terminal, file=str(config), flags=context.repeated(config, local=local))
