"""Completes words after <Tab>, quickly and without calls to AWS, from studio.toml alone."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from studioctl.config.model import EnvironmentConfig


def spaces(context: typer.Context, incomplete: str) -> list[str]:
    """The file's spaces."""
    return _of_file(context, incomplete, lambda config: (space.name for space in config.resolved_spaces()))


def users(context: typer.Context, incomplete: str) -> list[str]:
    """The file's users."""
    return _of_file(context, incomplete, lambda config: (user.name for user in config.users))


def groups(context: typer.Context, incomplete: str) -> list[str]:
    """The file's groups."""
    return _of_file(context, incomplete, lambda config: config.groups)


def outputs(context: typer.Context, incomplete: str) -> list[str]:
    """The names of the outputs of `up` for this file."""
    from studioctl.infrastructure import blueprint
    from studioctl.infrastructure.block import Output

    def names(config: "EnvironmentConfig") -> Iterable[str]:
        blocks = (block for module in blueprint.build(config).modules for block in module.blocks)
        return (block.name for block in blocks if isinstance(block, Output))

    return _of_file(context, incomplete, names)


def instance_types(incomplete: str) -> list[str]:
    """Studio's instance types."""
    from studioctl.config.aws_tables import INSTANCE_TYPES

    return _beginning(sorted(INSTANCE_TYPES), incomplete)


def pages(incomplete: str) -> list[str]:
    """The pages of the documentation."""
    from studioctl import manual

    return _beginning([page.name for page in manual.pages()], incomplete)


def _of_file(
    context: typer.Context, incomplete: str, names: "Callable[[EnvironmentConfig], Iterable[str]]"
) -> list[str]:
    from studioctl.config.load import load
    from studioctl.errors import StudioctlError

    try:
        return _beginning(tuple(names(load(Path(context.params.get("config") or "studio.toml")))), incomplete)
    except (StudioctlError, OSError):  # a file that is not there, or wrong, is told when the command runs
        return []


def _beginning(names: Sequence[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def studies(context: typer.Context, incomplete: str) -> list[str]:
    """The studies beside the file."""
    from studioctl.errors import StudioctlError
    from studioctl.tuning import places

    try:
        found = places.places(Path(context.params.get("config") or "studio.toml"))
    except (StudioctlError, OSError):
        return []
    return _beginning([each.name for each in found], incomplete)


def samplers(incomplete: str) -> list[str]:
    """The samplers of `tune run`."""
    from studioctl.tuning.choices import SAMPLERS

    return _beginning(SAMPLERS, incomplete)


def pruners(incomplete: str) -> list[str]:
    """The pruners of `tune run`."""
    from studioctl.tuning.choices import PRUNERS

    return _beginning(PRUNERS, incomplete)


def directions(incomplete: str) -> list[str]:
    """The directions of an objective."""
    from studioctl.tuning.choices import DIRECTIONS

    return _beginning(DIRECTIONS, incomplete)
