"""`studioctl docs`."""

from typing import Annotated

import typer

from studioctl.cli import completion, options

Topic = Annotated[
    str | None,
    typer.Argument(
        help="Name of a page. If left out: list all names.",
        metavar="TOPIC",
        show_default=False,
        autocompletion=completion.pages,
    ),
]


def docs(topic: Topic = None, json: options.Json = False) -> None:
    """Show a page of the documentation, or list all pages.

    For example: [bold]studioctl docs live-in-it[/]
    """
    from studioctl import manual
    from studioctl.presentation import pages
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    if topic is not None:
        found = manual.page(topic)
        if json:
            typer.echo(dumps(found))
        else:
            pages.show(found, Terminal())
    elif json:
        typer.echo(dumps([{"name": p.name, "kind": p.kind, "title": p.title} for p in manual.pages()]))
    else:
        pages.listed(manual.pages(), Terminal())
