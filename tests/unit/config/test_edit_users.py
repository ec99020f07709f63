"""Users come into the file and go out of it, and every other byte stays."""

import difflib
import tomllib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studioctl.config.edit import with_custom_image, with_users, without_user
from studioctl.errors import RefusedError
from tests.generated import ROOT

FILE = "studio.toml"
TOP = 'name = "acme-ml"\nregion = "us-east-1"\n'
TEAM = (ROOT / "examples/team.toml").read_text(encoding="utf-8")
DEPARTMENT = (ROOT / "examples/department.toml").read_text(encoding="utf-8")


def gone(before: str, after: str) -> str:
    """The lines that went; nothing else may have changed."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert not [line for line in lines if line.startswith(("+", "?"))]
    return "\n".join(line[2:] for line in lines if line.startswith("-")).strip("\n")


def come(before: str, after: str) -> str:
    """The lines that came; nothing else may have changed."""
    return gone(after, before)


GRACE = """\
# A second space, for training: another instance type and a larger volume.
[[users]]
name = "grace"
spaces = [
  { name = "grace-editor" },
  { name = "grace-gpu", instance_type = "ml.g5.2xlarge", volume_gb = 200 },
]"""
KATHERINE = """\
# Her editors have all that [editor] below says, and this.
[[users]]
name = "katherine"

[users.editor]
tools = ["ruff==0.14.5"]
settings = { "editor.fontSize" = 16 }
git = { "user.name" = "Katherine Johnson", "user.email" = "katherine@example.com" }"""
RADIA = """\
# A profile only: she makes her own spaces in Studio.
[[users]]
name = "radia"
spaces = []"""


@pytest.mark.parametrize(
    ("user", "lines"),
    [("ada", '[[users]]\nname = "ada"'), ("grace", GRACE), ("katherine", KATHERINE), ("radia", RADIA)],
)
def test_a_user_goes_with_the_comment_above_and_no_other(user: str, lines: str) -> None:
    after = without_user(TEAM, user, file=FILE)

    assert gone(TEAM, after) == lines
    assert "\n\n\n" not in after
    assert without_user(TEAM.replace("\n", "\r\n"), user, file=FILE) == after.replace("\n", "\r\n")


def test_the_last_table_goes_with_the_blank_line_before_it() -> None:
    assert without_user(f'{TOP}[[users]]\nname = "a"\n\n[[users]]\nname = "b"\n', "b", file=FILE) == (
        f'{TOP}[[users]]\nname = "a"\n'
    )


def test_a_member_goes_from_the_group_with_the_remark_beside() -> None:
    assert gone(DEPARTMENT, without_user(DEPARTMENT, "katherine", file=FILE)) == '  "katherine", # until June'
    assert "users = []" in without_user(DEPARTMENT, "mary", file=FILE)


def test_a_new_user_stands_below_the_others() -> None:
    entry = {"name": "eve", "volume_gb": 50, "editor": {"tools": ["ruff==0.14.5", "x" * 40], "settings": {"a.b": 3}}}
    after = with_users(TEAM, [entry, {"name": "bob"}], {}, file=FILE)

    assert come(TEAM, after) == (
        '[[users]]\nname = "eve"\nvolume_gb = 50\n\n[users.editor]\n'
        f'tools = ["ruff==0.14.5", "{"x" * 40}"]\nsettings = {{ "a.b" = 3 }}\n\n[[users]]\nname = "bob"'
    )
    assert after.index('"radia"') < after.index('"eve"') < after.index('"bob"') < after.index("[images]")


def test_new_members_stand_in_the_groups_list_as_it_is_written() -> None:
    after = with_users(DEPARTMENT, [], {"vision": ["eve"], "analysts": ["bob"]}, file=FILE)

    changed = [line for line in difflib.ndiff(DEPARTMENT.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert changed == ['+   "eve",', '- users = ["mary"]', '+ users = ["mary", "bob"]']


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('users = [{ name = "a" }]\n', 'users = [{ name = "a" }, { name = "b" }]\n'),
        ('users = [ { name = "a" }, ]', 'users = [ { name = "a" }, { name = "b" }, ]'),
        (
            'users = [\n  { name = "a" } # last\n  # and a remark\n]\n',
            'users = [\n  { name = "a" }, # last\n  { name = "b" },\n  # and a remark\n]\n',
        ),
        ("users = []\n", 'users = [{ name = "b" }]\n'),
        ('[groups.g]\nusers = ["a"]', '[groups.g]\nusers = ["a"]\n\n[[users]]\nname = "b"\n'),
        ('[[users]]\nname = "a"\n[images]\n', '[[users]]\nname = "a"\n\n[[users]]\nname = "b"\n\n[images]\n'),
        (
            '[[users]]\nname = "a"\n# next\n[images]\n',
            '[[users]]\nname = "a"\n\n[[users]]\nname = "b"\n\n# next\n[images]\n',
        ),
        ('[[users]]\nname = "a" # x\n# y', '[[users]]\nname = "a" # x\n# y\n\n[[users]]\nname = "b"\n'),
        ('\ufeff[[users]]\nname = "a"\n', '\ufeff[[users]]\nname = "a"\n\n[[users]]\nname = "b"\n'),
    ],
)
def test_forms_in_which_one_comes(before: str, after: str) -> None:
    assert with_users(before, [{"name": "b"}], {}, file=FILE) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('users = [{ name = "a" }, { name = "b" }]', 'users = [{ name = "a" }]'),
        ('users = [{ name = "b" }, { name = "a" }]', 'users = [{ name = "a" }]'),
        ('users = [\n  { name = "a" },\n  # of b\n  { name = "b" }\n]', 'users = [\n  { name = "a" },\n]'),
        ('users = [\n  { name = "b" }\n, { name = "a" } ]', 'users = [\n  { name = "a" } ]'),
        ('users = [\n  { name = "a" }\n, { name = "b" } ]', 'users = [\n  { name = "a" } ]'),
        ('[[users]]\nname = "b"\n[images]\n[users.editor]\n[[users]]\nname = "a"', None),
        (
            '[[users]]\nname = "a"\n[[users]]\nname = "b"\n[images]\n[editor]',
            '[[users]]\nname = "a"\n[images]\n[editor]',
        ),
        (
            '[[users]]\nname = "b"\ngithub.username = """\n# no comment"""\n[[users]]\nname = "a"',
            '[[users]]\nname = "a"',
        ),
    ],
)
def test_forms_in_which_one_goes(before: str, after: str | None) -> None:
    changed = without_user(before, "b", file=FILE)

    assert changed == after if after else tomllib.loads(changed)["users"] == [{"name": "a"}]


