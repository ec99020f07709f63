"""Known errors of AWS, Terraform and their like: what each means, its usual causes, and what to do.

One table for all that speaks of errors: `explain`, the errors of single calls to AWS and those of Terraform.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

SIGN_IN = "sign in (aws sso login, or aws configure), check with: aws sts get-caller-identity"
NO_CAPACITY = "no capacity for the instance type"
_AS_SAID = re.IGNORECASE | re.DOTALL


@dataclass(frozen=True)
class Trouble:
    """One known kind of error.

    Args:
        name: Its name, in a few words.
        pattern: A regular expression for its codes, and for what Terraform prints.
        means: A sentence or two on what it is.
        causes: The usual ones, the likeliest first.
        look: Commands that only read, and show more.
        run: Commands that help, the likeliest first.
        source: AWS's or Terraform's page about it.
        also: A wider pattern, for codes and for what somebody gives to `explain`.
        call: The next step after a failed call of AWS's API; "" if there is nothing particular to do.
        hint: The next step if Terraform fails so; "" if nobody knows. {command} is studioctl's, and other names in
            braces are groups of the pattern.
        on_down: The hint where the environment is being removed; "" where it is the same.
        family: The family that Terraform's error belongs to, where it has one.
    """

    name: str
    pattern: str
    means: str
    causes: tuple[str, ...]
    look: tuple[str, ...]
    run: tuple[str, ...]
    source: str
    also: str = ""
    call: str = ""
    hint: str = ""
    on_down: str = ""
    family: Literal["", "config", "name taken"] = ""

    def fits(self, text: str) -> bool:
        """Whether a code, or a text that somebody gives, is of this kind."""
        wide = f"{self.pattern}|{self.also}" if self.also else self.pattern
        return re.search(wide, text, re.IGNORECASE) is not None

    def found_in(self, text: str) -> "re.Match[str] | None":
        """The place in what Terraform printed that is of this kind."""
        return re.search(self.pattern, text, _AS_SAID)


@cache
def troubles() -> tuple[Trouble, ...]:
    """All of them, the particular before the general."""
    text = files(__package__).joinpath("troubles.toml").read_text(encoding="utf-8")
    return tuple(map(_trouble, tomllib.loads(text)["trouble"]))


def _trouble(entry: dict[str, str | list[str]]) -> Trouble:
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    if given.get("call") == "{sign_in}":
        given["call"] = SIGN_IN
    return Trouble(**given)  # type: ignore[arg-type]


def matching(text: str) -> tuple[Trouble, ...]:
    """The kinds that a code or a text may be of, the likeliest first; none where nothing is known."""
    return tuple(trouble for trouble in troubles() if trouble.fits(text))


def named(name: str) -> Trouble:
    """The one of this name."""
    return next(trouble for trouble in troubles() if trouble.name == name)


def after_a_call(code: str) -> str:
    """The way on from an error code of AWS's API; "" where there is nothing particular to do."""
    return next((trouble.call for trouble in troubles() if trouble.call and trouble.fits(code)), "")


def after_terraform(text: str) -> Trouble | None:
    """The kind of what Terraform printed, of those for which something can be done."""
    return next((trouble for trouble in troubles() if trouble.hint and trouble.found_in(text)), None)
