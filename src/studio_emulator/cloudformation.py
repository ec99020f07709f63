"""CloudFormation: stacks of what moto makes. moto passes over types that it lacks and calls such a stack complete."""

import json
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import yaml
from moto.cloudformation import urls
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack, StackSet
from moto.cloudformation.parsing import get_model_map
from moto.cloudformation.utils import get_stack_from_s3_url

NESTED = "AWS::CloudFormation::Stack"
# These make nothing on AWS either; the AWS CDK adds this one to each template.
EMPTY = frozenset({"AWS::CDK::Metadata"})
DEEPEST = 10  # of stacks in stacks, so that one which holds itself ends


class TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`), and without tags that would make Python's objects."""


def _short_form(loader: Any, _: str, node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case _:
            return node.value


TemplateLoader.add_multi_constructor("!", _short_form)  # type: ignore[no-untyped-call]


class StrictCloudFormationBackend(CloudFormationBackend):
    """Refuses a template before anything of it is made, if a resource in it would not be."""

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def create_stack(self, name: str, template: str, *args: Any, **kwargs: Any) -> Stack:
        self._check(template)
        return super().create_stack(name, template, *args, **kwargs)

    def update_stack(self, name: str, template: str, *args: Any, **kwargs: Any) -> Stack:
        self._check(template)
        return super().update_stack(name, template, *args, **kwargs)

    def create_change_set(
        self, stack_name: str, change_set_name: str, template: str, *args: Any, **kwargs: Any
    ) -> tuple[str, str]:
        self._check(template)
        return super().create_change_set(stack_name, change_set_name, template, *args, **kwargs)

    def create_stack_set(self, name: str, template: str, *args: Any, **kwargs: Any) -> StackSet:
        self._check(template)
        return super().create_stack_set(name, template, *args, **kwargs)

    def update_stack_set(self, stackset_name: str, template: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if template:  # without one, the set keeps its own
            self._check(template)
        return super().update_stack_set(stackset_name, template, *args, **kwargs)

    def _check(self, template: str) -> None:
        types = set(self._types(template, DEEPEST))
        missing = sorted(kind for kind in types if not _is_made(kind))
        if missing:
            raise ValidationError(
                message=f"The emulator does not make {', '.join(missing)} through CloudFormation, so nothing of this"
                " template was made. Make these by their own API, or leave them out."
            )

    def _types(self, template: str, depth: int) -> Iterator[str]:
        """The types of all resources, also of those in nested stacks whose address is written out."""
        for name, resource in resources_of(template).items():
            kind = resource.get("Type") if isinstance(resource, dict) else None
            if not isinstance(kind, str):
                raise ValidationError(message=f"Template format error: [/Resources/{name}] has no type.")
            yield kind
            properties = resource.get("Properties")
            address = properties.get("TemplateURL") if isinstance(properties, dict) else None
            if kind == NESTED and isinstance(address, str):
                if not depth:
                    raise ValidationError(message=f"[/Resources/{name}] is in more than {DEEPEST} nested stacks.")
                inner = get_stack_from_s3_url(address, account_id=self.account_id, partition=self.partition)
                yield from self._types(inner, depth - 1)


def _is_made(kind: str) -> bool:
    return kind in get_model_map() or kind in EMPTY or kind.startswith("Custom::")


def resources_of(template: str) -> Mapping[str, Any]:
    """The resources of a template. Raises ValidationError, in AWS's words, where it is none."""
    try:
        found = yaml.load(template, Loader=TemplateLoader)  # type: ignore[no-untyped-call] # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        found = _json(template, error)
    if not isinstance(found, dict):
        raise ValidationError(message="Template format error: unsupported structure.")
    resources = found.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise ValidationError(message="Template format error: At least one Resources member must be defined.")
    return resources


def _json(template: str, error: Exception) -> Any:
    """JSON with tabs is no YAML."""
    try:
        return json.loads(template)
    except (ValueError, TypeError, RecursionError):
        said = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise ValidationError(message=f"Template format error: YAML not well-formed. ({said})") from None
