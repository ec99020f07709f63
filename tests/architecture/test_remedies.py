"""Each remedy is in tests/remedies.toml: with the test that does as it says, or with what it takes to do it."""

import ast
import re
from functools import cache

from tests.generated import ROOT
from tests.remedies import catalogue, remedies

REASON = re.compile(r"(person|aws|choice|fact|open): \S.*")
# Remedies that no test follows yet, though one could. Fewer is better; a new one comes with its test.
NOT_WALKED_YET = 0


def test_every_remedy_is_known_and_nothing_else_is() -> None:
    found = {(module, text) for module, texts in remedies().items() for text in texts}
    known = {(module, text) for module, texts in catalogue().items() for text in texts}

    assert found - known == set(), "each of these needs a line in tests/remedies.toml"
    assert known - found == set(), "no message prints these: take their lines out of tests/remedies.toml"


def test_each_is_walked_by_a_test_that_exists_or_there_is_a_reason() -> None:
    hows = {how for known in catalogue().values() for how in known.values()}
    walked = {how for how in hows if how.startswith("tests/")}

    assert {how for how in hows - walked if not REASON.fullmatch(how)} == set()
    assert {how for how in walked if how not in of_file(how.partition("::")[0])} == set()
    assert walked


@cache
def of_file(file: str) -> set[str]:
    """The tests of a file, as they are named in the catalogue."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {f"{file}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_new_remedy_is_left_for_later() -> None:
    later = [text for known in catalogue().values() for text, how in known.items() if how.startswith("open: ")]

    assert len(later) <= NOT_WALKED_YET
