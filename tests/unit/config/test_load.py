"""Reading the file: what a person gets for a right one, and what for one that cannot be read."""

from pathlib import Path

import pytest

from studioctl.config.load import load, parse
from studioctl.config.model import EnvironmentConfig
from studioctl.config.users import ResolvedSpace
from studioctl.errors import ConfigError, ExitCode

MINIMAL = """\
name = "acme-ml"
region = "us-east-1"

[[users]]
name = "ada"
"""


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return caught.value.message


def test_three_values_are_enough() -> None:
    config = parse(MINIMAL)

    assert config.resolved_spaces() == (
        ResolvedSpace(name="ada-editor", owner="ada", instance_type="ml.t3.medium", volume_gb=20),
    )
    assert config == EnvironmentConfig(name="acme-ml", region="us-east-1", users=({"name": "ada"},))


def test_a_space_takes_from_studio_what_it_does_not_say() -> None:
    config = parse(
        MINIMAL
        + """\
spaces = [{ name = "one", instance_type = "ml.g5.xlarge" }, { name = "two", volume_gb = 50 }]

[[users]]
name = "grace"
spaces = []

[studio]
instance_type = "ml.t3.large"
volume_gb = 30
"""
    )

    assert config.resolved_spaces() == (
        ResolvedSpace(name="one", owner="ada", instance_type="ml.g5.xlarge", volume_gb=30),
        ResolvedSpace(name="two", owner="ada", instance_type="ml.t3.large", volume_gb=50),
    )


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "studio.toml"
    file.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())

    assert load(file) == parse(MINIMAL)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("team.toml", "There is no team.toml.", "write one with: studioctl init --config team.toml"),
        (
            "stuido.toml",
            "There is no stuido.toml. One is in {directory}.",
            "cd .., then run the same command again, or add: --config ../stuido.toml",
        ),
        ("lab.tml", "There is no lab.tml. Did you mean lab.toml?", "add: --config lab.toml"),
        (
            "teams/studio.toml",
            "There is no directory teams, so there is no teams/studio.toml.",
            "correct the path, then run the same command again",
        ),
        ("../lab/my file", "There is no ../lab/my file.", "write one with: studioctl init --config '../lab/my file'"),
        (
            "studio.toml",
            "There is no studio.toml. One is in {directory}.",
            "cd .., then run the same command again, or add: --config ../studio.toml",
        ),
    ],
)
def test_a_file_that_is_somewhere_else(
    asked: str, message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "lab"
    here.mkdir()
    monkeypatch.chdir(here)
    for there in (tmp_path / "studio.toml", tmp_path / "stuido.toml", here / "lab.toml"):
        there.write_text(MINIMAL, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(Path(asked))

    assert caught.value.message == message.format(directory=tmp_path)
    assert caught.value.hint == hint


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as caught:
        load(Path("studio.toml"))

    assert caught.value.message == "There is no studio.toml."
    assert caught.value.hint == "write one with: studioctl init"
    assert caught.value.exit_code is ExitCode.CONFIG


def test_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("acme").mkdir()

    with pytest.raises(ConfigError) as caught:
        load(Path("acme"))

    assert caught.value.message == "acme is a directory."
    assert caught.value.hint == "name the file in it: acme/studio.toml"


def test_a_file_below_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_text(MINIMAL)

    with pytest.raises(ConfigError) as caught:
        load(Path("studio.toml/studio.toml"))

    assert caught.value.message == "studio.toml/studio.toml cannot be read: Not a directory."
    assert caught.value.hint == "check its name and its permissions"


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(ConfigError) as caught:
        load(Path("a" * 5000))

    assert caught.value.message == f"{'a' * 5000} cannot be read: File name too long."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MINIMAL.encode("utf-16"), "studio.toml is UTF-16."),
        (b'name = "acme"\n# caf\xe9\n', "studio.toml is not UTF-8: line 2 has the byte 0xE9."),
        (b"#" * (4 * 1024 * 1024 + 1), "studio.toml is larger than 4 MB."),
    ],
    ids=["UTF-16", "no UTF-8", "too large"],
)
def test_content_that_is_no_text(content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load(Path("studio.toml"))

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = acme", 'studio.toml:1:8: not a value; text is written in quotes: "..."'),
        ('name = "acme', "studio.toml:1: the text is not closed on this line; write the closing quote"),
        ('name = "acme\n', "studio.toml:1:13: the text is not closed on this line; write the closing quote"),
        ('name = "a"\nname = "b"\n', "studio.toml:2:11: this key is written twice; delete one"),
        (
            "# [studio]\n[studio]\n\n[ studio ]\n",
            "studio.toml:4:10: this table is written twice; put these keys below the first one, on line 2",
        ),
        (
            "[[users]]\n[users]\n",
            "studio.toml:2:7: this table is written twice; put these keys below the first one, on line 1",
        ),
        (
            "[a.b]\n[a]\nb.c = 1",
            "studio.toml:3: this table is already complete; put all its keys in one place where the file ends",
        ),
        ("x = { a = 1, a = 2 }", "studio.toml:1:19: this key is written twice; delete one"),
        ("name", "studio.toml:1: a key must be followed by =; write key = value where the file ends"),
        ('name "acme"', "studio.toml:1:6: a key must be followed by =; write key = value"),
        ('a = "1" b = "2"', "studio.toml:1:9: one key a line; begin a new line here"),
        ("\n\na = [1, 2\n", "studio.toml:3: a list is not closed; write ] where the file ends"),
        (
            "a = {\n b = 1\n}",
            "studio.toml:1:6: a table in braces is all on one line; write { key = value }, or its keys below [table]",
        ),
        ("a = { b = 1\n}", "studio.toml:1:12: a table in braces is all on one line; write } at its end"),
        ("a = { b = 1, }", "studio.toml:1:14: a comma with nothing after it; delete it"),
        ("a = { b = 1 c = 2 }", "studio.toml:1:13: a comma is missing before this key"),
        ("a = yes", "studio.toml:1:5: yes is not a value; write true"),
        ("a = True # so", "studio.toml:1:5: True is not a value; write true"),
        ("a = { b = No }", "studio.toml:1:11: No is not a value; write false"),
        ("a = [off]", "studio.toml:1:6: off is not a value; write false"),
        ("a = None", "studio.toml:1:5: None is not a value; delete the line, and the default holds"),
        ("a = yes-men", 'studio.toml:1:5: not a value; text is written in quotes: "..."'),
        ("a = us-east-1", 'studio.toml:1:5: not a value; text is written in quotes: "..."'),
        ("a = 10.0.0.0/16", 'studio.toml:1:9: not a value; text is written in quotes: "..."'),
        ("a = 50GB", "studio.toml:1:7: a number is written without a unit; write the number alone, such as 50"),
        ("a = 2 h # or 3", "studio.toml:1:7: a number is written without a unit; write the number alone, such as 2"),
        ("a = 1,000", "studio.toml:1:6: a number is written without commas; write 1000"),
        ("a = 050", "studio.toml:1:6: a number does not begin with 0; write 50"),
        ("a = 50,", "studio.toml:1:7: a line does not end with a comma; delete it"),
        ("a = 'b'; # c", "studio.toml:1:8: a line does not end with a semicolon; delete it"),
        ("a = 5 // b", "studio.toml:1:7: a comment begins with #"),
        ("// b", "studio.toml:1:1: neither key = value nor [table]; a comment begins with #"),
        ("a =\n", "studio.toml:1:4: a value is missing; write one, or delete the line"),
        ("a = # b", "studio.toml:1:5: a value is missing; write one, or delete the line"),
        ('a = ["b",,]', "studio.toml:1:10: a comma with no value before it; delete it"),
        ('a = [,"b"]', "studio.toml:1:6: a comma with no value before it; delete it"),
        ('a = ["b" "c"]', "studio.toml:1:10: a comma is missing before this value of the list"),
        ('a = ["b"\nc = 1', "studio.toml:2:1: a list is not closed; write ]"),
        ('a = ["b",\nc = 1', "studio.toml:2:1: the list above is not closed; write ] before this line"),
        ('a = "b", "c"', 'studio.toml:1:8: several values are a list; write it in square brackets: ["...", "..."]'),
        ('a = ("b")', "studio.toml:1:5: not a value; a list is written in square brackets: [ ... ]"),
        ('a = ""b""', 'studio.toml:1:7: the text ends before this; write \\" for a double quote inside it'),
        ("a = 'b", "studio.toml:1: the text is not closed on this line; write the closing quote"),
        ("a = 'b\nc = 'd'\n", "studio.toml:1:7: the text is not closed on this line; write the closing quote"),
        ("[[users]\n", "studio.toml:1:8: the name of a list of tables is not closed; write it as [[name]]"),
        ("[studio\n", "studio.toml:1:8: the name of a table is not closed; write it as [name]"),
        ("a = \u201cb\u201d", 'studio.toml:1:5: this is not a quote of TOML\'s; write straight quotes: "..."'),
        ("\u2018a\u2019 = 1", 'studio.toml:1:1: this is not a quote of TOML\'s; write straight quotes: "..."'),
        (
            "a\u00a0= 1",
            "studio.toml:1:2: the character U+00A0 looks like a space, or like nothing; delete it, or write a space",
        ),
        (
            'a = "C:\\Users"',
            "studio.toml:1:10: a backslash in double quotes is written twice, or the text in single quotes",
        ),
        (
            'a = "C:\\ud800"',
            "studio.toml:1:14: a backslash in double quotes is written twice, or the text in single quotes",
        ),
        (
            'a = "C:\\data"',
            "studio.toml:1:10: a backslash in double quotes is written twice, or the text in single quotes",
        ),
        ("= 1", 'studio.toml:1:1: neither key = value nor [table]'),
        ("a = 0\x00", "studio.toml:1:6: one key a line; begin a new line here"),
        (f"a = {'9' * 5000}", "studio.toml: a number has too many digits"),
        (f"a = {'[' * 5000}", "studio.toml: is nested too deeply to be read"),
    ],
)  # fmt: skip
def test_text_that_is_not_toml(text: str, message: str) -> None:
    assert refusal(text) == message


