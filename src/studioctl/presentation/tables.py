"""Listings: ruled on a terminal; in a pipe a line for each row, for grep and awk."""

from rich import box
from rich.console import Console
from rich.table import Column, Table


def listing(console: Console, *titles: str | Column) -> Table:
    """An empty listing of these columns, for this console."""
    return Table(*titles, box=box.SIMPLE if console.is_terminal else None, pad_edge=False)
