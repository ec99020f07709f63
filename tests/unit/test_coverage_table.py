"""The output of `make coverage`, from two reports as coverage.py writes them."""

import io
from collections.abc import Mapping
from typing import Any

from benchmarks.coverage import Missed, missed, table
from rich.console import Console


def file(lines: tuple[int, int], branches: tuple[int, int], **missing: list[int]) -> dict[str, Any]:
    """Of one file: lines and those run, branches and those taken, and what is missing of its functions."""
    return {
        "summary": {
            "num_statements": lines[0],
            "covered_lines": lines[1],
            "num_branches": branches[0],
            "covered_branches": branches[1],
        },
        "functions": {"": {"executed_lines": [2], "missing_lines": [1]}}
        | {
            name.replace("__", "."): {"executed_lines": [] if name == "unrun" else [100], "missing_lines": numbers}
            for name, numbers in missing.items()
        },
    }


def report(**files: Mapping[str, Any]) -> dict[str, Any]:
    return {"files": {f"src/{name.replace('__', '/')}.py": told for name, told in files.items()}}


BEFORE = report(
    studioctl__api=file((10, 9), (2, 1)),
    studioctl__aws__session=file((100, 90), (20, 15), renew=[1, 2], Session__open=[], end=[7]),
    studioctl__emulator__server=file((50, 25), (0, 0), start=[3]),
)
NOW = report(
    studioctl__api=file((10, 10), (2, 2)),
    studioctl__aws__session=file((60, 60), (10, 9), renew=[1, 2, 3]),
    studioctl__aws__login__codes=file((40, 10), (10, 0), Session__open=[4, 5, 6, 7], entirely_new=[8, 9]),
    studioctl__ui__nothing=file((0, 0), (0, 0)),
    studio_emulator__studio__server=file((1200, 600), (4, 4), start=[3], end=[]),
)

TWO = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┓
┃                        ┃ f2e1baf ┃          ┃         ┃   of the ┃ abc1234 ┃          ┃         ┃   of the ┃
┃ room                   ┃   lines ┃ branches ┃ percent ┃ branches ┃   lines ┃ branches ┃ percent ┃ branches ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━┩
│ studio_emulator/studio │         │          │         │          │   1,200 │        4 │    50.2 │    100.0 │
│ studioctl              │      10 │        2 │    83.3 │     50.0 │      10 │        2 │   100.0 │    100.0 │
│ studioctl/aws          │     100 │       20 │    87.5 │     75.0 │     100 │       20 │    65.8 │     45.0 │
│ studioctl/emulator     │      50 │        0 │    50.0 │        - │         │          │         │          │
├────────────────────────┼─────────┼──────────┼─────────┼──────────┼─────────┼──────────┼─────────┼──────────┤
│ all                    │     160 │       22 │    76.9 │     72.7 │   1,310 │       26 │    52.0 │     57.7 │
└────────────────────────┴─────────┴──────────┴─────────┴──────────┴─────────┴──────────┴─────────┴──────────┘"""
ONE = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━┓
┃                        ┃ abc1234 ┃          ┃         ┃   of the ┃
┃ room                   ┃   lines ┃ branches ┃ percent ┃ branches ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━┩
│ studio_emulator/studio │   1,200 │        4 │    50.2 │    100.0 │
│ studioctl              │      10 │        2 │   100.0 │    100.0 │
│ studioctl/aws          │     100 │       20 │    65.8 │     45.0 │
├────────────────────────┼─────────┼──────────┼─────────┼──────────┤
│ all                    │   1,310 │       26 │    52.0 │     57.7 │
└────────────────────────┴─────────┴──────────┴─────────┴──────────┘"""


def printed(**reports: Mapping[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(table(reports))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_two_revisions_stand_beside_each_other() -> None:
    assert printed(f2e1baf=BEFORE, abc1234=NOW) == TWO


def test_one_revision_stands_alone() -> None:
    assert printed(abc1234=NOW) == ONE


def test_without_a_revision_before_each_function_is_told_in_its_file() -> None:
    assert missed(NOW) == [
        Missed(4, "Session.open", "src/studioctl/aws/login/codes.py"),
        Missed(3, "renew", "src/studioctl/aws/session.py"),
        Missed(2, "entirely_new", "src/studioctl/aws/login/codes.py"),
        Missed(1, "start", "src/studio_emulator/studio/server.py"),
    ]


def test_a_function_that_moved_is_compared_and_a_new_one_has_lost_nothing() -> None:
    assert missed(NOW, BEFORE) == [
        Missed(4, "Session.open", "src/studioctl/aws/login/codes.py"),
        Missed(1, "renew", "src/studioctl/aws/session.py"),
    ]


def test_of_two_functions_of_one_name_each_is_compared_where_it_stands() -> None:
    one = report(studioctl__a=file((1, 1), (0, 0), main=[1]))
    two = report(studioctl__a=file((1, 1), (0, 0), main=[1, 2]), studioctl__b=file((1, 1), (0, 0), main=[2, 3, 4]))

    assert missed(two, one) == [Missed(1, "main", "src/studioctl/a.py")]
    assert missed(report(studioctl__c=file((1, 1), (0, 0), main=[1, 2])), two) == []


def test_a_function_that_no_test_ran_before_has_lost_nothing() -> None:
    before = report(studioctl__a=file((1, 1), (0, 0), unrun=[1]))

    assert missed(report(studioctl__a=file((1, 1), (0, 0), unrun=[1, 2, 3])), before) == []
