"""Pages for developers name modules, functions, paths and make targets that exist; and their worked examples apply."""

import importlib
import re
import subprocess
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from tests.generated import ROOT

SOURCE = ROOT / "src" / "studioctl"
LIFE = ROOT / "docs/explanation/life-of-an-up.md"
PAGES = [ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "RELEASING.md", "docs/explanation/writing.md")]
EXAMPLES = sorted((ROOT / "tests/worked_examples").glob("*.diff"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FENCE = re.compile(r"^( *)```\w*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"(?:\.?[\w-]+/)+[\w./-]*|[\w-]+\.(?:md|py|toml|txt|sh|json|yaml)")
# Made by make, or a user's own: not in a fresh clone.
MADE = {".venv", ".venv-audit", ".venv-docs", "build", "dist", ".studioctl", "studio.toml"}


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]


def spans(text: str) -> list[str]:
    """The inline code of a page."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def commands(text: str) -> list[str]:
    """The inline code of a page, and the lines of its blocks."""
    return spans(text) + [line.strip() for _, block in FENCE.findall(text) for line in block.splitlines()]


def follow(name: str) -> object:
    """The object of a dotted name below studioctl: a module, or something in one."""
    parts = ["studioctl", *name.split(".")]
    module, rest = ModuleType("none"), parts
    for length in range(1, len(parts) + 1):
        path = Path(*parts[1:length])
        if not ((SOURCE / path).is_dir() or (SOURCE / path).with_suffix(".py").is_file()):
            break
        module, rest = importlib.import_module(".".join(parts[:length])), parts[length:]
    return reduce(getattr, rest, module)


def missing(names: Iterable[str]) -> list[str]:
    def is_there(name: str) -> bool:
        try:
            follow(name)
        except AttributeError:
            return False
        return True

    return [name for name in names if not is_there(name)]


def test_every_module_and_function_in_the_life_of_an_up_exists() -> None:
    rooms = {path.stem for path in SOURCE.iterdir()}
    names = [
        span
        for span in spans(LIFE.read_text(encoding="utf-8"))
        if re.fullmatch(r"\w+(\.\w+)*", span) and span.split(".")[0] in rooms and span not in {"terraform", "init"}
    ]

    assert missing(names) == []
    on_the_way = {"cli", "config", "infrastructure", "operations", "terraform", "aws", "presentation", "events"}
    assert on_the_way <= {name.split(".")[0] for name in names}
    assert missing(["cli.up.up", "cli.up.nothing", "cli.nowhere", "terraform.runner.Terraform.nothing"]) == [
        "cli.up.nothing",
        "cli.nowhere",
        "terraform.runner.Terraform.nothing",
    ]


def test_every_path_in_the_life_of_an_up_begins_at_a_room() -> None:
    """A dotted name whose room was renamed would otherwise not be looked at."""
    rooms = {path.stem for path in SOURCE.iterdir()}
    dotted = [span for span in spans(LIFE.read_text(encoding="utf-8")) if re.fullmatch(r"[a-z_]+(\.\w+)+", span)]

    assert [name for name in dotted if name.split(".")[0] not in rooms] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_and_make_target_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    new = {
        line[4:].strip().removeprefix("b/")
        for file in EXAMPLES
        for line in file.read_text().splitlines()
        if line.startswith("+++ ")
    }
    named = {word.rstrip("/.") for span in spans(text) for word in re.split(r"[\s,;:]+", span) if PATH.fullmatch(word)}
    targets = {match[1] for command in commands(text) if (match := re.match(r"make ([a-z-]+)\b", command))}
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert {path for path in named - new if path.split("/")[0] not in MADE and not (ROOT / path).exists()} == set()
    assert targets <= known


def test_the_links_of_pages_beside_the_readme_lead_somewhere() -> None:
    for page in ROOT.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", FENCE.sub("", page.read_text(encoding="utf-8"))):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_a_worked_example_still_applies(example: Path) -> None:
    """When this fails, carry the example out anew: CONTRIBUTING.md says how."""
    done = subprocess.run(
        ["git", "apply", "--check", "--verbose", str(example)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert example.name in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_a_workflow_runs_what_ci_runs_reads_only_and_pins_what_it_uses(workflow: Path) -> None:
    content = read(workflow)
    steps = [step for job in content["jobs"].values() for step in job["steps"]]

    assert content["permissions"] == {"contents": "read"}
    assert not [job for job in content["jobs"].values() if "permissions" in job]
    assert [step["run"] for step in steps if "run" in step][-1] == ".ci/run"
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})", name)] == []
    prerequisites = (ROOT / "tests/prerequisites.sh").read_text(encoding="utf-8")
    packages = set(re.findall(r'missing="\$missing ([\w-]+)"', prerequisites))
    assert packages <= set(" ".join(step.get("run", "") for step in steps).split())


def test_pre_commit_downloads_no_hook() -> None:
    content = read(ROOT / ".pre-commit-config.yaml")

    assert [repository["repo"] for repository in content["repos"]] == ["local"]
    hooks = content["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks)


def test_a_form_for_issues_is_one() -> None:
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    content = {form.stem: read(form) for form in forms}

    assert set(content) == {"bug", "config", "idea"}
    for name in ("bug", "idea"):
        assert content[name].keys() >= {"name", "description", "body"}
        ids = [element["id"] for element in content[name]["body"] if element["type"] != "markdown"]
        assert len(ids) == len(set(ids))


def test_the_changelog_has_each_heading_once_for_a_release() -> None:
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    assert releases[0].startswith("Unreleased\n")
    for release in releases:
        title = release.splitlines()[0]
        headings = re.findall(r"^### (.*)$", release, re.MULTILINE)
        assert re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", title), title
        assert set(headings) <= known, title
        assert len(headings) == len(set(headings)), title


def test_the_version_is_in_one_place() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert 'dynamic = ["version"]' in text
    assert 'path = "src/studioctl/__init__.py"' in text
