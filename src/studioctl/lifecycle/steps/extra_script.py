"""The user's own script."""

from studioctl.config.scripts import ScriptFile
from studioctl.lifecycle.step import Step, quoted


def run(script: ScriptFile | None) -> Step | None:
    """Runs it at each start, after everything else, with the interpreter that its first line names, else bash."""
    if script is None:
        return None
    return Step("extra-script", f"extra_script {quoted([script.text])}", ("extra_script.sh",))
