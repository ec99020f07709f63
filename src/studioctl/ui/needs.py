"""Whether what the page needs is installed. It is an extra: everything else works without it."""

import importlib.util

from studioctl.errors import StudioctlError
from studioctl.extras import installing

LIBRARIES = ("starlette", "uvicorn", "jinja2")


def require() -> None:
    """Goes on where the extra is installed.

    Raises:
        StudioctlError: It is not; the hint is the command that installs it.
    """
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise StudioctlError(
            f"The page needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed."
            " Nothing was changed.",
            hint=installing("studioctl[ui]"),
        )
