"""`studioctl editor ...`."""

from typing import Annotated

import typer

from studioctl.cli import options

app = typer.Typer(
    help="The script that sets up the editor: what it is, and what it does.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


User = Annotated[str | None, typer.Option("--user", "-u", help="Whose editor; without it, the domain's.")]


@app.command("script")
def show(
    config: options.Config = options.DEFAULT_CONFIG,
    user: User = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="As it is stored in AWS: compressed, if it would not fit otherwise.")
    ] = False,
) -> None:
    """Print the lifecycle script: what runs in the space at each start of its app."""
    from studioctl.cli.context import editor_script
    from studioctl.presentation.console import Terminal

    script = editor_script(config, user)
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
    image: Annotated[str, typer.Option(help="Version of SageMaker Distribution whose layout it runs in.")] = "4.0",
    keep: Annotated[bool, typer.Option("--keep", help="Leave what it made, and say where.")] = False,
    json: options.Json = False,
) -> None:
    """Run it twice on this machine, in a throw-away home: a first start, and a second one.

    Programs that would change this machine or an account are stand-ins: conda, apt-get, sudo, sagemaker-code-editor,
    aws. Exits with 1 when a step failed.
    """
    from studio_emulator.sandbox.image import Image
    from studioctl.cli.context import editor_script
    from studioctl.operations import editor
    from studioctl.presentation import editor_views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    found = follow(editor.rehearse(editor_script(config, user).text, Image.of(image), keep=keep), terminal)
    if json:
        typer.echo(dumps({"failed": found.failed, **vars(found)}))
    else:
        editor_views.rehearsal(found, terminal)
    if found.failed:
        raise typer.Exit(1)
