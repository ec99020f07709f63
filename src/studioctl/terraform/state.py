"""Terraform's state as it is stored: what can be read of it, and what is refused before Terraform sees it.

The format is Terraform's version 4, the one that `state pull` prints.
https://developer.hashicorp.com/terraform/internals/json-format says that the stored one is not documented; it has been
at version 4 since Terraform 0.12.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from studioctl.errors import TerraformError
from studioctl.terraform.document import PROVIDER
from studioctl.terraform.executable import Engine
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY

FORMAT = 4
# What Terraform reads, and how it names the provider of a resource that is in no module.
_KEYS = ("version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results")
_RESOURCE_KEYS = ("module", "mode", "type", "name", "each", "provider", "instances")
_PROVIDER = re.compile(r'provider\["([^"]+)"\](\.[\w-]+)?')
BRING_BACK = "studioctl state history   (shows earlier ones; studioctl state restore SERIAL brings one back)"


def parse(text: str, *, engine: Engine | None = None) -> dict[str, Any]:
    """A state; empty for none.

    Args:
        text: As it is stored.
        engine: What is to work with it; a state that a newer one wrote is refused.

    Raises:
        TerraformError: It is damaged, of another format or a newer Terraform, or names a provider that we do not use.
    """
    try:
        content = json.loads(text, object_pairs_hook=_once) if text.strip() else {}
    except ValueError as error:
        raise damaged(str(error)) from error
    if not isinstance(content, dict):
        raise damaged("it is no JSON object")
    if content:
        _refuse_newer(content, engine)
        missing = {"version", "serial", "lineage", "resources"} - content.keys()
        if missing:
            raise damaged(f"it lacks its {min(missing)}")
        _refuse_providers(content, engine)
    return content


def damaged(why: str) -> TerraformError:
    """What is told of a state that is not whole."""
    return TerraformError(f"Terraform's state is damaged: {why}. Nothing was changed.", hint=BRING_BACK)


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
    ours = {f"{host}/{PROVIDER}" for host in hosts}
    _refuse_lookalikes(content, _KEYS)
    resources = content["resources"] if isinstance(content["resources"], list) else ()
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        _refuse_lookalikes(resource, _RESOURCE_KEYS)
        named = resource.get("provider", "")
        found = _PROVIDER.fullmatch(named) if isinstance(named, str) else None
        if named and not (found and found[1] in ours):
            raise TerraformError(
                f"Terraform's state names the provider '{found[1] if found else named}', which Terraform would download"
                f" and run. This environment needs {PROVIDER} alone. Nothing was started.",
                hint=f"find out who wrote this state; {BRING_BACK}",
            )


def _refuse_lookalikes(content: dict[str, Any], known: Iterable[str]) -> None:
    """Terraform reads keys without regard to case, as Go does: it would see what is unseen here."""
    for key in content:
        if key not in known and key.casefold() in known:
            raise damaged(f"it has the key {key!r}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are there once: of two of one name, other programs may take the other one."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is there twice in one object")
    return content


def _minor(version: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
