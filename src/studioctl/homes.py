"""The user who runs studioctl, and their directories for programs' files, as the system defines them.

Each is an absolute path, or there is none: without a known home, a path would depend on the directory that one is in,
and a repository could bring what lies there.
"""

import getpass
import os
import shlex
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import platformdirs

from studioctl.errors import ConfigError


def settings() -> Path | None:
    """The directory of the person's settings."""
    return _absolute(platformdirs.user_config_path)


def cache() -> Path | None:
    """The directory for files that can be created again."""
    return _absolute(platformdirs.user_cache_path)


def data() -> Path | None:
    """The directory for files that must not be lost."""
    return _absolute(platformdirs.user_data_path)


def state() -> Path:
    """The directory for files of this machine only.

    Raises:
        ConfigError: No home directory is known.
    """
    return required(_absolute(platformdirs.user_state_path))


def person() -> Path | None:
    """The home itself."""
    return _absolute(lambda _: Path.home())


def required(directory: Path | None) -> Path:
    """The same, where nothing goes on without it.

    Raises:
        ConfigError: No home is known.
    """
    if directory is None:
        raise ConfigError(
            f"Your home directory is not known: HOME is '{os.environ.get('HOME', '')}', and user {os.geteuid()} has no"
            " other. Nothing was started.",
            hint="name a directory that only you can write to: export HOME=DIRECTORY",
        )
    return directory


def user() -> str:
    """The person's name, or their number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def typed() -> str:
    """The command that they typed, without its options, which may hold a secret; empty where another program uses us.

    Of the options `--local` alone is told, as it says where the command acts.
    """
    program = Path(sys.argv[0])
    if program.name != "studioctl" and program.parts[-2:] != ("studioctl", "__main__.py"):
        return ""
    words = [*takewhile(lambda word: not word.startswith("-"), sys.argv[1:])]
    return shlex.join(["studioctl", *words, *(["--local"] if "--local" in sys.argv else [])])


def _absolute(where: Callable[[str], Path]) -> Path | None:
    try:
        found = where("studioctl")
    except RuntimeError:  # a number without a user's name, as in a container
        return None
    return found if found.is_absolute() else None
