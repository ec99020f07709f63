"""The Python that runs a user's objective: one that they name, or an environment with what requirements.txt names."""

import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import filelock

from studioctl import disk, homes
from studioctl.errors import ExitCode, StudioctlError
from studioctl.events import Noted

REQUIREMENTS = "requirements.txt"
_READY = "ready"  # a file that says that everything was installed


def prepare(file: Path, python: Path | None) -> Generator[Noted, None, Path]:
    """The Python for an objective's file.

    Args:
        file: The objective's file.
        python: A Python of the user's, which has what the file needs; None installs what requirements.txt beside the
            file names, once, or takes the Python of studioctl where there is no such file.

    Raises:
        StudioctlError: There is no such Python, or something cannot be installed.
    """
    if python is not None:
        found = shutil.which(python)
        if found is None:
            raise StudioctlError(
                f"'{python}' is not there, or is no program. Nothing was started.",
                hint="name a Python with --python, such as .venv/bin/python",
                exit_code=ExitCode.USAGE,
            )
        return Path(found).absolute()
    requirements = file.parent / REQUIREMENTS
    if not requirements.is_file():
        return Path(sys.executable)
    return (yield from _made(requirements))


def _made(requirements: Path) -> Generator[Noted, None, Path]:
    optuna = f"optuna=={version('optuna')}"
    identity = (disk.text_named(requirements), optuna, sys.version, sys.executable)
    home = homes.required(homes.cache()) / "tuning"
    directory = home / sha256("\0".join(identity).encode()).hexdigest()[:20]
    home.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(home / f"{directory.name}.lock"):
        if not (directory / _READY).is_file():
            yield Noted(f"Installing what {requirements.name} names: once, which takes a minute.")
            shutil.rmtree(directory, ignore_errors=True)
            _call(requirements, [sys.executable, "-m", "venv", str(directory)])
            pip = [str(directory / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
            _call(requirements, [*pip, "-r", str(requirements), optuna])
            disk.replace(directory / _READY, "")
    return directory / "bin/python"


def _call(requirements: Path, command: Sequence[str]) -> None:
    done = subprocess.run(
        command,
        cwd=requirements.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-5:])
        raise StudioctlError(
            f"{requirements} could not be installed:\n{said}\nNothing was started.",
            hint="correct it, or name a Python that has everything: --python .venv/bin/python",
        )
