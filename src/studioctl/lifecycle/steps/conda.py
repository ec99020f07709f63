"""conda: packages beside the base environment, and its configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from studioctl.lifecycle.step import Step, quoted


def packages(names: Sequence[str]) -> Step | None:
    """Installs packages in an environment in the home: AWS resets base at each start, and installing there anew takes
    minutes. On PATH it comes after base, so that nothing of base is hidden."""
    if not names:
        return None
    return Step("conda-packages", f"conda_packages {quoted(names)}", ("conda.sh",))


def configuration(values: Mapping[str, Any]) -> Step | None:
    """Merges values into `.condarc`, without conda, which takes a second for each."""
    if not values:
        return None
    call = f'merge condarc {quoted([json.dumps(_nested(values))])} "${{own}}/condarc.json" "${{HOME}}/.condarc"'
    return Step("conda-config", call, ("merge.sh",), "merge_condarc")


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`a.b = 1` as conda's file has it: `a: {b: 1}`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        outer, dot, inner = key.partition(".")
        if dot:
            found.setdefault(outer, {})[inner] = value
        else:
            found[key] = value
    return found
