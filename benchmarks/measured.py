"""Begins to measure branches in a Python process. `benchmarks.coverage` copies this file into a virtual environment.

A `.pth` file there imports it at each start, because no variable would reach every process: studioctl and the emulator
give theirs an environment without the user's variables. For the same reason nothing is set here: tests compare
environments. `measured.ini` beside the copy has the settings.

A process that may not write the data is left alone, and so is one in which this fails: the tests come first.
"""

import atexit
import contextlib
import os
from pathlib import Path
from typing import Any


def begin() -> None:
    from coverage import Coverage

    if Coverage.current() is not None:  # what was there before an `exec` has handed it on
        return
    measuring = Coverage(config_file=str(Path(__file__).with_suffix(".ini")))
    if os.access(Path(str(measuring.get_option("run:data_file"))).parent, os.W_OK):
        measuring.start()
        atexit.register(_save, measuring)


def _save(measuring: Any) -> None:
    with contextlib.suppress(Exception):
        measuring.stop()
        measuring.save()


with contextlib.suppress(Exception):
    begin()
