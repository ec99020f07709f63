"""Scripts that the file names are read with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studioctl.config.load import load
from studioctl.config.scripts import ScriptFile
from studioctl.config.secrets_in_clear import FOR_GITHUB
from studioctl.errors import ConfigError

FILE = """\
name = "acme-ml"
region = "us-east-1"
[editor]
extra_script = "scripts/all.sh"
[[users]]
name = "ada"
editor = { extra_script = "ada.py" }
[[users]]
name = "grace"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path.parent)
    file = tmp_path / "studio.toml"
    file.write_text(FILE)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/all.sh").write_bytes(b"#!/bin/bash\r\necho all\r\n\r\n")
    (tmp_path / "ada.py").write_text("#!/usr/bin/env python3\nprint('ada')\n")
    return file


def test_they_are_found_beside_the_file_and_have_unix_line_ends(file: Path) -> None:
    config = load(file)

    assert config.editor.extra_script == ScriptFile(path="scripts/all.sh", text="#!/bin/bash\necho all")
    ada, grace = map(config.editor_of, config.users)
    assert (ada.extra_script or config).model_dump() == {
        "path": "ada.py",
        "text": "#!/usr/bin/env python3\nprint('ada')",
    }
    assert grace == config.editor


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", '"ada.py" holds no script; write one, or delete this line'),
        (b"\xff", '"ada.py" is not UTF-8; save it as UTF-8'),
        (b"#" * (64 * 1024 + 1), '"ada.py" is larger than 64 KB; have it fetch what is large'),
        (
            b"git clone https://ada:hunter2@github.com/a/b",
            f"this looks like a secret, and {FOR_GITHUB}",
        ),
    ],
)
def test_what_cannot_be_one_is_told_with_its_line(content: bytes, message: str, file: Path) -> None:
    file.with_name("ada.py").write_bytes(content)

    with pytest.raises(ConfigError) as refused:
        load(file)

    assert "hunter2" not in refused.value.message
    assert refused.value.message in {
        f"{file}:7: users[0].editor.extra_script: {message}",
        f"{file}:7: users[0].editor.extra_script.text: {message}",
    }


OUTSIDE = "is outside the directory of this file, and a script is stored where every user can read it"


@pytest.mark.parametrize(
    "way", ["absolute", "dots", "link", "link to a directory", "link in a circle", "pipe", "device"]
)
def test_only_a_file_below_the_files_directory_is_stored_where_everybody_reads_it(way: str, file: Path) -> None:
    private = file.parents[1] / "private-key"
    private.write_text("hunter2\n")
    named = {"absolute": str(private), "dots": "../private-key", "link to a directory": "up/private-key"}.get(
        way, "own"
    )
    own = file.with_name("own")
    if way == "link":
        own.symlink_to(private)
    elif way == "link to a directory":
        file.with_name("up").symlink_to(file.parents[1])
    elif way == "link in a circle":
        own.symlink_to(own)
    elif way == "pipe":
        os.mkfifo(own)
    elif way == "device":
        named = "/dev/zero"
    file.write_text(FILE.replace("ada.py", named))

    with pytest.raises(ConfigError) as refused:
        load(file)

    assert "hunter2" not in refused.value.message
    assert refused.value.message.startswith(f"{file}:7: users[0].editor.extra_script: ")
    assert {"pipe": "it is a pipe, not a file", "link in a circle": "cannot be read"}.get(way, OUTSIDE) in (
        refused.value.message
    )


def test_a_link_within_the_directory_is_fine(file: Path) -> None:
    file.with_name("real.py").write_text("print(1)\n")
    file.with_name("ada.py").unlink()
    file.with_name("ada.py").symlink_to("real.py")
    script = load(file).users[0].editor
    assert script is not None
    assert script.extra_script == ScriptFile(path="ada.py", text="print(1)")


def test_the_file_itself_may_be_a_link_or_a_shells_pipe_and_nothing_is_waited_for(file: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked.toml"
    linked.symlink_to(file)
    assert load(linked).name == "acme-ml"
    text = 'name = "piped"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'
    code = (
        "import sys; from pathlib import Path; from studioctl.config.load import load;"
        "from studioctl.config.source import Source;"
        "file = Path(sys.argv[1]); print(load(file).name, Source.of(file).line('region'))"
    )
    command = ["bash", "-c", 'exec "$0" -c "$1" <(printf %s "$2")', sys.executable, code, text]
    assert subprocess.check_output(command, text=True, timeout=60) == "piped 2\n"
    os.mkfifo(tmp_path / "waiting.toml")
    with pytest.raises(ConfigError, match="it is a pipe, not a file"):
        load(tmp_path / "waiting.toml")