def test_the_hint_names_the_file() -> None:
    with pytest.raises(ConfigError) as default:
        parse("")
    with pytest.raises(ConfigError) as other:
        parse("", "teams/vision.toml")

    assert default.value.hint == "correct studio.toml, then run: studioctl validate"
    assert other.value.hint == "correct teams/vision.toml, then run: studioctl validate --config teams/vision.toml"


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    assert (
        refusal("""\
nme = "acme"
region = "us-esat-1"
instance_type = "ml.t3.medium"

[network]
cidr = "10.0.1.0/16"

[studio]
instance_type = "t3.medium"
volume_gb = 200
docker = "yes"

[[users]]
name = "ada"

[[users]]
name = "Ada"
spaces = [
  { name = "ada-editor", instance_type = "ml.g7.2xlarge" },
  { name = "bad_name", volume_gb = 3 },
]
""")
        == """\
studio.toml: name: is missing; write name = "..."
studio.toml:1: nme: is not a key; did you mean name?
studio.toml:2: region: "us-esat-1" is not a region with SageMaker; did you mean "us-east-1"?
studio.toml:3: instance_type: is not a key here; write it below [studio]
studio.toml:6: network.cidr: "10.0.1.0/16" is not where a range of this size begins; write "10.0.0.0/16"
studio.toml:9: studio.instance_type: "t3.medium" is EC2's name; write "ml.t3.medium"
studio.toml:10: studio.volume_gb: 200 is above [studio] max_volume_gb, 100; write at most 100, or raise the maximum
studio.toml:11: studio.docker: is text and must be true or false; write true without quotes
studio.toml:17: users[1].name: "Ada" differs from the user "ada" only in case; write another name
studio.toml:19: users[1].spaces[0].name: "ada-editor" is already the name of another space; write another name
studio.toml:19: users[1].spaces[0].instance_type: AWS has "ml.g7.2xlarge", but provider 5.100.0 refuses it; \
write another instance type, or a later provider: [terraform] provider = "6.69.1"
studio.toml:20: users[1].spaces[1].name: "bad_name" contains "_"; write "bad-name"
studio.toml:20: users[1].spaces[1].volume_gb: 3 is out of range; write 5 to 16384 GB"""
    )
