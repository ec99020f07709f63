"""Git repositories in the home directory."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted


def clone(urls: Sequence[str]) -> Step | None:
    """Clones each repository once, all at the same time; a branch follows its URL after a `#`."""
    if not urls:
        return None
    return Step("repositories", f"repositories {quoted(urls)}", ("repositories.sh",))
