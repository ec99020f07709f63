"""Explain an error by its code or its text: from AWS, from Terraform, or one of studioctl's own ids."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from studioctl.catalog import troubles
from studioctl.catalog.troubles import Trouble
from studioctl.errors import StudioctlError

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
ID = re.compile(r"\b(?:[A-Z]{3}\d{3}|STUDIO-\d{3}|CKV\d?_AWS_\d+)\b")

NEXT = re.compile(r"^Next: +(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Explanation:
    """An error, explained.

    Args:
        name: Its name in a few words, after the id if it has one.
        means: A sentence or two on what it is.
        causes: The usual ones, the likeliest first.
        look: Commands that show more.
        run: Commands or steps that help, the likeliest first.
        source: The page about it; empty for what studioctl says itself.
    """

    name: str
    means: str
    causes: tuple[str, ...]
    look: tuple[str, ...]
    run: tuple[str, ...]
    source: str

    def to_json(self) -> dict[str, Any]:
        """The stable shape behind `studioctl explain --json`."""
        return asdict(self)


def explain(text: str, audited: Iterable[tuple[str, Explanation]] = ()) -> tuple[Explanation, ...]:
    """The explanations that fit, the likeliest first.

    Args:
        text: A code, an id, or a message that was copied from somewhere.
        audited: The ids of the audit's rules, with what they mean.

    Raises:
        StudioctlError: Nothing is known of it.
    """
    known = {**dict(_of_the_doctor()), **dict(audited)}
    found = [known[each] for each in dict.fromkeys(ID.findall(text)) if each in known]
    found += map(_of, troubles.matching(text))
    found = found or [*_of_ours(text)]
    if not found:
        raise StudioctlError(
            f"Nothing is known of {_short(text)}.",
            hint="give the code in the message, such as ResourceInUse, or the whole message in quotes; to look for what"
            " is wrong: studioctl doctor",
        )
    return tuple(found)


def _of_ours(text: str) -> Iterator[Explanation]:
    """A message of studioctl of which there is no more to say: its own last line tells what to do."""
    if said := NEXT.search(text):
        means = "The message says itself what to do. Nothing more is known of it."
        yield Explanation("a message of studioctl", means, (), (), (said[1].strip(),), "")


def _of(trouble: Trouble) -> Explanation:
    return Explanation(trouble.name, trouble.means, trouble.causes, trouble.look, trouble.run, trouble.source)


def _of_the_doctor() -> Iterator[tuple[str, Explanation]]:
    from studioctl.operations.doctor import catalogue  # noqa: PLC0415 (needed here only)

    for rules in catalogue.rules().values():
        for rule in rules:
            look = ("studioctl doctor   (shows it as it is here)",)
            run = () if "{" in rule.remedy else (rule.remedy,)  # what has to be filled in, the doctor fills in
            yield rule.id, Explanation(f"{rule.id}: {rule.title}", rule.why, (), look, run, rule.reference)


def _short(text: str) -> str:
    """The beginning, in quotes. What was piped in may be no text at all."""
    words = "".join(letter if letter.isprintable() else UNREADABLE for letter in " ".join(text.split()))
    return f"'{words}'" if len(words) <= 60 else f"'{words[:57]}...'"
