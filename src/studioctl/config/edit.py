"""Changes of the user's file that touch nothing else in it: comments, order, blank lines.

Each is made as a splice of the text, read again, and compared with what was meant. What does not come out so is not
written: the user gets the lines to write by hand.
"""

import copy
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from studioctl import disk
from studioctl.config.load import parse
from studioctl.config.people_csv import Row
from studioctl.config.template import toml_value
from studioctl.config.text import BARE_KEY, Location
from studioctl.config.toml_edit import Document, Splice, UneditableError
from studioctl.errors import ConfigError, RefusedError

LONGEST_LINE = 110
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # which some editors of Windows put before everything
Data = dict[str, Any]


def with_custom_image(text: str, name: str, digest: str, *, file: str, apps: Sequence[str] = ()) -> str:
    """The file's text with this image among [[images.custom]]; an entry of this name gets the digest.

    A new entry goes below the others or to the end of the file, where it cannot come between other keys and their
    comments; into a list that is written `[...]`, it goes there.

    Args:
        text: The file's text, which is valid.
        name: The entry's name.
        digest: The image's digest.
        file: The file's name in messages.
        apps: The apps that offer it; left out, an entry that is there keeps its own.

    Raises:
        ConfigError: The result would break a rule, such as the greatest number of images.
        RefusedError: The file has a form that cannot be changed without doubt.
    """
    data = _read(text)
    images = data.setdefault("images", {})
    known = [entry["name"] for entry in images.get("custom", [])]
    entry = {"name": name, "digest": digest, **({"apps": list(apps)} if apps else {})}

    def splices(document: Document) -> list[Splice]:
        if name in known:
            return _other_image(document, ("images", "custom", known.index(name)), entry)
        if document.has(("images", "custom")):
            return document.with_item(("images", "custom"), [toml_value(entry)])
        if document.has(("images",)):
            return [document.key_in_line(("images",), "custom", toml_value([entry]))]
        return [document.after_tables(("images", "custom"), table(("images", "custom"), entry))]

    if name in known:
        images["custom"][known.index(name)] |= entry
    else:
        images["custom"] = [*images.get("custom", []), entry]
    changed = _changed(text, data, splices, file=file, by_hand=table(("images", "custom"), entry))
    return checked(changed, file)


def _other_image(document: Document, place: Location, entry: Data) -> list[Splice]:
    """Another digest for an entry and, where they are given, other apps."""
    digest, apps = toml_value(entry["digest"]), toml_value(entry["apps"]) if "apps" in entry else ""
    if not apps:
        return [document.value((*place, "digest"), digest)]
    if document.has((*place, "apps")):
        return [document.value((*place, "digest"), digest), document.value((*place, "apps"), apps)]
    return [document.value((*place, "digest"), digest), document.beside((*place, "digest"), "apps", apps)]


def with_homes(text: str, its_id: str, numbers: Mapping[str, int], *, file: str) -> str:
    """The file's text with a home file system that was kept among [[storage.file_systems]]; one there gets the numbers.

    Args:
        text: The file's text, which is valid.
        its_id: The file system's id.
        numbers: By user, the number of their directory.
        file: The file's name in messages.

    Raises:
        ConfigError: The result would break a rule, such as the greatest number of file systems.
        RefusedError: The file has a form that cannot be changed without doubt.
    """
    data, place = _read(text), ("storage", "file_systems")
    storage = data.setdefault("storage", {})
    known = [entry["id"] for entry in storage.get("file_systems", [])]
    entry = {"id": its_id, "homes": dict(numbers)}

    def splices(document: Document) -> list[Splice]:
        if its_id in known:
            return [document.value((*place, known.index(its_id), "homes"), toml_value(entry["homes"]))]
        if document.has(place):
            return document.with_item(place, [toml_value(entry)])
        return [document.after_tables(place, table(place, entry))]

    if its_id in known:
        storage["file_systems"][known.index(its_id)]["homes"] = entry["homes"]
    else:
        storage["file_systems"] = [*storage.get("file_systems", []), entry]
    changed = _changed(text, data, splices, file=file, by_hand=table(place, entry))
    return checked(changed, file)


def with_users(text: str, entries: Sequence[Data], members: Mapping[str, Sequence[str]], *, file: str) -> str:
    """The file's text with more users, and with more names in groups.

    Args:
        text: The file's text, which is valid.
        entries: The content of each new [[users]].
        members: By group, the names that its `users` get.
        file: The file's name in messages.

    Raises:
        RefusedError: The file has a form that cannot be changed without doubt.
    """
    data = _read(text)
    if entries:
        data["users"] = [*data.get("users", []), *entries]
    for group, names in members.items():
        data["groups"][group]["users"] = [*data["groups"][group]["users"], *names]
    blocks = [line for entry in entries for line in ["", *table(("users",), entry)]][1:]

    def splices(document: Document) -> Iterator[Splice]:
        if entries and document.has(("users",)):
            yield from document.with_item(("users",), [toml_value(entry) for entry in entries])
        elif entries:
            yield document.after_tables(("users",), blocks)
        for group, names in members.items():
            yield from document.with_item(("groups", group, "users"), [toml_value(name) for name in names])

    into = [f"into the users of [groups.{group}]: {toml_value(list(names))}" for group, names in members.items()]
    return _changed(text, data, splices, file=file, by_hand=[*blocks, *into])


