"""Nobody is left without a word, whoever is silent."""

import io
import re
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from studioctl.events import Expected, Failed, Finished, Noted, Stage, Started, Work
from studioctl.presentation import progress
from studioctl.presentation.console import Terminal
from studioctl.presentation.progress import follow, waiting


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A pipe, with shorter patience."""
    monkeypatch.setattr(progress, "PLAIN_REMINDER", 1)
    monkeypatch.setattr(progress, "HEAD_START", 0)
    return Terminal(err=Console(file=io.StringIO(), width=200))


def said(terminal: Terminal) -> list[str]:
    return [line.strip() for line in terminal.err.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def until_it_says(terminal: Terminal, lines: int) -> Iterator[None]:
    """Each moment in which it has said less than so many lines."""
    end = time.monotonic() + 60
    while len(said(terminal)) < lines:
        assert time.monotonic() < end, said(terminal)
        time.sleep(0.1)
        yield


def test_work_that_blocks_is_reminded_of(terminal: Terminal) -> None:
    def work() -> Work[int]:
        yield Started("aws_vpc.studio", "create")
        yield Started("aws_s3_bucket.data", "create")
        list(until_it_says(terminal, 1))
        yield Finished("aws_vpc.studio", "create", 1, "vpc-1")
        return 7

    assert follow(work(), terminal) == 7

    assert re.fullmatch(r"… creating VPC studio  \ds, and 1 more", said(terminal)[0])
    assert said(terminal)[-1] == "✓ created VPC studio  1s  vpc-1"


def test_what_is_not_shown_puts_no_reminder_off(terminal: Terminal) -> None:
    def work() -> Work[None]:
        for _ in until_it_says(terminal, 1):
            yield Finished("data.aws_partition.current", "read", 0)

    follow(work(), terminal)

    assert said(terminal)[0].startswith("… working")


@pytest.mark.parametrize("verbose", [False, True])
def test_details_are_for_those_who_ask_for_them(terminal: Terminal, verbose: bool) -> None:
    def work() -> Work[None]:
        yield Noted("for everybody")
        yield Noted("for few", is_detail=True)

    follow(work(), terminal, verbose=verbose)

    assert said(terminal) == ["note: for everybody", *(["note: for few"] if verbose else [])]


def test_a_call_that_blocks_is_reminded_of_and_a_quick_one_is_not(terminal: Terminal) -> None:
    with waiting(terminal, "Asking AWS"):
        pass
    assert said(terminal) == []

    with waiting(terminal, "Asking AWS"):
        list(until_it_says(terminal, 1))
    assert re.fullmatch(r"… Asking AWS  \ds", said(terminal)[0])


def test_a_pipe_counts_in_its_reminders_and_has_a_line_for_each_thing(terminal: Terminal) -> None:
    def work() -> Work[None]:
        yield Expected(2, 60)
        yield Finished("aws_vpc.studio", "create", 1, "vpc-1")
        yield Started("aws_s3_bucket.data", "create")
        list(until_it_says(terminal, 2))
        yield Finished("aws_s3_bucket.data", "create", 1)

    follow(work(), terminal)

    assert said(terminal)[0] == "✓ created VPC studio  1s  vpc-1"
    assert re.fullmatch(r"… creating bucket data  \ds  \(1/2\)", said(terminal)[1])
    assert said(terminal)[-1] == "✓ created bucket data  1s"


@pytest.fixture
def screen() -> Terminal:
    """A terminal of 80 columns, in black and white."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None, legacy_windows=False)
    return Terminal(err=console)


def left_on(screen: Terminal) -> list[str]:
    """The lines that stay when the live rows are gone."""
    text = screen.err.file.getvalue()  # type: ignore[attr-defined]
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "\n")
    return [line.strip() for line in plain.splitlines() if line.strip() and not re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", line)]


def many() -> Work[None]:
    yield Expected(4, 300)
    yield Stage("Applying")
    yield Finished("CodeEditor in 'eve-editor'", "stop", 1)
    yield Finished("aws_vpc.studio", "create", 1, "vpc-1")
    yield Noted("something to know")
    yield Finished("aws_sagemaker_domain.studio", "create", 181, "d-1")
    yield Finished("aws_sagemaker_space.ada-editor", "create", 2)
    yield Failed("aws_sagemaker_space.eve-editor", "create", 3)


def test_a_terminal_keeps_a_row_for_what_is_slow_or_failed_or_interrupts_somebody(screen: Terminal) -> None:
    follow(many(), screen)

    kept = [line for line in left_on(screen) if not line.startswith("creating")]
    assert kept[:-1] == [
        "Applying",
        "✓ stopped CodeEditor in 'eve-editor'  1s",
        "note: something to know",
        "✓ created domain studio  3m 01s  d-1",
        "✗ creating space eve-editor failed after 3s",
    ]
    assert kept[-1].startswith("✓ 3/4 done  ")


def test_what_ctrl_c_stopped_has_not_failed(screen: Terminal) -> None:
    def work() -> Work[None]:
        yield Stage("Applying")
        yield Failed("aws_sagemaker_user_profile.eve", "create", 3, is_stopped=True)

    follow(work(), screen)

    assert "- creating user profile eve stopped; the next run looks for it" in left_on(screen)


def test_with_verbose_a_terminal_keeps_them_all_by_their_addresses(screen: Terminal) -> None:
    follow(many(), screen, verbose=True)

    assert "✓ created aws_vpc.studio  1s  vpc-1" in left_on(screen)
    assert "✓ created aws_sagemaker_space.ada-editor  2s" in left_on(screen)


def test_the_one_line_says_how_much_is_done_and_how_long_it_takes(screen: Terminal) -> None:
    def work() -> Work[None]:
        yield Expected(34, 185)
        yield Stage("Applying")
        for number in range(12):
            yield Finished(f"aws_subnet.{number}", "create", 1)
        yield Started("aws_vpc.studio", "create")
        time.sleep(0.4)

    follow(work(), screen)

    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.err.file.getvalue())  # type: ignore[attr-defined]
    assert re.search(r"12/34  \ds of about 3m 05s  Applying", shown)
    assert "vpc" not in shown.lower()
