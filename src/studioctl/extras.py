"""Optional parts: whether they are there, and how they are installed, into the very Python that runs studioctl."""

import importlib.util
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

from studioctl.errors import StudioctlError

# By the name of each extra: what needs it, and the libraries that it brings.
EXTRAS = {
    "tune": ("Tuning", ("optuna", "optuna_dashboard", "plotly", "matplotlib")),
    "ui": ("The page", ("starlette", "uvicorn", "jinja2")),
}


def require(extra: str) -> None:
    """Goes on where an extra is installed.

    Raises:
        StudioctlError: It is not; the hint is the command that installs it.
    """
    what, libraries = EXTRAS[extra]
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    if missing:
        raise StudioctlError(
            f"{what} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed."
            " Nothing was changed.",
            hint=installing(f"studioctl[{extra}]"),
        )


def installing(requirement: str) -> str:
    """The command that adds a package to this Python.

    A bare `pip` may be another Python's, which has no studioctl, or Debian's, which refuses.

    Args:
        requirement: Such as "studioctl[local]".
    """
    return f"{_pip(shlex.quote(sys.executable))} {shlex.quote(requirement)}"


def _pip(python: str) -> str:
    managed = is_managed()
    # Whoever has studioctl in a Python that the system manages has said this to pip before.
    anyway = " --break-system-packages" if managed else ""
    pip = f"{python} -m pip install{anyway}"
    if importlib.util.find_spec("pip"):
        return pip
    if not managed and not shutil.which("uv") and importlib.util.find_spec("ensurepip"):
        return f"{python} -m ensurepip && {pip}"
    return f"uv pip install --python {python}{anyway}"


def installing_program(name: str, path: str | None = None, *, newer: bool = False) -> str:
    """The command that installs a program of PyPI into a separate environment, and puts it on PATH.

    By pipx or uv, if they are there: neither comes with Python. Else by Python itself, which is everywhere.

    Args:
        name: The package, whose program has the same name.
        path: The directories to search for programs, as in PATH; left out, this process's.
        newer: Whether it is there already, and too old.
    """
    action = "upgrade" if newer else "install"
    for manager in ("pipx", "uv tool"):
        if shutil.which(manager.split()[0], path=path):
            return f"{manager} {action} {name}"
    return _in_an_environment(name, shlex.quote(sys.executable))


def _in_an_environment(name: str, python: str) -> str:
    home = f"~/.local/share/{name}"
    make = f"{python} -m venv {home} && {home}/bin/pip install --upgrade {name}"
    return (
        f"{make} && mkdir -p ~/.local/bin && ln -sf {home}/bin/{name} ~/.local/bin/ && export PATH=~/.local/bin:$PATH"
    )


def is_managed() -> bool:
    """Whether pip refuses to install into this Python unless it is told twice.

    https://packaging.python.org/en/latest/specifications/externally-managed-environments/
    """
    is_virtual = sys.prefix != sys.base_prefix
    return not is_virtual and (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file()
