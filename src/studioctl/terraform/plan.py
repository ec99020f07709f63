"""The changes of a plan as values, from Terraform's event stream, with old and new values from `show -json`."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from studioctl.infrastructure.block import Blueprint, Output
from studioctl.terraform.reach import Reach
from studioctl.terraform.saved import Saved

Action = Literal["create", "update", "replace", "delete", "import", "move", "forget"]
Json: TypeAlias = dict[str, Any]

# Terraform's words, in the stream and in `show -json`, for what we call by one name. Reading is no change.
_ACTIONS: Mapping[str, Action] = {
    "create": "create",
    "update": "update",
    "replace": "replace",
    "delete,create": "replace",
    "create,delete": "replace",
    "delete": "delete",
    "import": "import",
    "move": "move",
    "remove": "forget",
    "forget": "forget",
}
MASK = "(sensitive)"
UNKNOWN = "(known after apply)"
TELLING = {"extra", "limits"}  # labels of policies whose text tells what their deletion means
TELLS = re.compile(r"(extra|limits|s3(_.*)?)").fullmatch  # those about buckets, too, where roles are split or merged
CALLED_BY = ("id", "arn", "name", "image_name")  # attributes by which resources refer to others


@dataclass(frozen=True)
class AttributeChange:
    """One value inside a resource.

    Args:
        path: Such as `tags.Name` or `default_user_settings[0].security_groups`.
        before: The old value; `MASK` if it is sensitive.
        after: The new value; `MASK` if it is sensitive, `UNKNOWN` if only AWS can tell.
        forces_replacement: The resource is destroyed and created anew because of it.
        by_api: `up` changes it by AWS's API, not Terraform.
    """

    path: str
    before: Any
    after: Any
    forces_replacement: bool = False
    sensitive: bool = False
    unknown: bool = False
    by_api: bool = False


@dataclass(frozen=True)
class ResourceChange:
    """The change of one resource.

    Args:
        module: Name of the document that describes it; None if the blueprint no longer does.
        attributes: The changed attributes; empty for additions and removals.
        reason: Terraform's reason, such as "cannot_update" or "delete_because_no_resource_config".
        called: The names that others use for an adopted resource, by attribute.
    """

    address: str
    type: str
    label: str
    module: str | None
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    reason: str = ""
    called: tuple[tuple[str, str], ...] = ()

    @property
    def is_unfinished(self) -> bool:
        """Whether it is replaced because its creation was interrupted or failed: Terraform calls that tainted.

        We request a replacement for nothing else than a creation that failed and that no state knows.
        """
        return "tainted" in self.reason or self.reason == "replace_by_request"

    @property
    def destroys(self) -> bool:
        """Whether something that exists is destroyed."""
        return self.action in {"replace", "delete"}


@dataclass(frozen=True)
class OutputChange:
    """The change of an output. Its values are known only after `show -json`."""

    name: str
    action: Action
    before: Any = None
    after: Any = None
    sensitive: bool = False


@dataclass(frozen=True)
class Step:
    """A part of an `up`, in an order that AWS demands.

    Args:
        by: The program that takes it.
        does: Its action, for a person.
        addresses: To what.
    """

    by: Literal["terraform", "api"]
    does: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class PlanSummary:
    """A saved plan, told.

    Args:
        changes: In the order of the blueprint's modules; what it no longer describes comes last.
        outputs: Outputs that change.
        drift: Changes and deletions outside Terraform.
        destroy: The plan removes the whole environment.
        has_changes: `up` would do something, if only to the outputs.
        file: The saved plan, for `apply`.
        steps: The steps of `up`, in order. Left out: Terraform applies the plan.
        reach: Its reach.
        saved: What tells it from another one; None for a plan that was not saved.
    """

    changes: tuple[ResourceChange, ...]
    outputs: tuple[OutputChange, ...]
    drift: tuple[ResourceChange, ...]
    destroy: bool
    has_changes: bool
    file: Path
    steps: tuple[Step, ...] = ()
    reach: Reach = field(default_factory=Reach)
    saved: Saved | None = None

    def count(self, action: Action) -> int:
        """The number of resources with this action."""
        return sum(change.action == action for change in self.changes)

    def by_module(self) -> dict[str | None, tuple[ResourceChange, ...]]:
        """The changes of each module that has any, in order."""
        groups: dict[str | None, list[ResourceChange]] = {}
        for change in self.changes:
            groups.setdefault(change.module, []).append(change)
        return {module: tuple(changes) for module, changes in groups.items()}

    def to_json(self) -> Json:
        """The stable shape behind `studioctl plan --json`. Sensitive values are masked."""
        return {
            "has_changes": self.has_changes,
            "destroy": self.destroy,
            "counts": {action: self.count(action) for action in ("create", "update", "replace", "delete")},
            "changes": [_resource_json(change) for change in self.changes],
            "outputs": [
                {"name": o.name, "action": o.action, "before": o.before, "after": o.after, "sensitive": o.sensitive}
                for o in self.outputs
            ],
            "drift": [_resource_json(change) for change in self.drift],
            "steps": [{"by": step.by, "does": step.does, "addresses": list(step.addresses)} for step in self.steps],
        }


def _resource_json(change: ResourceChange) -> Json:
    return {
        "address": change.address,
        "module": change.module,
        "type": change.type,
        "label": change.label,
        "action": change.action,
        "reason": change.reason,
        "attributes": [
            {
                "path": a.path,
                "before": a.before,
                "after": a.after,
                "forces_replacement": a.forces_replacement,
                "sensitive": a.sensitive,
                "unknown": a.unknown,
                "by_api": a.by_api,
            }
            for a in change.attributes
        ],
    }


def needs_values(planned: Collection[Json]) -> bool:
    """Whether the stream's events leave out something worth telling: old and new values of what changes.

    `terraform show` starts the provider again, so it is not asked where there is only creation or removal.
    """
    gone = (it["resource"]["resource_name"] for it in planned if it["action"] == "delete")
    return any(it["action"] in {"update", "replace", "import"} for it in planned) or bool(TELLING.intersection(gone))


def from_stream(
    planned: Iterable[Json], outputs: Mapping[str, Json], drifted: Iterable[Json], modules: Mapping[str, str]
) -> tuple[tuple[ResourceChange, ...], tuple[OutputChange, ...], tuple[ResourceChange, ...]]:
    """Changes, outputs and drift from the events of `plan -json`.

    Of drift only removals are told: the stream's other drift is mostly AWS filling in what was left out.

    Args:
        modules: Module of each address that the blueprint describes, in the blueprint's order.
    """
    changes = ordered((_streamed(change, modules) for change in planned), modules)
    drift = ordered((_streamed(change, modules) for change in drifted if change["action"] == "delete"), modules)
    told = tuple(
        OutputChange(name, _ACTIONS[output["action"]], sensitive=bool(output.get("sensitive")))
        for name, output in outputs.items()
        if output.get("action") in _ACTIONS
    )
    return changes, told, drift


def _streamed(change: Json, modules: Mapping[str, str]) -> ResourceChange | None:
    action = _ACTIONS.get(change["action"])
    resource = change["resource"]
    if action is None:
        return None
    return ResourceChange(
        address=resource["addr"],
        type=resource["resource_type"],
        label=resource["resource_name"],
        module=_module_of(resource["addr"], modules),
        action=action,
        reason=change.get("reason", ""),
    )


def from_show(
    shown: Json, modules: Mapping[str, str]
) -> tuple[tuple[ResourceChange, ...], tuple[OutputChange, ...], tuple[ResourceChange, ...]]:
    """Changes, outputs and drift from `show -json PLAN`, with old and new values."""
    changes = ordered((_shown(change, modules) for change in shown.get("resource_changes", ())), modules)
    drift = ordered((_shown(change, modules) for change in shown.get("resource_drift", ())), modules)
    outputs = tuple(_shown_outputs(shown.get("output_changes", {})))
    return changes, outputs, tuple(change for change in drift if change.action == "delete" or change.attributes)


def _shown(change: Json, modules: Mapping[str, str]) -> ResourceChange | None:
    details = change["change"]
    action = _ACTIONS.get(",".join(details["actions"]))
    if details.get("importing") and action in {None, "update"}:
        action = "import"  # and what it then changes in place; a replacement stays one
    if action is None or change.get("mode") == "data":
        return None
    return ResourceChange(
        address=change["address"],
        type=change["type"],
        label=change["name"],
        module=_module_of(change["address"], modules),
        action=action,
        attributes=_attributes(change["name"], action, details),
        reason=change.get("action_reason", ""),
        called=_called(details.get("before") or {}) if action == "import" else (),
    )


def _attributes(label: str, action: Action, details: Json) -> tuple[AttributeChange, ...]:
    if action in {"update", "replace", "import"}:
        return attribute_changes(details)
    policy = (details.get("before") or {}).get("policy") if action == "delete" and TELLS(label) else None
    return (AttributeChange("policy", policy, None),) if policy else ()


def _called(attributes: Json) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key in CALLED_BY if isinstance(value := attributes.get(key), str))


def _shown_outputs(outputs: Mapping[str, Json]) -> Iterator[OutputChange]:
    for name, change in outputs.items():
        action = _ACTIONS.get(",".join(change["actions"]))
        if action is None:
            continue
        sensitive = bool(change.get("before_sensitive") or change.get("after_sensitive"))
        after = UNKNOWN if change.get("after_unknown") else change.get("after")
        before = change.get("before")
        yield OutputChange(name, action, MASK if sensitive else before, MASK if sensitive else after, sensitive)


def attribute_changes(details: Json) -> tuple[AttributeChange, ...]:
    """The values that differ between a change's `before` and `after`.

    A replacement makes everything that AWS computes unknown; only what a person wrote, or what forces it, is told then.
    """
    forcing = {_path(path) for path in details.get("replace_paths", ())}
    found = _differences("", details.get("before"), details.get("after"), details.get("after_unknown") or False)
    replacing = len(details["actions"]) > 1
    changes: dict[str, AttributeChange] = {}
    for path, before, after in found:
        unknown = after == UNKNOWN
        forces = any(path == cause or path.startswith((f"{cause}.", f"{cause}[")) for cause in forcing)
        if (unknown and replacing and not forces) or _says_nothing(before, after):
            continue
        if path == "region" and before is None:
            continue  # version 6 of the provider fills it in everywhere
        if path.startswith("tags_all") and path.replace("tags_all", "tags", 1) in changes:
            continue  # the provider repeats each tag there, with the default tags
        sensitive = _marked(details.get("before_sensitive"), path) or _marked(details.get("after_sensitive"), path)
        change = AttributeChange(path, before, after, forces, sensitive, unknown)
        changes[path] = replace(change, before=MASK, after=MASK) if sensitive else change
    return tuple(changes.values())


def _differences(path: str, before: Any, after: Any, unknown: Any) -> Iterator[tuple[str, Any, Any]]:
    if unknown is True:
        yield path, before, UNKNOWN
        return
    before, after = _parsed(before, after)
    if isinstance(before, dict) and isinstance(after, dict):
        hidden = unknown if isinstance(unknown, dict) else {}
        for key in dict.fromkeys((*before, *after, *hidden)):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(inner, before.get(key), after.get(key), hidden.get(key, False))
    elif isinstance(before, list) and isinstance(after, list) and _nested(before, after):
        hidden_items = unknown if isinstance(unknown, list) else []
        for index in range(max(len(before), len(after))):
            yield from _differences(f"{path}[{index}]", *(_at(items, index) for items in (before, after, hidden_items)))
    elif before != after:
        yield path, before, after


def _parsed(before: Any, after: Any) -> tuple[Any, Any]:
    """Policies are JSON inside a string; what differs within is told, not two long lines."""
    if isinstance(before, str) and isinstance(after, str) and before[:1] in {"{", "["} and after[:1] in {"{", "["}:
        try:
            return json.loads(before), json.loads(after)
        except ValueError:
            pass
    return before, after


def _nested(before: list[Any], after: list[Any]) -> bool:
    return any(isinstance(item, dict | list) for item in (*before, *after))


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _says_nothing(before: Any, after: Any) -> bool:
    """Whether both mean "not set": the provider reads back "", [], 0 or false for what nobody wrote."""
    return (before is None or after is None) and not before and not after


def _path(steps: Iterable[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _marked(marks: Any, path: str) -> bool:
    """Whether Terraform's marks, shaped like the value, call this path or what holds it sensitive."""
    for step in path.replace("]", "").replace("[", ".").split("."):
        if marks is True:
            return True
        if isinstance(marks, dict):
            marks = marks.get(step)
        elif isinstance(marks, list) and step.isdigit():
            marks = _at(marks, int(step))
        else:
            return False
    return marks is True or _any_true(marks)


def _any_true(marks: Any) -> bool:
    if isinstance(marks, dict | list):
        return any(_any_true(mark) for mark in (marks.values() if isinstance(marks, dict) else marks))
    return marks is True


def _module_of(address: str, modules: Mapping[str, str]) -> str | None:
    return modules.get(address.split("[", 1)[0])


def ordered(changes: Iterable[ResourceChange | None], modules: Mapping[str, str]) -> tuple[ResourceChange, ...]:
    """The changes in the blueprint's order; those that it does not describe come last, by address."""
    positions = {address: number for number, address in enumerate(modules)}

    def position(change: ResourceChange) -> tuple[int, str]:
        return positions.get(change.address.split("[", 1)[0], len(positions)), change.address

    return tuple(sorted((change for change in changes if change is not None), key=position))


def addresses(blueprint: Blueprint) -> dict[str, str]:
    """The module of each block that the blueprint describes, by address, in its order."""
    return {
        block.address: module.name
        for module in blueprint.modules
        for block in module.blocks
        if not isinstance(block, Output)
    }
