"""The documentation that comes with the package."""

import re
from pathlib import Path

import pytest

from studioctl import manual
from studioctl.errors import StudioctlError

ROOT = Path(__file__).parents[2]


def test_every_page_has_a_name_of_its_own_and_a_title() -> None:
    pages = manual.pages()

    assert len({page.name for page in pages}) == len(pages) == len([*(ROOT / "docs").glob("*/*.md")])
    assert all(page.title and not page.title.startswith("#") for page in pages)


def test_a_page_is_found_by_its_name_and_by_a_link_to_it() -> None:
    assert manual.page("live-in-it") == manual.page("docs/how-to/live-in-it.md")
    assert manual.page("docs/reference/permissions.md").kind == "reference"
    with pytest.raises(StudioctlError) as unknown:
        manual.page("live-in-itt")
    assert (unknown.value.message, unknown.value.hint) == (
        "There is no page 'live-in-itt'.",
        "studioctl docs live-in-it",
    )


def test_every_page_that_the_program_names_exists() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py")]
    named = {name for text in sources for name in re.findall(r"studioctl docs ([a-z][a-z0-9-]+)", text)}

    assert "remove-and-come-back" in named
    assert named <= {page.name for page in manual.pages()}
    # A path below docs/ is one that nobody has who installed a wheel.
    messages = [line for text in sources for line in text.splitlines() if re.search(r'"[^"]*docs/[a-z-]+/[^"]*"', line)]
    assert [line for line in messages if "http" not in line and '"""' not in line] == []


def test_the_beginning_of_a_name_is_enough_where_it_is_the_only_one() -> None:
    assert manual.page("live") == manual.page("live-in-it")
    with pytest.raises(StudioctlError) as several:
        manual.page("perm")
    assert several.value.message.startswith("Several pages begin with 'perm': explanation/permissions, ")
    assert manual.page(several.value.hint.removeprefix("studioctl docs ")).name == "explanation/permissions"
    with pytest.raises(StudioctlError, match="There is no page ''"):
        manual.page("")
