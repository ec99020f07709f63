"""The environments of an account and region: each is a domain that carries studioctl's tag."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from studioctl.aws.studio import AT_ONCE
from studioctl.aws.values import App, DomainName
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Account


@dataclass(frozen=True)
class Running:
    """An app with an instance, which is paid for: its space, whose it is, and what it runs on."""

    space: str | None
    user: str | None
    type: str
    instance_type: str | None


@dataclass(frozen=True)
class Listed:
    """An environment, or a domain that somebody made without studioctl.

    Args:
        name: The environment's; None for a domain that has none.
        domain: The domain's name.
        domain_id: Its id.
        status: Its status, in AWS's words.
        users: The user profiles in it, by name.
        spaces: The number of its spaces.
        running: The apps that run in it.
    """

    name: str | None
    domain: str
    domain_id: str
    status: str
    users: tuple[str, ...]
    spaces: int
    running: tuple[Running, ...]


def environments(account: Account) -> tuple[Listed, ...]:
    """Every domain of the account and region, environments first, each by name.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    studio = account.studio
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda domain: (domain, studio.tag_of(domain.arn, ENVIRONMENT_TAG)), studio.domains()))
        listed = list(pool.map(lambda each: _listed(account, *each), found))
    return tuple(sorted(listed, key=lambda each: (each.name is None, each.name or each.domain)))


def _listed(account: Account, domain: DomainName, name: str | None) -> Listed:
    studio = account.studio
    spaces = studio.spaces(domain.id)
    owners = {space.name: space.owner for space in spaces}
    running = tuple(_running(app, owners) for app in studio.apps(domain.id) if app.is_running)
    users = tuple(profile.name for profile in studio.user_profiles(domain.id))
    return Listed(name, domain.name, domain.id, domain.status, users, len(spaces), running)


def _running(app: App, owners: dict[str, str | None]) -> Running:
    owner = app.user_profile or owners.get(app.space or "")
    return Running(app.space, owner, app.type, app.instance_type)
