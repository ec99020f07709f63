"""Find users' data: the bucket, images, secrets, spaces and the home file system, and how much is in each.

Doubt means that there is data: AWS does not say whether a space has a volume, and its sizes are hours old at times.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from studioctl.aws import contents, leftovers
from studioctl.aws.contents import Amount
from studioctl.aws.leftovers import DomainTraces, Marked
from studioctl.aws.values import App, Domain, Space
from studioctl.errors import ExitCode, StudioctlError
from studioctl.infrastructure.naming import kept_tags, read_home_tags
from studioctl.operations import emulation
from studioctl.operations.data import databases
from studioctl.operations.environment import Account, Environment
from studioctl.operations.prices import known
from studioctl.terraform.state_resources import BUCKET, DATABASE, DEPOSED, REPOSITORY, SECRET, SPACE, STORES, Estate

# AWS forgets a deleted app after 24 hours; only within them can it be known that a space never had one.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeApp.html
APP_MEMORY = timedelta(hours=23)
HOME = "home file system"
STUDIES = DATABASE
# What people say of it -> what a holding of it is called.
KINDS: Mapping[str, str] = {
    "bucket": BUCKET,
    "homes": HOME,
    "images": REPOSITORY,
    "secrets": SECRET,
    "spaces": SPACE,
    "studies": STUDIES,
}
ALL = "all"  # of them


def kinds(words: Collection[str]) -> frozenset[str]:
    """The kinds of holdings that these words stand for: KINDS' keys, or "all".

    Raises:
        StudioctlError: A word stands for none.
    """
    for word in words:
        if word not in KINDS and word != ALL:
            raise StudioctlError(
                f"'{word}' is no kind of data: write {', '.join(KINDS)}, or all.",
                hint="studioctl down --help",
                exit_code=ExitCode.USAGE,
            )
    if ALL in words:
        return frozenset(KINDS.values())
    return frozenset(KINDS[word] for word in words)


@dataclass(frozen=True)
class Holding:
    """Something that holds users' data.

    Args:
        kind: BUCKET, REPOSITORY, SECRET, SPACE or HOME.
        name: Its name.
        contents: The amount of data in it, in words.
        size: In bytes, as far as they were counted; None where AWS does not tell.
        is_in_use: Whether it is part of the environment, and not kept from an earlier one.
        directories: Of a kept home file system: where in it each user's files are.
        usd_per_month: About what it costs while it is kept; None where that is not known.
    """

    kind: str
    name: str
    contents: str
    size: int | None = None
    is_in_use: bool = True
    directories: Mapping[str, str] = field(default_factory=dict)
    usd_per_month: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Store:
    """A bucket, a repository or a secret of the environment.

    Args:
        kind: BUCKET, REPOSITORY or SECRET.
        name: Its name.
        id: The id by which AWS finds it.
        address: Its address in Terraform.
        settings: Addresses in the state of what keeps a bucket private and encrypted, and so stays with it.
    """

    kind: str
    name: str
    id: str
    address: str
    settings: tuple[str, ...] = ()


def stores(environment: Environment, unrecorded: Mapping[str, str]) -> tuple[Store, ...]:
    """The stores in the state, and those that exist without being in it (import id by address)."""
    return (*_recorded(Estate(environment.terraform.state())), *_unrecorded(environment, unrecorded))


def _unrecorded(environment: Environment, found: Mapping[str, str]) -> Iterator[Store]:
    for resource in environment.terraform.blueprint.resources():
        identity = found.get(resource.address)
        if identity and resource.type in STORES:
            kind, argument = STORES[resource.type]
            name = str(resource.arguments[argument]) if kind == SECRET else identity
            yield Store(kind, name, identity, resource.address)


def _recorded(estate: Estate) -> Iterator[Store]:
    for resource_type, (kind, argument) in STORES.items():
        for address, attributes in estate.resources(resource_type):
            identity = str(attributes["id"])
            settings = tuple(_settings_of(estate, identity)) if kind == BUCKET else ()
            yield Store(kind, str(attributes.get(argument) or identity), identity, address, settings)


def _settings_of(estate: Estate, bucket: str) -> Iterator[str]:
    for address, attributes in estate.addresses():
        if address.startswith("aws_s3_bucket_") and attributes.get("bucket") == bucket and DEPOSED not in address:
            yield address


def find(environment: Environment, places: Iterable[Store], traces: Iterable[DomainTraces]) -> tuple[Holding, ...]:
    """Find users' data in these stores, and in these domains or their leftovers."""
    kept = leftovers.marked(environment.session, kept_tags(environment.config.name))
    homes = {home: _kept_home(home, found) for home, found in kept.items()}
    in_domains = [holding for trace in traces for holding in _in_domain(environment, trace)]
    found = (
        *in_stores(environment, places),
        *(holding for holding in in_domains if holding.name not in homes),
        *homes.values(),
        *studies(environment),
    )
    return priced(environment, found)


