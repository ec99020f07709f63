"""Every rule, each with a file that breaks it and all that a person is then told.

The two texts beside this file are transcripts: a title, what is in the file, `=>`, and the whole message.
"""

from pathlib import Path

import pytest

from tests.unit.config.test_load import refusal

# What stands above each part; the first line of a part is line 5.
ABOVE = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n\n'


def transcripts(name: str) -> dict[str, tuple[str, str]]:
    blocks = Path(__file__).with_name(name).read_text(encoding="utf-8").removeprefix("## ").split("\n## ")
    by_title = {}
    for block in blocks:
        title, _, rest = block.partition("\n")
        text, _, message = rest.partition("=>\n")
        by_title[title] = (text, message.strip())
    return by_title


PARTS = transcripts("broken_parts.txt")
FILES = transcripts("broken_files.txt")


@pytest.mark.parametrize(("text", "message"), PARTS.values(), ids=PARTS)
def test_a_part_that_breaks_a_rule(text: str, message: str) -> None:
    assert refusal(ABOVE + text) == message


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
def test_a_file_that_breaks_a_rule(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(("text", "message"), [*PARTS.values(), *FILES.values()])
def test_no_secret_is_ever_shown(text: str, message: str) -> None:
    assert "hunter2" not in message.lower()
