"""Terraform's resource types in plain words, and the part of an environment that a person looks for them in."""

from collections.abc import Iterable, Mapping
from typing import Literal

from studioctl.catalog.kinds import KINDS, Part
from studioctl.config.text import count

Group = Part | Literal["all"]
# In the order in which a plan shows them.
TITLES: Mapping[Group, str] = {
    "people": "People and spaces",
    "editor": "Editor",
    "network": "Network",
    "permissions": "Permissions",
    "limits": "Limits",
    "data": "Data and encryption",
    "all": "The whole environment",
}
_PLURALS = {kind.noun: kind.plural for kind in KINDS.values() if kind.plural}


def noun(resource_type: str) -> str:
    """The word for a resource of this type; the type without "aws_" where it is not in the table."""
    known = KINDS.get(resource_type)
    return known.noun if known else resource_type.removeprefix("aws_").replace("_", " ")


def group_of(resource_type: str) -> Group:
    """The part of an environment that a resource of this type belongs to."""
    known = KINDS.get(resource_type)
    return known.part if known else "data"


def counted(number: int, word: str) -> str:
    """ "a policy", "2 policies"."""
    if number == 1:
        return f"{'an' if word[0] in 'aeio' else 'a'} {word}"
    return f"{number} {_PLURALS[word]}" if word in _PLURALS else count(number, word)


def listed(types: Iterable[str]) -> str:
    """Resources of these types, counted: "a VPC, 2 subnets and a route"."""
    numbers: dict[str, int] = {}
    for each in types:
        numbers[noun(each)] = numbers.get(noun(each), 0) + 1
    return joined(counted(number, word) for word, number in numbers.items())


def joined(parts: Iterable[str]) -> str:
    """ "a, b and c"."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last
