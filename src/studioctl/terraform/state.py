"""Terraform's state as it is stored: what can be read of it, and what is refused before Terraform sees it.

The format is Terraform's version 4, the one that `state pull` prints.
https://developer.hashicorp.com/terraform/internals/json-format says that the stored one is not documented; it has been
at version 4 since Terraform 0.12.
"""

import json
import re
from typing import Any

from studioctl.errors import TerraformError
from studioctl.terraform.executable import Engine

FORMAT = 4
BRING_BACK = "studioctl state history   (shows earlier ones; studioctl state restore SERIAL brings one back)"


def parse(text: str, *, engine: Engine | None = None) -> dict[str, Any]:
    """A state; empty for none.

    Args:
        text: As it is stored.
        engine: What is to work with it; a state that a newer one wrote is refused.

    Raises:
        TerraformError: It is damaged, or of a newer format or Terraform.
    """
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise damaged(str(error)) from error
    if not isinstance(content, dict):
        raise damaged("it is no JSON object")
    if content:
        _refuse_newer(content, engine)
        missing = {"version", "serial", "lineage", "resources"} - content.keys()
        if missing:
            raise damaged(f"it lacks its {min(missing)}")
    return content


def damaged(why: str) -> TerraformError:
    """What is told of a state that is not whole."""
    return TerraformError(f"Terraform's state is damaged: {why}. Nothing was changed.", hint=BRING_BACK)


def _refuse_newer(content: dict[str, Any], engine: Engine | None) -> None:
    """Going back to an older 1.x may work, and is not promised.

    Source: https://developer.hashicorp.com/terraform/language/v1-compatibility-promises
    """
    theirs = str(content.get("terraform_version", ""))
    is_newer = engine is not None and engine.kind != "tofu" and _minor(theirs) > _minor(engine.version)
    if content.get("version", FORMAT) <= FORMAT and not is_newer:
        return
    ours = f"this is {engine}" if engine else "it cannot be read here"
    raise TerraformError(
        f"Terraform's state was written by Terraform {theirs or 'of a newer kind'}, and {ours}. Nothing was changed.",
        hint=f"install Terraform {theirs or 'of that version'} or newer; STUDIOCTL_TERRAFORM=bundled takes the one that"
        " comes with studioctl[terraform]",
    )


def _minor(version: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
