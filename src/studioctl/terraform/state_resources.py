"""Reads existing resources from Terraform's state."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.catalog import kinds
from studioctl.terraform.plan import ResourceChange

DEPOSED = " (deposed)"
BUCKET, REPOSITORY, SECRET, SPACE = (
    kinds.STORES[it].kind for it in (kinds.BUCKET, kinds.REPOSITORY, kinds.SECRET, kinds.SPACE)
)
# Terraform's type of what holds users' data -> what a holding in it is called, and the argument with its name. Stores
# outlive their environment; a space, and with it its volume, does not.
HOLDERS = {type_: (store.kind, kinds.KINDS[type_].name) for type_, store in kinds.STORES.items()}
STORES = {type_: told for type_, told in HOLDERS.items() if kinds.STORES[type_].outlives}
# What encrypts them. It goes only after everything that it encrypts, and never by Terraform.
KEY = "key"
KEY_TYPES = (kinds.KMS_KEY, kinds.KMS_ALIAS)
# The database of studies is neither: it goes by API, and a snapshot of it stays.
DATABASE = "database"
DATABASE_TYPES = (kinds.DATABASE, kinds.DATABASE_INSTANCE)


@dataclass(frozen=True)
class Estate:
    """The content of a Terraform state, as `Terraform.state()` returns it."""

    state: Mapping[str, Any]

    def resources(self, resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The address and the attributes of each resource of this type.

        One that was replaced but could not be deleted stays beside its successor: its address ends in DEPOSED.
        """
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed" and resource["type"] == resource_type:
                address = f"{resource_type}.{resource['name']}"
                for instance in resource["instances"]:
                    key = instance.get("index_key")
                    place = "" if key is None else f"[{json.dumps(key)}]"
                    yield address + place + (DEPOSED if "deposed" in instance else ""), instance["attributes"]

    def addresses(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The address and the attributes of everything, in the state's order."""
        types = dict.fromkeys(r["type"] for r in self.state.get("resources", ()) if r["mode"] == "managed")
        for resource_type in types:
            yield from self.resources(resource_type)

    def attributes(self, resource_type: str) -> Iterator[Mapping[str, Any]]:
        """The attributes of each resource of this type."""
        return (attributes for _, attributes in self.resources(resource_type))

    def tainted(self) -> Iterator[str]:
        """The address of each thing whose creation was interrupted, so that Terraform would make it anew."""
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed" and any(i.get("status") == "tainted" for i in resource["instances"]):
                yield f"{resource['type']}.{resource['name']}"

    def arns(self) -> Iterator[str]:
        """The ARN of each thing that has one: they say in which account and region all this is."""
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed":
                for instance in resource["instances"]:
                    if arn := instance["attributes"].get("arn"):
                        yield str(arn)

    def ids(self, resource_type: str) -> list[str]:
        """The id of each resource of this type."""
        return [str(attributes["id"]) for attributes in self.attributes(resource_type)]


def instance_of(change: ResourceChange) -> str:
    """The instance that goes: if the file still describes it, only an old one beside its successor is deleted."""
    return change.address + DEPOSED if change.action == "delete" and change.module else change.address