def test_what_cannot_be_changed_without_doubt_is_said_with_the_lines_to_write() -> None:
    with pytest.raises(RefusedError) as caught:
        with_custom_image(f"images.keep_latest = 3\n{TOP}users = [{{ name = 'a' }}]\n", "i", "sha256:0", file=FILE)

    assert caught.value.message == (
        "studio.toml is written in a way that cannot be changed without doubt. Nothing was changed. By hand:\n"
        '  [[images.custom]]\n  name = "i"\n  digest = "sha256:0"'
    )
    assert caught.value.hint == "change studio.toml like that, then run: studioctl validate"


COMMENTS = st.sampled_from(["", "# why\n", "\n# alone\n\n", "# one\n# two\n", "\n\n"])
SPACES = st.sampled_from(["", "spaces = []\n", 'spaces = [\n  { name = "s" }, # s\n]\n', 'spaces = [{ name = "s" }]\n'])
EDITORS = st.sampled_from(
    ["", "[users.editor]\nstrict = true\n", '\n# hers\n[users.editor.settings]\n"a.b" = """\n# x\n"""\n']
)
OTHERS = st.sampled_from(["", "[images]\nkeep_latest = 3\n", "\n# i\n[studio] # s\n", "[network]\n# n\n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[str]]:
    names = [f"u{number}" for number in range(draw(st.integers(1, 5)))]
    others = draw(st.permutations(["", "[images]\nkeep_latest = 3\n", "\n# i\n[studio] # s\n", "[network]\n# n\n"]))
    text = TOP + draw(COMMENTS)
    for number, name in enumerate(names):
        beside, within = draw(st.sampled_from(["", " # h"])), draw(st.sampled_from(["", "# in\n"]))
        text += f'{draw(COMMENTS)}[[users]]{beside}\n{within}name = "{name}"\n'
        text += f"{draw(SPACES)}{draw(EDITORS)}{draw(COMMENTS)}"
        text += others[number] if number < len(others) else ""
    return draw(st.sampled_from([text, text.rstrip("\n"), text.replace("\n", "\r\n")])), names


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@settings(max_examples=150, deadline=None)
@given(files(), st.data())
def test_whatever_the_file_looks_like(made: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = made
    leaver = data.draw(st.sampled_from(names))
    before: dict[str, Any] = tomllib.loads(text)

    added = with_users(text, [{"name": "new", "volume_gb": 50}], {}, file=FILE)
    assert tomllib.loads(added) == {**before, "users": [*before["users"], {"name": "new", "volume_gb": 50}]}
    assert comments(added) == comments(text)
    assert added.replace("\r\n", "\n").count("\n") - text.replace("\r\n", "\n").count("\n") <= 6

    removed = without_user(text, leaver, file=FILE)
    left = [user for user in before["users"] if user["name"] != leaver]
    assert tomllib.loads(removed) == {**{k: v for k, v in before.items() if k != "users"}, **_some(left)}
    assert is_part(removed.split(), text.split())


def _some(users: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"users": list(users)} if users else {}


def is_part(part: list[str], whole: list[str]) -> bool:
    """Whether these words stand in those in this order."""
    rest = iter(whole)
    return all(word in rest for word in part)
