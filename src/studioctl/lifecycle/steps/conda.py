"""conda: packages in the base environment, and its configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from studioctl.lifecycle.step import Step, quoted


def packages(names: Sequence[str]) -> Step | None:
    """Installs packages in base, which AWS resets at each start."""
    if not names:
        return None
    return Step("conda-packages", f"conda install --yes --quiet --name base {quoted(names)}")


def configuration(values: Mapping[str, Any]) -> Step | None:
    """Sets values of `.condarc`."""
    if not values:
        return None
    lines = [
        f"conda config --set {quoted([key, value if isinstance(value, str) else json.dumps(value)])}"
        for key, value in values.items()
    ]
    return Step("conda-config", "\n".join(lines))
