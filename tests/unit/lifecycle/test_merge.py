"""Merging into the user's files: their edits win and survive, comments stay, and what we set follows the file."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studioctl.lifecycle.program import merge

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
VALUES = SCALARS | st.lists(SCALARS, max_size=2)
KEYS = st.sampled_from(["a", "b.c", "[d]", 'e"', "é"])
TABLES = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, min_size=1, max_size=2), max_size=4)
BLANKS = st.sampled_from(["", " ", "\n", "\t", "// it's {[\"\n", "/* , } */", "\r\n"])


class User:
    """One file of the user's and what was remembered of it."""

    def __init__(self, directory: Path, kind: str = "settings", name: str = "settings.json") -> None:
        self.kind, self.file, self.memory = kind, directory / name, directory / ".memory"

    def merge(self, wanted: Any) -> None:
        """Do what a start of the app does."""
        merge.main(self.kind, json.dumps(wanted), str(self.memory), str(self.file), str(self.file) + ".default")

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def value(self) -> Any:
        return merge.parse(self.text)[2]

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")


def test_the_users_edits_win_and_ours_follow_the_file(tmp_path: Path) -> None:
    user = User(tmp_path)
    user.merge({"kept": 1, "changed": 1, "removed": 1, "dropped": 1, "[x]": {"in": 1, "mine": 1}})
    value = user.value
    user.write(json.dumps({**value, "changed": 5, "own": 1, "[x]": {"in": 1, "mine": 7}} | {"removed": 0}))
    value = user.value
    del value["removed"]
    user.write(json.dumps(value))

    user.merge({"kept": 2, "changed": 2, "removed": 2, "new": 2, "[x]": {"in": 2, "mine": 2, "more": 2}})

    assert user.value == {"kept": 2, "changed": 5, "own": 1, "new": 2, "[x]": {"in": 2, "mine": 7, "more": 2}}


def test_comments_and_layout_survive(tmp_path: Path) -> None:
    user = User(tmp_path)
    user.write("""\
// my settings
{
    "editor.fontSize": 20, // large
    /* "hidden": 1, */
    "[python]": { "editor.tabSize": 2 }, // "x": }
}
""")
    user.merge({"editor.fontSize": 12, "[python]": {"editor.rulers": [80]}, "new": {"a": [1]}, "gone": 1})
    user.merge({"editor.fontSize": 12, "[python]": {"editor.rulers": [80]}, "new": {"a": [1]}})

    assert (
        user.text
        == """\
// my settings
{
    "editor.fontSize": 20, // large
    /* "hidden": 1, */
    "[python]": { "editor.tabSize": 2,
    "editor.rulers": [
      80
    ]
  }, // "x": }
  "new": {
    "a": [
      1
    ]
  }
}
"""
    )


@pytest.mark.parametrize("text", ["", "\n", "// nothing yet\n", "{}", "{ }", "{\n}\n", "// a\n{ // b\n}"])
def test_an_empty_file_is_filled(text: str, tmp_path: Path) -> None:
    user = User(tmp_path)
    user.write(text)

    user.merge({"a": 1})
    user.merge({"a": 2, "b": None})

    assert user.value == {"a": 2, "b": None}
    assert text.count("//") == user.text.count("//")


@pytest.mark.parametrize("text", ["{", '{"a" 1}', "{a: 1}", "[]", "{} x", '{"a": 1,, "b": 2}', "[" * 100_000, "nul"])
def test_what_the_editor_does_not_read_is_left_alone(text: str, tmp_path: Path) -> None:
    user = User(tmp_path)
    user.write(text)

    with pytest.raises(SystemExit, match="is not what the editor reads, and was left as it is"):
        user.merge({"a": 1})

    assert user.text == text
    assert not user.memory.exists()


def test_the_images_own_defaults_come_first(tmp_path: Path) -> None:
    user = User(tmp_path)
    (tmp_path / "settings.json.default").write_text('{"extensions.autoUpdate": false}')

    user.merge({"a": 1})

    assert user.value == {"extensions.autoUpdate": False, "a": 1}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    user = User(tmp_path)
    (tmp_path / "dotfiles").write_text("{}")
    user.file.symlink_to("dotfiles")

    user.merge({"a": 1})

    assert user.file.is_symlink()
    assert user.value == {"a": 1}


def test_killed_between_writing_and_remembering(tmp_path: Path) -> None:
    user = User(tmp_path)
    user.merge({"a": 1})
    after = user.memory.read_text()
    user.memory.write_text(json.dumps([{}, {"a": 1}]))  # as it is while the file is being written

    user.merge({"a": 1})
    assert user.memory.read_text() == after
    user.memory.write_text(json.dumps([{}, {"a": 1}]))
    user.merge({"a": 2})
    assert user.value == {"a": 2}


