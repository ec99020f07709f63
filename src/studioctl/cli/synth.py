"""`studioctl synth`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options


def synth(
    directory: Annotated[Path, typer.Argument(help="Directory for the documents.", metavar="DIR")],
    config: options.Config = options.DEFAULT_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Write even if the directory has other files.")] = False,
) -> None:
    """Write the Terraform documents, for people who want to run Terraform themselves."""
    from studioctl.config.load import load
    from studioctl.config.notes import notes
    from studioctl.config.text import path
    from studioctl.infrastructure import blueprint
    from studioctl.operations.composition import backend_of
    from studioctl.presentation.console import Terminal
    from studioctl.terraform.export import export

    environment = load(config)
    export(blueprint.build(environment), directory, backend_of(environment), force=force)
    terminal = Terminal()
    terminal.say(f"Wrote '{environment.name}' to {directory}.")
    for place, words in notes(environment):
        terminal.say(f"note: {path(place)}: {words}.")
    terminal.next_commands(
        (f"cd {shlex.quote(str(directory))} && terraform init && terraform plan", "look at it with Terraform itself")
    )
