import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from studioctl.config.model import Editor
from studioctl.lifecycle import script


def run(editor: dict[str, Any], home: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script in a throw-away home, with a Git of its own configuration."""
    built = script.build(Editor.model_validate(editor))
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    command = [shutil.which("bash") or "bash"]
    return subprocess.run(command, input=built.text, env=environment, text=True, capture_output=True, check=False)


def test_an_empty_editor_has_no_steps(tmp_path: Path) -> None:
    done = run({}, tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "[studioctl] 0 steps, 0 failed, 0s\n", "")


def test_what_the_user_set_in_git_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[init]\n\tdefaultBranch = trunk\n")

    run({"git": {"init.defaultBranch": "main", "pull.rebase": "true"}}, tmp_path)

    assert "trunk" in (tmp_path / ".gitconfig").read_text()
    assert "rebase = true" in (tmp_path / ".gitconfig").read_text()


def test_settings_are_added_and_the_users_own_win(tmp_path: Path) -> None:
    file = tmp_path / "sagemaker-code-editor-server-data/data/User/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"editor.fontSize": 20}')

    run({"settings": {"editor.fontSize": 12, "files.insertFinalNewline": True}}, tmp_path)

    assert file.read_text() == '{\n  "editor.fontSize": 20,\n  "files.insertFinalNewline": true\n}\n'


def test_settings_with_comments_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "sagemaker-code-editor-server-data/data/User/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text("{} // mine")

    done = run({"settings": {"editor.fontSize": 12}}, tmp_path)

    assert file.read_text() == "{} // mine"
    assert "is not plain JSON and was left as it is" in done.stdout


def test_a_step_that_fails_is_reported_and_the_editor_still_starts(tmp_path: Path) -> None:
    unreachable = "https://127.0.0.1:9/acme/models.git"
    done = run({"repositories": [unreachable], "git": {"init.defaultBranch": "main"}}, tmp_path)

    assert done.returncode == 0
    assert "repositories         FAILED" in done.stdout
    assert "git-config           done" in done.stdout
    assert "2 steps, 1 failed" in done.stdout


@pytest.mark.parametrize(
    "value", ["it's", '"quoted"', "$(touch /tmp/owned)", "`id`", "a\\b", "${HOME}", "END\nEOF", "%s %d", "ü 漢 😀"]
)
def test_any_value_arrives_as_data(value: str, tmp_path: Path) -> None:
    run({"git": {"user.name": value}}, tmp_path)

    got = subprocess.run(
        ["git", "config", "--global", "user.name"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert got.stdout == f"{value}\n"
