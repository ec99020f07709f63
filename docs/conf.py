"""Makes a site of these pages: `make docs`. They stay plain Markdown, for code hosts and for `studioctl docs`."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "studioctl"
html_title = "studioctl"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]

myst_heading_anchors = 4  # links like json.md#audit---json, with the anchors that GitHub makes

html_theme = "furo"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# Long commands and lines of studio.toml keep their quotation marks and dashes.
smartquotes = False

KINDS = {
    "tutorial": "Tutorial",
    "how-to": "How-to guides",
    "reference": "Reference",
    "explanation": "Explanation",
}
# A link to a file of the repository that is no page, as the examples are: `[text](../../examples/team.toml)`.
OUTSIDE = re.compile(r"\[([^\[\]]*)\]\(((?:../)+examples/[^)#]+)\)")


def _offer_files(_app: "Sphinx", _name: str, source: list[str]) -> None:
    """Copies the files that pages link to outside docs/ into the site."""
    source[0] = OUTSIDE.sub(
        lambda link: f"{{download}}`{' '.join(link[1].split()).replace('`', '')} <{link[2]}>`", source[0]
    )


def _add_contents(_app: "Sphinx", name: str, source: list[str]) -> None:
    """Puts every page into the navigation, a new one too: `index.md` has no directive that only Sphinx understands."""
    if name == "index":
        source[0] += "".join(
            f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {caption}\n\n{kind}/*\n```\n"
            for kind, caption in KINDS.items()
        )


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", _offer_files)
    app.connect("source-read", _add_contents)