def in_stores(environment: Environment, places: Iterable[Store]) -> Iterator[Holding]:
    """Find users' data in these stores."""
    for place in places:
        if held := _stored(environment, place):
            yield Holding(place.kind, place.name, held.text, held.size)


def in_spaces(spaces: Iterable[Space], apps: Collection[App], now: datetime) -> Iterator[Holding]:
    """Find the spaces that may have a volume with files.

    Args:
        spaces: Of a domain.
        apps: All of the domain's.
        now: AWS's time.
    """
    for space in spaces:
        if _may_hold_files(space, apps, now):
            yield Holding(SPACE, space.name, f"a volume of {space.volume_gb or '?'} GB")


def studies(account: Account) -> Iterator[Holding]:
    """The database of studies, and snapshots that earlier `down` kept of it. AWS does not say how much is in it."""
    if found := databases.of(account):
        yield Holding(STUDIES, found.name, "studies; it stays as a snapshot")
    for each in databases.kept(account):
        said = f"a snapshot that an earlier down kept, at most {contents.as_text(each.size)}"
        yield Holding(STUDIES, each.name, said, each.size, is_in_use=False)


def priced(account: Account, holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    """The same, with what each costs a month by the prices of the environment's region."""
    table = known.of(account.config)
    priced = ((each, table.monthly(each.kind, each.size)) for each in holdings)
    return tuple(replace(each, usd_per_month=None if usd is None else round(usd, 2)) for each, usd in priced)


def kept_homes(account: Account) -> tuple[Holding, ...]:
    """Home file systems that an earlier `down` kept. That of the present domain is none of them."""
    found = leftovers.marked(account.session, kept_tags(account.config.name))
    domain = account.domain() if found else None
    present = domain.home_file_system_id if domain else None
    return priced(account, (_kept_home(home, marked) for home, marked in sorted(found.items()) if home != present))


def _kept_home(home: str, found: Marked) -> Holding:
    said = f"kept by an earlier down, {contents.as_text(found.size)}"
    return Holding(HOME, home, said, found.size, is_in_use=False, directories=_directories(found))


def _directories(found: Marked) -> Mapping[str, str]:
    """AWS calls each user's directory by the user's number in the file system."""
    return {user: f"/{number}" for user, number in read_home_tags(found.tags).items()}


def _stored(environment: Environment, store: Store) -> Amount | None:
    look = {
        BUCKET: contents.bucket_contents,
        REPOSITORY: contents.repository_contents,
        SECRET: contents.secret_contents,
    }
    return look[store.kind](environment.session, store.id)


def _in_domain(environment: Environment, trace: DomainTraces) -> Iterable[Holding]:
    domain = environment.studio.domain(trace.domain_id)
    if domain:
        yield from _in_living_domain(environment, domain)
        return
    for home in leftovers.home_file_systems(environment.session, trace.domain_arn):
        if held := contents.home_contents(environment.session, home, profiles=0, used=False):
            yield Holding(HOME, home, held.text, held.size)


def filled_spaces(account: Account, domain_id: str, apps: Collection[App]) -> tuple[Space, ...]:
    """The spaces of a domain that may have a volume with files. `apps`: the domain's."""
    now = emulation.now(account.target)
    return tuple(space for space in account.studio.spaces(domain_id) if _may_hold_files(space, apps, now))


def unstarted(spaces: Iterable[Space], apps: Collection[App], now: datetime) -> tuple[Space, ...]:
    """The spaces in which no app was ever started, so that they have no volume.

    Args:
        spaces: The domain's.
        apps: The domain's.
        now: AWS's time, which is another in an emulator whose clock was set.
    """
    return tuple(space for space in spaces if not _may_hold_files(space, apps, now))


def _in_living_domain(environment: Environment, domain: Domain) -> Iterable[Holding]:
    apps = environment.studio.apps(domain.id)
    spaces = environment.studio.spaces(domain.id)
    filled = tuple(in_spaces(spaces, apps, emulation.now(environment.target)))
    yield from filled
    if domain.home_file_system_id:
        profiles = len(environment.studio.user_profiles(domain.id))
        used = bool(apps or filled)
        held = contents.home_contents(environment.session, domain.home_file_system_id, profiles=profiles, used=used)
        if held:
            yield Holding(HOME, domain.home_file_system_id, held.text, held.size)


def _may_hold_files(space: Space, apps: Iterable[App], now: datetime) -> bool:
    """A space has a volume from its first start on. AWS does not say whether there was one, so doubt means yes."""
    if any(app.space == space.name for app in apps):
        return True
    return now - space.created_at > APP_MEMORY
