"""People named in groups and in a list elsewhere are users like others, with their group's values."""

from pathlib import Path

import pytest

from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from tests.generated import ROOT

TOP = 'name = "acme-ml"\nregion = "us-east-1"\n'
LIST = 'users_file = "people.csv"\n'

# ruff: noqa: E501
WRONG = """\
studio.toml:6: users[0].volume_gb: 7000 is above [studio] max_volume_gb, 100; write at most 100, or raise the maximum
studio.toml:8: groups.vision.instance_type: "ml.g5.xlargee" is not an instance type of Studio; did you mean "ml.g5.xlarge"?
studio.toml:9: groups.vision.volume_gb: 30000 is out of range; write 5 to 16384 GB
studio.toml:10: groups.vision.push_images: needs roles that differ; write per_user_roles = true below [iam], or delete this line
studio.toml:11: groups.vision.users[3]: "grace" is in this list already; delete one
studio.toml:11: groups.vision.users[4]: "Ada" is in this list already; delete one
studio.toml:12: groups.vision.tags: is not a key here; write it at the top of the file, above the first [table]
studio.toml:13: groups."a b": "a b" contains " "; write "a-b"
studio.toml:14: groups."a b".users[0]: "mary" is in the group "vision"; delete one of the two
studio.toml:14: groups."a b".users[2]: is a number and must be text; write it in quotes: "..."
people.csv:1: "grup" is not a column; did you mean group?
people.csv:2: group: there is no group "nlp"; write [groups.nlp], or one of: vision, a b
people.csv:2: push_images: "maybe" is neither true nor false; write one of them
people.csv:2: volume_gb: "x" is not a whole number; write digits, such as 50
people.csv:3: name: "ada" is already the name of another user; write another name
people.csv:4: has 6 cells, and the first line 5; put a text with commas in quotes
people.csv:4: volume_gb: 9000 is above [studio] max_volume_gb, 100; write at most 100, or raise the maximum
people.csv:5: name: "bo b" contains " "; write "bo-b"
"""


def spaces(text: str, directory: Path = Path()) -> dict[str, tuple[str, int]]:
    return {s.name: (s.instance_type, s.volume_gb) for s in parse(text, directory=directory).resolved_spaces()}


def refusal(text: str, directory: Path = Path()) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, directory=directory)
    return caught.value.message


def test_the_department_has_everybody_once_and_each_value_from_the_nearest() -> None:
    file = ROOT / "examples/department.toml"

    assert spaces(file.read_text(encoding="utf-8"), file.parent) == {
        "ada-editor": ("ml.g5.xlarge", 200),
        "ada-demo": ("ml.t3.medium", 20),
        "dorothy-editor": ("ml.t3.large", 20),
        "hedy-editor": ("ml.g5.xlarge", 500),
        "radia-editor": ("ml.t3.xlarge", 20),
        "grace-editor": ("ml.g5.xlarge", 200),
        "katherine-editor": ("ml.g5.xlarge", 200),
        "mary-editor": ("ml.t3.large", 20),
    }


def test_an_editor_is_added_to_the_groups_and_that_to_everybodys() -> None:
    config = parse(f"""{TOP}
[[users]]
name = "ada"
group = "vision"
[users.editor]
tools = ["ruff==0.15.0"]
settings = {{ "editor.fontSize" = 16 }}
[groups.vision]
users = ["grace"]
[groups.vision.editor]
tools = ["ruff==0.14.5", "pdm"]
settings = {{ "editor.fontSize" = 14, "editor.wordWrap" = "on" }}
[editor]
tools = ["uv"]
""")
    ada, grace = map(config.editor_of, config.users)

    assert ada.tools == ("uv", "ruff==0.15.0", "pdm")
    assert ada.settings == {"editor.fontSize": 16, "editor.wordWrap": "on"}
    assert grace.tools == ("uv", "ruff==0.14.5", "pdm")


@pytest.mark.parametrize(
    ("listed", "meant"),
    [
        pytest.param("name,volume_gb\nada,50\n", {"ada-editor": ("ml.t3.medium", 50)}, id="commas"),
        pytest.param(
            "\ufeffName;Volume_GB\r\nada; 50 \r\n;\r\n", {"ada-editor": ("ml.t3.medium", 50)}, id="a spreadsheet's"
        ),
        pytest.param('"name"\n"ada"', {"ada-editor": ("ml.t3.medium", 20)}, id="quoted, without a last line break"),
    ],
)
def test_a_list_elsewhere(tmp_path: Path, listed: str, meant: dict[str, tuple[str, int]]) -> None:
    (tmp_path / "people.csv").write_text(listed, encoding="utf-8", newline="")

    assert spaces(TOP + LIST, tmp_path) == meant


