"""Format values and key paths for messages: quoted, short, and with nothing that could upset a terminal."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeAlias

# Where something stands in the file: keys, and positions in lists from 0.
Location: TypeAlias = tuple[str | int, ...]
# What is wrong there, and what to write instead.
Violation: TypeAlias = tuple[Location, str]

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
LONGEST_ECHO = 70
# Letters that Unicode does not take apart into one of A to Z and an accent.
WITHOUT_ACCENTS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | {"þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"}
)


def quote(value: str) -> str:
    """The value in double quotes, shortened, with everything that does not print escaped."""
    shown = value if len(value) <= LONGEST_ECHO else value[: LONGEST_ECHO - 3] + "..."
    return '"' + "".join(_printable(character) for character in shown) + '"'


def latin(value: str) -> str:
    """The value with its letters as A to Z, as far as they are of the Latin alphabet: José, Jose; Łukasz, Lukasz."""
    decomposed = unicodedata.normalize("NFKD", value.translate(WITHOUT_ACCENTS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _printable(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if "\udc80" <= character <= "\udcff":  # a byte that is no text in this locale: it leaves as it came
        return character
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def count(number: int, noun: str) -> str:
    """ "1 zone", "2 zones"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Iterable[str], most: int = 10) -> str:
    """Names in one sentence: "ada, bob", and of a thousand the first ones "and 990 more"."""
    found = list(names)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


class Elsewhere(str):
    """The first part of a place outside of studio.toml: another file's name. The second is the line, 0 for none."""

    __slots__ = ()


def place_elsewhere(location: Location) -> str | None:
    """A place in another file, "people.csv:7: volume_gb"; None for one in the studio.toml."""
    if not location or not isinstance(location[0], Elsewhere):
        return None
    line, cell = location[1], path(location[2:])
    return f"{location[0]}{f':{line}' if line else ''}{f': {cell}' if cell else ''}"


def told_elsewhere(found: Iterable[Violation]) -> list[str]:
    """A line for each thing that is wrong in other files, by file and line; what is wrong in several of them once."""
    places: dict[tuple[str, str, str], list[int]] = {}
    for location, words in found:
        places.setdefault((str(location[0]), path(location[2:]), words), []).append(int(location[1]))
    by_line = sorted((file, min(lines), cell, words, lines) for (file, cell, words), lines in places.items())
    return [f"{file}{_lines(lines)}: {cell}{': ' if cell else ''}{words}" for file, _, cell, words, lines in by_line]


def _lines(numbers: list[int], most: int = 10) -> str:
    """ ":7" for one line, ": lines 2 to 41, 45" for several, empty for none."""
    if len(numbers) == 1:
        return f":{numbers[0]}" if numbers[0] else ""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    shown = [f"{each[0]} to {each[-1]}" if len(each) > 1 else f"{each[0]}" for each in ranges[:most]]
    more = sum(len(each) for each in ranges[most:])
    return f": lines {', '.join(shown)}{f' and {more} more' if more else ''}"


def path(location: Location) -> str:
    """A key path as a person writes it: `users[1].name`, `editor.git."user.name"`."""
    written = ""
    for part in location:
        if isinstance(part, int):
            written += f"[{part}]"
            continue
        key = part if BARE_KEY.fullmatch(part) and part.isascii() else quote(part)
        written += f".{key}" if written else key
    return written


def nearest(value: str, known: Iterable[str]) -> str | None:
    """The known word that the value was probably meant to be."""
    return next(iter(all_nearest(value, known)), None)


def all_nearest(value: str, known: Iterable[str]) -> list[str]:
    """The same, and those that are just as near: "us-est-1" may be "us-east-1" or "us-west-1"."""
    by_folded = {word.casefold(): word for word in sorted(known)}
    meant = value.casefold()
    # Letters in the wrong order are the commonest slip, and difflib takes "us-esat-1" for "us-west-1".
    swapped = [word for word in by_folded if sorted(word) == sorted(meant)]
    close = difflib.get_close_matches(meant, by_folded, n=5, cutoff=0.6)
    best = [word for word in close if _likeness(word, meant) == _likeness(close[0], meant)]
    return [by_folded[word] for word in swapped[:1] or sorted(best)]


def _likeness(word: str, meant: str) -> float:
    return difflib.SequenceMatcher(None, meant, word).ratio()


def kind(value: Any) -> str:
    """Return the type of a value in TOML's terms, never the value itself."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def sentence(words: str) -> str:
    """The words of a rule with the full stop that they lack, unless they end with a question."""
    return words if words.endswith("?") else f"{words}."
