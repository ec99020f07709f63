"""Command-line tools from PyPI, each in an environment of its own below the home, which persists."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted

BODY = """\
home="$HOME/.local/share/studioctl/tools"
mkdir -p "$home" "$HOME/.local/bin"
for tool in {tools}; do
  name="${{tool%%[=<>!~[]*}}"
  [ -x "$HOME/.local/bin/$name" ] && continue
  python3 -m venv "$home/$name"
  "$home/$name/bin/pip" install --quiet --disable-pip-version-check "$tool"
  ln -sf "$home/$name/bin/$name" "$HOME/.local/bin/$name"
done
"""


def install(tools: Sequence[str]) -> Step | None:
    """Installs each tool that is not there yet, and puts it on PATH."""
    if not tools:
        return None
    return Step("tools", BODY.format(tools=quoted(tools)))