def layout(draw: Any, value: Any) -> str:
    """A value as a person might write it."""

    def blank() -> str:
        return str(draw(BLANKS))

    if not isinstance(value, dict):
        return blank() + json.dumps(value, ensure_ascii=draw(st.booleans())) + blank()
    members = [f"{blank()}{json.dumps(key)}{blank()}:{layout(draw, item)}" for key, item in value.items()]
    comma = "," if members and draw(st.booleans()) else ""
    return f"{blank()}{{{','.join(members)}{comma}{blank()}}}{blank()}"


WRITTEN = TABLES.flatmap(lambda value: st.composite(lambda draw: (value, layout(draw, value)))())


def expected(have: Any, first: Any, second: Any) -> Any:
    """The expected values after two starts, between which the user did nothing."""
    found = dict(have)
    for key in {**first, **second}:
        if key not in have and key in second:
            found[key] = second[key]
        elif isinstance(have.get(key), dict) and isinstance(second.get(key, {}), dict):
            inner = first.get(key, {})
            found[key] = expected(have[key], inner if isinstance(inner, dict) else {}, second.get(key, {}))
    return found


@settings(max_examples=80, deadline=None)
@given(written=WRITTEN, first=TABLES, second=TABLES)
def test_whatever_the_user_wrote_stays_and_all_else_is_as_the_file_wants_it(
    written: tuple[Any, str], first: Any, second: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    have, text = written
    user = User(tmp_path_factory.mktemp("user"))
    user.write(text)

    user.merge(first)
    user.merge(first)
    user.merge(second)

    assert merge.same(user.value, expected(have, first, second))
    for comment in ("// it's {[\"", "/* , } */"):
        assert user.text.count(comment) >= text.count(comment)
    once = user.text
    user.merge(second)
    assert user.text == once
    user.merge({})
    assert merge.same(user.value, have)


@settings(max_examples=60, deadline=None)
@given(first=TABLES, edits=TABLES, second=TABLES)
def test_what_the_user_changed_after_us_is_never_touched(
    first: Any, edits: Any, second: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    user = User(tmp_path_factory.mktemp("user"))
    user.merge(first)
    theirs = {key: value for key, value in edits.items() if not isinstance(value, dict)}
    theirs = {key: value for key, value in theirs.items() if key not in first or not merge.same(value, first[key])}
    removed = [key for key in first if key not in theirs and len(key) > 1]
    user.write(json.dumps({**{key: value for key, value in first.items() if key not in removed}, **theirs}))

    user.merge(second)

    found = user.value
    assert all(merge.same(found[key], value) for key, value in theirs.items())
    assert not set(removed) & set(found)


def test_shortcuts_are_told_apart_by_key_and_condition(tmp_path: Path) -> None:
    user = User(tmp_path, "keybindings", "keybindings.json")
    user.write('[{"key": "a", "command": "mine"}, // yes\n]')
    wanted = [
        {"key": "a", "command": "ours"},
        {"key": "a", "command": "ours", "when": "x"},
        {"key": "b", "command": "1"},
    ]
    user.merge(wanted)
    user.merge([*wanted[:2], {"key": "b", "command": "2"}])

    assert user.value == [
        {"key": "a", "command": "mine"},
        {"key": "a", "command": "ours", "when": "x"},
        {"key": "b", "command": "2"},
    ]
    assert "// yes" in user.text
    user.merge([])
    assert user.value == [{"key": "a", "command": "mine"}]


def test_condas_file_is_merged_by_lines(tmp_path: Path) -> None:
    user = User(tmp_path, "condarc", ".condarc")
    user.write("# mine\nchannels:\n- conda-forge\n\nchannel_priority: strict\nchanged: 1\n")
    user.merge({"channels": ["x"], "channel_priority": "strict", "changed": 2, "new": [1, "a: b"], "p": {"http": "x"}})
    user.write(user.text.replace("changed: 1", "changed: 3"))
    user.merge({"new": True})

    assert user.text == "# mine\nchannels:\n- conda-forge\n\nchannel_priority: strict\nchanged: 3\nnew: true\n"


NASTY = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.isprintable)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(values=st.lists(NASTY, min_size=10, max_size=20))
def test_any_value_reaches_git_as_it_is(values: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        user = User(home, "git", ".gitconfig")
        wanted = {f"User.Name{number}": value for number, value in enumerate(values)}
        user.merge({**wanted, "url.X Y.insteadOf": "-z"})
        user.merge(wanted)
        listed = subprocess.run(["git", "config", "--global", "--list", "-z"], capture_output=True, check=True).stdout

    assert listed.decode() == "".join(f"user.name{number}\n{value}\0" for number, value in enumerate(values))
