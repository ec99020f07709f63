"""Terraform's state as it is stored: what can be read of it, and what is refused before Terraform sees it.

The format is Terraform's version 4, the one that `state pull` prints.
https://developer.hashicorp.com/terraform/internals/json-format says that the stored one is not documented; it has been
at version 4 since Terraform 0.12.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from studioctl.catalog.provider import NAME
from studioctl.errors import TerraformError
from studioctl.terraform.executable import Engine
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY

FORMAT = 4
PARKED = "_until_"  # in the name of what waits for its deletion beside its successor
# What Terraform reads, and how it names the provider of a resource that is in no module.
_KEYS = ("version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results")
_RESOURCE_KEYS = ("module", "mode", "type", "name", "each", "provider", "instances")
_PROVIDER = re.compile(r'provider\["([^"]+)"\](\.[\w-]+)?')
PARTS = {"version": int, "serial": int, "lineage": str, "resources": list}
NAMES = ("mode", "type", "name")  # of a resource
BRING_BACK = "studioctl state history   (shows earlier ones; studioctl state restore SERIAL brings one back)"


def parse(text: str, *, engine: Engine | None = None) -> dict[str, Any]:
    """A state; empty for none.

    Args:
        text: As it is stored.
        engine: The engine that is to work with it; a state that a newer one wrote is refused.

    Raises:
        TerraformError: It is damaged, of another format or a newer Terraform, or names a provider that we do not use.
    """
    try:
        _ = text.isascii() or text.encode("utf-8")  # bytes that are no UTF-8 were read as surrogates
        content = json.loads(text, object_pairs_hook=_shared(once=True)) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise damaged(str(error)) from error
    if isinstance(content, dict) and content:
        _refuse_newer(content, engine)
    if flaw := _flaw(content):
        raise damaged(flaw)
    found: dict[str, Any] = content
    if found:
        _refuse_providers(found, engine)
    return found


def values(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Outputs by name, from the stream's or the state's records of them."""
    return {name: output["value"] for name, output in outputs.items() if "value" in output}


def damaged(why: str) -> TerraformError:
    """Return the error for a state that is not whole."""
    return TerraformError(f"Terraform's state is damaged: {why}. Nothing was changed.", hint=BRING_BACK)


def is_encrypted(text: str | None) -> bool:
    """Whether OpenTofu may have encrypted this state, as TF_ENCRYPTION lets it.

    Source: https://github.com/opentofu/opentofu/blob/main/internal/encryption/base.go
    """
    return '"encryption_version"' in (text or "")


def is_whole(text: str) -> bool:
    """Whether this is a state from its first byte to its last; also one that is refused for its format.

    An empty file, which Terraform takes for no state, is none.
    """
    try:
        _ = text.isascii() or text.encode("utf-8")  # bytes that are no UTF-8 were read as surrogates
        content = json.loads(text, object_pairs_hook=_shared())
    except (ValueError, RecursionError):
        return False
    return bool(content) and (_is_of_another_format(content) or _flaw(content) is None)


def _flaw(content: Any) -> str | None:
    """Return the reason why this is not a valid state; None for a state that is whole or empty."""
    if not isinstance(content, dict):
        return "it is no JSON object"
    for key, kind in PARTS.items() if content else ():
        if key not in content:
            return f"it lacks its {key}"
        if not isinstance(content[key], kind) or isinstance(content[key], bool):
            return f"its {key} is no {kind.__name__}"
    if content and not (0 <= content["serial"] < 2**64 and isinstance(content.get("terraform_version", ""), str)):
        return f"no Terraform has the version {content.get('terraform_version')} and the serial {content['serial']}"
    outputs = content.get("outputs", {})
    if not isinstance(outputs, dict) or not all(isinstance(output, dict) for output in outputs.values()):
        return "its outputs are not whole"
    return next((f"resource {n} is not whole" for n, r in enumerate(content.get("resources", ())) if _is_torn(r)), None)


def _is_torn(resource: Any) -> bool:
    """Whether a resource lacks what each one has."""
    if not isinstance(resource, dict) or not all(isinstance(resource.get(key), str) for key in NAMES):
        return True
    instances = resource.get("instances")
    return not isinstance(instances, list) or any(map(_is_torn_instance, instances))


def _is_torn_instance(instance: Any) -> bool:
    attributes = instance.get("attributes") if isinstance(instance, dict) else None
    return not isinstance(attributes, dict) or not (
        isinstance(attributes.get("id"), str | None)
        and isinstance(attributes.get("arn"), str | None)
        and isinstance(attributes.get("tags_all"), dict | None)
    )


def _is_of_another_format(content: Any) -> bool:
    version = content.get("version") if isinstance(content, dict) else None
    return type(version) is int and version != FORMAT


