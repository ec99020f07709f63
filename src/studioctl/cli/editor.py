"""`studioctl editor ...`."""

import os
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from studioctl.cli import completion, options
from studioctl.cli.group import Group

app = typer.Typer(
    help="Show and rehearse the script that sets up the editor.",
    cls=Group,
    rich_markup_mode="rich",
)


User = Annotated[
    str | None,
    typer.Option("--user", "-u", help="The user. If left out: the domain.", autocompletion=completion.users),
]


App = Annotated[
    Literal["code-editor", "jupyterlab"] | None,
    typer.Option("--app", help="The app. If left out: `\\[studio] app`."),
]


@app.command("script")
def show(
    config: options.Config = options.DEFAULT_CONFIG,
    user: User = None,
    of_app: App = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Print it as stored in AWS: compressed, if it does not fit otherwise.")
    ] = False,
) -> None:
    """Print the lifecycle script, which runs in the space each time its app starts."""
    from studioctl.cli.context import editor_script
    from studioctl.presentation.console import Terminal

    script = editor_script(config, user, of_app)
    typer.echo(script.text if stored else script.source, nl=False)
    if script.text != script.source and not stored:
        Terminal().say(
            f"AWS stores {len(script.text.encode()):,} bytes of these {len(script.source.encode()):,}: compressed,"
            " without comments. See them with --stored."
        )


@app.command("test")
def rehearse(
    config: options.Config = options.DEFAULT_CONFIG,
    user: User = None,
    of_app: App = None,
    image: Annotated[str, typer.Option(help="Version of SageMaker Distribution whose layout the script sees.")] = "4.0",
    script: Annotated[
        Path | None,
        typer.Option("--script", help="Rehearse this lifecycle script instead of the file's.", metavar="FILE"),
    ] = None,
    network: Annotated[Literal["internet", "none"], typer.Option(help="What the script may reach.")] = "internet",
    allow: options.AllowedHosts = None,
    script_first: Annotated[
        bool, typer.Option("--script-first", help="The editor makes its directories only after the script.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave what it made, and say where.")] = False,
    json: options.Json = False,
) -> None:
    """Run the script twice in a temporary copy of SageMaker's image: a first start, and a second one.

    It runs in separate namespaces (Linux, bubblewrap) and cannot change this machine. sudo makes it root there,
    but not outside. Conda, apt-get, the editor and some others are stand-ins. Exits with 1 if a step fails.
    """
    from studio_emulator.sandbox.image import Image
    from studio_emulator.sandbox.reach import Reach
    from studioctl.cli.context import app_of, editor_script
    from studioctl.config.apps import TYPES
    from studioctl.config.scripts import read_lifecycle_script
    from studioctl.operations import editor
    from studioctl.presentation import editor_views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    reach = Reach.the_internet(os.environ, allow=allow or ()) if network == "internet" else Reach()
    if script is None:
        chosen = of_app or app_of(config)
        text = editor_script(config, user, chosen).text
    else:  # it needs no file
        chosen, text = of_app or "code-editor", read_lifecycle_script(script)
    work = editor.rehearse(
        text, Image.of(image), app_type=TYPES[chosen], reach=reach, keep=keep, editor_first=not script_first
    )
    found = follow(work, terminal)
    if json:
        typer.echo(dumps({"failed": found.failed, **vars(found)}))
    else:
        which = [("--user", user), ("--app", of_app), ("--image", image), ("--script", str(script) if script else None)]
        words = [word for option, value in which if value for word in (option, value)]
        again = f"studioctl editor test{options.config_flag(config)} {shlex.join(words)}"
        editor_views.rehearsal(found, terminal, again=again)
    if found.failed:
        raise typer.Exit(1)
