"""The next command is about the same environment, and can be typed as it is printed."""

import shlex
from pathlib import Path

import pytest

from studioctl.cli.hints import going_on, repeating, value_of, with_flags
from tests.commands import commands


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        (["up"], []),
        (["up", "--config", "team.toml"], ["--config", "team.toml"]),
        (["up", "--config=team.toml", "--local"], ["--config", "team.toml", "--local"]),
        (["up", "-c", "my team.toml"], ["--config", "my team.toml"]),
        (["up", "-cteam.toml"], ["--config", "team.toml"]),
        (["up", "--config", "a;touch owned #.toml"], ["--config", "a;touch owned #.toml"]),
        (["up", "--config=$(id).toml"], ["--config", "$(id).toml"]),
        (["up", "-c", "a.toml", "-c", "b.toml"], ["--config", "b.toml"]),  # as the command itself takes them
        (["ssh", "ada", "--", "-c", "true", "--local"], []),
        (["up", "--config"], []),
    ],
)
def test_it_names_the_same_file(typed: list[str], flags: list[str]) -> None:
    assert shlex.split(with_flags("studioctl plan", typed)) == ["studioctl", "plan", *flags]


NEVER_A_HINT = {"ssh-proxy"}


def test_just_the_commands_that_take_both_flags_get_them() -> None:
    """Those that a hint names with arguments are looked at with these."""
    typed = {
        "secret": " github",
        "cost": " --month",
        "state restore": " SERIAL",
        "state unlock": " 3d20d141-88c4-bb14-d677-88c5c9ec329a",
    }
    takes, gets = set(), set()
    for path, options in commands():
        hint = f"studioctl {path}{typed.get(path) or typed.get(path.split()[0], '')}"
        takes |= {path} if {"--config", "--local"} <= options else set()
        gets |= {path} if with_flags(hint, ["up", "--config", "a.toml", "--local"]).endswith(" --local") else set()

    assert gets - takes == {"list"}  # it needs no file, but a rehearsal's is on the emulator
    assert takes - gets == NEVER_A_HINT


def test_every_command_that_reads_the_file_names_it() -> None:
    for path, options in commands():
        if "--config" not in options or path in {"init", *NEVER_A_HINT}:
            continue  # `init` is told to write a file only where it names one
        also = {"secret": " github", "cost": " --month"}  # `cost` alone is of the file, wherever it is
        command = f"studioctl {path}{also.get(path.split()[0], '')}"
        if path in {"state restore", "state unlock"}:
            continue  # with their arguments, above
        flags = ["--config", "team.toml", *(["--local"] if "--local" in options else [])]
        assert shlex.split(with_flags(command, ["up", "-c", "team.toml", "--local"])) == [*command.split(), *flags]
        assert with_flags(f"{command} --config a.toml", ["up"]) == f"{command} --config a.toml"


def test_a_file_that_is_named_already_is_named_once() -> None:
    said = "correct team.toml, then run: studioctl validate --config team.toml"
    assert with_flags(said, ["up", "-c", "team.toml"]) == said


def test_flags_that_a_hint_has_are_not_said_twice() -> None:
    flags = " --config team.toml --local"
    for hint in ("studioctl up", "studioctl up --local", "studioctl up --config team.toml", f"studioctl up{flags}"):
        assert set(shlex.split(repeating(hint, flags))[2:]) == {"--config", "team.toml", "--local"}
    known = f"studioctl why --user ada --action s3:GetObject{flags}; then: studioctl up"
    assert repeating(known, flags) == f"{known}{flags}"


@pytest.mark.parametrize(
    ("typed", "hinted"),
    [
        (["start", "x", "--env", "acme-ml"], "studioctl list, studioctl status --env acme-ml, studioctl up"),
        (
            ["start", "--env=acme-ml", "x", "--local"],
            "studioctl list --local, studioctl status --env acme-ml --local, studioctl up",
        ),
    ],
)
def test_without_the_file_the_name_goes_along_where_it_is_taken(typed: list[str], hinted: str) -> None:
    assert with_flags("studioctl list, studioctl status, studioctl up", typed) == hinted


def test_an_aws_command_for_the_emulator_can_be_copied() -> None:
    there = " --region us-east-1 --endpoint-url http://127.0.0.1:4711"
    key = 'eval "$(studioctl emulator env)" && '
    for hint, told in {
        f"aws s3 ls{there}": f"{key}aws s3 ls{there}",
        f"wait, then: aws s3 ls{there} --query 'x'; aws s3 ls{there}": (
            f"wait, then: {key}aws s3 ls{there} --query 'x'; aws s3 ls{there}"
        ),
        f"ask: aws a b --code $(aws c d{there}) --value 2{there}": (
            f"ask: {key}aws a b --code $(aws c d{there}) --value 2{there}"
        ),
        f"aws sso login; or aws s3 ls{there}": f"aws sso login; or {key}aws s3 ls{there}",
        "aws s3 ls --region us-east-1": "aws s3 ls --region us-east-1",
    }.items():
        assert with_flags(hint, ["doctor", "--local"]) == told
        assert with_flags(told, ["doctor", "--local"]) == told  # one that went through here


def test_a_commands_help_is_the_same_everywhere() -> None:
    hint = "studioctl user remove --help, studioctl tune run --help, studioctl cost --help"
    assert with_flags(hint, ["user", "remove", "--local", "-c", "team.toml"]) == hint


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (["cost", "--hours", "9"], "9"),
        (["cost", "--hours=9", "--hours=10"], "10"),
        (["cost", "-H9"], "9"),
        (["cost", "--hours"], ""),
        (["cost", "--hours", "9", "--hours"], "9"),
        (["cost", "--hoursful=9", "-x9"], ""),
        (["ssh", "ada", "--", "--hours", "9"], ""),
    ],
)
def test_the_value_of_an_option(typed: list[str], value: str) -> None:
    assert value_of(typed, ("--hours", "-H")) == value


BOTH = ("--stop-apps", "--delete-data")


@pytest.mark.parametrize(
    ("hint", "needed", "file", "told"),
    [
        (
            "studioctl up --stop-apps   (stops them)",
            BOTH,
            None,
            "studioctl up --stop-apps --delete-data   (stops them)",
        ),
        (
            "keep it. To lose it: studioctl up --delete-data",
            BOTH[1:],
            None,
            "keep it. To lose it: studioctl up --delete-data",
        ),
        (
            "studioctl up --delete-data",
            BOTH,
            Path("my plan.json"),
            "studioctl up 'my plan.json' --stop-apps --delete-data",
        ),
        ("write it again, then: studioctl up", BOTH, None, "write it again, then: studioctl up"),
    ],
    ids=["the other one too", "the one that it has", "of a reviewed plan", "without a flag"],
)
def test_a_refusal_names_all_that_it_takes_to_go_on(
    hint: str, needed: tuple[str, ...], file: Path | None, told: str
) -> None:
    assert going_on(hint, needed, file) == told
