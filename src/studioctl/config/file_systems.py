"""File systems of EFS that spaces mount beside their volumes, and who people are there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from pydantic import Field

from studioctl.config.closed import Model
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Location, Violation, quote
from studioctl.config.values import FileSystemId, FileSystemPath, PosixGroup, PosixUser, SageMakerName

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SpaceSettings.html
MOST = 5
FIRST_GROUP = 1001


class FileSystem(Model):
    """An Amazon EFS file system, or a directory in one."""

    id: FileSystemId = Field(description="Its id.", examples=["fs-0123456789abcdef0"])
    path: FileSystemPath = Field(
        "/", description="The directory to mount. Nothing above it is visible.", examples=["/shared"]
    )
    homes: dict[SageMakerName, PosixUser] = Field(
        {},
        description="For a home file system that an earlier down kept: the number of each user's directory. Only that"
        " user mounts it, with that number. `studioctl homes restore` writes it.",
        examples=[{"ada": 200001}],
    )

    def for_user(self, user: str) -> "FileSystem | None":
        """The part of it that a user mounts; None for a home file system in which the user has no directory."""
        if not self.homes:
            return self
        number = self.number_of(user)
        return None if number is None else FileSystem(id=self.id, path=f"/{number}")

    def number_of(self, user: str) -> int | None:
        """The user's number in it; None where they have no directory. AWS does not tell profiles apart by case."""
        return next((number for name, number in self.homes.items() if name.casefold() == user.casefold()), None)


def restored(file_systems: Iterable[FileSystem]) -> Mapping[str, tuple[str, ...]]:
    """The users who mount their directory in a home file system that an earlier `down` kept, by its id."""
    return {each.id: tuple(each.homes) for each in file_systems if each.homes}


class Posix(Model):
    """A user's ids on these file systems."""

    uid: PosixUser = Field(description="The user id.", examples=[200001])
    gid: PosixGroup = Field(FIRST_GROUP, description="The group id.")


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """The mistakes: more than a space mounts, one file system twice, and people who would be two persons there."""
    shared = list_in(table_in(data, "storage"), "file_systems")
    yield from _of(("storage",), shared, ())
    for index, user in enumerate(list_in(data, "users")):
        if isinstance(user, dict):
            yield from _of(("users", index), list_in(user, "file_systems"), shared)
    said = [
        (index, user["name"], user["posix"].get("uid"))
        for index, user in enumerate(list_in(data, "users"))
        if isinstance(user, dict) and isinstance(user.get("name"), str) and isinstance(user.get("posix"), dict)
    ]
    yield from _shared_numbers(said, [table_in(each, "homes") for each in shared if isinstance(each, dict)])
    numbers: dict[str, Any] = {name.casefold(): number for _, name, number in said}
    for index, each in enumerate(shared):
        place: Location = ("storage", "file_systems", index)
        homes = table_in(each, "homes") if isinstance(each, dict) else {}
        if homes and each.get("path", "/") != "/":
            yield (*place, "path"), "is not for a file system with homes, which has a directory for each; delete it"
        owners: dict[Any, str] = {}
        for name, number in homes.items():
            if (first := owners.setdefault(number, name)) != name:
                words = f"{quote(first)} has the directory of number {number}, which is one user's; delete one of them"
                yield (*place, "homes", name), words
            elif (other := numbers.setdefault(name.casefold(), number)) != number:
                words = f"{quote(name)} is number {other} elsewhere, and a user has one number; delete one of them"
                yield (*place, "homes", name), words


def _shared_numbers(said: Sequence[tuple[int, str, Any]], homes: Iterable[Mapping[str, Any]]) -> Iterator[Violation]:
    """People to whom the file gives the number of somebody else: on a file system the two would be one.

    Args:
        said: Of each user with a number: position, name and number.
        homes: Numbers by name in home file systems. Two such may have one number, which AWS chose for each.
    """
    owners: dict[int, str] = {}
    for table in homes:
        for name, number in table.items():
            if type(number) is int:
                owners.setdefault(number, name)
    for index, name, number in said:
        if type(number) is int and (owner := owners.setdefault(number, name)).casefold() != name.casefold():
            taken = {*owners, *(each for _, _, each in said if type(each) is int)}
            free = next(each for each in count(number + 1) if each not in taken)
            words = f"{number} is the number of {quote(owner)}, who would own each file of {quote(name)}"
            yield ("users", index, "posix", "uid"), f"{words}; write {free}, or another that nobody has"


def _of(place: Location, own: Sequence[Any], shared: Sequence[Any]) -> Iterator[Violation]:
    if own and len(own) + len(shared) > MOST:
        with_those = f", with the {len(shared)} of [storage]," if shared else ""
        yield (*place, "file_systems"), f"are{with_those} more than the {MOST} that a space mounts; delete some"
    seen = {_id(each) for each in shared} - {None}
    for index, each in enumerate(own):
        if (its_id := _id(each)) in seen:
            yield (*place, "file_systems", index, "id"), f"{quote(str(its_id))} is mounted already; delete one of them"
        elif its_id is not None:
            seen.add(its_id)


def _id(entry: Any) -> str | None:
    its_id = entry.get("id") if isinstance(entry, dict) else None
    return its_id if isinstance(its_id, str) else None
