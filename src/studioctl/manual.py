"""The documentation that comes with the package: the pages of docs/, each with a unique name."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from studioctl.config.text import nearest
from studioctl.errors import ExitCode, StudioctlError

KINDS = ("tutorial", "how-to", "explanation", "reference")


@dataclass(frozen=True)
class Page:
    """A page of the documentation.

    Args:
        name: Its name for `studioctl docs`: "live-in-it", or "reference/permissions" if two kinds have the same.
        kind: One of `KINDS`.
        title: Its heading.
        text: All of it, in Markdown.
    """

    name: str
    kind: str
    title: str
    text: str


def pages() -> tuple[Page, ...]:
    """Every page, kind by kind, each kind by name."""
    files = [file for kind in KINDS for file in sorted((_home() / kind).glob("*.md"))]
    stems = Counter(file.stem for file in files)
    return tuple(_read(file, is_alone=stems[file.stem] == 1) for file in files)


def page(name: str) -> Page:
    """The page of this name, or the only one that begins so. "docs/how-to/live-in-it.md", as in a link, is one, too.

    Raises:
        StudioctlError: There is none, or there are several.
    """
    path = name.removeprefix("docs/").removesuffix(".md")
    wanted = path.rpartition("/")[2]
    every = {each.name: each for each in pages()}
    if found := every.get(path) or every.get(wanted):
        return found
    begin = [each for each in every.values() if each.name.rpartition("/")[2].startswith(wanted)] if wanted else []
    if len(begin) == 1:
        return begin[0]
    if begin:
        several = ", ".join(each.name for each in begin)
        raise StudioctlError(
            f"Several pages begin with '{name}': {several}.",
            hint=f"studioctl docs {begin[0].name}",
            exit_code=ExitCode.USAGE,
        )
    meant = nearest(wanted, frozenset(every))
    hint = f"studioctl docs {meant}" if meant else "studioctl docs   (lists them)"
    raise StudioctlError(f"There is no page '{name}'.", hint=hint, exit_code=ExitCode.USAGE)


def _read(file: Path, *, is_alone: bool) -> Page:
    text, kind = file.read_text(encoding="utf-8"), file.parent.name
    name = file.stem if is_alone else f"{kind}/{file.stem}"
    return Page(name, kind, text.partition("\n")[0].removeprefix("# "), text)


@cache
def _home() -> Path:
    """The directory of the pages: in the package, or in the checkout that it is installed from."""
    packaged = Path(__file__).parent / "docs"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "docs"
