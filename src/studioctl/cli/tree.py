"""The command tree, made as far as a command line needs it: to make all of it takes longer than many commands run."""

import copy
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.main import get_command, get_command_from_info, get_command_name, get_group_from_info
from typer.models import CommandInfo, TyperInfo


def lazily(app: typer.Typer) -> Any:
    """The app as `typer.main.get_command` describes it, but each command in it is made when it is first looked at."""
    root: Any = get_command(_without_commands(app))
    root.commands = _Commands(app, root=app)
    return root


class _Commands(Mapping[str, Any]):
    """The commands of one group, and the groups in it, by name and in typer's order."""

    def __init__(self, app: typer.Typer, *, root: typer.Typer) -> None:
        self._root = root
        self._infos: dict[str, CommandInfo | TyperInfo] = {
            **{info.name or get_command_name(_name(info.callback)): info for info in app.registered_commands},
            **{str(info.name): info for info in app.registered_groups},
        }
        self._made = functools.cache(self._make)

    def __getitem__(self, name: str) -> Any:
        return self._made(name)

    def __contains__(self, name: object) -> bool:
        return name in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def _make(self, name: str) -> Any:
        info, root = self._infos[name], self._root
        how: Any = {
            "pretty_exceptions_short": root.pretty_exceptions_short,
            "rich_markup_mode": root.rich_markup_mode,
        }
        if isinstance(info, CommandInfo):
            return get_command_from_info(info, **how)
        app, empty = _app(info), copy.copy(info)
        empty.typer_instance = _without_commands(app)
        group: Any = get_group_from_info(empty, suggest_commands=root.suggest_commands, **how)
        group.commands = _Commands(app, root=root)
        return group


def _name(function: Any) -> str:
    return str(function.__name__)


def _app(group: Any) -> typer.Typer:
    app: typer.Typer = group.typer_instance
    return app


def _without_commands(app: typer.Typer) -> typer.Typer:
    empty = copy.copy(app)
    empty.registered_commands, empty.registered_groups = [], []
    return empty
