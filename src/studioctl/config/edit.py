"""Changing the user's file without touching what the change is not about: comments, order, blank lines."""

from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable

from studioctl import disk
from studioctl.config.load import parse


def with_custom_image(text: str, name: str, digest: str, *, file: str) -> str:
    """The file's text with this image among [[images.custom]]; an entry of this name gets the digest.

    A new entry goes to the end of the file, where it cannot come between other keys and their comments; into a list
    that is written on one line, it goes there.

    Args:
        text: The file's text, which is valid.
        name: The entry's name.
        digest: The image's digest.
        file: What to call the file in messages.

    Raises:
        ConfigError: The result would break a rule, such as the greatest number of images.
    """
    document = tomlkit.parse(text)
    images = document.get("images", {})
    custom: Any = images.get("custom")
    known = next((entry for entry in custom or () if entry["name"] == name), None)
    if known is not None:
        known["digest"] = digest
        changed = tomlkit.dumps(document)
    elif isinstance(images, InlineTable) or not (custom is None or isinstance(custom, AoT)):
        entry = tomlkit.inline_table()
        entry.update({"name": name, "digest": digest})
        if custom is None:
            images["custom"] = tomlkit.array()
        images["custom"].append(entry)
        changed = tomlkit.dumps(document)
    else:
        changed = _at_the_end(text, ["[[images.custom]]", f'name = "{name}"', f'digest = "{digest}"'])
    parse(changed, file)
    return changed


def _at_the_end(text: str, lines: list[str]) -> str:
    """The text with a paragraph more, with the line breaks that it has."""
    end = "\r\n" if "\r\n" in text else "\n"
    return text.rstrip() + end + end + "".join(line + end for line in lines)


def replace(file: Path, text: str) -> None:
    """Writes a file in one step, so that an interruption leaves the old or the new one; a link stays a link."""
    place = file.resolve()
    disk.replace(place, text, mode=place.stat().st_mode & 0o777)
