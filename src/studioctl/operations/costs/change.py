"""The costs that a plan changes: things that are paid for, priced before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from studioctl.catalog.prices import Prices, items
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.infrastructure.studio_api import SPACE
from studioctl.operations.costs import pieces
from studioctl.operations.costs.estimate import Costs, Estimate, Line, estimate, of_piece, of_space, total
from studioctl.operations.costs.pieces import HOURS_A_MONTH, PaidSpace, Piece
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import Action, PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate

TYPE = "instance_type"
SIZE = "ebs_volume_size_in_gb"
IDLE = "idle_timeout_in_minutes"
SUBNETS = "subnet_ids"
# What goes with the file's own things, by Terraform's type: the item that it was paid as, and how many of it a month.
ENDPOINT = "aws_vpc_endpoint"
ALWAYS: Mapping[str, tuple[str, float]] = {
    "aws_nat_gateway": ("nat_gateway", HOURS_A_MONTH),
    "aws_eip": ("public_address", HOURS_A_MONTH),
    "aws_kms_key": ("key", 1),
    "aws_secretsmanager_secret": ("secret", 1),
}
# What costs by use from then on; a home directory outlives its user.
BY_USE: Mapping[tuple[str, Action], str] = {
    ("aws_flow_log", "create"): "flow_logs",
    ("aws_nat_gateway", "create"): "nat_gateway_data",
    ("aws_sagemaker_user_profile", "delete"): "home",
}

Thing: TypeAlias = PaidSpace | Piece


@dataclass(frozen=True)
class Change:
    """The effect of one resource's change on the costs.

    Args:
        address: The resource, in Terraform.
        what: It in words.
        costs: What it adds a month; negative: what it saves.
        key: The line of the file that causes it; None where it left the file.
    """

    address: str
    what: str
    costs: Costs
    key: Location | None


@dataclass(frozen=True)
class PlannedCosts:
    """The costs of the environment once a plan is applied, and the changes that make the difference.

    Args:
        after: The costs once it is applied.
        changes: What makes the difference.
        by_use: Items that are paid for by what is stored and done, from this plan on or after a user left.
    """

    after: Estimate
    changes: tuple[Change, ...]
    by_use: tuple[str, ...] = ()

    @property
    def difference(self) -> Costs:
        """The costs that the plan adds a month in all."""
        return sum((change.costs for change in self.changes), Costs())


def of_environment(environment: Environment, summary: PlanSummary) -> PlannedCosts:
    """The effect of a plan of this environment on its costs. Terraform must have been initialised."""
    return of_plan(environment.config, summary, lambda: dict(Estate(environment.terraform.state()).addresses()))


def of_plan(
    config: EnvironmentConfig, summary: PlanSummary, state: Callable[[], Mapping[str, Mapping[str, Any]]]
) -> PlannedCosts:
    """The effect of a plan on the costs.

    Args:
        config: The file.
        summary: The plan.
        state: Reads the attributes of what Terraform has, by address; asked only where something is destroyed.
    """
    after = estimate(config)
    wanted: tuple[Thing, ...] = (*pieces.spaces(config), *pieces.pieces(config))
    things = {thing.address: thing for thing in wanted}
    known: Mapping[str, Mapping[str, Any]] = {}
    if any(change.action == "delete" for change in summary.changes):
        known = state()
    found = []
    for change in summary.changes:
        now = things.get(change.address) if change.action != "delete" else None
        before = _gone(change, known.get(change.address, {})) if change.action == "delete" else _before(change, now)
        if before != now:
            found.append(_change(change.address, before, now, after))
    by_use = (item for it in summary.changes if (item := BY_USE.get((it.type, it.action))) in after.by_use and item)
    changes = tuple(change for change in found if not change.costs.is_nothing)
    return PlannedCosts(after, changes, tuple(dict.fromkeys(by_use)))


def _change(address: str, before: Thing | None, now: Thing | None, after: Estimate) -> Change:
    was, becomes = (_priced(thing, after.price_list, after.hours) for thing in (before, now))
    return Change(address, _words(before, now), total(becomes) - total(was), _key(before, now))


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
        return _with_zones(now, values)
    for path, value in values.items():
        name = path.rpartition(".")[2]
        if name == TYPE and isinstance(value, str):
            now = replace(now, instance_type=value)
        elif name == SIZE and isinstance(value, int):
            now = replace(now, volume_gb=value)
        elif name == IDLE and isinstance(value, int):
            now = replace(now, idle_minutes=None if value == LONGEST_IDLE else value)
    return now


def _with_zones(now: Piece, values: Mapping[str, Any]) -> Piece:
    subnets = values.get(SUBNETS)
    if now.item != "endpoint" or not isinstance(subnets, list):
        return now
    return replace(now, quantity=len(subnets) * HOURS_A_MONTH)


def _gone(change: ResourceChange, attributes: Mapping[str, Any]) -> Thing | None:
    """The thing that leaves, as Terraform has it; None where it costs nothing, or nobody can say what it was."""
    if change.type == SPACE:
        return _gone_space(change, attributes)
    if change.type == ENDPOINT and attributes.get("vpc_endpoint_type") == "Interface":
        hours = len(attributes.get(SUBNETS) or ()) * HOURS_A_MONTH
        return Piece(change.address, None, "endpoint", hours, f"endpoint '{change.label}'")
    if change.type in ALWAYS:
        item, quantity = ALWAYS[change.type]
        return Piece(change.address, None, item, quantity, items()[item].what)
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


def _first(block: Any) -> Mapping[str, Any]:
    """A block of Terraform's state, which is a list of one."""
    return block[0] if isinstance(block, list) and block and isinstance(block[0], dict) else {}
