"""Scripts that the file names are read with it."""

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
