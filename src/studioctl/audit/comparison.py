"""Whether a policy in the account says what the file makes it say. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from studioctl.audit.policies import REFERENCE

ONE_THING = r"[^*?]+"
"""The name or ARN of one thing, where it is not known here; never a pattern for many things."""


def is_same(wanted: Iterable[Mapping[str, Any]], document: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    """Whether the document has these statements and no other, in any order.

    Args:
        wanted: In IAM's grammar, with Terraform's references.
        document: From IAM.
        known: Values of references, by the last part of their names, such as "account_id".
    """
    left = [_parts(each) for each in _list(document["Statement"])]
    for statement in map(_parts, wanted):
        same = next((found for found in left if _fits(statement, found, known)), None)
        if same is None:
            return False
        left.remove(same)
    return not left


def _fits(wanted: Mapping[str, set[str]], found: Mapping[str, set[str]], known: Mapping[str, str]) -> bool:
    return wanted.keys() == found.keys() and all(_covers(wanted[part], found[part], known) for part in wanted)


def _covers(wanted: Collection[str], found: Collection[str], known: Mapping[str, str]) -> bool:
    """Whether each of the one has its like in the other."""
    patterns = [re.compile(_pattern(each, known)) for each in wanted]
    return all(any(each.fullmatch(text) for text in found) for each in patterns) and all(
        any(each.fullmatch(text) for each in patterns) for text in found
    )


def _pattern(text: str, known: Mapping[str, str]) -> str:
    """A regular expression for a text with Terraform's references."""

    def pieces() -> Iterator[str]:
        for number, piece in enumerate(REFERENCE.split(text)):
            if number % 2:
                value = known.get(piece.rpartition(".")[2])
                yield ONE_THING if value is None else re.escape(value)
            else:
                yield re.escape(piece.replace("$${", "${").replace("&{", "${"))

    return "".join(pieces())


def _parts(statement: Mapping[str, Any]) -> dict[str, set[str]]:
    """The parts of a statement, by their names. Its Sid says nothing."""
    parts = {part: statement[part] for part in statement if part not in {"Sid", "Condition"}}
    for test, keys in statement.get("Condition", {}).items():
        parts |= {f"{test} {key.lower()}": values for key, values in keys.items()}
    return {part: {_text(value) for value in _list(values)} for part, values in parts.items() if values}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
