"""Whatever is in the file: a configuration or a message, never a traceback, and in good time."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=8
)
REPLACED = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(VALUES) | st.none()), min_size=1, max_size=5
)


def check(content: bytes, file: Path) -> None:
    """Check that invalid TOML is refused, valid TOML has the file's names, and each line of a message has a place.

    Python's own TOML parser is the judge of both.
    """
    file.write_bytes(content)
    try:
        told = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        told = {}
    try:
        made = load(file)
    except ConfigError as error:
        for line in error.message.splitlines():
            assert line.startswith(str(file))
            assert line.isprintable()
    else:
        assert (made.name, made.region) == (told["name"], told["region"])
        assert [user.name for user in made.users] == [user["name"] for user in told["users"]]


@settings(max_examples=100, deadline=None)
@example(seed=SEEDS[0], edits=[(0.0, 0, b"\xff")])
@given(seed=st.sampled_from(SEEDS), edits=EDITS)
def test_bytes_that_changed_at_random(
    seed: bytes, edits: list[tuple[float, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(seed)
    for where, length, new in edits:
        position = int(where * len(content))
        content[position : position + length] = new

    check(bytes(content), tmp_path_factory.mktemp("fuzz") / "studio.toml")


@settings(max_examples=100, deadline=None)
@given(seed=st.sampled_from(SEEDS), replaced=REPLACED)
def test_values_that_changed_at_random(
    seed: bytes, replaced: list[tuple[float, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = seed.decode().splitlines()
    for where, value in replaced:
        index = int(where * len(lines))
        key, equals, _ = lines[index].partition("=")
        lines[index] = f"{key}={value}" if equals and value is not None else lines[-1 - index]

    check("\n".join(lines).encode(), tmp_path_factory.mktemp("fuzz") / "studio.toml")


def test_files_as_they_stand_are_taken() -> None:
    """So that the two above have something to spoil."""
    for seed in SEEDS:
        assert parse(seed.decode(), directory=ROOT / "examples").name


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
