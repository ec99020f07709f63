"""Lists of people, from a CSV file or a group of IAM Identity Center, are taken over into studio.toml."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studioctl.config import edit, people_csv
from studioctl.config.access import SSO
from studioctl.config.load import parse
from studioctl.config.people_csv import Row
from studioctl.config.text import Elsewhere, Violation, latin, listed, nearest
from studioctl.config.users import User
from studioctl.disk import read_named
from studioctl.errors import ConfigError, ExitCode, StudioctlError
from studioctl.operations.environment import Account
from studioctl.operations.people import Change

LONGEST_NAME = 56  # a user's default space is named after them, and has 63 characters


@dataclass(frozen=True)
class Member(Row):
    """A person of IAM Identity Center, whose name here follows from the one there.

    Args:
        user_name: The one there, often an address of mail.
    """

    user_name: str = ""


def listed_in(people: Path) -> tuple[list[Row], list[Violation]]:
    """Everybody in a CSV file, and what is wrong with it.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return people_csv.read(read_named(people, people_csv.LARGEST_LIST), str(people))
    except FileNotFoundError:
        raise ConfigError(f"There is no {people}.", hint='name a CSV file with a column "name"') from None
    except OSError as error:
        raise ConfigError(f"{people} cannot be read: {error.strerror}.", hint="name a file that can be read") from None


def members_of(account: Account, group: str) -> list[Row]:
    """Everybody in a group of IAM Identity Center, under names that a user profile may have.

    Raises:
        StudioctlError: There is no Identity Center in the region, or no such group in it.
        AwsError: AWS refused.
    """
    from studioctl.aws import identity_center  # noqa: PLC0415 (botocore is needed only here)

    session = account.session
    found = identity_center.stores(session)
    if not found:
        raise StudioctlError(
            f"There is no IAM Identity Center in {account.target.region}.",
            hint="AWS_REGION=REGION studioctl user import --identity-center-group GROUP   (it is in one region alone)",
        )
    for store in found:
        if identity := identity_center.group_id(session, store, group):
            members = identity_center.members(session, store, identity)
            return [member(each.user_name, is_sso=account.config.access.auth == SSO) for each in members]
    names = [name for store in found for name in identity_center.group_names(session, store)]
    meant = nearest(group, names)
    raise StudioctlError(
        f"IAM Identity Center has no group '{group}'{f'; did you mean {meant}?' if meant else '.'}",
        hint=f"name one of: {listed(names)}" if names else "create the group first",
        exit_code=ExitCode.USAGE,
    )


def member(user_name: str, *, is_sso: bool) -> Member:
    """A person of Identity Center; with `is_sso` the file has the name there, too."""
    values = {"name": _profile_name(user_name), **({"sso_user": user_name} if is_sso else {})}
    return Member((Elsewhere(f"'{user_name}'"), 0), values, user_name)


def import_(text: str, file: Path, rows: Sequence[Row], whence: str, wrong: Sequence[Violation] = ()) -> Change:
    """The change that adds everybody in a list who is not in studio.toml yet.

    Args:
        text: The file's text.
        file: The file.
        rows: The list.
        whence: The list's name in messages.
        wrong: What is wrong with the list already.

    Raises:
        ConfigError: The file would be wrong with these people.
        RefusedError: The file cannot be changed without doubt.
    """
    config = parse(text, str(file), file.parent)
    new, known = _told_apart(rows, config.users)
    try:
        parse(text, str(file), file.parent, also=new, wrong=wrong)
    except ConfigError as error:
        of_file = {line.startswith(f"{file}:") for line in error.message.splitlines()}
        places = " and ".join([str(file)] * (True in of_file) + [whence] * (False in of_file))
        raise ConfigError(error.message, hint=f"correct {places}, then run the same command again") from None
    after = edit.with_users(text, [row.values for row in new], {}, file=str(file)) if new else text
    parse(after, str(file), file.parent)
    added = tuple(str(row.values["name"]) for row in new)
    numbered = {
        name: row.user_name
        for name, row in zip(added, new, strict=True)
        if isinstance(row, Member) and name != _profile_name(row.user_name)
    }
    return Change(str(file), text, after, added=added, known=known, numbered=numbered)


def _told_apart(rows: Sequence[Row], users: Sequence[User]) -> tuple[list[Row], tuple[str, ...]]:
    """The people who are not among the users, and the names of those who are.

    A name in Identity Center says who somebody is; where it is not written on both sides, the name here does.
    """
    identities = {user.sso_user.casefold(): user.name for user in users if user.sso_user}
    names = {user.name.casefold(): user for user in users}  # AWS tells no case apart
    taken = {name for name, user in names.items() if user.sso_user}
    numbers: Counter[str] = Counter()
    new: list[Row] = []
    known: dict[str, None] = {}
    for each in rows:
        said = str(each.values.get("sso_user", "")).casefold()
        row, user = each, identities.get(said)
        if user is None:
            row = _with_free_name(each, taken, numbers) if isinstance(each, Member) else each
            name = str(row.values["name"]).casefold()
            taken.add(name)
            if name in names and not (said and names[name].sso_user):
                user = names[name].name
        if user is None:
            new.append(row)
        else:
            known[user] = None
    return new, tuple(known)


def _with_free_name(row: Member, taken: Collection[str], numbers: Counter[str]) -> Member:
    """The person with a number behind the name where another one has it: "bob", "bob-2"."""
    name = str(row.values["name"])
    while True:
        numbers[name.casefold()] += 1
        end = f"-{numbers[name.casefold()]}" if numbers[name.casefold()] > 1 else ""
        free = name[: LONGEST_NAME - len(end)].rstrip("-") + end if end else name
        if free.casefold() not in taken:
            return replace(row, values={**row.values, "name": free})


def _profile_name(user_name: str) -> str:
    """The name of a user profile for a user name, which may be an address: José.Ruiz@acme.example, Jose-Ruiz."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", latin(user_name.split("@", maxsplit=1)[0])).strip("-")
    return plain[:LONGEST_NAME].rstrip("-") or user_name
