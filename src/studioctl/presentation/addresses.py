"""A plan in Terraform's words, for `--verbose`: each address with the old and new values of its attributes."""

import json
from base64 import b64decode
from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

from rich.console import Console
from rich.text import Text

from studioctl.terraform.plan import Action, AttributeChange, PlanSummary, ResourceChange

SIGNS: Mapping[Action, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("-/+ REPLACE", "bold red"),
    "delete": ("- DESTROY", "bold red"),
    "import": ("<-", "cyan"),
    "move": ("->", "cyan"),
    "forget": ("x", "yellow"),
}
LONGEST_VALUE = 60
SCRIPT = "studio_lifecycle_config_content"


def addresses(summary: PlanSummary, console: Console) -> None:
    """Write every address that the plan changes, by the document that describes it."""
    for module, changes in summary.by_module().items():
        _line(console, f"\n{module or 'no longer in the file'}", "bold")
        for change in changes:
            _change(change, console)


def _change(change: ResourceChange, console: Console) -> None:
    sign, style = SIGNS[change.action]
    why = "  (its creation was interrupted)" if change.is_unfinished else ""
    _line(console, f"  {sign} {change.address}{why}", style)
    for attribute in change.attributes:
        if attribute.path == SCRIPT and not attribute.unknown:
            _script(attribute, console)
        else:
            _line(
                console, f"      {attribute.path}: {_values(attribute)}", "red" if attribute.forces_replacement else ""
            )


def _script(attribute: AttributeChange, console: Console) -> None:
    """The lifecycle script is stored in base64; what differs in it is told by its lines."""
    before, after = (b64decode(value).decode().splitlines() for value in (attribute.before, attribute.after))
    _line(console, "      the lifecycle script:")
    for line in list(unified_diff(before, after, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            _line(console, f"        {line}", "green" if line.startswith("+") else "red")


def _values(attribute: AttributeChange) -> str:
    why = "  (forces replacement)" if attribute.forces_replacement else ""
    return f"{_value(attribute.before)} -> {_value(attribute.after)}{why}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) and value.startswith("(") else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
