"""The values behind a script are read back from it, packed or not."""

from typing import Any

import pytest

from studioctl.config.editor import Editor
from studioctl.config.scripts import ScriptFile
from studioctl.lifecycle import script
from studioctl.lifecycle.reading import editor_of
from studioctl.lifecycle.steps.git import Token

VALUES: dict[str, Any] = {
    "tools": ("uv", "poetry==2.1.1"),
    "extensions": ("eamodio.gitlens",),
    "repositories": ("https://github.com/acme/models.git#dev",),
    "conda_packages": ("tree",),
    "conda": {"auto_activate_base": False},
    "settings": {"editor.fontSize": 12, "it's": "a 'quote'"},
    "keybindings": ({"key": "cmd+enter", "command": "run"},),
    "git": {"user.name": "Ada Lovelace"},
    "environment": {"GREETING": 'it\'s "me" $HOME'},
    "extra_script": ScriptFile(path="setup.sh", text="#!/bin/bash\n    tools)\n      x\n      ;;\necho 'done'\n"),
    "strict": True,
}
READ = {
    "tools": {"uv": "", "poetry==2.1.1": ""},
    "extensions": {"eamodio.gitlens": ""},
    "repositories": {"https://github.com/acme/models.git#dev": ""},
    "conda_packages": {"tree": ""},
    "conda": {"auto_activate_base": "false"},
    "settings": {"editor.fontSize": "12", "it's": "\"a 'quote'\""},
    "keybindings": {"cmd+enter": '{"key": "cmd+enter", "command": "run"}'},
    "git": {"user.name": '"Ada Lovelace"'},
    "environment": {"GREETING": '"it\'s \\"me\\" $HOME"'},
}
TOKEN = Token("github.com", "ada", "acme-ml/github", "us-east-1")


@pytest.mark.parametrize("key", READ, ids=str)
@pytest.mark.parametrize("form", ["source", "packed"])
def test_each_key_is_read_back(key: str, form: str) -> None:
    made = script.build(Editor.model_construct(**{**Editor().__dict__, key: VALUES[key]}), is_docker=True, token=TOKEN)

    assert editor_of(getattr(made, form)) == {key: READ[key], "strict": {"": "false"}}


def test_a_script_of_its_own_in_the_script_is_no_step() -> None:
    made = script.build(Editor.model_construct(**{**Editor().__dict__, **VALUES}), token=TOKEN)

    assert editor_of(made.text) == {
        **READ,
        "extra_script": {"": VALUES["extra_script"].text},
        "strict": {"": "true"},
    }


@pytest.mark.parametrize(
    "text", ["", "#!/bin/bash\necho mine\n", "exec <<'END.'\nzzzz~\nEND.\n"], ids=["none", "mine", "torn"]
)
def test_a_script_that_somebody_else_wrote_is_not_taken_for_one(text: str) -> None:
    assert editor_of(text) is None
