"""What Terraform's state says of things that exist."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Estate:
    """The content of a Terraform state, as `Terraform.state()` returns it."""

    state: Mapping[str, Any]

    @property
    def is_empty(self) -> bool:
        """Whether nothing that Terraform made exists, as far as it knows."""
        return not any(resource["mode"] == "managed" for resource in self.state.get("resources", ()))

    def attributes(self, resource_type: str) -> Iterator[Mapping[str, Any]]:
        """The attributes of each resource of this type."""
        for resource in self.state.get("resources", ()):
            if resource["mode"] == "managed" and resource["type"] == resource_type:
                yield from (instance["attributes"] for instance in resource["instances"])

    def ids(self, resource_type: str) -> list[str]:
        """The id of each resource of this type."""
        return [str(attributes["id"]) for attributes in self.attributes(resource_type)]
