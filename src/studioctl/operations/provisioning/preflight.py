"""Everything that AWS would refuse half-way, asked before the first change: all of it at once, side by side.

Where AWS does not let us look, that is a note and no refusal: what is not looked at may well be right.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from studioctl.errors import ConfigError
from studioctl.events import Noted, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.endpoints import interfaces
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import endpoint_zones, named, names, vpc_check
from studioctl.operations.provisioning.endpoint_zones import EndpointZones
from studioctl.operations.provisioning.problem import Problem

AT_ONCE = 8
HINT = "correct the file, or what it names; then run the same command again"
Look = Callable[[], Iterable[Problem]]


def check_named(account: Account) -> Work[EndpointZones | None]:
    """Looks at what the file names and takes for granted; the zones of endpoints, if it needs any and AWS tells.

    Raises:
        ConfigError: Something is not there or does not fit: every reason with its line, and what to do.
        AwsError: AWS cannot be asked.
    """
    wanted: dict[str, Look] = {}
    if account.config.network.vpc is not None:
        wanted["the VPC"] = lambda: vpc_check.problems(account)
    for title, look in named.looks(account.config).items():
        wanted[title] = lambda look=look: look(account.session, account.config)  # type: ignore[misc]
    found: list[EndpointZones] = []

    def zones() -> Iterator[Problem]:
        found.append(endpoint_zones.look(account.session, account.config))
        return found[0].problems(account.config)

    if interfaces(account.config):
        wanted[endpoint_zones.TITLE] = zones
    yield from _check(account, wanted)
    for note in [note for each in found for note in each.notes()]:
        yield Noted(note)
    return found[0] if found else None


def check_names(account: Account, blueprint: Blueprint, known: Collection[str]) -> Work[None]:
    """Looks at every unique name that a plan would need and does not have.

    Args:
        account: The account.
        blueprint: The resources that should exist.
        known: Addresses of what the state knows.

    Raises:
        ConfigError: Names are taken: all of them, and what to do.
        AwsError: AWS cannot be asked.
    """
    if {resource.address for resource in blueprint.resources() if resource.type in names.KINDS} <= set(known):
        return
    every = tuple(names.fixed_names(blueprint, account.session.identity.account_id, known=known))
    found = names.worth_a_look(account.session, every)

    def look(fixed: names.FixedName) -> Iterator[Problem]:
        problem = names.problem(account.session, account.config, fixed)
        yield from [problem] if problem else []

    wanted: dict[str, Look] = {it.title: lambda it=it: look(it) for it in found}  # type: ignore[misc]
    yield from _check(account, wanted)


def _check(account: Account, wanted: Mapping[str, Look]) -> Work[None]:
    if not wanted:
        return
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415 (boto3 is needed only here)

    def made(look: Look) -> tuple[list[Problem], DeniedError | None]:
        try:
            return list(look()), None
        except DeniedError as denied:
            return [], denied

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(wanted, pool.map(made, wanted.values()), strict=True))
    unseen: dict[str, list[str]] = {}
    for title, (_, denied) in found.items():
        if denied:
            unseen.setdefault(denied.message, []).append(title)
    for message, titles in unseen.items():
        yield Noted(f"Not looked at: {', '.join(titles)}. {message}")
    every = [problem for each, _ in found.values() for problem in each]
    for note in (problem for problem in every if problem.is_note):
        yield Noted(_told(account, note))
    if problems := [problem for problem in every if not problem.is_note]:
        raise ConfigError("\n".join(_told(account, problem) for problem in problems), hint=HINT)


def _told(account: Account, problem: Problem) -> str:
    return f"{account.source.place(*problem.place)}: {problem.words}"
