"""The data of one user in AWS, before the user is removed from the file."""

from collections.abc import Mapping
from dataclasses import dataclass

from studioctl.aws import contents
from studioctl.errors import RefusedError
from studioctl.infrastructure.naming import Naming
from studioctl.operations.data import backup, inventory
from studioctl.operations.data.backup import Copy, Place, Plan
from studioctl.operations.environment import Account
from studioctl.terraform.state_resources import SECRET, SPACE

DIRECTORY = "home directory"
PREFIX = "files in the bucket"


@dataclass(frozen=True)
class Belonging:
    """A thing that holds a user's data.

    Args:
        kind: SPACE, SECRET, DIRECTORY or PREFIX.
        name: Its name.
        contents: The amount of data in it, in words.
        is_kept: Whether it outlives the user profile.
    """

    kind: str
    name: str
    contents: str
    is_kept: bool


def belongings(account: Account, user: str) -> tuple[Belonging, ...]:
    """Everything that holds data of this user: volumes, the home directory, a token, files under the prefix.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    found = [*_in_domain(account, user), *_secret(account, user)]
    if found and account.config.iam.per_user_roles:
        found.append(Belonging(PREFIX, f"users/{user}/", "whatever the user stored there", is_kept=True))
    return tuple(found)


def _in_domain(account: Account, user: str) -> list[Belonging]:
    domain = account.domain()
    if domain is None:
        return []
    apps = account.studio.apps(domain.id)
    found = [
        Belonging(SPACE, space.name, f"a volume of {space.volume_gb or '?'} GB", is_kept=False)
        for space in inventory.filled_spaces(account, domain.id, apps)
        if space.owner == user
    ]
    number = account.studio.home_number(domain.id, user)
    if number and domain.home_file_system_id:
        name = f"/{number} in {domain.home_file_system_id}"
        found.append(Belonging(DIRECTORY, name, "kept as long as the environment", is_kept=True))
    return found


def _secret(account: Account, user: str) -> list[Belonging]:
    name = Naming.of(account.config).user_github_secret(user)
    wanted = next((each.github for each in account.config.users if each.name == user), None)
    held = contents.secret_contents(account.session, name) if wanted else None
    return [Belonging(SECRET, name, held.text, is_kept=False)] if held else []


def refuse_to_lose(user: str, found: tuple[Belonging, ...]) -> None:
    """Refuses when the next `up` would destroy data of the user's, and nobody said that it may.

    Raises:
        RefusedError: It names what would be lost, and the ways.
    """
    if lost := [each for each in found if not each.is_kept]:
        lines = "\n".join(f"  {each.kind} '{each.name}': {each.contents}" for each in lost)
        raise RefusedError(
            f"AWS deletes these with the user '{user}', and they hold data:\n{lines}\nNothing was changed.",
            hint=f"copy the volumes first: studioctl user remove {user} --backup s3://BUCKET; or, to delete all that"
            f" permanently: studioctl user remove {user} --delete-data",
        )


def copies_planned(account: Account, user: str, where: Place, environ: Mapping[str, str]) -> Plan:
    """Plan copies of the user's volumes and home directory.

    Raises:
        StudioctlError: The bucket cannot take copies, or this machine lacks a program.
        RefusedError: A volume or the home directory cannot be copied.
    """
    plan = backup.plan(account, where, environ, owner=user)
    if plan.unreadable:
        lines = "\n".join(f"  {e.kind} '{e.name}': {e.why}; {e.remedy}" for e in plan.unreadable)
        hint = f"do that; or, to leave it where it is: studioctl user remove {user}"
        if any(each.kind == SPACE for each in plan.unreadable):
            hint = f"do that; or, to lose what is in them: studioctl user remove {user} --delete-data"
        raise RefusedError(f"These cannot be copied:\n{lines}\nNothing was changed.", hint=hint)
    return plan


def refuse_outdated(account: Account, plan: Plan, copies: tuple[Copy, ...]) -> None:
    """Refuses when something was started since in a space that was copied.

    Raises:
        RefusedError: It names the spaces.
    """
    if missing := sorted(plan.spaces - backup.current(account, copies)):
        names = ", ".join(f"'{name}'" for name in missing)
        raise RefusedError(
            f"Something was started in {names} after the copy was taken. The file was not changed.",
            hint="stop it, then run the same command again",
        )
