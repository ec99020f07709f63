"""Nothing runs if namespaces are not available, and the next step is printed."""

import sys
from pathlib import Path

import pytest

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import namespaces, run
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run
from tests.fakes.ordinary_user import as_ordinary_user


def refusal(room: Room) -> SandboxError:
    with pytest.raises(SandboxError) as refused:
        Run(room, "touch $HOME/ran", room.environment())
    assert not (room.home / "ran").exists()
    return refused.value


def test_a_rehearsal_is_possible_here_for_everybody() -> None:
    assert run.probe() is None
    code = "from studio_emulator.sandbox import run; print(run.probe())"
    assert as_ordinary_user("env", "PYTHONPATH=src", sys.executable, "-c", code) == "None\n"


def test_without_bubblewrap(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "PLACES", ("/nowhere",))
    refused = refusal(room)
    assert refused.message.endswith("They are made by bubblewrap, and there is no program 'bwrap'.")
    assert refused.hint == "install the package bubblewrap (Debian, Ubuntu: sudo apt-get install bubblewrap)"


def test_on_another_system(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "only Linux has namespaces" in refusal(room).message


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run it in a virtual machine",
        ),
        ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
    ],
)
def test_the_setting_that_forbids_it_is_named(
    setting: str, value: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(value)
    monkeypatch.setattr(namespaces, "SYSCTL", tmp_path)
    error = namespaces.diagnose("Operation not permitted\n")
    assert "and they cannot be had here: Operation not permitted." in error.message
    assert error.hint == remedy


def test_a_machine_that_refuses_runs_nothing() -> None:
    """A kernel that has no user namespace left, as in many containers: by the limit that a namespace can set."""
    code = (
        "from tests.unit.sandbox.test_namespaces import *; import tempfile\n"
        "from studio_emulator.sandbox.image import Image\n"
        "room = Room(Path(tempfile.mkdtemp()) / 'root', Image(4, 0)); room.lay_out()\n"
        "print(refusal(room).message); print(refusal(room).hint)"
    )
    limited = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    said = as_ordinary_user("unshare", "-r", "sh", "-c", limited, "-", sys.executable, "-c", code)
    assert "cannot be had here: unshare: No space left on device" in said.splitlines()[0]
    assert said.splitlines()[1] == "sudo sysctl -w user.max_user_namespaces=10000"
