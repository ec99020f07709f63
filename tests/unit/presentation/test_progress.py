"""Nobody is left without a word, whoever is silent."""

import io
import time

import pytest
from rich.console import Console

from studioctl.events import Finished, Started, Work
from studioctl.presentation import progress
from studioctl.presentation.console import Terminal
from studioctl.presentation.progress import follow, waiting


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A pipe, with shorter patience."""
    monkeypatch.setattr(progress, "PLAIN_REMINDER", 0.3)
    monkeypatch.setattr(progress, "HEAD_START", 0)
    return Terminal(err=Console(file=io.StringIO(), width=200))


def said(terminal: Terminal) -> list[str]:
    return [line.strip() for line in terminal.err.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_work_that_blocks_is_reminded_of(terminal: Terminal) -> None:
    def work() -> Work[int]:
        yield Started("aws_vpc.studio", "create")
        yield Started("aws_s3_bucket.data", "create")
        time.sleep(1)
        yield Finished("aws_vpc.studio", "create", 1, "vpc-1")
        return 7

    assert follow(work(), terminal) == 7

    assert said(terminal)[0] == "… creating aws_vpc.studio  0s, and 1 more"
    assert said(terminal)[-1] == "✓ created aws_vpc.studio  1s  vpc-1"


def test_what_is_not_shown_puts_no_reminder_off(terminal: Terminal) -> None:
    def work() -> Work[None]:
        for _ in range(8):
            yield Finished("data.aws_partition.current", "read", 0)
            time.sleep(0.1)

    follow(work(), terminal)

    assert said(terminal)[0].startswith("… working")


def test_a_call_that_blocks_is_reminded_of_and_a_quick_one_is_not(terminal: Terminal) -> None:
    with waiting(terminal, "Asking AWS"):
        pass
    assert said(terminal) == []

    with waiting(terminal, "Asking AWS"):
        time.sleep(0.8)
    assert said(terminal)[0] == "… Asking AWS  0s"
