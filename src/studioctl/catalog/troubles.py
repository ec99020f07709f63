"""Known errors of AWS, Terraform and their like: what each means, its usual causes, and what to do."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Trouble:
    """One known kind of error.

    Args:
        name: Its name, in a few words.
        pattern: A regular expression for its codes and texts.
        means: A sentence or two on what it is.
        causes: The usual ones, the likeliest first.
        look: Commands that only read, and show more.
        run: Commands that help, the likeliest first.
        source: Where AWS or Terraform writes of it.
    """

    name: str
    pattern: str
    means: str
    causes: tuple[str, ...]
    look: tuple[str, ...]
    run: tuple[str, ...]
    source: str

    def fits(self, text: str) -> bool:
        """Whether the text, or the code, is of this kind."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


@cache
def troubles() -> tuple[Trouble, ...]:
    """All of them, the particular before the general."""
    text = files(__package__).joinpath("troubles.toml").read_text(encoding="utf-8")
    return tuple(
        Trouble(
            each["name"],
            each["pattern"],
            each["means"],
            tuple(each["causes"]),
            tuple(each["look"]),
            tuple(each["run"]),
            each["source"],
        )
        for each in tomllib.loads(text)["trouble"]
    )


def matching(text: str) -> tuple[Trouble, ...]:
    """The kinds that a code or a text may be of, the likeliest first; none where nothing is known."""
    return tuple(trouble for trouble in troubles() if trouble.fits(text))
