"""A lifecycle script read back: which values of `[editor]` an earlier one was made of."""

import base64
import bz2
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from studioctl.lifecycle.script import MAX_SOURCE_BYTES

Values = Mapping[str, str]  # name -> value; what is in a list is a name without a value
_PACKED = re.compile(r"<<'END\.'\n(?P<packed>[!-~]+)\nEND\.\n")
_STEP = re.compile(r"    (?P<name>[a-z_-]+)\)\n      ")
_PERFORM, _VARIABLES = "perform() {\n  case ${1} in\n", "variables() {\n  printf '%s\\n' "
_STRICT = re.compile(r"^settings\(\) \{\n  steps='[a-z_ -]*' strict=(?P<strict>true|false)\n", re.MULTILINE)
OURS = ("PATH", "DOCKER_HOST", "DOCKER_API_VERSION")  # variables that no file names


def editor_of(text: str) -> Mapping[str, Values] | None:
    """The values that a script was made of, by the key of `[editor]`; None if studioctl did not make it.

    Args:
        text: As AWS keeps it.
    """
    source = _unpacked(text)
    steps, strict = dict(_steps(source)), _STRICT.search(source)
    _, is_ours, rest = source.partition(_VARIABLES)
    if not steps or not is_ours or strict is None:
        return None
    try:
        found = {key: dict(read(shlex.split(steps[step]))) for step, (key, read) in _READ.items() if step in steps}
        found["environment"] = dict(_exported(shlex.split(_until(rest, "\n}\n"))))
    except (ValueError, IndexError, TypeError):
        return None
    return {key: values for key, values in found.items() if values} | {"strict": {"": strict["strict"]}}


def steps_of(text: str) -> frozenset[str]:
    """The names of the steps of a script; none if studioctl did not make it."""
    return frozenset(name for name, _ in _steps(_unpacked(text)))


def decoded(content: Any) -> str:
    """A script from the form in which AWS takes it; "" where it is none."""
    try:
        return base64.b64decode(content, validate=True).decode()
    except (ValueError, TypeError):
        return ""


def _steps(source: str) -> Iterator[tuple[str, str]]:
    """The name and the call of each step."""
    _, _, rest = source.partition(_PERFORM)
    while found := _STEP.match(rest):
        rest = rest[found.end() :]
        call = _until(rest, _END)
        yield found["name"], call
        rest = rest[len(call) + len(_END) :]


def _until(text: str, end: str) -> str:
    """The text up to its end, which does not count between quotes."""
    quote = ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif text.startswith(end, place):
            return text[:place]
    return text


_END = "\n      ;;\n"


def _unpacked(text: str) -> str:
    packed = _PACKED.search(text)
    if packed is None:
        return text
    try:
        unpacking = bz2.BZ2Decompressor()
        return unpacking.decompress(base64.b85decode(packed["packed"]), MAX_SOURCE_BYTES).decode()
    except (ValueError, OSError, EOFError):
        return text


def _listed(words: list[str]) -> Iterator[tuple[str, str]]:
    yield from ((word, "") for word in words[1:])


def _whole(words: list[str]) -> Iterator[tuple[str, str]]:
    yield "", words[1]


def _json(words: list[str]) -> Iterator[tuple[str, str]]:
    """The values of what is merged into a file: `user_file NAME JSON`, `merge NAME JSON ...`."""
    for place, word in enumerate(words[:-2]):
        if word in {"user_file", "merge"}:
            merged: Any = json.loads(words[place + 2])
            named = merged.items() if isinstance(merged, dict) else ((entry["key"], entry) for entry in merged)
            yield from ((str(name), json.dumps(value)) for name, value in named)


def _exported(words: list[str]) -> Iterator[tuple[str, str]]:
    for line in words[0].splitlines():
        name, is_set, value = line.removeprefix("export ").partition("=")
        if line.startswith("export ") and is_set and name not in OURS:
            yield name, json.dumps(shlex.split(value)[0])


# Step -> its key of [editor], and how the values are read from the words of its call.
_READ: Mapping[str, tuple[str, Callable[[list[str]], Iterator[tuple[str, str]]]]] = {
    "tools": ("tools", _listed),
    "extensions": ("extensions", _listed),
    "repositories": ("repositories", _listed),
    "conda-packages": ("conda_packages", _listed),
    "conda-config": ("conda", _json),
    "settings": ("settings", _json),
    "keybindings": ("keybindings", _json),
    "git": ("git", _json),
    "extra-script": ("extra_script", _whole),
}
