"""The next command is about the same environment, and can be typed as it is printed."""

import shlex

import pytest

from studioctl.cli.hints import with_flags


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
