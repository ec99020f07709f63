"""A command that a message tells to run is run as printed; what was refused is then done.

tests/remedies.toml says which remedies are walked here.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.living import Living, living
from tests.walking import COMMAND, TO_ADD, InProcess

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from tests.remedies import claimed

HERE = "tests/unit/cli/test_remedies.py"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[InProcess]:
    """In an empty directory, with an emulator of its own."""
    emulator = tmp_path / "emulator"
    yield InProcess(monkeypatch, capsys, tmp_path, STUDIOCTL_EMULATOR_DIR=str(emulator))
    server.stop(emulator)


def test_command_lines(walk: InProcess, tmp_path: Path) -> None:
    """From the documentation to a file, and what is wrong with command lines."""
    walk.alone("docs", "live-in-itt", of="studioctl.manual")
    walk.alone("docs", "zzzz", of="studioctl.manual")
    walk.alone("up", "--nope", of="studioctl.cli.main")
    walk.alone("--nope", of="studioctl.cli.main")

    # No file, no terminal: each message leads one step on, with the file's name in it.
    printed = walk.printed(walk.studioctl("validate", "-c", "lab.toml"), of="studioctl.config.load")
    printed = walk.printed(walk.run(printed), of="studioctl.cli.init")
    assert walk.run(printed).code == 0
    assert walk.studioctl("validate", "-c", "lab.toml").code == 0
    assert not Path("studio.toml").exists()

    walk.with_more("init", "-c", "lab.toml", "--defaults", of="studioctl.cli.init")
    walk.with_more("validate", "-c", "lub.toml", of="studioctl.config.load")
    walk.then_again("init", "-c", "my lab/studio.toml", "--defaults", of="studioctl.cli.init")
    walk.alone("-c", "lab.toml", "validate", of="studioctl.cli.group")

    assert walk.studioctl("init", "--defaults", "--user", "ada").code == 0
    walk.alone("editor", "script", "--user", "bob", of="studioctl.cli.context")
    walk.alone("secret", "set", "gitlab", of="studioctl.cli.secret", ends=None)
    Path("below").mkdir()
    walk.patch.chdir(tmp_path / "below")
    walk.with_more("validate", of="studioctl.config.load")
    walk.then_again("validate", of="studioctl.config.load")
    assert Path.cwd() == tmp_path

    assert claimed(f"{HERE}::test_command_lines") == walk.walked


def test_words_with_blanks_are_printed_in_quotes(walk: InProcess) -> None:
    """Or the shell would take them apart."""
    refused = walk.studioctl("init", "--name", "my lab")
    assert "--name 'my lab'" in refused.err
    assert "studioctl stop 'my lab'\n" in walk.studioctl("stop", "my lab", "--all").err
    assert "studioctl connect 'my lab' --check --json\n" in walk.studioctl("connect", "my lab", "--json").err


def test_the_emulator(walk: InProcess, tmp_path: Path) -> None:
    """It is another one than was asked for, ends, or hangs."""
    walk.patch.setenv("STUDIOCTL_EMULATOR_DIR", "emulator")
    walk.then_again("emulator", "inventory", of="studio_emulator.server")
    walk.then_again("emulator", "start", "--transition-seconds", "0.1", of="studioctl.cli.emulator")
    assert server.settings_of(_running()).transition_seconds == 0.1
    walk.alone("emulator", "env", "--as", "nobody", of="studio_emulator.server", ends=1)  # there is no file either
    Path("faults.json").write_text('{"faults": [{"kind": "earthquake"}]}')
    walk.alone("emulator", "faults", "set", "--file", "faults.json", of="studio_emulator.server")

    ended = _running()
    os.kill(ended.pid, signal.SIGKILL)
    for look in (lambda: server.settings_of(ended), lambda: ended.key):
        with pytest.raises(EmulatorError) as refused:
            look()
        walk.run(walk.note(refused.value.hint, of="studio_emulator.server"))
        assert _running().pid != ended.pid

    hangs = _running()
    os.kill(hangs.pid, signal.SIGSTOP)
    walk.patch.setattr(server, "STOP_SECONDS", 0.1)
    walk.run(walk.printed(walk.studioctl("emulator", "stop"), of="studio_emulator.server"))
    assert walk.studioctl("emulator", "status").out == "not running\n"

    assert claimed(f"{HERE}::test_the_emulator") == walk.walked


def _running() -> server.RunningEmulator:
    found = server.find()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """ada's one space."""
    with living(tmp_path_factory.mktemp("home"), users={"ada": ("ada-editor",)}) as made:
        yield made


@pytest.fixture
def inside(home: Living, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[InProcess]:
    yield InProcess(monkeypatch, capsys, home.shell.directory, **home.shell.variables)
    home.stop_everything()


def test_a_day(inside: InProcess, home: Living) -> None:
    """Spaces that are named wrongly, run already, do not start, or fail."""
    walk = inside
    walk.alone("stop", "ada-editor", "--all", "--local", of="studioctl.cli.stop")
    printed = walk.printed(walk.studioctl("start", "adda", "--local"), of="studioctl.operations.spaces")
    assert walk.studioctl("start", printed.removeprefix("name one of: "), "--local").code == 0
    walk.alone("start", "--instance-type", "ml.c5.large", "--local", of="studioctl.operations.spaces")
    assert home.app("ada-editor")["ResourceSpec"]["InstanceType"] == "ml.c5.large"
    walk.alone("connect", "ada-editor", "--json", "--local", of="studioctl.cli.connect", ends=None)

    home.stop_everything()
    printed = walk.printed(walk.studioctl("open", "--print", "--local"), of="studioctl.cli.confirm")
    assert walk.studioctl("open", "--print", "--local", TO_ADD.findall(printed)[0]).out.startswith("http")
    walk.patch.setenv("BROWSER", "/bin/false")
    assert walk.alone("open", "--local", of="studioctl.cli.open").out.startswith("http")

    home.stop_everything()
    assert walk.studioctl("emulator", "faults", "set", "capacity", "--times", "1").code == 0
    walk.alone("start", "--local", of="studioctl.operations.start_failures")
    assert home.app("ada-editor")["ResourceSpec"]["InstanceType"] != "ml.t3.medium"

    home.stop_everything()
    failing = ("--action", "CreateApp", "--message", "InternalFailure: odd", "--times", "1")
    assert walk.studioctl("emulator", "faults", "set", "failed", *failing).code == 0
    printed = walk.printed(walk.studioctl("start", "--local"), of="studioctl.operations.start_failures")
    logs, again = COMMAND.findall(printed)
    assert walk.shell(logs).code == 0
    assert walk.shell(again).code == 0
    assert home.app("ada-editor")["Status"] == "InService"

    assert claimed(f"{HERE}::test_a_day") == walk.walked
