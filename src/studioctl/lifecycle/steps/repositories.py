"""Git repositories in the home directory."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted

BODY = """\
cd "$HOME"
for url in {urls}; do
  name="$(basename "$url" .git)"
  [ -e "$name" ] || GIT_TERMINAL_PROMPT=0 git clone --quiet "$url" "$name"
done
"""


def clone(urls: Sequence[str]) -> Step | None:
    """Clones each repository that is not there yet."""
    if not urls:
        return None
    return Step("repositories", BODY.format(urls=quoted(urls)))
