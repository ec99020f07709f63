"""The things of an environment that are paid for, as the file asks for them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from studioctl.catalog import kinds
from studioctl.catalog.kinds import SPACE
from studioctl.catalog.prices import HOURS_A_MONTH
from studioctl.config.apps import TYPES
from studioctl.config.checks import NEVER
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.config.users import Space, User
from studioctl.infrastructure import endpoints
from studioctl.infrastructure.naming import label

SCHEDULE, ALARM = "aws_scheduler_schedule.guard", f"{kinds.ALARM}.guard"
LOOK, LOOK_AT_DATABASE = "guard_look", "guard_look_database"
SECRET = "secret of a GitHub token"  # noqa: S105 (words)


@dataclass(frozen=True)
class PaidSpace:
    """A private space, which has a volume and, while its app runs, an instance.

    Args:
        address: Its address in Terraform.
        user: Its owner.
        name: Its name.
        instance_type: The instance type of its app.
        volume_gb: Size of its volume.
        idle_minutes: The minutes that its app keeps running without use; None: until somebody stops it.
        app_type: The kind of app.
        type_key: The location of the instance type in the file.
        volume_key: The location of the size in the file.
        is_prepaid: Whether its app runs on the capacity of a training plan, which is paid for when that is bought.
        is_started: Whether it has its volume: it comes with the first start, which is taken for granted.
    """

    address: str
    user: str | None
    name: str
    instance_type: str
    volume_gb: int
    idle_minutes: int | None
    app_type: str = "CodeEditor"
    type_key: Location | None = None
    volume_key: Location | None = None
    is_started: bool = True
    is_prepaid: bool = False


@dataclass(frozen=True)
class Piece:
    """Something that is paid for whether or not anybody works.

    Args:
        address: Its address in Terraform.
        user: The user who causes it; None: everybody.
        item: Its name in the table of prices.
        quantity: The number of the item's units a month.
        what: In words.
        key: The location in the file that asks for it.
    """

    address: str
    user: str | None
    item: str
    quantity: float
    what: str
    key: Location | None = None


def spaces(config: EnvironmentConfig, unstarted: Collection[str] = ()) -> tuple[PaidSpace, ...]:
    """The spaces of the file, in its order. `unstarted`: names of those that have no volume yet."""
    return tuple(
        replace(_space(config, user, space, ("users", number), place), is_started=space.name not in unstarted)
        for number, user in enumerate(config.users)
        for place, space in enumerate(user.effective_spaces())
    )


def idle_minutes(config: EnvironmentConfig) -> int | None:
    """The minutes that apps keep running without use; None if only a person stops them."""
    idle = config.studio.idle_timeout_minutes
    return None if idle == NEVER else int(idle)


def _space(config: EnvironmentConfig, user: User, space: Space, owner: Location, place: int) -> PaidSpace:
    here = owner if user.spaces is None else (*owner, "spaces", place)
    said = config.studio.model_fields_set

    def where(key: str) -> Location:
        if getattr(space, key) is not None:
            return (*here, key)
        if getattr(user, key) is not None:
            return (*owner, key)
        return ("studio", key) if key in said else here

    return PaidSpace(
        address=f"{SPACE}.{label(space.name)}",
        user=user.name,
        name=space.name,
        instance_type=user.types_of(space, config.studio.instance_type)[0],
        volume_gb=space.volume_gb or user.volume_gb or config.studio.volume_gb,
        idle_minutes=idle_minutes(config),
        app_type=TYPES[space.app or config.studio.app],
        type_key=where("instance_type"),
        volume_key=where("volume_gb"),
        is_prepaid=space.training_plan is not None,
    )


def pieces(config: EnvironmentConfig) -> tuple[Piece, ...]:
    """Everything else of the file that is paid for by the month or the hour."""
    return (*network(config), *_key(config), *_secrets(config), *guard(config), *_database(config))


def guard(config: EnvironmentConfig) -> Iterator[Piece]:
    """The guard of the limits, where there are any."""
    key: Location = ("limits",)
    if config.limits.are_set:
        item = LOOK_AT_DATABASE if config.tuning.has_database else LOOK
        yield looks(config.limits.check_minutes, key, item)
        yield Piece(ALARM, None, "alarm_metric", kinds.KINDS[kinds.ALARM].times, "the guard's alarm", key)


def looks(minutes: int, key: Location | None = None, item: str = LOOK) -> Piece:
    """The guard's looks, of which there is one every so many minutes."""
    often = "minute" if minutes == 1 else f"{minutes} minutes"
    return Piece(SCHEDULE, None, item, HOURS_A_MONTH * 60 / minutes, f"the guard, a look every {often}", key)


def network(config: EnvironmentConfig) -> Iterator[Piece]:
    """Everything in a closed network that is paid for by the hour, used or not."""
    wanted = config.network
    if not wanted.is_closed or wanted.vpc is not None:
        return
    key: Location = ("network", "access")
    if wanted.internet == "nat":
        yield Piece("aws_nat_gateway.studio", None, "nat_gateway", HOURS_A_MONTH, "NAT gateway", key)
        yield Piece("aws_eip.nat", None, "public_address", HOURS_A_MONTH, "public address of the NAT gateway", key)
    for service in endpoints.interfaces(config):
        address = f"aws_vpc_endpoint.{label(service.name.replace('.', '_'))}"
        zones = wanted.availability_zones
        why: Location = ("network", "endpoints" if wanted.internet == "nat" else "internet")
        yield Piece(address, None, "endpoint", zones * HOURS_A_MONTH, f"private endpoint of {service.name}", why)


def _key(config: EnvironmentConfig) -> Iterator[Piece]:
    if config.encryption.customer_key:
        yield Piece("aws_kms_key.studio", None, "key", 1, "KMS key", ("encryption", "customer_key"))


def _secrets(config: EnvironmentConfig) -> Iterator[Piece]:
    secret = "aws_secretsmanager_secret"  # noqa: S105 (Terraform's name of a kind)
    if config.secrets.github:
        yield Piece(f"{secret}.github", None, "secret", 1, SECRET, ("secrets", "github"))
    for number, user in enumerate(config.users):
        if user.github:
            what, key = f"secret of {user.name}'s GitHub token", ("users", number, "github")
            yield Piece(f"{secret}.github_{label(user.name)}", user.name, "secret", 1, what, key)


def _database(config: EnvironmentConfig) -> Iterator[Piece]:
    """The capacity that is always there; with a pause there is none."""
    if config.tuning.has_database and config.tuning.min_acu:
        quantity = config.tuning.min_acu * HOURS_A_MONTH
        what = f"database of studies, at least {config.tuning.min_acu:g} ACU"
        yield Piece("aws_rds_cluster.tuning", None, "database", quantity, what, ("tuning", "min_acu"))


def by_use(config: EnvironmentConfig) -> tuple[str, ...]:
    """Items that cost by what is done and stored, of which the file says nothing."""
    closed = config.network.is_closed and config.network.vpc is None
    return (
        "bucket",
        *(("home",) if config.studio.home_file_system else ()),
        *("repository", "logs", "logs_kept"),
        *(("flow_logs",) if config.network.flow_logs else ()),
        *(("database", "database_kept", "snapshots") if config.tuning.has_database else ()),
        *(("nat_gateway_data",) if closed and config.network.internet == "nat" else ()),
        *(("endpoint_data",) if endpoints.interfaces(config) else ()),
    )
