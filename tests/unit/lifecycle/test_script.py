"""The script as text: pure, the same everywhere, small enough, and safe whatever the values hold."""

import os
import random
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.generated import ROOT

from studioctl.config.editor import Editor
from studioctl.config.load import load
from studioctl.errors import ConfigError
from studioctl.infrastructure import editor_scripts
from studioctl.lifecycle import script
from studioctl.lifecycle.script import LINE, MAX_BYTES, Script
from studioctl.lifecycle.steps.git import Token

SHELLCHECK = Path(sys.executable).parent / "shellcheck"
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
# What a shell, Python, printf, TOML or a here-document could stumble over, and any other character that prints.
NASTY = st.one_of(
    st.sampled_from(
        ["'", '"', "$(touch owned)", "`id`", "${HOME}", "\\", "%s", "END.", "*", "-n", " a  b ", "'\"'", "é😀"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).filter(str.isprintable),
)
NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
EDITORS = st.fixed_dictionaries(
    {},
    optional={
        "settings": st.dictionaries(NASTY, NASTY | st.lists(NASTY, max_size=2), max_size=3),
        "keybindings": st.lists(st.fixed_dictionaries({"key": NASTY, "command": NASTY}), max_size=2),
        "git": st.dictionaries(NAMES.map("a.{}".format), NASTY, max_size=2),
        "conda": st.dictionaries(NAMES, NASTY, max_size=2),
        "environment": st.dictionaries(NAMES.map("V{}".format), NASTY, max_size=2),
        "extra_script": NASTY.map(lambda text: {"path": "x", "text": text + "\n" + text}),
        "strict": st.booleans(),
    },
)


def build(editor: dict[str, Any], **more: Any) -> Script:
    return script.build(Editor.model_validate(editor), **more)


def complaints(text: str) -> str:
    """The complaints of ShellCheck at its strictest."""
    done = subprocess.run(
        [SHELLCHECK, "--enable=all", "--severity=style", "-"], input=text, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_shellcheck_has_nothing_to_say_of_an_example(example: Path) -> None:
    scripts = editor_scripts.build(load(example))

    for made in (scripts.domain, *scripts.users.values()):
        assert len(made.text.encode()) <= MAX_BYTES
        assert complaints(made.source) == ""
        assert complaints(made.text) == ""


@settings(max_examples=3, deadline=None)
@example(editor={"environment": {"V": "\\"}}, secret="\\")
@given(editor=EDITORS, secret=NASTY)
def test_shellcheck_has_nothing_to_say_of_nasty_values(editor: dict[str, Any], secret: str) -> None:
    made = build(editor, is_docker=True, token=Token("github.com", "ada", secret, "us-east-1"))

    assert complaints(made.source) == ""


@settings(max_examples=5, deadline=None)
@given(values=st.lists(NASTY, min_size=10, max_size=20), large=st.booleans())
def test_any_value_arrives_as_data(values: list[str], large: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    names, value = [f"VALUE{number}" for number in range(len(values))], "\n".join(values)
    shown = " ".join(f'"${name}"' for name in names)
    editor: dict[str, Any] = {
        "environment": dict(zip(names, values, strict=True)),
        "extra_script": {"path": "x", "text": f"printf '%s\\n' {shown} >told\ncat <<'EOT' >>told\n{value}\nEOT"},
    }
    if large:  # then it is compressed
        editor["environment"]["FILL"] = "fill " * 1_000
        editor["git"] = {"user.name": f"<{values[0]}>"}
        editor["extra_script"]["text"] += "\ngit config user.name >>told"
    made = build(editor)
    assert (made.text != made.source) is large

    done = run(made.text, home)

    assert done.returncode == 0, done.stdout
    assert (home / "told").read_text() == f"{value}\n{value}\n" + (f"<{values[0]}>\n" if large else "")
    assert not list(home.glob("owned"))
    terminal = subprocess.run(
        ["bash", "-c", f'. "$HOME/.bashrc"; printf "%s\\n" {shown}'], env=world(home), capture_output=True, check=True
    )
    assert terminal.stdout.decode() == f"{value}\n"


def world(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}


def run(text: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script from its standard input, with no terminal and no file to read itself from."""
    bash = shutil.which("bash") or "bash"
    return subprocess.run([bash], input=text, env=world(home), cwd=home, text=True, capture_output=True, check=False)


def test_an_empty_editor_only_brings_the_command_that_tells_how_it_went(tmp_path: Path) -> None:
    done = run(build({}).text, tmp_path)

    lines = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
    assert [(line["name"], line["state"]) for line in lines if line] == [("environment", "done"), ("summary", "done")]
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 2)
    assert os.access(tmp_path / ".local/bin/studio-setup", os.X_OK)


def test_the_same_editor_makes_the_same_script_everywhere() -> None:
    editor = load(ROOT / "examples/seed.toml").editor.model_dump(exclude_unset=True)
    reordered = dict(reversed(editor.items()))

    assert build(editor) == build(reordered)
    assert build(editor).digest != build(editor | {"tools": ["uv"]}).digest
    # The compressed form is part of a resource's name: it must not differ from one machine to another.
    fill = {"environment": {"FILL": "".join(random.Random(0).choices(string.ascii_letters, k=4_000))}}
    program = (
        "from studioctl.config.editor import Editor; from studioctl.lifecycle import script;"
        f"print(script.build(Editor.model_validate({fill!r})).digest)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == build(fill).digest


def test_what_is_too_large_even_compressed_says_what_takes_the_room() -> None:
    noise = random.Random(0)
    editor = {
        "settings": {f"a.{n}": noise.randbytes(100).hex() for n in range(100)},
        "environment": {"FILL": noise.randbytes(2_000).hex()},
    }

    with pytest.raises(ConfigError) as refused:
        build(editor, whose="The editor of 'ada'")

    message = refused.value.message
    assert message.startswith("The editor of 'ada' makes a lifecycle script of ")
    found = re.search(r"and SageMaker takes 12,288. What takes the room: settings (\S+), environment (\S+);", message)
    assert found, message
    settings, environment = (int(room.replace(",", "")) for room in found.groups())
    # Random hexadecimal digits: half of them is information, and a quarter more is for the text of the compressed.
    assert 0.9 < settings / (10_000 * 1.25) < 1.2
    assert 0.9 < environment / (2_000 * 1.25) < 1.2
    (whole, rest) = re.findall(
        r"script of (\S+) bytes|; (\S+) are studioctl's own programs for the keys in use\.$", message
    )
    assert int(whole[0].replace(",", "")) == settings + environment + int(rest[1].replace(",", ""))
    assert refused.value.hint == "shorten those parts of [editor], then run: studioctl validate"


def test_the_how_to_says_how_much_the_programs_of_each_key_take() -> None:
    def size(made: Script) -> int:
        return len(made.packed.encode())

    page = (ROOT / "docs/how-to/set-up-the-editor.md").read_text()
    said = {
        key: int(number.replace(",", ""))
        for key, number in re.findall(r"^\| (.+?) +\| +([\d,]+) \|$", page, re.MULTILINE)
    }
    token = Token("github.com", "ada", "acme-ml/github", "us-east-1")
    keys: dict[str, dict[str, Any]] = {
        "`tools`": {"tools": ["uv"]},
        "`extensions`": {"extensions": ["eamodio.gitlens"]},
        "`repositories`": {"repositories": ["https://github.com/acme/models.git"]},
        "`conda_packages`": {"conda_packages": ["tree"]},
        "`extra_script`": {"extra_script": {"path": "x", "text": "true"}},
    }
    merged: dict[str, dict[str, Any]] = {
        "`git`": {"git": {"a.b": "c"}},
        "`conda`": {"conda": {"a": 1}},
        "`settings` or `keybindings` or both": {"settings": {"a": 1}, "keybindings": [{"key": "a", "command": "b"}]},
    }
    four = {key: value for editor in merged.values() for key, value in editor.items()}
    all_keys = {key: value for editor in keys.values() for key, value in editor.items()} | four
    keys |= merged | {"all four of `git`, `conda`, `settings`, `keybindings`": four}
    nothing = size(build({}))
    found = {
        "nothing": nothing,
        **{name: size(build(editor)) - nothing for name, editor in keys.items()},
        "`[studio] docker`, which is on by default": size(build({}, is_docker=True)) - nothing,
        "`[secrets] github`": size(build({}, token=token)) - nothing,
        "everything": size(build(all_keys, is_docker=True, token=token)),
    }

    assert found == pytest.approx(said, abs=100)


def test_what_compresses_well_but_would_not_start_is_refused_too() -> None:
    with pytest.raises(ConfigError, match=r"bytes before compression, and Linux starts none of more than 120,000\. "):
        build({"environment": {"FILL": "x" * 130_000}})


def test_only_the_programs_that_the_keys_need_are_sent_along() -> None:
    git, settings = ({"git": {"pull.rebase": "true"}}, {"settings": {"a.b": 1}})
    token = Token("github.com", "ada", "acme-ml/github", "us-east-1")

    def sends(made: Script) -> list[str]:
        return [name for name in ("merge_git", "merge_json", "merge_condarc", "parse") if f"def {name}(" in made.source]

    assert sends(build({}, token=token)) == []
    assert sends(build(git)) == ["merge_git"]
    assert sends(build(settings)) == ["merge_json", "parse"]
    assert sends(build(git | settings | {"conda": {"a": 1}})) == ["merge_git", "merge_json", "merge_condarc", "parse"]
