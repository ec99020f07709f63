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
    return Step("conda-config", "\n".join(_setting(key, value) for key, value in values.items()))


def _setting(key: str, value: Any) -> str:
    if isinstance(value, list):  # `--set` takes single values only
        lines = [f"conda config --append {quoted([key, str(item)])}" for item in value]
        return "\n".join((f"conda config --remove-key {quoted([key])} 2> /dev/null || true", *lines))
    return f"conda config --set {quoted([key, value if isinstance(value, str) else json.dumps(value)])}"
