"""Settings and keyboard shortcuts of the editor: merged, so that what the user changed stays."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from studioctl.lifecycle.step import Step, quoted


def settings(values: Mapping[str, Any]) -> Step | None:
    """Merges into settings.json."""
    return _merge("settings", values)


def keybindings(values: Sequence[Mapping[str, Any]]) -> Step | None:
    """Merges into keybindings.json; the same key under the same condition is the same shortcut."""
    return _merge("keybindings", values)


def _merge(name: str, wanted: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Step | None:
    if not wanted:
        return None
    return Step(name, f"user_file {name} {quoted([json.dumps(wanted)])}", ("editor.sh", "merge.sh"), "merge_json")
