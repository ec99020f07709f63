"""The documentation as a site: `make docs` builds it as here. It is whole, and needs no other host."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from tests.generated import ROOT

SPHINX = ROOT / ".venv-docs" / "bin" / "sphinx-build"
PAGES = sorted((ROOT / "docs").glob("*/*.md"))
# What a browser fetches by itself; links that a reader clicks may lead anywhere.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\bsrc=\"([^\"]+)\""
    r"|<link\b[^>]*\bhref=\"([^\"]+)\""
)
FETCHED_BY_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
ELSEWHERE = re.compile(r"(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert SPHINX.is_file(), "run: make .venv-docs/.ready"
    place = tmp_path_factory.mktemp("site")
    command = [SPHINX, "--fail-on-warning", "--keep-going", "--quiet", "-d", place / "doctrees"]
    done = subprocess.run(
        [*map(str, command), "docs", place / "html"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return place / "html"


def fetched(text: str, pattern: re.Pattern[str]) -> list[str]:
    return ["".join(groups) for groups in pattern.findall(text)]


def test_the_package_is_tried_with_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = f'"[{",".join(sorted(project["optional-dependencies"]))}]"'
    assert f'for extras in "" {extras}; do' in (ROOT / "tests" / "package.sh").read_text(encoding="utf-8")


def test_every_page_is_reached_from_the_index_and_found_by_search(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    names = [f"{page.parent.name}/{page.stem}" for page in PAGES]

    assert [name for name in names if f'href="{name}.html"' not in index] == []
    assert all((site / f"{name}.html").is_file() for name in names)
    assert (site / "search.html").is_file()
    searched = (site / "searchindex.js").read_text(encoding="utf-8")
    assert [name for name in names if f'"{name}"' not in searched] == []


def test_nothing_is_fetched_from_another_host(site: Path) -> None:
    pages = {file: fetched(file.read_text(encoding="utf-8"), FETCHED) for file in site.rglob("*.html")}
    styles = {file: fetched(file.read_text(encoding="utf-8"), FETCHED_BY_STYLE) for file in site.rglob("*.css")}
    every = pages | styles
    pictures = {
        file: fetched(file.read_text(encoding="utf-8"), FETCHED_BY_STYLE) for file in ROOT.glob("docs/images/*")
    }

    assert all(pages.values())  # each has at least its style sheet
    assert [(str(file), url) for file, urls in (every | pictures).items() for url in urls if ELSEWHERE.match(url)] == []
    local = [(file, url.split("?")[0].split("#")[0]) for file, urls in pages.items() for url in urls]
    assert [(str(file), url) for file, url in local if url and not (file.parent / url).exists()] == []


def test_a_fetch_from_elsewhere_is_recognised() -> None:
    page = '<script defer src="https://a.example/x.js"></script><link rel="stylesheet" href="//b.example/y.css"/>'

    assert fetched(page, FETCHED) == ["https://a.example/x.js", "//b.example/y.css"]
    assert fetched("src: url('https://c.example/f.woff2')", FETCHED_BY_STYLE) == ["https://c.example/f.woff2"]
    assert ELSEWHERE.match("//b.example/y.css")
    assert not ELSEWHERE.match("_static/y.css")


def test_the_index_for_readers_of_markdown_names_every_page() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    names = [f"{page.parent.name}/{page.name}" for page in PAGES]

    assert [name for name in names if f"]({name})" not in index] == []


def test_the_wheel_gets_the_pages_and_nothing_that_builds_the_site() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included == {str(kind): f"studioctl/{kind}" for kind in sorted({p.parent.relative_to(ROOT) for p in PAGES})}
    assert [file.name for kind in included for file in (ROOT / kind).iterdir() if file.suffix != ".md"] == []


def test_the_platforms_of_the_package_are_those_of_the_page() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Operating System :: "
    promised = {line.removeprefix(prefix) for line in project["classifiers"] if line.startswith(prefix)}
    page = (ROOT / "docs/how-to/install.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| (\w+) \| (.+) \|$", page.partition("## Platforms\n")[2].partition("\n## ")[0], re.MULTILINE)
    )

    named = {"Linux": "POSIX :: Linux", "macOS": "MacOS"}
    assert {named.get(row, row) for row in rows} - {"Platform", "Windows"} == promised
    assert rows["Windows"].startswith("In WSL")  # which is Linux: the package promises no Windows
    minimum = project["requires-python"].removeprefix(">=")
    assert f"Python {minimum} or newer" in page
