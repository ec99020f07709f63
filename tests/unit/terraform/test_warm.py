"""The processes that may use the warm provider, and the providers that may serve them."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from studioctl.errors import ConfigError, TerraformError
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import warm
from studioctl.terraform.front.starting import START_SECONDS
from tests.processes import has_ended

LOCAL = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:1234", "STUDIOCTLKEY", "its-secret"))
CHILD = {"PATH": "/bin"}


def offer(directory: Path, *, pid: int | None = None, socket: Path | None = None) -> str:
    """Write what a provider writes that listens in this directory."""
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
    """The environment of Terraform's process."""
    with warm.borrowed({warm.VARIABLE: str(place)}, child, target, lambda: {"aws_vpc", "aws_eip"}) as environ:
        return environ


def test_terraform_is_told_where_the_provider_listens(place: Path) -> None:
    assert seen(place) == {**CHILD, "TF_REATTACH_PROVIDERS": offer(place)}


def test_without_the_variable_there_is_none(place: Path) -> None:
    with warm.borrowed({}, CHILD, LOCAL, lambda: None) as environ:
        assert environ == CHILD


def test_on_aws_it_is_never_used(place: Path) -> None:
    assert seen(place, target=Target("us-east-1")) == CHILD


def test_a_ca_bundle_needs_a_provider_of_its_own(place: Path) -> None:
    child = {**CHILD, "AWS_CA_BUNDLE": "/ca.pem"}
    assert seen(place, child) == child


def test_it_serves_one_terraform_at_a_time(place: Path) -> None:
    with warm.borrowed({warm.VARIABLE: str(place)}, CHILD, LOCAL, lambda: None) as first:
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


def test_the_front_is_told_which_types_are_in_use(place: Path) -> None:
    seen(place)
    assert (place / "types").read_text().split() == ["aws_eip", "aws_vpc"]
    with warm.borrowed({warm.VARIABLE: str(place)}, CHILD, LOCAL, lambda: None):
        assert not (place / "types").exists()


def package(tmp_path: Path, script: str) -> Path:
    """The package of a provider that is a shell script."""
    directory = tmp_path / "package"
    directory.mkdir()
    program = directory / "terraform-provider-aws"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return directory


def test_it_lives_as_long_as_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_SECRET_ACCESS_KEY": "real", "AWS_CA_BUNDLE": "/ca.pem", "TF_LOG": "TRACE"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said = f"  TF_REATTACH_PROVIDERS='{offer(tmp_path / 'warm', socket=tmp_path / 'warm/plugin1')}'"
    script = f"env > environment\necho $$ > pid\ncat <<END\n{said}\nEND\nexec sleep 300"
    with warm.kept_warm(package(tmp_path, script), tmp_path / "warm") as directory:
        told = json.loads(seen(directory)["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/aws"]
        environ = dict(line.split("=", 1) for line in (directory / "environment").read_text().splitlines())
        key = Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
        pid = int((directory / "pid").read_text())
        os.kill(pid, 0)
    assert told["Addr"] == {"Network": "unix", "String": str(tmp_path / "warm/front")}
    assert (told["Protocol"], told["ProtocolVersion"], told["Test"]) == ("grpc", 5, True)
    assert key == "[default]\naws_access_key_id = STUDIOCTLKEY\naws_secret_access_key = its-secret\n"
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"} & environ.keys()
    assert (environ["TF_LOG"], environ["TF_LOG_PROVIDER_AWS"], environ["TMPDIR"]) == ("OFF", "OFF", str(directory))
    assert "AWS_CA_BUNDLE" not in environ
    assert directory.stat().st_mode & 0o777 == 0o700
    assert seen(directory) == CHILD
    assert has_ended(pid)


def test_one_that_does_not_start_says_where_its_log_is(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        pytest.raises(TerraformError) as caught,
        warm.kept_warm(package(tmp_path, "echo broken >&2; exit 3"), tmp_path / "warm"),
    ):
        pass
    log = tmp_path / "warm" / "log"
    assert caught.value.hint == f"Read its log: less '{log}'"
    assert log.read_text() == "broken\nthe provider ended without saying where it listens: 3\n"
    assert time.monotonic() - began < START_SECONDS / 2


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    said = f"  TF_REATTACH_PROVIDERS='{offer(tmp_path / 'warm', socket=tmp_path / 'warm/plugin1')}'"
    kept = package(tmp_path, f"echo $$ > pid\ncat <<END\n{said}\nEND\nexec sleep 300")
    script = (
        "import os, signal, pathlib\n"
        "from studioctl.terraform import warm\n"
        f"with warm.kept_warm(pathlib.Path({str(kept)!r}),"
        f" pathlib.Path({str(tmp_path / 'warm')!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    pid = int((tmp_path / "warm" / "pid").read_text())
    assert has_ended(pid)
    assert not (tmp_path / "warm" / "reattach.json").exists()
