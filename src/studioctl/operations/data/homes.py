"""Home directories that an earlier `down` kept, for the users who are back.

AWS gives a new domain a new home file system, and copies nothing. What works is to mount the kept one beside it: as a
file system of the user's own, of which each user sees their directory alone and has their old number. The file says so,
and `up` makes it so; here the file system is made reachable, and the file is changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studioctl.config import edit
from studioctl.config.text import listed
from studioctl.errors import AbsentError, RefusedError
from studioctl.events import Stage, Work
from studioctl.operations.data import inventory
from studioctl.operations.data.inventory import Holding
from studioctl.operations.environment import Account


@dataclass(frozen=True)
class Restored:
    """Home directories that came back.

    Args:
        file_system: The kept home file system.
        homes: By user, the number of their directory in it.
        others: People with a directory in it who are not users of the file.
        changed: Whether the file was changed; else it said so already.
    """

    file_system: str
    homes: Mapping[str, int]
    others: tuple[str, ...]
    changed: bool


def chosen(account: Account, file_system: str | None) -> Holding:
    """The kept home file system that is meant: the only one, or the one that is named.

    Raises:
        RefusedError: There is none, or it is not clear which.
    """
    kept = inventory.kept_homes(account)
    found = [each for each in kept if file_system in {None, each.name}]
    if len(found) == 1:
        return found[0]
    if not kept:
        raise RefusedError(f"No down of '{account.config.name}' has kept home directories.", hint="studioctl status")
    which = f"'{file_system}' is none of the kept ones" if file_system else f"{len(kept)} home file systems were kept"
    raise RefusedError(f"{which}.", hint=f"name one of: {listed([each.name for each in kept])}")


def restore(account: Account, file: Path, kept: Holding) -> Work[Restored]:
    """Lets the users who are back mount their old home directories, from the next `up` on.

    Raises:
        AbsentError: There is no environment to come back to.
        RefusedError: None of those people is back, or the domain has no home file system, and so no security group.
        AwsError: AWS refused.
    """
    from studioctl.aws.mount_targets import inbound_group, mount  # noqa: PLC0415 (boto3 is needed only here)

    config = account.config
    domain = account.domain()
    if domain is None:
        raise AbsentError(
            f"There is no '{config.name}' in {account.place} to come back to.",
            hint="studioctl up",
            is_local=account.target.is_local,
        )
    numbers = _numbers(kept, account.target.aws_flags)
    names = {user.name.casefold(): user.name for user in config.users}  # AWS does not tell profiles apart by case
    back = {names[it.casefold()]: number for it, number in numbers.items() if it.casefold() in names}
    others = tuple(sorted(it for it in numbers if it.casefold() not in names))
    if not back:
        whose = f": it is of {', '.join(others)}" if others else ", and nothing tells whose directories are in it"
        raise RefusedError(
            f"Nobody in the file has a directory in {kept.name}{whose}.",
            hint="write the user into the file under the old name, then: studioctl up",
        )
    group_id = inbound_group(account.session, domain.id)
    if group_id is None:
        raise RefusedError(
            "The domain has no home file system, and so not the security group by which apps reach one. Nothing was"
            " changed.",
            hint="write home_file_system = true under [studio], then: studioctl up",
        )
    with edit.alone(file):
        before, after = _edited(file, kept.name, back)  # all that the file may be refused for, before AWS is asked
    yield Stage("Mounting the home directories")
    subnet_ids = account.studio.described_domain(domain.id)["SubnetIds"]
    yield from mount(account.session, kept.name, subnet_ids, group_id)
    with edit.alone(file):
        before, after = _edited(file, kept.name, back)  # again: others may have changed it since
        if after != before:
            edit.replace(file, after)
    return Restored(kept.name, back, others, changed=after != before)


def _edited(file: Path, file_system: str, back: Mapping[str, int]) -> tuple[str, str]:
    """The file's text, and the one that it is to have."""
    before = file.read_bytes().decode("utf-8")
    return before, edit.with_homes(before, file_system, back, file=str(file))


def _numbers(kept: Holding, flags: str) -> dict[str, int]:
    """The number of each user's directory. Anybody may have written a file system's tags, so they are not trusted."""
    numbers: dict[str, int] = {}
    owners: dict[str, str] = {}
    for user, path in sorted(kept.directories.items()):
        number = path.removeprefix("/")
        other = owners.setdefault(number, user)
        wrong = f"to {user}, which is no number" if not number.isdecimal() else f"to both {other} and {user}"
        if other != user or not number.isdecimal():
            raise RefusedError(
                f"The tags of {kept.name} give the directory {path} {wrong}. Nothing was changed.",
                hint="find out whose it is, and correct the tags:"
                f" aws efs describe-access-points --file-system-id {kept.name}{flags}",
            )
        numbers[user] = int(number)
    return numbers
