"""`studioctl image ...`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.cli.group import Group

app = typer.Typer(
    help="Container images for apps: build, push, list, and offer them to users.",
    cls=Group,
    rich_markup_mode="rich",
)


class OfferedIn(StrEnum):
    """An app that may offer an image."""

    CODE_EDITOR = "code-editor"
    JUPYTERLAB = "jupyterlab"


EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine", help="docker, podman, buildah or finch. If left out: the first that answers.", metavar="NAME"
    ),
]
Tag = Annotated[str, typer.Argument(help="The image's tag.", metavar="TAG")]


@app.command()
def build(
    directory: Annotated[Path, typer.Argument(help="Directory to build, with a Dockerfile.", metavar="DIR")] = Path(),
    tag: Annotated[str, typer.Option("--tag", "-t", help="The image's tag.", metavar="TAG")] = "latest",
    dockerfile: Annotated[Path | None, typer.Option("--file", "-f", help="Another Dockerfile.", metavar="FILE")] = None,
    platform: Annotated[
        str, typer.Option(help="Studio runs linux/amd64, even if this machine does not.", metavar="OS/ARCH")
    ] = "linux/amd64",
    engine: EngineName = None,
    config: options.Config = options.DEFAULT_CONFIG,
) -> None:
    """Build an image with this machine's container engine. Does not need AWS."""
    from studioctl.config.load import load
    from studioctl.containers.engine import find
    from studioctl.operations.images import images
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    work = images.build(load(config), find(engine), directory, tag=tag, dockerfile=dockerfile, platform=platform)
    name = follow(work, terminal)
    terminal.say(f"Built {name} for {platform}.")
    terminal.next_commands((f"studioctl image push{options.config_flag(config)} {tag}", "put it into the repository"))


@app.command()
def push(
    tag: Tag,
    engine: EngineName = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
) -> None:
    """Push a local image to the environment's repository. The password is never in a file or an argument."""
    from studioctl.cli import context
    from studioctl.containers.engine import find
    from studioctl.operations.images import images
    from studioctl.presentation import images as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    pushed = follow(images.push(context.account(config, local=local), find(engine), tag), terminal)
    if json:
        typer.echo(dumps(pushed))
        return
    terminal.say(f"Pushed {pushed.place}")
    views.cost(pushed, terminal)
    typer.echo(pushed.digest)
    flags = context.repeated(config, local=local)
    terminal.next_commands((f"studioctl image attach{flags} {pushed.tag}", "offer it to users"))


@app.command("list")
def list_(
    config: options.Config = options.DEFAULT_CONFIG, local: options.Local = False, json: options.Json = False
) -> None:
    """List the repository's images: tags, digest, size, age, and the rule and date of their expiry."""
    from studioctl.cli import context
    from studioctl.operations.images import images
    from studioctl.presentation import images as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    found = images.listing(context.account(config, local=local))
    if json:
        typer.echo(dumps(found))
    else:
        views.listing(found, Terminal(), flags=context.repeated(config, local=local))


@app.command()
def attach(
    tag: Annotated[str, typer.Argument(help="The image's tag, or its digest.", metavar="TAG")],
    name: Annotated[
        str | None, typer.Option(help="Name in Studio. If left out: the tag.", metavar="NAME", show_default=False)
    ] = None,
    apps: Annotated[
        list[OfferedIn] | None,
        typer.Option(
            "--app",
            help="The app that offers it. Repeatable. If left out: as before, else Code Editor.",
            show_default=False,
        ),
    ] = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
) -> None:
    """Write a pushed image into the file, by its digest; the next [bold]up[/] makes it selectable in Studio."""
    from studioctl.cli import context
    from studioctl.operations.images import images
    from studioctl.presentation import images as views
    from studioctl.presentation.console import Terminal

    done = images.attach(
        context.account(config, local=local), config, tag, name=name, apps=[each.value for each in apps or ()]
    )
    views.attached(done, Terminal(), file=str(config), flags=context.repeated(config, local=local))
