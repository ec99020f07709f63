"""One provider for all Terraforms of a command: when it is shared, and when it goes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studioctl.catalog.provider import constraint
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import warm
from studioctl.terraform.executable import Engine
from studioctl.terraform.front import package, sharing
from studioctl.terraform.front.sharing import OFF, SharedProvider, Surroundings
from studioctl.terraform.provider import platform_name
from tests.processes import has_ended

LOCAL = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:1234", "STUDIOCTLKEY", "its-secret"))
ENGINE = Engine("terraform", ("terraform",), "1.11.4")
LOCK = 'provider "registry.terraform.io/hashicorp/aws" {{\n  hashes = [\n    "{0}",\n  ]\n}}\n'
# As a provider does: it says where it listens, and ends at a SIGINT.
PROVIDER = """\
#!/bin/sh
env > "$TMPDIR/environment"
echo $$ > {told}/pid
echo "$TMPDIR" > {told}/front
pwd > {told}/pwd
cat <<END
  TF_REATTACH_PROVIDERS='{{"registry.terraform.io/hashicorp/aws":{{"Protocol":"grpc","ProtocolVersion":5,"Pid":1,"Test":true,\
"Addr":{{"Network":"unix","String":"$TMPDIR/plugin"}}}}}}'
END
exec sleep 300
"""


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory in which `terraform init` installed a provider."""
    directory = tmp_path / "w"
    installed = directory / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0" / platform_name()
    installed.mkdir(parents=True)
    program = installed / "terraform-provider-aws_v5.100.0_x5"
    program.write_text(PROVIDER.format(told=tmp_path))
    program.chmod(0o700)
    lock(directory)
    return directory


def lock(directory: Path) -> None:
    """Write what is installed into the lock file."""
    (installed,) = directory.glob(".terraform/providers/*/*/*/*/*")
    found = package.package(installed, cache=None)
    assert found is not None
    (directory / ".terraform.lock.hcl").write_text(LOCK.format(found.hash))


def environ(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "XDG_CACHE_HOME", "HOME") if name in os.environ}
    kept["AWS_CONFIG_FILE"] = os.devnull
    return {**kept, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "lent", **more}


def seen(shared: SharedProvider, given: dict[str, str]) -> Surroundings:
    with shared.used(given, lambda: {"aws_vpc"}) as surroundings:
        return surroundings


@pytest.fixture
def shared(place: Path) -> Iterator[SharedProvider]:
    made = SharedProvider(place, ENGINE)
    yield made
    if made._front:
        made._front.end()


