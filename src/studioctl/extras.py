"""How what is optional is installed: into the very Python that runs studioctl. Imports nothing of ours."""

import importlib.util
import shlex
import sys


def installing(requirement: str) -> str:
    """The command that adds a package to this Python.

    A bare `pip` may be another Python's, which has no studioctl, or Debian's, which refuses.

    Args:
        requirement: Such as "studioctl[local]".
    """
    python = shlex.quote(sys.executable)
    pip = f"{python} -m pip install" if importlib.util.find_spec("pip") else f"uv pip install --python {python}"
    return f"{pip} {shlex.quote(requirement)}"