def _refuse_newer(content: dict[str, Any], engine: Engine | None) -> None:
    """Going back to an older 1.x may work, and is not promised.

    Source: https://developer.hashicorp.com/terraform/language/v1-compatibility-promises
    """
    theirs, version = str(content.get("terraform_version", "")), content.get("version", FORMAT)
    if type(version) is not int or version < FORMAT:  # Terraform would still read older ones, which look otherwise
        raise damaged(f"it is of format {version!r}, and not {FORMAT}")
    is_newer = engine is not None and engine.kind != "tofu" and _minor(theirs) > _minor(engine.version)
    if version == FORMAT and not is_newer:
        return
    ours = f"this is {engine}" if engine else "it cannot be read here"
    raise TerraformError(
        f"Terraform's state was written by Terraform {theirs or 'of a newer kind'}, and {ours}. Nothing was changed.",
        hint=f"install Terraform {theirs or 'of that version'} or newer; STUDIOCTL_TERRAFORM=bundled takes the one that"
        " comes with studioctl[terraform]",
    )


def _refuse_providers(content: dict[str, Any], engine: Engine | None) -> None:
    """Terraform downloads and runs every provider that a state names, whether the documents know of it or not."""
    hosts = {TERRAFORM_REGISTRY, TOFU_REGISTRY if engine is None else engine.registry}
    ours = {f"{host}/{NAME}" for host in hosts}
    _refuse_lookalikes(content, _KEYS)
    for resource in content["resources"]:
        _refuse_lookalikes(resource, _RESOURCE_KEYS)
        named = resource.get("provider", "")
        found = _PROVIDER.fullmatch(named) if isinstance(named, str) else None
        if named and not (found and found[1] in ours):
            theirs = repr(found[1] if found else named)
            raise TerraformError(
                f"Terraform's state names the provider {theirs}, which Terraform would download and run. This"
                f" environment needs {NAME} alone. Nothing was started.",
                hint=f"find out who wrote this state; {BRING_BACK}",
            )


def _refuse_lookalikes(content: dict[str, Any], known: Iterable[str]) -> None:
    """Terraform reads keys without regard to case, as Go does: it would see what is unseen here."""
    for key in content:
        if key not in known and key.casefold() in known:
            raise damaged(f"it has the key {key!r}")


def _shared(*, once: bool = False) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """Reads an object such that equal texts are one: a thousand people's resources name the same thirty dependencies.

    Args:
        once: Whether each key must be there once: of two of one name, other programs may take the other one.
    """
    seen: dict[str, str] = {}

    def one(value: Any) -> Any:
        return seen.setdefault(value, value) if isinstance(value, str) else value

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = {key: [*map(one, value)] if isinstance(value, list) else one(value) for key, value in pairs}
        if once and len(content) < len(pairs):
            raise ValueError("a key is there twice in one object")
        return content

    return read


def _minor(version: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def park(
    content: dict[str, Any], objects: Iterable[tuple[str, str]], others: Collection[str] = ()
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the state in which these objects have separate addresses.

    An object that was already replaced and waits for its deletion beside its successor ("deposed") becomes a resource
    like any other.

    Args:
        content: A state.
        objects: The address and the id of each object.
        others: The addresses of other resources that will be deleted. AWS deletes an object only after its users.

    Returns:
        The state, and the new addresses.
    """
    content = copy.deepcopy(content)
    wanted = set(objects)
    parked: dict[str, list[dict[str, Any]]] = {}
    for resource in content["resources"]:
        address = _address(resource)
        leaving = [i for i in resource["instances"] if (address, str(i["attributes"].get("id"))) in wanted]
        resource["instances"] = [instance for instance in resource["instances"] if instance not in leaving]
        parked[address] = [_parked(resource, instance) for instance in leaving]
    moved = [resource for resources in parked.values() for resource in resources]
    for instance in (instance for resource in moved for instance in resource["instances"]):
        needed = instance.get("dependencies", ())
        instance["dependencies"] = [new for old in needed for new in [*map(_address, parked.get(old, ()))] or [old]]
    users = (resource for resource in content["resources"] if _address(resource) in others)
    for instance in (instance for resource in users for instance in resource["instances"]):
        needed = instance.get("dependencies", ())
        instance["dependencies"] = [*needed, *(new for old in needed for new in map(_address, parked.get(old, ())))]
    content["resources"] = [resource for resource in (*content["resources"], *moved) if resource["instances"]]
    content["serial"] += 1
    return content, tuple(map(_address, moved))


def _parked(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource with only this instance. Its name identifies it, because several may wait for deletion."""
    mark = hashlib.sha256(str(instance["attributes"]["id"]).encode()).hexdigest()[:8]
    alone = {key: value for key, value in instance.items() if key != "deposed"}
    return {**resource, "name": f"{resource['name']}{PARKED}{mark}", "instances": [alone]}


def _address(resource: Mapping[str, Any]) -> str:
    return f"{resource['type']}.{resource['name']}"
