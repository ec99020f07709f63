"""The parts of a plan that tell which key of the file is behind the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from studioctl.catalog import kinds
from studioctl.catalog.kinds import DOMAIN, KINDS
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.config.text import Location
from studioctl.infrastructure.block import Blueprint, Resource
from studioctl.infrastructure.blueprint import build
from studioctl.infrastructure.naming import label
from studioctl.lifecycle.reading import decoded, steps_of
from studioctl.review.now import Now
from studioctl.terraform.plan import PlanSummary, ResourceChange

ACCESS = "app_network_access_type"
SCRIPT, SCRIPT_NAME = f"{kinds.SCRIPT}.editor", "studio_lifecycle_config_name"  # with its digest
CONTENT, GPU_WATCH = "studio_lifecycle_config_content", "gpu_watch"
POLICIES = {kinds.POLICY, "aws_s3_bucket_policy"}
# Others are in these or name them, and change with them.
HOLDERS = {kind.type for kind in KINDS.values() if kind.holds}
# What `up` refuses to delete, unless nothing is in it or the user said so.
ASKED_FOR = {kind.type for kind in KINDS.values() if kind.store}
MADE = {"create", "update", "replace"}


@dataclass(frozen=True)
class Facts:
    """A plan, and the file that it is for, with where everything stands in it."""

    config: EnvironmentConfig
    summary: PlanSummary
    source: Source
    now: Now | None = None  # what AWS has at this moment; None where nobody looked

    @cached_property
    def is_new(self) -> bool:
        """Whether the plan creates the domain, and with it the environment."""
        domains = [change for change in self.summary.changes if change.type == DOMAIN]
        return any(change.action == "create" or change.is_unfinished for change in domains)

    @cached_property
    def opens_or_closes(self) -> bool:
        """Whether the network is opened or closed."""
        return any(c.type == DOMAIN and any(a.path == ACCESS for a in c.attributes) for c in self.summary.changes)

    @cached_property
    def has_another_range(self) -> bool:
        """Whether the VPC gets another range of addresses."""
        return any(change.type == kinds.VPC and change.destroys for change in self.summary.changes)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of everything that is created or destroyed."""
        return frozenset(c.type for c in self.summary.changes if c.action in {"create", "delete"})

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The addresses of everything that is created or destroyed."""
        return frozenset(c.address for c in self.summary.changes if c.action in {"create", "delete"})

    @cached_property
    def users(self) -> Mapping[str, int]:
        """The place in the file of each user, by the label in Terraform."""
        return {label(user.name): number for number, user in enumerate(self.config.users)}

    @cached_property
    def spaces(self) -> Mapping[str, Location]:
        """The place in the file of each space, by the label in Terraform; the user's where spaces are left out."""
        return {
            label(space.name): ("users", number) if user.spaces is None else ("users", number, "spaces", index)
            for number, user in enumerate(self.config.users)
            for index, space in enumerate(user.effective_spaces())
        }

    def holds_nothing(self, change: ResourceChange) -> bool:
        """Whether somebody looked, and nothing of anybody's is in what could hold it."""
        return self.now is not None and change.type in ASKED_FOR and change.address not in self.now.held

    def is_unstarted(self, space: str) -> bool:
        """Whether a space, by its label in Terraform, is known to have no volume yet."""
        return self.now is not None and space in map(label, self.now.unstarted)

    def shared(self, key: Location) -> Location:
        """The group's key, where a user has a value from a group; else the key itself."""
        written = self.source.written(key) if key[:1] == ("users",) and len(key) > 2 else key
        return written if written[:1] == ("groups",) else key

    def user(self, its_label: str) -> Location:
        """The place of a user; the list of users if the file no longer has them."""
        number = self.users.get(its_label)
        return ("users",) if number is None else ("users", number)

    def behind(self, change: ResourceChange) -> ResourceChange | None:
        """The change because of which nobody knows yet what this becomes.

        For a policy, that of the thing it is about; else the replacement of what it is in.
        """
        is_policy = change.type in POLICIES
        if not is_policy and not self._replaced:
            return None
        resource = self._resources.get(change.address)
        needed = self._described.needed_by(resource) if resource else frozenset()
        there = [c for c in self.summary.changes if c.action in MADE] if is_policy else self._replaced
        return next((c for c in there if c.address in needed), None)

    @cached_property
    def _replaced(self) -> tuple[ResourceChange, ...]:
        """Things that AWS cannot change, so that whatever is in them is replaced with them."""
        forced = (c for c in self.summary.changes if c.action == "replace" and c.type in HOLDERS)
        return tuple(c for c in forced if any(a.forces_replacement and not a.unknown for a in c.attributes))

    @cached_property
    def _described(self) -> Blueprint:
        return build(self.config)

    @cached_property
    def _resources(self) -> Mapping[str, Resource]:
        return {it.address: it for it in self._described.resources()}

    @cached_property
    def behind_scripts(self) -> Location:
        """The key behind a change of everybody's lifecycle script: [editor], or what alone makes the difference."""
        key, before = self._beside_editor
        was = self._script_before()
        if key is None or before is None or was is None:
            return key or ("editor",)
        script = next(it for it in build(before).resources() if it.address == SCRIPT)
        return key if script.arguments[SCRIPT_NAME] == was else ("editor",)

    def _script_before(self) -> Any:
        """The name of the script that is there; None where it does not change."""
        attributes = [a for change in self.summary.changes if change.address == SCRIPT for a in change.attributes]
        return next((a.before for a in attributes if a.path == SCRIPT_NAME), None)

    @cached_property
    def _beside_editor(self) -> tuple[Location | None, EnvironmentConfig | None]:
        """Another key that changes scripts, and the file with the earlier value of it; None where nobody knows that."""
        key, before = None, self.config
        for change in self.summary.changes:
            if change.address == "aws_secretsmanager_secret.github":
                if any(a.path == "name" for a in change.attributes):
                    return ("names", "secret"), None
                key = ("secrets", "github")
                if change.action != "create":
                    return key, None
                before = before.model_copy(update={"secrets": before.secrets.model_copy(update={"github": None})})
        if any(a.path.endswith("enable_docker_access") for c in self.summary.changes for a in c.attributes):
            key = ("studio", "docker")
            studio = before.studio.model_copy(update={"docker": not before.studio.docker})
            before = before.model_copy(update={"studio": studio})
        if self.watches_gpus_otherwise:
            key = key or ("limits", "idle_gpu_minutes")
            minutes = None if self.config.limits.idle_gpu_minutes is not None else 60
            limits = before.limits.model_copy(update={"idle_gpu_minutes": minutes})
            before = before.model_copy(update={"limits": limits})
        return key, before

    @cached_property
    def watches_gpus_otherwise(self) -> bool:
        """Whether the script begins or ends to tell what GPUs do. How many minutes count is no part of it."""
        texts = (
            (decoded(a.before), decoded(a.after))
            for change in self.summary.changes
            for a in change.attributes
            if change.address == SCRIPT and a.path == CONTENT and not a.unknown
        )
        return any((GPU_WATCH in steps_of(was)) != (GPU_WATCH in steps_of(now)) for was, now in texts)

    @cached_property
    def encryption(self) -> Location:
        """The key of [encryption] that is behind a change of keys."""
        if "aws_kms_key.studio" in self.addresses or self.config.encryption.key is None:
            return ("encryption", "customer_key")
        return ("encryption", "key")
