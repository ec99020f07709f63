"""Command-line tools from PyPI, each in a separate environment below the home directory, which persists."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted


def install(tools: Sequence[str]) -> Step | None:
    """Installs each tool that is not there yet as the file wants it, and puts it on PATH."""
    if not tools:
        return None
    return Step("tools", f"tools {quoted(tools)}", ("tools.sh",))
