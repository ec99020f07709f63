"""Settings and keyboard shortcuts of the editor: merged, so that what the user changed stays."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from studioctl.lifecycle.step import Step, quoted

# Images from 2.3 on keep the editor's data in the home, older ones below /opt.
# A file that is not plain JSON (the editor allows comments) is the user's own work and is left alone.
MERGE = """\
python3 - {name} {wanted} <<'MERGE'
import json, pathlib, sys
name, wanted = sys.argv[1], json.loads(sys.argv[2])
roots = [pathlib.Path.home(), pathlib.Path("/opt/amazon/sagemaker")]
for data in (root / "sagemaker-code-editor-server-data" for root in roots):
    if data.parent != pathlib.Path.home() and not data.is_dir():
        continue
    file = data / "data/User" / name
    try:
        found = json.loads(file.read_text()) if file.exists() else type(wanted)()
    except ValueError:
        print(f"{{file}} is not plain JSON and was left as it is")
        continue
    if isinstance(wanted, dict):
        merged = {{**wanted, **found}}
    else:
        keys = {{entry.get("key") for entry in found}}
        merged = found + [entry for entry in wanted if entry["key"] not in keys]
    if merged != found:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(merged, indent=2) + "\\n")
MERGE
"""


def settings(values: Mapping[str, Any]) -> Step | None:
    """Adds settings that the user has not set."""
    return _merge("settings", "settings.json", values)


def keybindings(values: Sequence[Mapping[str, Any]]) -> Step | None:
    """Adds shortcuts for keys that the user has not bound."""
    return _merge("keybindings", "keybindings.json", values)


def _merge(step: str, file: str, wanted: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Step | None:
    if not wanted:
        return None
    return Step(step, MERGE.format(name=file, wanted=quoted([json.dumps(wanted)])))
