"""Decide whether a living environment is this directory's, or a namesake's that another person or directory created.

The state says it. Without one, two records do: the mark on the role that is made first (`naming.BIRTH_TAG`), which
`up` writes down before it makes anything, and for environments of versions without marks the claim that `up` leaves.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.infrastructure.iam import FIRST
from studioctl.infrastructure.naming import BIRTH_TAG, ENVIRONMENT_TAG, Naming
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.state_resources import Estate

if TYPE_CHECKING:
    from studioctl.aws.values import Domain

IN_SERVICE = "InService"
MOST_SETTINGS = 20  # the plan above the refusal shows all of them
LONGEST = 60


@dataclass(frozen=True)
class Namesake:
    """An environment of this name that lives and of which nothing here has a record.

    Args:
        domain: Its domain, once there is one.
        vpc_id: Its VPC, once there is one.
    """

    domain: "Domain | None"
    vpc_id: str | None

    @property
    def is_whole(self) -> bool:
        """Whether it is in service: only then a plan can tell what would change."""
        return self.domain is not None and self.domain.status == IN_SERVICE


def check_word(name: str, adopt: str | None, *, verb: str = "up") -> None:
    """Makes sure that the name after `--adopt` is the environment's, so that nobody takes over another than they mean.

    Raises:
        StudioctlError: It is not.
    """
    if adopt not in {None, name}:
        raise StudioctlError(
            f"The file describes '{name}', not '{adopt}'. Nothing was changed.",
            hint=f"studioctl {verb} --adopt {name}",
            exit_code=ExitCode.USAGE,
        )


def namesake(environment: Environment) -> Namesake | None:
    """The living environment that is not this one. None where the state or a record says that it is, or none lives."""
    if any(Estate(environment.terraform.state()).addresses()):
        return None
    domain, vpc_id, mark = _living(environment)
    if mark:
        is_ours = mark == environment.terraform.birth()
    elif domain or vpc_id:
        workspace = environment.terraform.workspace
        is_ours = workspace.is_claimed and not workspace.birth()  # begun here by a version without marks
    else:
        is_ours = True
    return None if is_ours else Namesake(domain, vpc_id)


def refuse_unfinished(environment: Environment) -> None:
    """Refuses at once where a namesake is being made or removed: waiting for its end is nobody's wish.

    Raises:
        RefusedError: There is one.
    """
    found = namesake(environment)
    if found and not found.is_whole:
        raise _refusal(environment, found, ())


def give_way(environment: Environment, summary: PlanSummary) -> None:
    """Refuse to continue if another first `up`, which ran at the same time, got the name.

    Everything waits for the role that is created first, so nothing was created here and no claim remains.

    Raises:
        RefusedError: The other run got the name.
    """
    if not any(change.address == FIRST and change.action == "create" for change in summary.changes):
        return
    if found := namesake(environment):
        environment.terraform.workspace.release()
        raise _refusal(environment, found, ())


def refuse_takeover(environment: Environment, summary: PlanSummary) -> None:
    """Refuses a plan that would take over a namesake: with who works there, and what would change for them.

    Raises:
        RefusedError: It would.
    """
    if summary.count("import") == 0:
        return
    if found := namesake(environment):
        raise _refusal(environment, found, tuple(_settings(summary)))


def refuse_removal(environment: Environment) -> None:
    """Refuses to remove a namesake.

    Raises:
        RefusedError: There is one, and there is no record of it here.
    """
    if found := namesake(environment):
        name = environment.config.name
        raise RefusedError(
            f"{_what(environment, found)}\nNothing was changed.",
            hint=f"run studioctl down where studioctl up ran; if that directory is lost and '{name}' is yours:"
            f" studioctl down --adopt {name}",
        )


def _refusal(environment: Environment, found: Namesake, settings: tuple[str, ...]) -> RefusedError:
    name = environment.config.name
    lines = [_what(environment, found)]
    if found.domain:
        lines += _people(environment, found.domain.id)
    if settings:
        lines += ["Settings that would change:", *(f"  {line}" for line in settings[:MOST_SETTINGS])]
        lines += [f"  and {len(settings) - MOST_SETTINGS} more"] if len(settings) > MOST_SETTINGS else []
    return RefusedError(
        "\n".join([*lines, "Nothing was changed."]),
        hint=f'if it is somebody else\'s, write another name: name = "{name}-2"; if it is yours and its record is'
        f" lost: studioctl up --adopt {name}",
    )


def _what(environment: Environment, found: Namesake) -> str:
    where = environment.account_name
    what = f"domain {found.domain.id}" if found.domain else f"VPC {found.vpc_id}" if found.vpc_id else "its role"
    state = "" if found.is_whole else ", which is being made or removed"
    beginning = f"'{environment.config.name}' exists already in {where}, {environment.target.region} ({what}{state})"
    return f"{beginning}, and there is no record here that it was made from here."


def _people(environment: Environment, domain_id: str) -> Iterator[str]:
    """The people and spaces that will be in nobody's file. Their resources stay as they are, unmanaged."""
    users = {user.name for user in environment.config.users}
    spaces = {space.name for space in environment.config.resolved_spaces()}
    theirs = [profile.name for profile in environment.studio.user_profiles(domain_id) if profile.name not in users]
    rooms = [space.name for space in environment.studio.spaces(domain_id) if space.name not in spaces]
    if theirs:
        yield f"Users that the file lacks: {', '.join(theirs)}"
    if rooms:
        yield f"Spaces that the file lacks: {', '.join(rooms)}"


def _settings(summary: PlanSummary) -> Iterator[str]:
    for change in summary.changes:
        if change.destroys:
            yield f"{change.address} would be {'replaced' if change.action == 'replace' else 'destroyed'}"
        for attribute in change.attributes if change.action in {"import", "update"} else ():
            values = f"{_short(attribute.before)} -> {_short(attribute.after)}"
            yield f"{change.address}: {attribute.path}: {values}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) and value.startswith("(") else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _living(environment: Environment) -> "tuple[Domain | None, str | None, str]":
    from studioctl.aws.belongings import Belongings  # noqa: PLC0415 (boto3 is needed only here)

    naming = Naming.of(environment.config)
    ours = Belongings(environment.session, (ENVIRONMENT_TAG, environment.config.name))
    with ThreadPoolExecutor(3) as pool:
        domain = pool.submit(environment.domain)
        vpc = pool.submit(ours.vpc, naming.vpc)
        mark = pool.submit(ours.role_mark, naming.execution_role, BIRTH_TAG)
        return domain.result(), vpc.result(), mark.result()
