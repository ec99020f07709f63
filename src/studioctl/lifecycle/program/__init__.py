"""Programs that run inside the space: bash functions and one Python program, as files that tools can read."""

from functools import cache
from importlib.resources import files


@cache
def text(name: str) -> str:
    """The text of a file of this directory."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
