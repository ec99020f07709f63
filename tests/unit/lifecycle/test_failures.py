"""The log, and the state that the user finds, when things go wrong."""

import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.space import Report, Space
from tests.unit.emulator.emulated import eventually

from studio_emulator.sandbox.run import Run
from studioctl.config.editor import Editor
from studioctl.lifecycle import script

NOWHERE = "https://127.0.0.1:9/acme/models.git"
WITH_SCRIPT = {"extra_script": {"path": "x.sh", "text": "echo why >&2; exit 3"}}
CONDA: dict[str, Any] = {"conda_packages": ["tree"], "git": {"pull.rebase": "true"}}


def test_each_step_can_fail_and_the_editor_starts_all_the_same(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.user_files.mkdir(parents=True)
    (space.user_files / "settings.json").write_text('{"a": ')
    (space.user_files / "keybindings.json").write_text("{}")
    (space.home / ".condarc").write_text("{a: 1}\n")
    (space.home / ".gitconfig").write_text("[broken\n")
    (space.home / ".bash_profile").mkdir()
    space.room.misbehave("micromamba", message="CondaHTTPError: no", exit_code=1)
    space.room.without("curl")
    editor: dict[str, Any] = {
        "tools": ["poetry", "missing"],
        "settings": {"b.c": 1},
        "keybindings": [{"key": "a", "command": "b"}],
        "git": {"pull.rebase": "true"},
        "conda": {"auto_activate_base": False},
        "conda_packages": ["tree"],
        "repositories": [NOWHERE],
        "extensions": ["https://127.0.0.1:9/x.vsix"],
        **WITH_SCRIPT,
    }
    space.open_editor()

    done = space.start(editor, docker=True)

    assert done.exit_code == 0
    assert {name: state for name, state in done.states.items() if state != "failed"} == {}
    details = done.details
    assert "Is a directory" in details["environment"]
    assert details["tools"] == "not installed: missing; done: poetry"
    assert details["settings"].endswith("settings.json is not what the editor reads, and was left as it is")
    assert details["keybindings"].endswith("keybindings.json is not what the editor reads, and was left as it is")
    assert details["conda-config"].endswith(".condarc is not understood, and was left as it is")
    assert details["conda-packages"] == "CondaHTTPError: no"
    assert "git" in details["git"]
    assert details["repositories"] == "not cloned: models; see its log"
    assert details["extensions"] == "not installed: https://127.0.0.1:9/x.vsix"
    assert details["docker"].endswith("curl: command not found")
    assert details["extra-script"] == "why"
    assert "11 steps: 11 failed (" in details["summary"]
    assert space.shell("poetry") == "poetry 1.0\n"
    assert (space.user_files / "settings.json").read_text() == '{"a": '
    assert (space.home / ".condarc").read_text() == "{a: 1}\n"

    (space.home / ".bash_profile").rmdir()
    (space.home / ".gitconfig").unlink()
    (space.user_files / "settings.json").unlink()
    mended = space.start({"settings": {"b.c": 1}, "git": {"pull.rebase": "true"}, "tools": ["poetry"]})
    assert mended.details["summary"] == "4 steps: 3 done, 1 unchanged"


def test_strict_makes_the_app_fail(tmp_path: Path) -> None:
    space = Space(tmp_path)

    assert space.start(WITH_SCRIPT | {"strict": True}).exit_code == 1
    assert space.start({"git": {"a.b": "c"}, "strict": True}).exit_code == 0


def test_what_hangs_goes_on_in_the_background(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.variables["STUDIOCTL_BUDGET_SECONDS"] = "6"  # in which a busy machine comes to the slow step
    slow = 'until [ -e "$HOME/go-on" ]; do sleep 0.1; done; mkdir -p "${@: -2:1}/bin"'
    space.give("micromamba", slow)

    with space.run(CONDA | WITH_SCRIPT) as run:
        run.finish()
        told = Report.of(run.exit_code, space.room.log_path.read_text())
        while_it_runs = space.status()
        (space.home / "go-on").touch()
        assert run.wait_for_background(60)

    assert run.elapsed > 5
    assert told.exit_code == 0
    assert told.states["git"] == "done"
    assert told.states["conda-packages"] == told.states["extra-script"] == told.states["summary"] == "background"
    assert while_it_runs == {
        "environment": "done",
        "git": "done",
        "conda-packages": "running",
        "extra-script": "waiting",
    }
    assert space.status() == {"environment": "done", "git": "done", "conda-packages": "done", "extra-script": "failed"}


def test_what_was_killed_does_not_go_on(tmp_path: Path) -> None:
    space = Space(tmp_path)
    killer = "read -r _ _ _ run _ </proc/$PPID/stat; kill -9 $run"

    done = space.start(CONDA | {"extra_script": {"path": "x.sh", "text": killer}, "strict": True})

    assert done.exit_code == 1
    assert (done.states["git"], done.states["extra-script"]) == ("done", "failed")
    assert done.details["extra-script"] == "was killed"
    assert done.details["summary"].endswith("1 failed (extra-script)")


def test_killed_half_way_and_started_again(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.give("micromamba", 'mkdir -p "${@: -2:1}/bin"; echo half > "${@: -2:1}/half"; sleep 60')
    space.give("uv", 'mkdir -p "${@: -1}/bin"; sleep 60')

    with space.run(CONDA | {"tools": ["poetry"]}) as run:
        end = time.monotonic() + 60
        while not any(space.home.glob(".local/share/studioctl/conda-*/half")) and time.monotonic() < end:
            time.sleep(0.05)
        run.kill()
    assert space.status()["conda-packages"] == "interrupted"

    again = Space(tmp_path)
    done = again.start(CONDA | {"tools": ["poetry"]})

    assert {done.states[name] for name in ("conda-packages", "tools")} == {"done"}
    assert again.shell("poetry; type -P tree").splitlines()[0] == "poetry 1.0"
    assert not list(again.home.glob(".local/share/studioctl/conda-*/half"))


def test_of_two_starts_at_once_the_second_finds_everything_done(tmp_path: Path) -> None:
    space = Space(tmp_path)
    real = (space.room.root / "usr/local/bin/micromamba").read_text().splitlines()[1]
    space.give("micromamba", f'until [ -e "$HOME/go-on" ]; do sleep 0.1; done; {real}')
    text = script.build(Editor.model_validate(CONDA)).text

    logs = [tmp_path / f"{number}.log" for number in range(2)]
    with (
        Run(space.room, text, space.environment(), log=logs[0]) as one,
        Run(space.room, text, space.environment(), log=logs[1]) as other,
    ):
        eventually(lambda: [log for log in logs if " lock " in log.read_text()], bool)
        (space.home / "go-on").touch()
        for run in (one, other):
            run.finish()
    reports = (Report.of(run.exit_code, log.read_text()) for run, log in zip((one, other), logs, strict=True))
    first, second = sorted(reports, key=lambda report: "lock" in report.states)

    assert first.states["conda-packages"] == "done"
    assert second.states["lock"] == "waiting"
    assert second.states["conda-packages"] == second.states["git"] == "unchanged"
    assert [call.tool for call in space.room.calls()].count("micromamba") == 1


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.open_editor()
    (space.home / ".gitconfig").write_text("[user]\n\tname = Ada\n")
    settings = (space.user_files / "settings.json").read_text()
    editor = CONDA | {"settings": {"a.b": 1}, "tools": ["poetry"], "extensions": ["eamodio.gitlens"]}
    text = shlex.quote(script.build(Editor.model_validate(editor)).text)

    # No file can grow, as on a full disk; it stands in for one, which only root can make.
    full = f"trap '' XFSZ; ulimit -f 0; exec bash -c {text}"
    with Run(space.room, full, space.environment()) as run:
        run.finish()
    told = Report.of(run.exit_code, space.room.log_path.read_text())

    assert told.exit_code == 0
    assert told.details["home"].startswith("cannot be written, is its disk full? the logs are in ")
    assert told.states["git"] == told.states["settings"] == told.states["tools"] == "failed"
    assert (space.home / ".gitconfig").read_text() == "[user]\n\tname = Ada\n"
    assert (space.user_files / "settings.json").read_text() == settings
    assert {path.name for path in space.room.extensions.iterdir()} >= {"ms-python.python-2025.0.0"}

    with_room = space.start(editor)
    assert "failed" not in with_room.states.values()
    assert space.json("settings.json")["a.b"] == 1


@pytest.mark.parametrize(
    ("program", "failing"),
    [
        ("git", {"git"}),
        ("setsid", set()),
        ("cksum", {"tools", "conda-packages", "git"}),
    ],
)
def test_a_command_that_is_missing_is_named(program: str, failing: set[str], tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.room.without(program)

    done = space.start(CONDA | {"tools": ["poetry"]})

    assert done.exit_code == 0
    assert {name for name, state in done.states.items() if state == "failed"} - {"summary"} == failing
    for name in failing:
        assert program in done.details[name]


def test_without_python_a_compressed_script_says_so(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.room.without("python3")
    editor = {"settings": {"a.b": 1}, "tools": ["poetry"], "extensions": ["a.b"], "repositories": [NOWHERE]}

    assert space.start(editor).details == {"summary": "the script could not be unpacked: is python3 there?"}
    assert space.start(editor | {"strict": True}).exit_code == 1
