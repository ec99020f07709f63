"""Terraform's building blocks as frozen values.

An argument's value is anything JSON can hold, a `Ref` to another block's attribute, or a string with refs in it
(`f"{bucket.ref('arn')}/*"`). Plain text that Terraform would take for a template is escaped with `literal()`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.catalog.kinds import kind_of
from studioctl.catalog.provider import USUAL, Constraint

_REFERENCE = re.compile(r"(?<!\$)\$\{((?:data\.)?[a-z0-9_]+\.[A-Za-z0-9_-]+)")
_MARKERS = re.compile(r"(\$\$|%%)\{")


@dataclass(frozen=True)
class Ref:
    """An attribute of a block, by its Terraform address: `aws_vpc.studio.id`."""

    address: str

    def __str__(self) -> str:
        """The reference as Terraform's JSON syntax writes it."""
        return "${" + self.address + "}"


def literal(text: str) -> str:
    """Text that reaches AWS as it is, although it may hold Terraform's template markers."""
    return text.replace("${", "$${").replace("%{", "%%{")


def unescaped(text: str) -> str:
    """A text before `literal`."""
    return _MARKERS.sub(lambda found: found[0][1:], text)


def references(value: Any) -> Iterator[str]:
    """The address of each block that a value refers to, at any depth; those that `depends_on` names too."""
    if isinstance(value, Mapping):
        yield from value.get("depends_on", ())
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from references(inner)
    elif isinstance(value, Ref | str):
        yield from _REFERENCE.findall(str(value))


@dataclass(frozen=True)
class Resource:
    """Something that shall exist.

    Args:
        type: Terraform's word for what it is.
        label: Its name inside Terraform.
        arguments: Its arguments.
        why: A comment for the reader.
        by_api: Arguments that Terraform uses at its creation and then leaves alone, because `studioctl up` changes
            them by AWS's API: see `studio_api`.
        api_alone: Arguments that the provider does not have, named as it would name them. `studioctl up` sets them by
            AWS's API, at once after the creation too.
        born_by_api: Whether AWS takes one of these at the creation alone: then `studioctl up` makes it by AWS's API,
            and Terraform takes it into its state.
    """

    type: str
    label: str
    arguments: Mapping[str, Any]
    why: str = ""
    by_api: tuple[str, ...] = ()
    api_alone: Mapping[str, Any] = field(default_factory=dict)
    born_by_api: bool = False

    def __post_init__(self) -> None:
        """Refuses a kind of which the catalogue says nothing."""
        kind_of(self.type)

    @property
    def address(self) -> str:
        """The resource's address in Terraform: `aws_vpc.studio`."""
        return f"{self.type}.{self.label}"

    def ref(self, attribute: str) -> Ref:
        """A reference to one of its attributes."""
        return Ref(f"{self.address}.{attribute}")


@dataclass(frozen=True)
class Data:
    """Something that exists and is looked up."""

    type: str
    label: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def address(self) -> str:
        """The data source's address in Terraform: `data.aws_caller_identity.current`."""
        return f"data.{self.type}.{self.label}"

    def ref(self, attribute: str) -> Ref:
        """A reference to one of its attributes."""
        return Ref(f"{self.address}.{attribute}")


@dataclass(frozen=True)
class Output:
    """A value that people and programs read after `up`."""

    name: str
    value: Any
    description: str

    @property
    def is_table(self) -> bool:
        """Whether it has an entry for each user or space.

        Terraform stores no such output: it would have to look at all of them for one that comes or goes. It is put
        together from the state.
        """
        return isinstance(self.value, Mapping)


Block = Resource | Data | Output


@dataclass(frozen=True)
class Module:
    """The blocks of one document: `vpc` becomes `vpc.tf.json`.

    Args:
        name: Name of the document.
        purpose: Its purpose.
        blocks: Its blocks.
        moved: Earlier address -> address of today, of what is the same thing under another label. Without it,
            Terraform would make it anew. https://developer.hashicorp.com/terraform/language/moved
    """

    name: str
    purpose: str
    blocks: tuple[Block, ...]
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blueprint:
    """Everything that should exist, and for whom.

    Args:
        name: The environment's name.
        region: AWS region.
        profile: Profile of the user's AWS configuration, if the file names one.
        tags: Tags that every resource carries.
        modules: One per document, in the order in which they build on each other.
        provider: Versions of Terraform's AWS provider that may be used.
        files: Other files that blocks refer to, by their path below the documents' directory.
    """

    name: str
    region: str
    profile: str | None
    tags: Mapping[str, str]
    modules: tuple[Module, ...]
    provider: Constraint = USUAL
    files: Mapping[str, str] = field(default_factory=dict)

    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every module, in order."""
        return tuple(b for module in self.modules for b in module.blocks if isinstance(b, Resource))

    def tables(self) -> tuple[Output, ...]:
        """The outputs that have an entry for each user or space."""
        return tuple(b for module in self.modules for b in module.blocks if isinstance(b, Output) and b.is_table)

    def needed_by(self, resource: Resource) -> frozenset[str]:
        """The address of everything that this one refers to, and of what that refers to."""
        blocks = {b.address: b for module in self.modules for b in module.blocks if not isinstance(b, Output)}
        found: set[str] = set()
        to_visit = [resource.address]
        while to_visit:
            block = blocks.get(to_visit.pop())
            new = set(references(block.arguments)) - found if block else set()
            found |= new
            to_visit += new
        return frozenset(found)
