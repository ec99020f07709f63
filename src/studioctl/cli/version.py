"""`studioctl version`."""

import sys

import typer

from studioctl.cli import options


def version(json: options.Json = False) -> None:
    """Show the versions of studioctl, Python, the Terraform engine and its provider."""
    import studioctl
    from studioctl.presentation.json import dumps
    from studioctl.terraform.document import PROVIDER_VERSION
    from studioctl.terraform.executable import find

    versions = {
        "studioctl": studioctl.__version__,
        "python": sys.version.split()[0],
        "engine": str(find()),
        "provider": f"hashicorp/aws {PROVIDER_VERSION}",
    }
    typer.echo(dumps(versions) if json else "\n".join(f"{name:<10} {value}" for name, value in versions.items()))
