"""The ssh settings that reach a space, whatever the names are made of."""

import os
import re
import shlex
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studioctl.errors import StudioctlError
from studioctl.remote import ssh
from studioctl.remote.host import Host, config_flag, config_path
from studioctl.remote.ssh_config import SshConfig
from studioctl.target import LocalEndpoint, Target
from tests.unit.remote.hosts import host_of, understood

ODD = (
    "plain",
    "two words",
    "it's",
    'a "quoted" one',
    "100%h",
    "$HOME and `id`",
    "a;b|c&d",
    "back\\slash",
    "#hash",
    "é",
)


@pytest.mark.parametrize("name", ODD)
def test_odd_names_arrive_as_they_are(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home / name))
    host = host_of("ada-editor", profile=name)
    config = SshConfig(home / "config")
    config.put(host)

    settings = understood(config.path, host.alias)
    assert re.findall(r"%[^%]", settings["proxycommand"].replace("%%", "")) == []  # ssh expands those
    words = shlex.split(settings["proxycommand"].replace("%%", "%"))
    assert Path(words[0]).is_absolute()
    assert words[1:] == ["ssh-proxy", host.arn, "--profile", name]
    assert settings["userknownhostsfile"] == str(home / name / "studioctl" / "known_hosts" / host.alias)
    program = ssh.find(os.environ)
    assert program is not None
    monkeypatch.setenv("STUDIOCTL_SSH_CONFIG", str(config.path))
    assert ssh.disagreement(program, host, os.environ) is None


@pytest.mark.parametrize("profile", ["two\nlines", "a\rb"])
def test_what_ssh_cannot_read_is_refused(profile: str) -> None:
    with pytest.raises(StudioctlError, match="line break"):
        host_of("ada-editor", profile=profile).settings()


def test_a_variable_in_a_path_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/tmp/${USER}")
    with pytest.raises(StudioctlError, match="cannot read a path"):
        host_of("ada-editor").settings()


def test_names_are_in_lower_case_and_tell_a_rehearsal_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "from-the-shell")
    real = Host.of("Ada-Editor", "arn", "acme-ml", Target("us-east-1"))
    rehearsed = Host.of(
        "Ada-Editor",
        "arn",
        "acme-ml",
        Target("us-east-1", "prod", LocalEndpoint("http://127.0.0.1:1", "key", "secret")),
    )

    assert (real.alias, real.profile) == ("ada-editor.acme-ml", "from-the-shell")
    assert (rehearsed.alias, rehearsed.profile) == ("ada-editor.acme-ml.local", None)
    assert dict(rehearsed.settings())["ProxyCommand"].endswith(" ssh-proxy arn --local")


def test_the_key_of_an_earlier_machine_is_forgotten(host: Host) -> None:
    started = datetime.now(UTC)
    host.forget_key_before(started)  # makes the directory that ssh writes to
    host.known_hosts.write_text("a key")

    host.forget_key_before(started - timedelta(seconds=1))
    assert host.known_hosts.exists()
    os.utime(host.known_hosts, (time.time() - 100, time.time() - 100))
    host.forget_key_before(started)
    assert not host.known_hosts.exists()


def test_ssh_is_told_the_file_only_when_it_would_take_another(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path() == home / ".ssh" / "config"
    assert config_flag() == ["-F", str(home / ".ssh" / "config")]  # ssh asks the user database, not HOME

    monkeypatch.setenv("STUDIOCTL_SSH_CONFIG", str(Path(f"~{_user()}/.ssh/config").expanduser()))
    assert config_flag() == []


def test_words_after_the_dashes() -> None:
    assert ssh.remote_command([]) == []
    assert ssh.remote_command(["ls *.py | wc"]) == ["ls *.py | wc"]
    assert ssh.remote_command(["printf", "%s", "a b"]) == ["printf %s 'a b'"]


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name
