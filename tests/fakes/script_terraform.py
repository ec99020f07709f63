"""A Terraform that makes lifecycle configurations, attaches them to user profiles, and deletes subnets and scripts.

It does so by AWS's own API, one thing after the other, with an event after each: a test breaks off there. Its state is
Terraform's, and replaces as Terraform does: the new one first, the old one waits beside it ("deposed") and goes last.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.events import Finished, Stage, Work
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.block import Blueprint, Ref, Resource
from studioctl.terraform import state as states
from studioctl.terraform.backend import Backend
from studioctl.terraform.plan import PlanSummary, ResourceChange, addresses

SCRIPT, PROFILE, SUBNET = "aws_sagemaker_studio_lifecycle_config", "aws_sagemaker_user_profile", "aws_subnet"
Attributes = Mapping[str, Any]


@dataclass
class Workspace:
    """Needs no claim, and keeps no record: nothing can be written below its directory."""

    directory: Path = Path("/dev/null/nowhere")
    anchor: None = None

    def claim(self) -> None:
        pass

    def predecessors(self) -> tuple[str, ...]:
        return ()


@dataclass
class ScriptTerraform:
    """Plans from its state and the blueprint, as Terraform does from what it is told here.

    Args:
        blueprint: What should exist.
        sagemaker: A boto3 client.
        ec2: Another one.
        domain_id: The domain of the profiles.
        content: Its state.
    """

    blueprint: Blueprint
    sagemaker: Any
    ec2: Any
    domain_id: str
    content: dict[str, Any] = field(
        default_factory=lambda: {"version": 4, "serial": 1, "lineage": "it", "resources": []}
    )
    workspace: Workspace = field(default_factory=Workspace)
    backend: Backend = field(default_factory=Backend)
    runs: int = 0

    def know(self, address: str, **attributes: Any) -> None:
        """Takes this into the state, in place of what is at that address."""
        type_, _, name = address.partition(".")
        self._drop(address, lambda instance: "deposed" not in instance)
        resource = self._resource(address) or {"mode": "managed", "type": type_, "name": name, "instances": []}
        resource["instances"].append({"attributes": attributes})
        if resource not in self.content["resources"]:
            self.content["resources"].append(resource)

    def look_up(self, reference: Ref) -> Any:
        """The value that the state has."""
        address, _, attribute = reference.address.rpartition(".")
        resource = self._resource(address)
        current = [i for i in resource["instances"] if "deposed" not in i] if resource else []
        return current[0]["attributes"].get(attribute) if current else studio_api.UNKNOWN

    def warm_up(self) -> None:
        """It has no provider."""

    def init(self, *, migrate: bool = False) -> Work[None]:
        yield from ()

    def state(self) -> dict[str, Any]:
        return self.content

    def outputs(self) -> dict[str, Any]:
        return {"domain_id": self.domain_id}

    def accept(self, _: Collection[str]) -> None:
        pass

    def forget(self, unwanted: Collection[str]) -> None:
        for address in unwanted:
            self._drop(address, lambda _: True)

    def park(self, objects: Collection[tuple[str, str]], leaving: Collection[str]) -> tuple[str, ...]:
        self.content, moved = states.park(self.content, objects, leaving)
        return moved

    def plan(
        self,
        *,
        adopt: Mapping[str, str] | None = None,
        replace: Iterable[str] = (),
        targets: Iterable[str] = (),
        refresh: bool = True,
    ) -> Work[PlanSummary]:
        yield Stage("Planning")
        aim = set(targets)
        assert not aim or aim.issuperset(it for pair in self._moves() for it in pair), "Moved ... excluded by targeting"
        changes = tuple(c for c in self._changes() if not aim or c.address in aim)
        return PlanSummary(changes, (), (), destroy=False, has_changes=bool(changes), file=Path("plan"))

    def refuse_stale(self, plan: PlanSummary) -> None:
        """Nobody else works here."""

    def apply(self, plan: PlanSummary) -> Work[Mapping[str, Any]]:
        self.runs += 1
        yield Stage("Applying")
        for before, after in self._moves():
            self._resource(before)["name"] = after.partition(".")[2]
        for change in plan.changes:  # with what the API does in them, which is not Terraform's to do
            if change.action in {"create", "replace"}:
                self._make(change.address)
                yield Finished(change.address, "create", 0)
            elif change.type == PROFILE:
                self._attach(self._described(change.address))
                yield Finished(change.address, "update", 0)
        for change in plan.changes:
            if change.destroys:
                yield from self._delete(change.address)
        return self.outputs()

    def _changes(self) -> Iterator[ResourceChange]:
        modules = addresses(self.blueprint)
        known = {f"{r['type']}.{r['name']}": r for r in self.content["resources"]}
        for before, after in self._moves():
            known[after] = known.pop(before)
            type_, _, label = after.partition(".")
            yield ResourceChange(after, type_, label, modules[after], "move")
        unsettled = set()
        for resource in self.blueprint.resources():
            if resource.type == SCRIPT and (action := self._action(resource, known.get(resource.address))):
                unsettled.add(resource.address)
                yield ResourceChange(resource.address, SCRIPT, resource.label, modules[resource.address], action)
            if resource.type == PROFILE:
                scripts = _scripts(resource)
                is_new = any(script.address.rpartition(".")[0] in unsettled for script in scripts.values())
                if is_new or {kind: self.look_up(it) for kind, it in scripts.items()} != self._attached(resource):
                    yield ResourceChange(resource.address, PROFILE, resource.label, modules[resource.address], "update")
        for address, found in known.items():
            module = modules.get(address)
            gone = [i for i in found["instances"] if module is None or "deposed" in i]
            if found["type"] in {SCRIPT, SUBNET} and gone and not (found["type"] == SUBNET and module):
                yield ResourceChange(address, found["type"], found["name"], module, "delete")

    def _moves(self) -> list[tuple[str, str]]:
        """The pairs of an old address in the state and its new one."""
        moved = [pair for module in self.blueprint.modules for pair in module.moved.items()]
        return [(before, after) for before, after in moved if self._resource(before)]

    def _action(self, resource: Resource, found: dict[str, Any] | None) -> Any:
        current = [i for i in found["instances"] if "deposed" not in i] if found else []
        if not current:
            return "create"
        return None if current[0]["attributes"]["id"] == resource.arguments[NAME] else "replace"

    def _make(self, address: str) -> None:
        described = self._described(address)
        name = described.arguments[NAME]
        made = self.sagemaker.create_studio_lifecycle_config(
            StudioLifecycleConfigName=name,
            StudioLifecycleConfigContent="IyEvYmluL2Jhc2g=",
            StudioLifecycleConfigAppType=described.arguments["studio_lifecycle_config_app_type"],
        )
        resource = self._resource(address)
        for instance in resource["instances"] if resource else ():
            instance["deposed"] = "12345678"
        self.know(address, id=name, arn=made["StudioLifecycleConfigArn"])

    def _attach(self, profile: Resource) -> None:
        settings = studio_api.request(studio_api.resolved(profile.arguments["user_settings"], self.look_up), {})
        name = profile.arguments["user_profile_name"]
        self.sagemaker.update_user_profile(DomainId=self.domain_id, UserProfileName=name, UserSettings=settings)

    def _attached(self, profile: Resource) -> dict[str, str]:
        found = self.sagemaker.describe_user_profile(
            DomainId=self.domain_id, UserProfileName=profile.arguments["user_profile_name"]
        )
        settings = found["UserSettings"]
        return {
            kind: settings[studio_api.api_name(kind)]["DefaultResourceSpec"]["LifecycleConfigArn"] for kind in SETTINGS
        }

    def _delete(self, address: str) -> Work[None]:
        is_described = address in addresses(self.blueprint)
        resource = self._resource(address)
        for instance in list(resource["instances"]) if resource else ():
            if "deposed" in instance or not is_described:
                identity = instance["attributes"]["id"]
                if address.startswith(SCRIPT):
                    self.sagemaker.delete_studio_lifecycle_config(StudioLifecycleConfigName=identity)
                else:
                    self.ec2.delete_subnet(SubnetId=identity)
                self._drop(address, lambda other, instance=instance: other is instance)  # type: ignore[misc]
                yield Finished(address, "delete", 0)

    def _described(self, address: str) -> Resource:
        (found,) = [resource for resource in self.blueprint.resources() if resource.address == address]
        return found

    def _resource(self, address: str) -> Any:
        found = [r for r in self.content["resources"] if f"{r['type']}.{r['name']}" == address]
        return found[0] if found else None

    def _drop(self, address: str, is_it: Callable[[dict[str, Any]], bool]) -> None:
        if resource := self._resource(address):
            resource["instances"] = [instance for instance in resource["instances"] if not is_it(instance)]
            if not resource["instances"]:
                self.content["resources"].remove(resource)


NAME = "studio_lifecycle_config_name"
SETTINGS = ("code_editor_app_settings", "jupyter_lab_app_settings")


def _scripts(profile: Resource) -> dict[str, Any]:
    """The script that a profile selects for each app, by the block of its settings."""
    settings = profile.arguments["user_settings"]
    return {kind: settings[kind]["default_resource_spec"]["lifecycle_config_arn"] for kind in SETTINGS}
