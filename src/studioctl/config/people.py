"""Everybody who works here: [[users]], the names in groups, and a list in a file beside this one, as one list.

What a group says holds for each of its people who says nothing else. So no value has to stand 200 times, and nothing
after this stage knows where a person was named; only messages do, by `Origins`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.config import checks, people_csv
from studioctl.config.editor_merge import merged
from studioctl.config.people_csv import Row
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Elsewhere, Location, Violation, nearest, path, quote

# Keys that a group may say for its people.
SHARED = ("instance_type", "image", "volume_gb", "push_images", "editor")


@dataclass
class Origins:
    """The location of each value of `users` that is not written below a [[users]].

    Args:
        people: By position in `users`: where the person is named.
        values: By position and key: where a value stands that the person has from elsewhere.
    """

    people: dict[int, Location] = field(default_factory=dict)
    values: dict[tuple[int, str], Location] = field(default_factory=dict)

    def of(self, location: Location) -> Location:
        """The place that a person can look at, for a place in `users` as everything after this stage has it."""
        if len(location) < 2 or location[0] != "users" or not isinstance(location[1], int):
            return location
        index, rest = location[1], location[2:]
        if rest and (shared := self.values.get((index, str(rest[0])))):
            return shared + rest[1:]
        named = self.people.get(index)
        if named is None:
            return location
        return named + rest if isinstance(named[0], Elsewhere) else named


@dataclass(frozen=True)
class People:
    """The file's data with everybody in `users`, what is wrong with how they are named, and where each is written."""

    data: dict[str, Any]
    problems: tuple[Violation, ...]
    origins: Origins


def everybody(
    data: Mapping[str, Any], directory: Path, also: Sequence[Row] = (), listed: Sequence[Row] | None = None
) -> People:
    """The data with all people in `users`: first those of [[users]], then of `users_file`, then of groups.

    Args:
        data: The file as plain dicts and lists. What has the wrong type is passed over.
        directory: The file's directory.
        also: People of another list, as if they stood in `users_file`.
        listed: People of `users_file`, if it is not to be read.
    """
    origins = Origins()
    rows, problems = _listed_elsewhere(data, directory) if listed is None else (listed, [])
    is_empty = listed is None and isinstance(data.get("users_file"), str) and not rows and not problems
    if not isinstance(data.get("users", []), list):
        return People(dict(data), tuple(problems), origins)
    users: list[Any] = list(data.get("users", []))
    for row in (*rows, *also):
        origins.people[len(users)] = row.place
        users.append(dict(row.values))
    groups = table_in(data, "groups")
    problems += _named_in_groups(groups, users, origins)
    problems += _with_values_of_groups(groups, users, origins)
    if is_empty and not users:
        place = Elsewhere(people_csv.named(directory, data["users_file"]))
        problems.append(((place, 0), "has nobody; write a line for each person below the first"))
    whole = {**data, "users": users} if users or "users" in data else dict(data)
    return People(whole, tuple(problems), origins)


def _listed_elsewhere(data: Mapping[str, Any], directory: Path) -> tuple[Sequence[Row], list[Violation]]:
    name = data.get("users_file")
    if not isinstance(name, str):
        return [], []
    try:
        return people_csv.beside(directory, name)
    except ValueError as error:
        return [], [(("users_file",), str(error))]


def _named_in_groups(groups: Mapping[str, Any], users: list[Any], origins: Origins) -> Iterator[Violation]:
    """Adds who is named in a group alone, and says of the others which group they are in."""
    known = {
        user["name"].casefold(): index
        for index, user in reversed(list(enumerate(users)))
        if isinstance(user, dict) and isinstance(user.get("name"), str)
    }
    for group, values in groups.items():
        try:
            checks.sagemaker_name(group)
        except ValueError as error:
            yield ("groups", group), str(error)
        listed: set[int] = set()
        for place, name in enumerate(list_in(values, "users") if isinstance(values, dict) else ()):
            here = ("groups", group, "users", place)
            if not isinstance(name, str):
                continue
            index = known.setdefault(name.casefold(), len(users))
            if index in listed:
                yield here, f"{quote(name)} is in this list already; delete one"
            elif index == len(users):
                origins.people[index] = here
                origins.values[index, "group"] = ("groups", group)
                users.append({"name": name, "group": group})
            elif users[index]["name"] != name:
                yield here, f"{quote(name)} differs from the user {quote(users[index]['name'])} only in case"
            elif users[index].get("group") is None:
                users[index] = {**users[index], "group": group}
                origins.values[index, "group"] = here
            elif users[index]["group"] != group:
                yield here, f"{quote(name)} is in the group {quote(str(users[index]['group']))}; delete one of the two"
            listed.add(index)


def _with_values_of_groups(groups: Mapping[str, Any], users: list[Any], origins: Origins) -> Iterator[Violation]:
    for index, user in enumerate(users):
        name = user.get("group") if isinstance(user, dict) else None
        if not isinstance(name, str):
            continue
        if name not in groups:
            yield ("users", index, "group"), _no_such_group(name, groups)
            continue
        group = groups[name] if isinstance(groups[name], dict) else {}
        users[index] = {**user, **_shared(group, user)}
        for key in group:
            if key in SHARED and key not in user:
                origins.values[index, key] = ("groups", name, key)


def _no_such_group(name: str, groups: Collection[str]) -> str:
    known = {group: group if group.isprintable() else quote(group) for group in groups}
    if meant := nearest(name, groups):
        return f"there is no group {quote(name)}; did you mean {known[meant]}?"
    there = f", or one of: {', '.join(known.values())}" if groups else ""
    return f"there is no group {quote(name)}; write [{path(('groups', name))}]{there}"


def _shared(group: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: group[key] for key in SHARED if key in group and key not in user}
    if isinstance(group.get("editor"), dict) and isinstance(user.get("editor"), dict):
        with suppress(TypeError, KeyError, AttributeError):  # what has the wrong type is told of each by itself
            found["editor"] = merged(group["editor"], user["editor"])
    return found
