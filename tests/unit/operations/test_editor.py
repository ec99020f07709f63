"""A rehearsal of the editor's script: what it tells, and what it leaves."""

import tempfile
from pathlib import Path

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach
from studioctl.config.editor import Editor
from studioctl.config.scripts import ScriptFile
from studioctl.events import Event, Failed, Finished, Work
from studioctl.lifecycle import script
from studioctl.operations.editor import Rehearsal, Start, StepReport, rehearse
from tests.fakes.work import done


def told(lines: str) -> str:
    """A script that says lines of the form that ours has."""
    return f"cat <<'END'\n{lines}\nEND\n"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which throw-away roots are created."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def states(start: Start) -> dict[str, str]:
    return {step.name: step.state for step in start.steps}


def test_a_first_and_a_second_start(places: Path) -> None:
    editor = Editor(
        conda_packages=("tree",),
        extensions=("eamodio.gitlens",),
        settings={"files.insertFinalNewline": True},
        git={"init.defaultBranch": "main"},
    )
    found = done(rehearse(script.build(editor).text, Image(4, 0)))

    assert states(found.cold) == {
        "environment": "done",
        "git": "done",
        "conda-packages": "done",
        "settings": "done",
        "extensions": "done",  # in the background, once the editor has made its directory
    }
    assert states(found.warm) == dict.fromkeys(states(found.cold), "unchanged")
    assert (found.image, found.root, found.failed) == ("4.0", None, False)
    assert 0 < found.warm.seconds < 60
    assert list(places.iterdir()) == []


def test_jupyterlab_is_set_up_without_what_only_vs_code_reads() -> None:
    editor = Editor(
        extensions=("eamodio.gitlens",),
        settings={"files.insertFinalNewline": True},
        git={"init.defaultBranch": "main"},
        extra_script=ScriptFile(
            path="look.sh", text='test "${SAGEMAKER_APP_TYPE}" = JupyterLab && test ! -e sagemaker-code-editor*'
        ),
    )
    text = script.build(editor, app="jupyterlab").text
    found = done(rehearse(text, Image(4, 0), app_type="JupyterLab", reach=Reach()))

    assert states(found.cold) == {"environment": "done", "git": "done", "extra-script": "done"}
    assert states(found.warm) == {"environment": "unchanged", "git": "unchanged", "extra-script": "done"}
    assert not found.failed


def test_what_it_made_can_be_kept(places: Path) -> None:
    found = done(rehearse("touch $HOME/mine\n", Image(2, 4), keep=True))
    assert found.root is not None
    assert Path(found.root).is_relative_to(places)
    assert (Path(found.root) / "home/sagemaker-user/mine").exists()


def test_each_step_is_told_when_it_ends() -> None:
    git, tools = "git            done          0.2s  user.name", "tools          failed       12.0s  no"
    text = told(f"[studioctl] {git}\n[studioctl] {tools}\nbesides")
    events: list[Event] = []

    def watching() -> Work[Rehearsal]:
        work = rehearse(text, Image(4, 0))
        while True:
            try:
                events.append(next(work))
            except StopIteration as end:
                result: Rehearsal = end.value
                return result
            yield events[-1]

    found = done(watching())
    ends = [event for event in events if isinstance(event, Finished | Failed)]
    assert ends[:2] == [Finished("git", "done", 0.2, "user.name"), Failed("tools (no)", "run", 12.0)]
    assert found.cold.steps == (StepReport("git", "done", 0.2, "user.name"), StepReport("tools", "failed", 12.0, "no"))
    assert found.cold.output == ("besides",)
    assert found.cold.exit_code == 0
    assert found.failed


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("exit 1\n", True),
        (told("[studioctl] tools          skipped       0.0s  why"), False),
        (told("[studioctl] tools          background    0.0s  goes on"), True),  # and nothing tells that it ended
    ],
)
def test_it_failed_when_something_is_not_there(text: str, failed: bool) -> None:
    assert done(rehearse(text, Image(4, 0))).failed is failed


def test_what_curl_draws_is_not_what_a_step_failed_for() -> None:
    head = r"  %% Total    %% Received %% Xferd\n                                 Dload  Upload\n"
    meter = r"\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
    drawn = f"{head}{meter}{meter}curl: (6) Could not resolve host: x"
    found = done(rehearse(f"printf '{drawn}\\n12:30 lunch\\n' >&2; exit 6\n", Image(4, 0)))
    assert found.cold.output == ("curl: (6) Could not resolve host: x", "12:30 lunch")
    own = ScriptFile(path="x.sh", text=f"printf '{drawn}\\n' >&2; exit 6")
    (step,) = (s for s in done(rehearse(script.build(Editor(extra_script=own)).text, Image(4, 0))).cold.steps if s.log)
    assert step.detail == step.log[-1] == "curl: (6) Could not resolve host: x"


def test_a_time_that_no_script_of_ours_says_is_no_report(places: Path) -> None:
    found = done(rehearse(told(f"[studioctl] a  done  {'9' * 400}.0s\n[studioctl] b  done  1.0s"), Image(4, 0)))
    assert states(found.cold) == {"b": "done"}