def without_user(text: str, name: str, *, file: str) -> str:
    """The file's text without a user: neither below a [[users]] nor in a group.

    Args:
        text: The file's text, which is valid.
        name: The user's, as it is written there.
        file: The file's name in messages.

    Raises:
        RefusedError: The file has a form that cannot be changed without doubt.
    """
    data = _read(text)
    places = [index for index, user in enumerate(data.get("users", [])) if user["name"] == name]
    members = [
        (group, index)
        for group, values in data.get("groups", {}).items()
        for index, member in enumerate(values.get("users", []))
        if member == name
    ]
    if places:
        data["users"] = [user for user in data["users"] if user["name"] != name]
    for group, _ in members:
        data["groups"][group]["users"].remove(name)

    def splices(document: Document) -> Iterator[Splice]:
        for place in places:
            if document.has(("users",)):
                yield document.without_item(("users",), place)
            else:
                yield from document.without_tables(("users", place))
        for group, index in members:
            yield document.without_item(("groups", group, "users"), index)

    what = [f"the [[users]] of '{name}', with all below it"] if places else []
    what += [f"'{name}' in the users of [groups.{group}]" for group, _ in members]
    return _changed(text, data, splices, file=file, by_hand=[f"delete {each}" for each in what])


def table(header: tuple[str, ...], entry: Data) -> list[str]:
    """An entry of a list of tables, as lines: what is long, and the tables in it, below it."""
    lines = [f"[[{'.'.join(header)}]]"]
    below: list[str] = []
    for key, value in entry.items():
        if isinstance(value, dict) and len(f"{key} = {toml_value(value)}") > LONGEST_LINE // 2:
            below += ["", f"[{'.'.join((*header, key))}]", *(line for k, v in value.items() for line in _pair(k, v))]
        else:
            lines += _pair(key, value)
    return lines + below


def _pair(key: str, value: Any) -> list[str]:
    line = f"{key if BARE_KEY.fullmatch(key) else toml_value(key)} = {toml_value(value)}"
    if len(line) <= LONGEST_LINE or not isinstance(value, list | tuple):
        return [line]
    return [f"{line.split(' = ', maxsplit=1)[0]} = [", *(f"  {toml_value(item)}," for item in value), "]"]


def _read(text: str) -> Data:
    return copy.deepcopy(tomllib.loads(text.removeprefix(MARK)))


def _changed(text: str, meant: Data, splices: Callable[[Document], Any], *, file: str, by_hand: Sequence[str]) -> str:
    """The text with these changes, if it then says what is meant."""
    mark, plain = (MARK, text.removeprefix(MARK)) if text.startswith(MARK) else ("", text)
    try:
        document = Document(plain)
        changed = document.applied(*splices(document))
        said = tomllib.loads(changed)
        if said == meant or said == {key: value for key, value in meant.items() if value != []}:
            return mark + changed
    except (UneditableError, KeyError, tomllib.TOMLDecodeError):
        pass
    lines = "".join(f"\n  {line}" for line in by_hand)
    raise RefusedError(
        f"{file} is written in a way that cannot be changed without doubt. Nothing was changed. By hand:{lines}",
        hint=f"change {file} like that, then run: studioctl validate",
    )


def checked(changed: str, file: str, listed: Sequence[Row] | None = None) -> str:
    """The changed text, once it breaks no rule. `listed`: people of `users_file`, if it is not to be read.

    Raises:
        ConfigError: It would; no line is named, as nobody has seen the lines that it would have.
    """
    try:
        parse(changed, file, Path(file).parent, listed=listed)
    except ConfigError as error:
        problems = re.sub(rf"^{re.escape(file)}(:\d+)?: ", "  ", error.message, flags=re.MULTILINE)
        raise ConfigError(
            f"{file} is unchanged. With the change it would be wrong:\n{problems}",
            hint=f"change {file} so that both can be, then run the same command again",
        ) from None
    return changed


def replace(file: Path, text: str) -> None:
    """Writes a file in one step, so that an interruption leaves the old or the new one; a link stays a link."""
    place = file.resolve()
    disk.replace(place, text, mode=place.stat().st_mode & 0o777)


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """While the file is read and changed, no other studioctl changes it.

    Raises:
        OSError: It is none that can be written back, such as a shell's pipe.
        RefusedError: It is marked as read-only.
    """
    refuse_read_only(file)
    while True:
        with disk.open_regular(file) as held:
            flock(held, LOCK_EX)
            # Another one may have put a new file in its place while we waited.
            if Path(f"/dev/fd/{held.fileno()}").stat().st_ino == file.stat().st_ino:
                yield
                return


def refuse_read_only(file: Path) -> None:
    """Refuse a file that is marked as read-only.

    Raises:
        RefusedError: It is.
    """
    if file.exists() and not os.access(file, os.W_OK):
        raise RefusedError(
            f"{file} is read-only. Nothing was changed.",
            hint=f"chmod u+w {shlex.quote(str(file))}   (then run the same command again)",
        )
