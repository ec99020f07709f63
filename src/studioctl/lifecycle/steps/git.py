"""Global Git configuration."""

from collections.abc import Mapping

from studioctl.lifecycle.step import Step, quoted


def configuration(values: Mapping[str, str]) -> Step | None:
    """Sets each value that the user has not set."""
    if not values:
        return None
    lines = [
        f"git config --global --get {quoted([key])} > /dev/null || git config --global {quoted([key, value])}"
        for key, value in values.items()
    ]
    return Step("git-config", "\n".join(lines))
