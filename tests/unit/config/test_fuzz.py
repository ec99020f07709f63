"""Whatever is in the file: a configuration or a message, never a traceback, and in good time."""

import random
from pathlib import Path

import pytest

from studioctl.config.load import load, parse
from studioctl.errors import ConfigError
from tests.effort import effort
from tests.generated import ROOT

SEEDS = [file.read_bytes() for file in sorted((ROOT / "examples").glob("*.toml"))]
VALUES = (
    *('""', '"\\u0000"', '"\\U0010FFFF"', "5", "-1", "0.0", "nan", "inf", "true"),
    *("[]", "[[]]", "{}", "[{}]", "{ a.b = 1 }"),
    *("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", '{ "" = 1 }', '[""]', '{ name = 5 }', "99999999999999999999"),
)  # fmt: skip


def attempt(file: Path) -> str:
    try:
        load(file)
    except ConfigError as error:
        return error.message
    return ""


@pytest.mark.parametrize("number", range(100))
def test_bytes_that_changed_at_random(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    file = tmp_path / "studio.toml"
    content = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 8)):
        position = chance.randrange(len(content))
        content[position : position + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    file.write_bytes(content)

    attempt(file)


@pytest.mark.parametrize("number", range(100))
def test_values_that_changed_at_random(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    file = tmp_path / "studio.toml"
    lines = chance.choice(SEEDS).decode().splitlines()
    for _ in range(chance.randint(1, 5)):
        index = chance.randrange(len(lines))
        key, equals, _ = lines[index].partition("=")
        lines[index] = f"{key}={chance.choice(VALUES)}" if equals else chance.choice(lines)
    file.write_text("\n".join(lines), encoding="utf-8")

    for line in attempt(file).splitlines():
        assert line.startswith(str(file))
        assert line.isprintable()


def test_reading_takes_as_much_longer_as_there_are_more_users() -> None:
    few, many = file_of(users=250), file_of(users=1000)

    # Four times the users: about four times the work. Were each user compared with each other, it would be sixteen.
    assert effort(lambda: parse(many)) < 8 * effort(lambda: parse(few))
    assert len(parse(many).resolved_spaces()) == 2000


def file_of(*, users: int) -> str:
    listed = (
        f'[[users]]\nname = "u{n}"\nspaces = [{{ name = "u{n}-a" }}, {{ name = "u{n}-b" }}]\n' for n in range(users)
    )
    return f'name = "acme-ml"\nregion = "us-east-1"\n{"".join(listed)}'