def test_everything_that_is_wrong_is_told_where_it_is_written(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("name,group,volume_gb,push_images,grup\nEva,nlp,x,maybe,\nada,,,,\ncarl,,9000,,,\nbo b,,,,\n")
    text = f"""{TOP}{LIST}[[users]]
name = "ada"
volume_gb = 7000
[groups.vision]
instance_type = "ml.g5.xlargee"
volume_gb = 30000
push_images = false
users = ["grace", "mary", "ada", "grace", "Ada"]
tags = {{}}
[groups."a b"]
users = ["mary", "zoe", 5]
"""

    told = refusal(text, tmp_path).replace(str(people), "people.csv")
    assert told.splitlines() == WRONG.splitlines()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            None,
            'studio.toml:3: users_file: there is no file "people.csv" beside this one; write the path of a CSV file',
        ),
        (b"user,group\nada,x\n", 'people.csv:1: has no column "name"; its columns are: user, group'),
        (
            b"us\x1ber," + b"x" * 80 + b"\nada,x\n",
            f'people.csv:1: has no column "name"; its columns are: us\\x1ber, {"x" * 67}...',
        ),
        (b"name\nad\xe9\n", "people.csv: is not UTF-8; save it as CSV UTF-8"),
        (b'name\n"ada\n', "people.csv:2: is no CSV: unexpected end of data"),
        (
            b"",
            'people.csv:1: has no column "name"; write: name,group,instance_type,image,volume_gb,push_images,github,sso_user, or fewer',
        ),
        pytest.param(b"#" * (4 * 1024 * 1024 + 1), "people.csv: is larger than 4 MB; divide it", id="large"),
    ],
)
def test_a_list_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("people.csv").write_bytes(content)

    assert refusal(TOP + LIST) == why
    assert refusal(f'{TOP}{LIST}[[users]]\nname = "eve"\n') == why


def test_a_list_outside_of_the_directory_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name\nada\n")
    (tmp_path / "below").mkdir()

    assert 'users_file: "../people.csv" is outside the directory of this file, and messages quote what is in it' in (
        refusal(f'{TOP}users_file = "../people.csv"\n', tmp_path / "below")
    )


def test_nobody_at_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("name\n")

    assert refusal(TOP + LIST) == "people.csv: has nobody; write a line for each person below the first"
    assert refusal(f'{TOP}{LIST}[groups."a b"]\n').splitlines()[1:] == [
        "people.csv: has nobody; write a line for each person below the first"
    ]
    assert spaces(TOP + LIST + '[[users]]\nname = "ada"\n') == {"ada-editor": ("ml.t3.medium", 20)}


@pytest.mark.parametrize(
    ("top", "content", "files"),
    [
        pytest.param("", "name\nb b\n", "people.csv", id="in the list"),
        pytest.param("", "user\nada\n", "people.csv", id="no list"),
        pytest.param("tags = 5\n", "name\nada\n", "studio.toml", id="in the file"),
        pytest.param("tags = 5\n", "name\nb b\n", "studio.toml and people.csv", id="in both"),
    ],
)
def test_the_next_step_names_the_files_with_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: str, content: str, files: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text(content)

    with pytest.raises(ConfigError) as caught:
        parse(TOP + LIST + top)

    assert caught.value.hint == f"correct {files}, then run: studioctl validate"


def test_mistakes_are_told_in_the_order_of_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("name\n" + "".join(f"u {number}\n" for number in range(2, 12)))

    assert [line.partition(": ")[0] for line in refusal(TOP + LIST).splitlines()] == [
        f"people.csv:{number}" for number in range(2, 12)
    ]


def test_one_mistake_in_many_lines_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    groups = ["visoin"] * 3 + ["vision", "visoin", "vision"] + ["nlp"] + ["vision", "lab"] * 13
    Path("people.csv").write_text(
        "name,group\n" + "".join(f"u{number},{group}\n" for number, group in enumerate(groups))
    )

    assert refusal(f"{TOP}{LIST}[groups.vision]\n").splitlines() == [
        'people.csv: lines 2 to 4, 6: group: there is no group "visoin"; did you mean vision?',
        'people.csv:8: group: there is no group "nlp"; write [groups.nlp], or one of: vision',
        'people.csv: lines 10, 12, 14, 16, 18, 20, 22, 24, 26, 28 and 3 more: group: there is no group "lab"; write [groups.lab], or one of: vision',
    ]


def test_a_later_message_points_at_where_a_person_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("name,group\nbob,vision\n")
    source = Source(
        "studio.toml", f'{TOP}{LIST}[[users]]\nname = "ada"\n[groups.vision]\nvolume_gb = 50\nusers = ["eve"]\n'
    )

    assert source.place("users", 0, "name") == "studio.toml:5: users[0].name"
    assert source.place("users", 1, "name") == "people.csv:2: name"
    assert source.place("users", 1, "volume_gb") == "studio.toml:7: groups.vision.volume_gb"
    assert source.place("users", 2) == "studio.toml:8: groups.vision.users[0]"
    assert source.places("users", 3) == ["studio.toml:4", "people.csv:2", "studio.toml:8"]


def test_names_that_do_not_print_are_told_in_quotes() -> None:
    said = refusal(TOP + '[groups."a\\u0007"]\n\n[[users]]\nname = "eve"\ngroup = "b\\u001b"\n')

    assert 'there is no group "b\\x1b"; write [groups."b\\x1b"], or one of: "a\\x07"' in said
    assert all(line.isprintable() for line in said.splitlines())
