"""The worked examples of CONTRIBUTING.md, carried out: the tests that its tables name pass with each of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.generated import ROOT

EXAMPLES = sorted((ROOT / "tests/worked_examples").glob("*.diff"))
SECTION = re.compile(r"^### (.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
UNIT = re.compile(r"`(tests/unit/[\w/]+/test_\w+\.py)`")


def named(example: Path) -> list[str]:
    """The files of fast tests in the section about an example."""
    sections = SECTION.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    (section,) = (text for text in sections if f"tests/worked_examples/{example.name}" in text)
    return sorted({*UNIT.findall(section)})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_the_tests_that_are_named_pass_with_it(example: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    # Only what the example changes is compiled anew.
    for compiled in (it for top in ("src", "tests") for it in (ROOT / top).rglob("__pycache__")):
        shutil.copytree(compiled, copy / compiled.relative_to(ROOT), dirs_exist_ok=True)
    # Its own repository, so that `git apply` looks at the copy and not at what is around it.
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    subprocess.run(["git", "apply", str(example)], cwd=copy, check=True)

    files = named(example)
    environ = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "fast", "-p", "no:cacheprovider", *files]
    ran = subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True, check=False)

    assert files
    assert ran.returncode == 0, ran.stdout[-5000:]
