"""No page, message or docstring gets new patterns that docs/explanation/writing.md retires."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.generated import FILES, ROOT

RETIRED = re.compile(
    r"\bfor ever\b|\bof (?:its|their|our) own\b|\bof (?:ours|theirs|yours)\b"
    r"|\bof AWS's(?=\W*$|[.,;:)]| (?:and|are|is|or|that|which)\b)"
    r"|\bon (?:its|their) way out\b|\bwithout (?:a|the|your) word\b|\bmeanwhile\b",
    re.IGNORECASE,
)
DOCSTRING = re.compile(r'"""(?:What|Where|Who|Whom|Whose|Which|How)\b')
STATUS = re.compile(r"\bInService\b")
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def files() -> Iterator[Path]:
    yield from sorted((ROOT / "src").rglob("*.py"))
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md")]
    yield from sorted(set(pages) - set(FILES) - {ROOT / "CHANGELOG.md"})


def retired(text: str, *, page: bool) -> list[str]:
    """The retired patterns in a text, each as often as it is there."""
    prose = CODE.sub("", text) if page else text
    flowing = re.sub(r"\s+(?:#:? )?", " ", prose)  # a pattern may be broken by the end of a line
    return [*RETIRED.findall(flowing), *(STATUS if page else DOCSTRING).findall(flowing)]


def test_no_file_has_a_retired_pattern() -> None:
    every = ((file, retired(file.read_text(encoding="utf-8"), page=file.suffix == ".md")) for file in files())
    found = {str(file.relative_to(ROOT)): patterns for file, patterns in every if patterns}

    assert found == {}, "say it as docs/explanation/writing.md does"


def test_each_pattern_is_recognised() -> None:
    assert retired("It is gone for\never.", page=True) == ["for ever"]
    assert retired("# a name of\n    # its own", page=False) == ["of its own"]
    assert retired('def name() -> str:\n    """What it is called."""', page=False) == ['"""What']
    assert retired("A key of AWS's, which is free. See a page of AWS's documentation.", page=True) == ["of AWS's"]
    assert retired("The space is InService.", page=True) == ["InService"]
    assert retired('if status == "InService":', page=False) == []
    assert retired("`meanwhile` and\n```text\nInService\n```\nWhatever is yours.", page=True) == []
