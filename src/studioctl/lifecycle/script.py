"""`[editor]` as one bash script, which SageMaker runs at each start of a Code Editor app.

It runs as `sagemaker-user`, and the app fails when it fails or takes more than five minutes; so a step that
fails is reported in the log and does not take the editor away.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-debug.html
"""

import hashlib
from dataclasses import dataclass

from studioctl.config.model import Editor
from studioctl.errors import ConfigError
from studioctl.lifecycle.step import Step
from studioctl.lifecycle.steps import conda, editor_settings, extensions, git, repositories, tools

# The API takes 16,384 characters of base64, which is this many bytes of script.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateStudioLifecycleConfig.html
MAX_BYTES = 12_288

HEADER = """\
#!/bin/bash
# Written by studioctl from [editor]; runs at every start of a Code Editor app.
set -uo pipefail
export PATH="$HOME/.local/bin:$PATH"
failed=0

step() { # step NAME: runs the bash on standard input in a shell of its own
  local began=$SECONDS state=done
  bash -euo pipefail -s || state=FAILED
  [ "$state" = done ] || failed=$((failed + 1))
  printf '[studioctl] %-20s %-6s %ss\\n' "$1" "$state" "$((SECONDS - began))"
}
"""

FOOTER = """
printf '[studioctl] %s steps, %s failed, %ss\\n' {count} "$failed" "$SECONDS"
exit 0
"""


@dataclass(frozen=True)
class Script:
    """The script, as it is stored in AWS.

    Args:
        text: The bash itself.
    """

    text: str

    @property
    def digest(self) -> str:
        """Ten characters that change with the text: a lifecycle configuration cannot be changed, only replaced."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:10]


def steps(editor: Editor) -> tuple[Step, ...]:
    """What the script does, in order. What `[editor]` leaves out has no step."""
    made = (
        conda.configuration(editor.conda),
        conda.packages(editor.conda_packages),
        tools.install(editor.tools),
        git.configuration(editor.git),
        editor_settings.settings(editor.settings),
        editor_settings.keybindings(editor.keybindings),
        extensions.install(editor.extensions),
        repositories.clone(editor.repositories),
    )
    return tuple(step for step in made if step is not None)


def build(editor: Editor) -> Script:
    """The script for `[editor]`.

    Raises:
        ConfigError: It is larger than SageMaker takes.
    """
    made = steps(editor)
    text = HEADER + "".join(_call(step) for step in made) + FOOTER.format(count=len(made))
    size = len(text.encode())
    if size > MAX_BYTES:
        largest = sorted(made, key=lambda step: len(step.body.encode()), reverse=True)[:3]
        shares = ", ".join(f"{step.name} {len(step.body.encode()):,}" for step in largest)
        raise ConfigError(
            f"[editor] makes a lifecycle script of {size:,} bytes, and SageMaker takes {MAX_BYTES:,}."
            f" What takes the room (bytes): {shares}.",
            hint="shorten those parts of [editor], then run: studioctl validate",
        )
    return Script(text)


def _call(step: Step) -> str:
    # A quoted here-document passes the body on as it is. Its end marker is derived from the body, so that no
    # value can contain it.
    marker = "END_" + hashlib.sha256(step.body.encode()).hexdigest()[:8]
    return f"\nstep {step.name} <<'{marker}'\n{step.body.rstrip()}\n{marker}\n"