def test_every_terraform_of_a_command_gets_the_same(shared: SharedProvider, tmp_path: Path) -> None:
    given = environ()
    first, second = seen(shared, given), seen(shared, given)
    assert first == second
    offer = json.loads(first.environ["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/aws"]
    directory = Path((tmp_path / "front").read_text().strip())
    assert Path(offer["Addr"]["String"]).parent == directory
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "types").read_text() == "aws_vpc"
    assert {name: value for name, value in first.environ.items() if name != "TF_REATTACH_PROVIDERS"} == given
    assert shared.why_not == ""
    assert (tmp_path / "pwd").read_text().strip() == str(tmp_path / "w")  # from there documents name files
    provider = dict(line.split("=", 1) for line in (directory / "environment").read_text().splitlines())
    assert provider["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "lent"
    assert (provider["TF_LOG_PROVIDER_AWS"], provider["TMPDIR"]) == ("OFF", str(directory))


def test_it_goes_with_who_shares_it_and_leaves_nothing(place: Path, tmp_path: Path) -> None:
    shared = SharedProvider(place, ENGINE)
    seen(shared, environ())
    pid, directory = int((tmp_path / "pid").read_text()), Path((tmp_path / "front").read_text().strip())
    del shared
    assert has_ended(pid)
    deadline = time.monotonic() + 30
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not directory.exists()


def test_it_stays_until_the_last_terraform_has_ended(place: Path, tmp_path: Path) -> None:
    shared = SharedProvider(place, ENGINE)
    child = subprocess.Popen(["sleep", "300"], pass_fds=seen(shared, environ()).lifeline)
    pid = int((tmp_path / "pid").read_text())
    del shared
    time.sleep(1)
    os.kill(pid, 0)
    child.kill()
    child.wait()
    assert has_ended(pid)


def test_it_goes_when_studioctl_is_killed(place: Path, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, pathlib\n"
        "from studioctl.terraform.executable import Engine\n"
        "from studioctl.terraform.front.sharing import SharedProvider\n"
        "shared = SharedProvider(pathlib.Path(sys.argv[1]), Engine('terraform', ('terraform',), '1.11.4'))\n"
        "with shared.used(dict(os.environ), lambda: None) as given:\n"
        "    assert given.lifeline\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, place], env=environ(TMPDIR=str(tmp_path / "t")), check=False)
    assert done.returncode == -signal.SIGKILL
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_another_environment_gets_none(shared: SharedProvider) -> None:
    assert seen(shared, environ()).lifeline
    other = environ(AWS_PROFILE="other")
    assert seen(shared, other) == Surroundings(other)


def changed_package(place: Path) -> None:
    (program,) = place.rglob("terraform-provider-*")
    program.write_text(program.read_text() + "# changed\n")


def no_package(place: Path) -> None:
    (program,) = place.rglob("terraform-provider-*")
    program.unlink()


def broken_package(place: Path) -> None:
    (program,) = place.rglob("terraform-provider-*")
    program.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    lock(place)


REASONS: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed": (changed_package, "the provider's package is not the one that the lock file names"),
    "none": (no_package, "the provider's package is not the one that the lock file names"),
    "broken": (broken_package, "the provider ended without saying where it listens: 3"),
}


@pytest.mark.parametrize("case", REASONS)
def test_what_cannot_be_shared_is_not(place: Path, shared: SharedProvider, tmp_path: Path, case: str) -> None:
    change, why = REASONS[case]
    change(place)
    given = environ()
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not == why
    assert seen(shared, given) == Surroundings(given)
    assert [*(tmp_path / "t").iterdir()] == []
    if case == "changed":
        assert not (tmp_path / "pid").exists()  # it was never started


def test_a_bundle_in_the_configuration_file_is_one_too(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("[profile acme]\nca_bundle = /ca.pem\n")
    shared, given = SharedProvider(place, ENGINE), environ(AWS_CONFIG_FILE=str(file))
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not == f"ca_bundle in {file} is set, which the provider reads only once"
    assert not (tmp_path / "pid").exists()


def test_a_directory_whose_path_is_too_long_for_a_socket(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    shared, given = SharedProvider(place, ENGINE), environ()
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not == "OSError: AF_UNIX path too long"
    assert [*deep.iterdir()] == []
    assert has_ended(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("engine", "more", "why"),
    [
        (ENGINE, {OFF: "1"}, f"{OFF} is set"),
        (ENGINE, {"AWS_CA_BUNDLE": "/ca.pem"}, "AWS_CA_BUNDLE is set, which the provider reads only once"),
        (
            ENGINE,
            {"TF_LOG": "TRACE"},
            "TF_LOG is set, and Terraform collects the log only of a provider that it started",
        ),
        (replace(ENGINE, kind="tofu"), {}, "sharing was tried with Terraform on Linux only, not with tofu 1.11.4"),
        (replace(ENGINE, kind="bundled"), {}, "sharing was tried with Terraform on Linux only, not with terraform"),
    ],
)
def test_where_it_does_not_work_nothing_is_started(
    place: Path, tmp_path: Path, engine: Engine, more: dict[str, str], why: str
) -> None:
    shared = SharedProvider(place, engine)
    given = environ(**more)
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not.startswith(why)
    assert not (tmp_path / "pid").exists()


def test_a_version_that_was_not_tried_is_each_terraforms_own(place: Path, tmp_path: Path) -> None:
    """The tests' own provider is of the default version too, and not for it."""
    shared = SharedProvider(place, ENGINE, constraint("6.69.1"))
    told = environ(**{warm.VARIABLE: str(tmp_path / "none")})
    with sharing.given(told, told, LOCAL, lambda: None, shared) as surroundings:
        assert surroundings == Surroundings(told)
    assert shared.why_not == "sharing was tried with version 5.100.0 of the provider only"
    assert not (tmp_path / "pid").exists()


def test_before_terraform_has_installed_one_there_is_none(tmp_path: Path) -> None:
    shared, given = SharedProvider(tmp_path, ENGINE), environ()
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not.startswith(f"there is no provider in {tmp_path}/.terraform/providers/")
    assert [*(tmp_path / "t").iterdir()] == []


def test_one_that_died_is_used_no_longer(shared: SharedProvider, tmp_path: Path) -> None:
    given = environ()
    seen(shared, given)
    assert not shared.lost()
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not shared.lost():
        assert time.monotonic() < deadline
    assert seen(shared, given) == Surroundings(given)
    assert shared.why_not
