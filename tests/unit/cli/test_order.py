"""An option before its command: the error is the line as it has to be typed."""

import pytest

from studioctl.cli import main


def said(line: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main.run(line.split()) == 64
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("--local status", "studioctl status --local"),
        ("--config team.toml status", "studioctl status --config team.toml"),
        ("--config=team.toml status --json", "studioctl status --config=team.toml --json"),
        ("-cteam.toml status", "studioctl status -cteam.toml"),
        ("-c status up", "studioctl up -c status"),
        ("--json --local outputs bucket", "studioctl outputs --json --local bucket"),
        ("-y --local down --backup s3://b", "studioctl down -y --local --backup s3://b"),
        ("--no-wait stop --all", "studioctl stop --no-wait --all"),
        ("--local ssh ada -- ls --all", "studioctl ssh --local ada -- ls --all"),
        ("--debug --local status", "studioctl status --local"),
        ("state --local history", "studioctl state history --local"),
        ("--yes state restore 3", "studioctl state restore --yes 3"),
        ("--local state --config team.toml history", "studioctl state history --local --config team.toml"),
        ("state bucket --local create acme", "studioctl state bucket create --local acme"),
        ("state --local bucket create", "studioctl state bucket create --local"),
    ],
)
def test_an_option_before_its_command_is_put_behind_it(
    typed: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error, hint = said(typed, capsys)

    option = next(word for word in typed.split() if word.startswith("-") and word != "--debug").split("=")[0]
    option = option if option.startswith("--") else option[:2]
    assert error == f"Error: No such option: {option}. It is an option of the command, and belongs after it."
    assert hint == f"Next:  {right}"


@pytest.mark.parametrize(
    ("typed", "help_"),
    [
        ("--lokal status", "studioctl --help"),
        ("--local", "studioctl --help"),
        ("--local version", "studioctl --help"),  # which acts nowhere
        ("--config status", "studioctl --help"),
        ("state --local", "studioctl state --help"),
        ("status --lokal", "studioctl status --help"),
    ],
)
def test_an_option_that_no_command_there_takes_points_to_the_help(
    typed: str, help_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(typed, capsys)[-1] == f"Next:  {help_}"
