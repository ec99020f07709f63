"""The costs that a plan changes: things that are paid for, priced before and after."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from studioctl.aws.values import SpaceDetails
from studioctl.catalog.kinds import DATABASE, ENDPOINT, KINDS, NAT_GATEWAY, PROFILE, SECRET, SPACE
from studioctl.catalog.prices import HOURS_A_MONTH, Prices, items
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.operations.costs import pieces
from studioctl.operations.costs.estimate import Costs, Estimate, Line, estimate, of_piece, of_space, total
from studioctl.operations.costs.pieces import PaidSpace, Piece
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import Action, PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate

TYPE = "instance_type"
SIZE = "ebs_volume_size_in_gb"
IDLE = "idle_timeout_in_minutes"
SUBNETS = "subnet_ids"
OFTEN = "schedule_expression"
CAPACITY = "serverlessv2_scaling_configuration[0].min_capacity"
# How many units of an item are paid for in a month, where it is paid for used or not.
A_MONTH: Mapping[str, float] = {"hour": HOURS_A_MONTH, "month": 1}
# What costs by use from then on; a home directory outlives its user.
BY_USE: Mapping[tuple[str, Action], str] = {
    ("aws_flow_log", "create"): "flow_logs",
    (DATABASE, "create"): "database",
    (NAT_GATEWAY, "create"): "nat_gateway_data",
    (PROFILE, "delete"): "home",
}

Thing: TypeAlias = PaidSpace | Piece


@dataclass(frozen=True)
class Change:
    """The effect of one resource's change on the costs.

    Args:
        address: The resource, in Terraform.
        what: It in words.
        costs: The increase a month; negative for a saving.
        key: The line of the file that causes it; None where it left the file.
        was: The earlier cost.
    """

    address: str
    what: str
    costs: Costs
    key: Location | None
    was: Costs


@dataclass(frozen=True)
class PlannedCosts:
    """The costs of the environment once a plan is applied, and the changes that make the difference.

    Args:
        after: The costs once it is applied.
        changes: The changes that make the difference.
        by_use: Items that are paid for by what is stored and done, from this plan on or after a user left.
    """

    after: Estimate
    changes: tuple[Change, ...]
    by_use: tuple[str, ...] = ()

    @property
    def before(self) -> Costs:
        """The costs as they are: of what changes as it was, and of all else."""
        changed = {change.address for change in self.changes}
        others = total(line for line in self.after.lines if line.address not in changed)
        return sum((change.was for change in self.changes), others)

    @property
    def difference(self) -> Costs:
        """The costs that the plan adds a month in all."""
        return sum((change.costs for change in self.changes), Costs())


def of_environment(environment: Environment, summary: PlanSummary, unstarted: Collection[str] = ()) -> PlannedCosts:
    """The effect of a plan of this environment on its costs. Terraform must have been initialised."""
    state = environment.terraform.state

    def held(names: Collection[str]) -> tuple[SpaceDetails, ...]:
        domain_id = environment.domain_id()
        return environment.studio.spaces_in_detail(domain_id, names) if domain_id else ()

    return of_plan(environment.config, summary, lambda: dict(Estate(state()).addresses()), unstarted, held)


def of_plan(
    config: EnvironmentConfig,
    summary: PlanSummary,
    state: Callable[[], Mapping[str, Mapping[str, Any]]],
    unstarted: Collection[str] = (),
    held: Callable[[Collection[str]], Iterable[SpaceDetails]] = lambda _: (),
) -> PlannedCosts:
    """The effect of a plan on the costs.

    Args:
        config: The file.
        summary: The plan.
        state: Reads the attributes of what Terraform has, by address; asked only where something is destroyed.
        unstarted: Spaces that have no volume yet, as nobody ever started their app. Those that the plan creates have
            none, either.
        held: Reads these spaces as AWS has them, of which some may be gone. `up` changes spaces by AWS's API, so what
            Terraform has may be older.
    """
    created = {change.address for change in summary.changes if change.type == SPACE and change.action == "create"}
    unstarted = {*unstarted, *(space.name for space in pieces.spaces(config) if space.address in created)}
    after = estimate(config, unstarted=unstarted)
    wanted: tuple[Thing, ...] = (*pieces.spaces(config, unstarted), *pieces.pieces(config))
    things = {thing.address: thing for thing in wanted}
    known: Mapping[str, Mapping[str, Any]] = {}
    leaving = [change for change in summary.changes if change.action == "delete"]
    if leaving:
        known = state()
    names = {c.address: str(known.get(c.address, {}).get("space_name") or c.label) for c in leaving if c.type == SPACE}
    spaces = {space.name: space for space in held(names.values())} if names else {}
    found = []
    for change in summary.changes:
        now = things.get(change.address) if change.action != "delete" else None
        if change.action != "delete":
            before = _before(change, now)
        elif space := spaces.get(names.get(change.address, "")):
            before = _held_space(change, space)
        else:
            before = _gone(change, known.get(change.address, {}))
        if isinstance(before, PaidSpace) and before.name in unstarted:
            before = replace(before, is_started=False)
        if before != now:
            found.append(_change(change.address, before, now, after))
    by_use = (item for it in summary.changes if (item := BY_USE.get((it.type, it.action))) in after.by_use and item)
    changes = tuple(change for change in found if not change.costs.is_nothing)
    return PlannedCosts(after, changes, tuple(dict.fromkeys(by_use)))


def _change(address: str, before: Thing | None, now: Thing | None, after: Estimate) -> Change:
    was, becomes = (total(_priced(thing, after.price_list, after.hours)) for thing in (before, now))
    return Change(address, _words(before, now), becomes.beyond(was), _key(before, now), was)


def _priced(thing: Thing | None, price_list: Prices, hours: float) -> tuple[Line, ...]:
    if thing is None:
        return ()
    return tuple(of_space(thing, price_list, hours)) if isinstance(thing, PaidSpace) else (of_piece(thing, price_list),)


def _words(before: Thing | None, now: Thing | None) -> str:
    thing = now or before
    if isinstance(thing, Piece):
        return thing.what
    if not isinstance(thing, PaidSpace):
        return ""
    if not isinstance(before, PaidSpace) or not isinstance(now, PaidSpace):
        return f"'{thing.name}': {thing.instance_type}, {thing.volume_gb} GB"
    parts = []
    if before.instance_type != now.instance_type:
        parts.append(f"{before.instance_type} -> {now.instance_type}")
    if before.volume_gb != now.volume_gb:
        parts.append(f"{before.volume_gb} GB -> {now.volume_gb} GB")
    if before.idle_minutes != now.idle_minutes:
        parts.append(f"idle stop {_minutes(before)} -> {_minutes(now)}")
    return f"'{now.name}': {', '.join(parts)}"


def _minutes(space: PaidSpace) -> str:
    return "never" if space.idle_minutes is None else f"{space.idle_minutes} min"


def _key(before: Thing | None, now: Thing | None) -> Location | None:
    if isinstance(now, Piece):
        return now.key
    if not isinstance(now, PaidSpace):
        return None
    if not isinstance(before, PaidSpace) or before.instance_type != now.instance_type:
        return now.type_key
    return now.volume_key if before.volume_gb != now.volume_gb else ("studio", "idle_timeout_minutes")


def _before(change: ResourceChange, now: Thing | None) -> Thing | None:
    """The thing as it was: another where attributes change, none where it is new."""
    if now is None or change.action == "create":
        return None
    values = {attribute.path: attribute.before for attribute in change.attributes}
    if isinstance(now, Piece):
        return _with_capacity(_as_it_was(now, values), values)
    for path, value in values.items():
        name = path.rpartition(".")[2]
        if name == TYPE and isinstance(value, str):
            now = replace(now, instance_type=value)
        elif name == SIZE and isinstance(value, int):
            now = replace(now, volume_gb=value)
        elif name == IDLE and isinstance(value, int):
            now = replace(now, idle_minutes=None if value == LONGEST_IDLE else value)
    return now


def _as_it_was(now: Piece, values: Mapping[str, Any]) -> Piece:
    if now.address == pieces.SCHEDULE and (minutes := _minutes_of(values.get(OFTEN))):
        return pieces.looks(minutes, now.key, now.item)
    subnets = values.get(SUBNETS)
    if now.item != "endpoint" or not isinstance(subnets, list):
        return now
    return replace(now, quantity=len(subnets) * HOURS_A_MONTH)


def _minutes_of(rate: Any) -> int:
    """The minutes of "rate(5 minutes)"; 0 for anything else."""
    found = re.fullmatch(r"rate\((\d+) minutes?\)", str(rate))
    return int(found[1]) if found else 0


def _with_capacity(now: Piece, values: Mapping[str, Any]) -> Piece | None:
    """A database with another smallest capacity; none of a pause, which is no piece."""
    least = values.get(CAPACITY)
    if now.item != "database" or not isinstance(least, int | float):
        return now
    return replace(now, quantity=least * HOURS_A_MONTH) if least else None


def _gone(change: ResourceChange, attributes: Mapping[str, Any]) -> Thing | None:
    """The thing that leaves, as Terraform has it; None where it costs nothing, or nobody can say what it was."""
    if change.type == SPACE:
        return _gone_space(change, attributes)
    if change.type == ENDPOINT and attributes.get("vpc_endpoint_type") == "Interface":
        hours = len(attributes.get(SUBNETS) or ()) * HOURS_A_MONTH
        return Piece(change.address, None, "endpoint", hours, f"private endpoint of {change.label}")
    if change.address == pieces.SCHEDULE:
        minutes = _minutes_of(attributes.get(OFTEN))
        return pieces.looks(minutes) if minutes else None
    if change.type == DATABASE and (least := _first(attributes.get("serverlessv2_scaling_configuration"))):
        capacity = float(least.get("min_capacity") or 0) * HOURS_A_MONTH
        return Piece(change.address, None, "database", capacity, "database of studies") if capacity else None
    if change.type != ENDPOINT and (kind := KINDS.get(change.type)) and kind.paid:
        item = items()[kind.paid]
        what = pieces.SECRET if change.type == SECRET else item.what
        return Piece(change.address, None, kind.paid, kind.times * A_MONTH[item.unit], what)
    return None


def _gone_space(change: ResourceChange, attributes: Mapping[str, Any]) -> PaidSpace | None:
    settings = _first(attributes.get("space_settings"))
    app_type = str(settings.get("app_type"))
    editor = _first(
        settings.get("jupyter_lab_app_settings" if app_type == "JupyterLab" else "code_editor_app_settings")
    )
    storage = _first(_first(settings.get("space_storage_settings")).get("ebs_storage_settings"))
    instance_type = _first(editor.get("default_resource_spec")).get(TYPE)
    if not isinstance(instance_type, str):
        return None
    idle = _first(_first(editor.get("app_lifecycle_management")).get("idle_settings")).get(IDLE)
    minutes = idle if isinstance(idle, int) and idle < LONGEST_IDLE else None
    name = str(attributes.get("space_name") or change.label)
    return PaidSpace(change.address, None, name, instance_type, int(storage.get(SIZE) or 0), minutes, app_type)


def _held_space(change: ResourceChange, space: SpaceDetails) -> PaidSpace | None:
    if space.spec.instance_type is None:
        return None
    idle, name = space.idle_timeout_minutes, space.name
    minutes = idle if idle is not None and idle < LONGEST_IDLE else None
    return PaidSpace(
        change.address, None, name, space.spec.instance_type, space.volume_gb or 0, minutes, space.app_type
    )


def _first(block: Any) -> Mapping[str, Any]:
    """A block of Terraform's state, which is a list of one."""
    return block[0] if isinstance(block, list) and block and isinstance(block[0], dict) else {}
