"""People come and go: changes of the users in studio.toml. AWS is changed by the next `up`."""

import difflib
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.config import edit, people_csv
from studioctl.config.load import DEFAULT_NAME, load, parse
from studioctl.config.model import EnvironmentConfig
from studioctl.config.people import everybody
from studioctl.config.people_csv import Row
from studioctl.config.source import Source
from studioctl.config.text import Elsewhere, nearest
from studioctl.errors import ConfigError, ExitCode, RefusedError, StudioctlError

# Of another user's git configuration: who it is that commits.
IDENTITY = ("user.name", "user.email", "user.signingkey")
# Keys that say who a user is.
OWN = ("github", "posix", "sso_user")
Entry = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """A user as the file has it.

    Args:
        name: The user profile's name.
        group: The group, if the user is in one.
        place: The place that names the user: "studio.toml:12", "people.csv:3".
        spaces: The user's spaces: name, instance type and size of the volume in GB, with every default filled in.
    """

    name: str
    group: str | None
    place: str
    spaces: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Change:
    """A change of the file.

    Args:
        file: The file, as it was named.
        before: Its text.
        after: Its text then.
        added: Users who come.
        removed: Users who go.
        known: Users of a list who are in the file already, and stay as they are there.
        numbered: By name with a number, as another one has the name without: who that is in IAM Identity Center.
        left_out: Keys that are not copied from another user because they are theirs alone.
    """

    file: str
    before: str
    after: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=(), kw_only=True)
    numbered: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    @property
    def diff(self) -> str:
        """The lines that change in the text, as a unified diff; empty where nothing does."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        lines = difflib.unified_diff(old, new, self.file, self.file)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def listing(file: Path) -> tuple[Listed, ...]:
    """The users in the file, in its order.

    Raises:
        ConfigError: The file is wrong.
    """
    config, source = load(file), Source.of(file)
    spaces = config.resolved_spaces()
    places = source.places("users", len(config.users))
    return tuple(
        Listed(
            user.name,
            user.group,
            place,
            tuple(
                {
                    "name": s.name,
                    "app": s.app,
                    "instance_type": s.instance_type,
                    "alternatives": list(s.alternatives),
                    "volume_gb": s.volume_gb,
                }
                for s in spaces
                if s.owner == user.name
            ),
        )
        for user, place in zip(config.users, places, strict=True)
    )


@contextmanager
def changing(file: Path) -> Iterator[str]:
    """The file's text, while no other studioctl changes it.

    Raises:
        ConfigError: The file is wrong already.
    """
    load(file)
    if not file.is_file():
        raise RefusedError(f"{file} is no file that can be changed.", hint="name a file with --config")
    with edit.alone(file):
        yield file.read_bytes().decode("utf-8")


def write(change: Change) -> None:
    """Writes the change: all of it or nothing."""
    if change.after != change.before:
        edit.replace(Path(change.file), change.after)


def add(text: str, file: Path, names: Sequence[str], like: str | None, values: Mapping[str, Any]) -> Change:
    """The change that adds users.

    Args:
        text: The file's text.
        file: The file.
        names: Their names.
        like: A user whose values they get; None for none.
        values: Values of each of them, by key of a [[users]] table.

    Raises:
        ConfigError: The file would be wrong then.
        RefusedError: One is in the file already, or the file cannot be changed without doubt.
    """
    data = _read(text)
    config = parse(text, str(file), file.parent)
    _refuse_known(config, names, file, Source(str(file), text.removeprefix(edit.MARK)))
    known = _entries(data, file.parent)
    if like is not None:
        like = next((name for name in known if name.casefold() == like.casefold()), like)
        if like not in known:
            raise _no_such_user(like, known, file)
    entries: list[Entry] = []
    members: dict[str, list[str]] = {}
    model = known.get(like or "", {})
    group = values.get("group") or model.get("group")
    in_group = group in tuple(_groups_of(data, like)) if like else False
    wanted = [
        {**copied(model, name), **{key: value for key, value in values.items() if value is not None}} for name in names
    ]
    for name, entry in zip(names, [dict(each) for each in wanted], strict=True):
        if in_group and entry.get("group") == group:
            del entry["group"]
            members.setdefault(str(group), []).append(name)
        if len(entry) > 1 or not in_group:
            entries.append(entry)
    _refuse_wrong(text, file, names, wanted)
    after = edit.with_users(text, entries, members, file=str(file))
    parse(after, str(file), file.parent)
    return Change(str(file), text, after, added=tuple(names), left_out=tuple(_personal(model)))


def _refuse_wrong(text: str, file: Path, names: Sequence[str], wanted: Sequence[Entry]) -> None:
    """Tells what is wrong with new users by their names, as the lines that they would have are not in the file."""
    rows = [Row((Elsewhere(f"'{name}'"), 0), entry) for name, entry in zip(names, wanted, strict=True)]
    try:
        parse(text, str(file), file.parent, also=rows)
    except ConfigError as error:
        raise StudioctlError(
            f"{error.message}\nNothing was changed.",
            hint="run the same command again with that corrected",
            exit_code=ExitCode.USAGE,
        ) from None


def copied(model: Mapping[str, Any], name: str) -> Entry:
    """The entry of a new user with the values of another: with renamed spaces, and without an identity."""
    whose = str(model.get("name", ""))
    entry: Entry = {"name": name}
    for key, value in model.items():
        if key == "spaces":
            entry[key] = [{**space, "name": _renamed(str(space["name"]), whose, name)} for space in value]
        elif key == "editor":
            entry[key] = {**value, **({"git": _anonymous(value["git"])} if "git" in value else {})}
            if entry[key].get("git") == {}:
                del entry[key]["git"]
        elif key not in {"name", *OWN}:
            entry[key] = value
    return {key: value for key, value in entry.items() if value != {}}


def remove(text: str, file: Path, name: str) -> Change:
    """The change that removes a user.

    Args:
        text: The file's text.
        file: The file.
        name: The user's name.

    Raises:
        RefusedError: It is the only user, stands in two files, or the file cannot be changed without doubt.
        StudioctlError: There is no such user.
    """
    config = parse(text, str(file), file.parent)
    index, found = user_of(config, name, file)
    if len(config.users) == 1:
        raise RefusedError(
            f"'{found}' is the only user of '{config.name}'. Nothing was changed.",
            hint="studioctl down   (removes the environment)",
        )
    written = Source(str(file), text).written(("users", index))
    if isinstance(written[0], Elsewhere):
        return _without_listed(text, file, Path(written[0]), found)
    after = edit.checked(edit.without_user(text, found, file=str(file)), str(file))
    return Change(str(file), text, after, removed=(found,))


def _without_listed(text: str, file: Path, people: Path, name: str) -> Change:
    """The change that removes a user from the list that `users_file` names."""
    edit.refuse_read_only(people)
    before = people.read_bytes().decode("utf-8")
    rows, _ = people_csv.read(before.encode(), str(people))
    line = next((int(row.place[1]) for row in rows if row.values["name"] == name), 0)
    if group := next(_groups_of(_read(text), name), None):
        raise RefusedError(
            f"'{name}' stands in {people}:{line}, and in the users of [groups.{group}] in {file}. Nothing was changed.",
            hint=f"delete '{name}' from the users of [groups.{group}], then run the same command again",
        )
    after = people_csv.without(before, line)
    left, _ = people_csv.read(after.encode(), str(people))
    if [row.values for row in left] != [row.values for row in rows if row.values["name"] != name]:
        raise RefusedError(
            f"{people} is written in a way that cannot be changed without doubt. Nothing was changed.",
            hint=f"delete the line {people}:{line}, then: studioctl plan",
        )
    edit.checked(text, str(file), left)
    return Change(str(people), before, after, removed=(name,))


def _groups_of(data: Mapping[str, Any], name: str) -> Iterator[str]:
    """The groups whose lists name the user."""
    return (group for group, values in data.get("groups", {}).items() if name in values.get("users", []))


def remove_as_shown(text: str, file: Path, change: Change) -> None:
    """Write a removal, if nobody changed the file since it was shown.

    Args:
        text: The text of studio.toml now.
        file: Its path.
        change: The removal. Its file may be the list that `users_file` names.

    Raises:
        RefusedError: Somebody did.
    """
    place = Path(change.file)
    with nullcontext() if place == file else edit.alone(place):  # studio.toml is locked already
        if remove(text, file, change.removed[0]) != change:
            raise RefusedError(
                f"{change.file} was changed after it was shown to you, so it stays as it is.",
                hint="run the same command again",
            )
        write(change)


def user_of(config: EnvironmentConfig, name: str, file: Path) -> tuple[int, str]:
    """The position of a user in the file, and the name as it is written there.

    Raises:
        StudioctlError: There is no such user.
    """
    for index, user in enumerate(config.users):
        if user.name.casefold() == name.casefold():
            return index, user.name
    raise _no_such_user(name, [user.name for user in config.users], file)


def _no_such_user(name: str, known: Iterable[str], file: Path) -> StudioctlError:
    meant = nearest(name, known)
    return StudioctlError(
        f"There is no user '{name}' in {file}{f'; did you mean {meant}?' if meant else '.'}",
        hint=_list_hint(file),
        exit_code=ExitCode.USAGE,
    )


def _list_hint(file: Path) -> str:
    return "studioctl user list" + ("" if str(file) == DEFAULT_NAME else f" --config {shlex.quote(str(file))}")


def _refuse_known(config: EnvironmentConfig, names: Sequence[str], file: Path, source: Source) -> None:
    there = {user.name.casefold(): index for index, user in enumerate(config.users)}
    for name in names:
        if (index := there.get(name.casefold())) is not None:
            known, place = config.users[index].name, source.spot("users", index)
            raise RefusedError(f"'{known}' is in {place} already. Nothing was changed.", hint=_list_hint(file))


def _read(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix(edit.MARK))


def _entries(data: Mapping[str, Any], directory: Path) -> dict[str, Entry]:
    """The values written for each user, without what a group says."""
    groups = {
        name: {key: value for key, value in group.items() if key == "users"}
        for name, group in data.get("groups", {}).items()
    }
    users = everybody({**data, "groups": groups}, directory).data.get("users", [])
    return {str(user["name"]): user for user in users}


def _renamed(space: str, whose: str, name: str) -> str:
    rest = space.removeprefix(whose)
    return f"{name}{rest}" if rest != space else f"{name}-{space}"


def _anonymous(git: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in git.items() if key.lower() not in IDENTITY}


def _personal(model: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key in OWN if key in model)
    git = model.get("editor", {}).get("git", {})
    yield from (f"editor.git.{key}" for key in git if key.lower() in IDENTITY)
