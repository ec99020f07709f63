"""A rehearsal whose `--local` was forgotten: what AWS lacks, and the emulator has, is said with the line to type."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.cli import main, rehearsal
from studioctl.operations import emulation
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform.workspace import Workspace
from tests.unit.emulator.emulated import client

FILE = """\
name = "acme-ml"
region = "us-east-1"

[secrets]
github = { username = "ada" }

[[users]]
name = "ada"
"""
Run = Callable[[str], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("emulator")
    found = server.start(state_dir=home)
    client(found, "s3", "us-east-1").create_bucket(Bucket="elsewhere")
    yield found
    server.stop(home)


@pytest.fixture
def run(
    emulator: RunningEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a line where `up --local` made 'acme-ml'; the account, which the emulator plays too, has none."""
    monkeypatch.chdir(tmp_path)
    Path("team.toml").write_text(FILE)
    key, secret = emulator.key
    for name, value in {
        "HOME": str(tmp_path),
        "STUDIOCTL_EMULATOR_DIR": str(emulator.log_path.parent),
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }.items():
        monkeypatch.setenv(name, value)
    workspace = Workspace.beside(Path("team.toml"), "acme-ml", emulation.target(emulator, "us-east-1"))
    workspace.bind_emulator(emulator.instance_id)
    workspace.claim()

    def typed(line: str) -> tuple[int, list[str]]:
        code = main.run(shlex.split(line))
        return code, capsys.readouterr().err.splitlines()

    return typed


@pytest.mark.parametrize(
    "line",
    [
        "start ada-editor --config team.toml",
        "stop --all -c team.toml",
        "logs --config=team.toml",
        "secret get github --config team.toml",
        "image list --config team.toml",
        "outputs bucket --config team.toml",
    ],
)
def test_an_error_that_nothing_is_there_names_the_line_that_finds_it(line: str, run: Run) -> None:
    code, said = run(line)

    assert code == 1
    assert said[-2].endswith(" The emulator has 'acme-ml'.")
    assert said[-1].startswith(f"Next:  studioctl {line} --local   (the one on the emulator); on AWS: ")
    assert said[-1].endswith("studioctl up --config team.toml")


def test_what_follows_two_dashes_is_left_as_it_is(run: Run) -> None:
    _, said = run("ssh --config team.toml -- ls -l")

    assert said[-1].startswith("Next:  studioctl ssh --config team.toml --local -- ls -l   (")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("status --config team.toml", "status"),
        ("outputs --config team.toml", "outputs"),
        ("state history --config team.toml", "state history"),
        ("doctor --config team.toml", "doctor"),
        ("backup s3://elsewhere --config team.toml", "backup s3://elsewhere"),
    ],
)
def test_a_report_of_nothing_ends_with_it(line: str, command: str, run: Run) -> None:
    assert run(line)[1][-1] == f"The emulator has 'acme-ml': studioctl {command} --config team.toml --local"


@pytest.mark.parametrize(
    "line", ["status --config team.toml --local", "stop --all --config team.toml --local", "outputs -c other.toml"]
)
def test_where_there_is_none_nothing_is_said_of_it(line: str, run: Run) -> None:
    Path("other.toml").write_text(FILE.replace("acme-ml", "acme-x"))

    assert "The emulator has" not in "\n".join(run(line)[1])


def test_a_rehearsal_that_ended_with_its_emulator_is_not_named(run: Run, emulator: RunningEmulator) -> None:
    Workspace.beside(Path("team.toml"), "acme-ml", emulation.target(emulator, "us-east-1")).bind_emulator("another one")

    assert "The emulator has" not in "\n".join(run("status --config team.toml")[1])


def test_what_hinders_the_look_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "team.toml"
    Workspace.beside(file, "acme-ml", Target("", local=LocalEndpoint("", "", ""))).claim()
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", "a/relative/place")

    assert not rehearsal.exists(file, "acme-ml")
