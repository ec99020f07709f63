"""The same verbs from Python: the example of the reference page, and what a notebook relies on."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.functional.conftest import Applied
from tests.functional.living import Living
from tests.generated import ROOT

import studioctl
from studioctl.cli import context
from studioctl.errors import ConfigError, RefusedError, StudioctlError
from studioctl.events import Event, Finished, Started, result_of
from studioctl.operations.provisioning import up


@pytest.fixture
def studio(home: Living, monkeypatch: pytest.MonkeyPatch) -> Iterator[studioctl.Studio]:
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", str(home.emulator.log_path.parent))
    yield studioctl.Studio.load(home.shell.directory / "studio.toml", local=True)
    home.stop_everything()


def test_a_day_in_python(studio: studioctl.Studio, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = []

    app = studio.start("ada-editor", on_event=events.append)
    found = studio.status()
    url = studio.open_url()
    larger = studio.restart(instance_type="ml.t3.large")
    stopped = studio.stop()

    assert (studio.name, app.status, app.instance_type) == ("acme-ml", "InService", "ml.t3.medium")
    assert events[0] == Started("'ada-editor'", "start")
    assert isinstance(events[-1], Finished)
    assert [space.name for space in studio.spaces()] == ["ada-editor"]
    assert (found.spaces[0].app_status, found.usd_per_hour) == ("InService", 0.05)
    assert "/auth?token=" in url
    assert larger.instance_type == "ml.t3.large"
    assert (stopped, studio.stop(everything=True)) == (("ada-editor",), ())
    assert studio.logs() == ()
    assert capsys.readouterr() == ("", "")


def test_the_example_of_the_reference_works(studio: studioctl.Studio, home: Living, monkeypatch: Any) -> None:
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(home.shell.directory)

    exec(example, {})

    assert studio.status().spaces[0].app_status == "Stopped"


def test_errors_have_a_message_and_a_hint(studio: studioctl.Studio, tmp_path: Path) -> None:
    with pytest.raises(StudioctlError) as caught:
        studio.start("nobody")
    with pytest.raises(ConfigError):
        studioctl.Studio.load(tmp_path / "nothing.toml")

    assert (caught.value.message, caught.value.hint) == (
        "There is no space 'nobody' in 'acme-ml'.",
        "name one of: ada-editor",
    )


def test_importing_the_package_loads_next_to_nothing() -> None:
    script = "import sys, studioctl; print({'pydantic', 'botocore', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_plan_from_python_is_the_plan_of_the_command_line(
    applied: Applied, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", applied.shell.variables["STUDIOCTL_EMULATOR_DIR"])
    monkeypatch.setenv("STUDIOCTL_DATA_DIR", str(applied.shell.directory / ".local/share/studioctl"))
    studio = studioctl.Studio.load(applied.shell.directory / "studio.toml", local=True)
    events: list[Event] = []
    before = applied.shell.inventory()

    summary = studio.plan(on_event=events.append)

    assert (summary.has_changes, summary.changes) == (False, ())
    assert events
    assert applied.shell.inventory() == before
    assert capfd.readouterr() == ("", "")


def test_a_plan_that_somebody_saw_is_applied_and_no_other(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody thinks about a plan, another one is made in the same place."""
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", applied.shell.variables["STUDIOCTL_EMULATOR_DIR"])
    monkeypatch.setenv("STUDIOCTL_DATA_DIR", str(applied.shell.directory / ".local/share/studioctl"))
    file = applied.shell.directory / "studio.toml"
    ours, before = file.read_text(encoding="utf-8"), applied.shell.inventory()
    try:
        applied.shell.write(f'{ours}\n[[users]]\nname = "eve"\n')
        environment = context.environment(file, local=True)
        seen = result_of(up.plan(environment), None)
        applied.shell.write(ours.replace('name = "ada"', 'name = "mallory"'))
        applied.shell.studioctl("plan", "--local", expect=2)

        with pytest.raises(RefusedError) as refusal:
            result_of(up.apply(environment, seen), None)
    finally:
        applied.shell.write(ours)

    assert [change.label for change in seen.changes] == ["eve", "eve-editor"]
    assert refusal.value.message == "Another plan was made here after the one that you saw, so it is not applied."
    assert applied.shell.inventory() == before
    applied.shell.studioctl("plan", "--local")


def test_nobody_removes_another_environment_than_they_mean(studio: studioctl.Studio) -> None:
    with pytest.raises(StudioctlError) as other:
        studio.down("acme")
    with pytest.raises(StudioctlError) as unknown:
        studio.down("acme-ml", delete_data=["everything"])

    assert other.value.message == "This is 'acme-ml', not 'acme'. Nothing was changed."
    assert (
        unknown.value.message
        == "'everything' is no kind of data: write bucket, homes, images, secrets, spaces, studies, or all."
    )
    assert studio.spaces()
