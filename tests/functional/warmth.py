"""The provider that serves all Terraforms of one test process."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from studioctl.terraform import front, warm


@functools.cache
def warm_provider() -> Mapping[str, str]:
    """The variable that names this test process's own provider, started when it is first wanted.

    It ends with the process. Empty where no mirror on this machine holds the provider unpacked, and where
    `STUDIOCTL_TESTS_COLD` is set, to measure what it saves.
    """
    package = None if os.environ.get("STUDIOCTL_TESTS_COLD") else warm.package(os.environ)
    if package is None:
        return {}
    directory = Path(tempfile.mkdtemp(prefix="warm-"))  # pytest's own directories are too long for a socket's path
    started = warm.kept_warm(package, directory)
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, directory, ignore_errors=True)
        ending.enter_context(started)
        atexit.register(ending.pop_all().close)
    return {warm.VARIABLE: str(directory)}


def knows_the_provider(home: Path) -> None:
    """Commands with this home know what the provider answered to others, as everybody's do from the second run on.

    It describes itself and examines that for seven seconds of the first one, whoever starts it.
    """
    known, person = front.cache(), Path.home()
    if known is not None and known.is_dir() and known.is_relative_to(person):
        shutil.copytree(known, home / known.relative_to(person), dirs_exist_ok=True)
