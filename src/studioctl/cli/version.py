"""`studioctl version`."""

import sys

import typer

from studioctl.cli import options


def version(json: options.Json = False) -> None:
    """Show the versions of studioctl, Python, the Terraform engine and its provider."""
    import studioctl
    from studioctl.catalog.provider import DEFAULT, NAME
    from studioctl.errors import StudioctlError
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.terraform.executable import find

    lacking: StudioctlError | None = None
    engine = None
    try:
        engine = str(find())
    except StudioctlError as error:  # whoever reports a fault is to hear the other versions all the same
        lacking = error
    versions = {
        "studioctl": studioctl.__version__,
        "python": sys.version.split()[0],
        "engine": engine,
        "provider": f"{NAME} {DEFAULT}",
    }
    typer.echo(
        dumps(versions) if json else "\n".join(f"{name:<10} {value or 'none'}" for name, value in versions.items())
    )
    if lacking:
        Terminal().say(f"{lacking.message}.\nNext:  {lacking.hint}")
