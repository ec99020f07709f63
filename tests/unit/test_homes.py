"""The person's own directories, and what is done if no home is known."""

from pathlib import Path

import pytest

from studio_emulator.errors import EmulatorError
from studio_emulator.server import default_state_dir
from studioctl import homes
from studioctl.errors import ConfigError
from studioctl.remote.host import config_path


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number to which no user belongs, as in many containers."""

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "STUDIOCTL_EMULATOR_DIR", "STUDIOCTL_SSH_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)


@pytest.mark.parametrize("home", [None, "", "relative", "."])
def test_without_a_home_there_is_no_directory_and_who_needs_one_says_so(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)

    for own in (homes.settings, homes.cache, homes.data, homes.person):
        found = own()
        assert found is None or (found.is_relative_to("/") and not found.is_relative_to(tmp_path))
    if home == "":  # some libraries take it for "/"
        return
    for needed in (homes.state, default_state_dir, config_path):
        with pytest.raises((ConfigError, EmulatorError), match="Your home directory is not known") as refusal:
            needed()
        hint = getattr(refusal.value, "hint", "")
        assert hint == "name a directory that only you can write to: export HOME=DIRECTORY"


def test_a_person_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 54321)

    assert homes.user() == "54321"
