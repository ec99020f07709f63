"""A group of commands, such as `studioctl state`."""

from typing import Any

from typer.core import TyperGroup


class Group(TyperGroup):
    """Alone, it shows its help, which is no error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            args = ["--help"]
        return super().parse_args(ctx, args)
