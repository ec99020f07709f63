"""Who may use the warm provider, and whom it may be."""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from studioctl.errors import ConfigError, TerraformError
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import warm

LOCAL = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:1234", "STUDIOCTLKEY", "its-secret"))
CHILD = {"PATH": "/bin"}


def offer(directory: Path, *, pid: int | None = None, socket: Path | None = None) -> str:
    """What a provider writes that listens in this directory."""
    address = {"Network": "unix", "String": str(socket or directory / "plugin1")}
    known = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": pid or os.getpid(), "Test": True, "Addr": address}
    return json.dumps({"registry.terraform.io/hashicorp/aws": known})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The directory of a provider that runs: this process stands for it."""
    directory = tmp_path / "warm"
    directory.mkdir(mode=0o700)
    (directory / "reattach.json").write_text(offer(directory))
    return directory


def seen(place: Path, child: Mapping[str, str] = CHILD, target: Target = LOCAL) -> Mapping[str, str]:
    """What Terraform's process would see."""
    with warm.borrowed({warm.VARIABLE: str(place)}, child, target) as environ:
        return environ


def test_terraform_is_told_where_the_provider_listens(place: Path) -> None:
    assert seen(place) == {**CHILD, "TF_REATTACH_PROVIDERS": offer(place)}


def test_without_the_variable_there_is_none(place: Path) -> None:
    with warm.borrowed({}, CHILD, LOCAL) as environ:
        assert environ == CHILD


def test_on_aws_it_is_never_used(place: Path) -> None:
    assert seen(place, target=Target("us-east-1")) == CHILD


def test_a_ca_bundle_needs_a_provider_of_its_own(place: Path) -> None:
    child = {**CHILD, "AWS_CA_BUNDLE": "/ca.pem"}
    assert seen(place, child) == child


def test_it_serves_one_terraform_at_a_time(place: Path) -> None:
    with warm.borrowed({warm.VARIABLE: str(place)}, CHILD, LOCAL) as first:
        assert "TF_REATTACH_PROVIDERS" in first
        assert seen(place) == CHILD
    assert "TF_REATTACH_PROVIDERS" in seen(place)


def test_the_lock_is_the_kernels_and_goes_with_its_holder(place: Path) -> None:
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert seen(place) == CHILD
    assert seen(place) != CHILD


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_directory_that_others_can_open_is_refused(place: Path, mode: int) -> None:
    place.chmod(mode)
    with pytest.raises(ConfigError, match="not a directory that you alone can open") as caught:
        seen(place)
    assert caught.value.hint == "unset STUDIOCTL_WARM_PROVIDER"


def test_a_link_a_file_and_nothing_are_refused(place: Path, tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "file"
    link.symlink_to(place)
    file.touch(mode=0o600)
    for wrong in (link, file, tmp_path / "nothing"):
        with pytest.raises(ConfigError):
            seen(wrong)


def test_another_owner_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    with pytest.raises(ConfigError):
        seen(place)


def test_a_provider_that_listens_elsewhere_or_has_ended_is_not_used(place: Path, tmp_path: Path) -> None:
    for text in (offer(place, socket=tmp_path / "plugin1"), offer(place, pid=2**22 + 1), "null", "{", '{"a": []}'):
        (place / "reattach.json").write_text(text)
        assert seen(place) == CHILD
    (place / "reattach.json").unlink()
    assert seen(place) == CHILD


def test_it_lives_as_long_as_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_SECRET_ACCESS_KEY": "real", "AWS_CA_BUNDLE": "/ca.pem", "TF_LOG": "TRACE"}.items():
        monkeypatch.setenv(name, value)
    program = tmp_path / "provider"
    said = f"  TF_REATTACH_PROVIDERS='{offer(tmp_path / 'warm')}'"
    program.write_text(f"#!/bin/sh\nenv > environment\ncat <<END\n{said}\nEND\nexec sleep 300\n")
    program.chmod(0o700)
    with warm.kept_warm(program, tmp_path / "warm") as directory:
        assert "TF_REATTACH_PROVIDERS" in seen(directory)
        environ = dict(line.split("=", 1) for line in (directory / "environment").read_text().splitlines())
        key = Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    assert key == "[default]\naws_access_key_id = STUDIOCTLKEY\naws_secret_access_key = its-secret\n"
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"} & environ.keys()
    assert (environ["TF_LOG"], environ["TMPDIR"]) == ("OFF", str(directory))
    assert "AWS_CA_BUNDLE" not in environ
    assert directory.stat().st_mode & 0o777 == 0o700
    assert seen(directory) == CHILD


def test_one_that_does_not_start_says_where_its_log_is(tmp_path: Path) -> None:
    program = tmp_path / "provider"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o700)
    began = time.monotonic()
    with pytest.raises(TerraformError) as caught, warm.kept_warm(program, tmp_path / "warm"):
        pass
    assert caught.value.hint == f"Read its log: less '{tmp_path / 'warm' / 'log'}'"
    assert time.monotonic() - began < warm.START_SECONDS / 2
