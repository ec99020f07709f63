"""The working directory."""

import os
from pathlib import Path

import filelock
import pytest

from studioctl.errors import TerraformError
from studioctl.terraform.backend import Backend
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY, Mirror
from studioctl.terraform.workspace import KEPT_LOGS, Initialised, Workspace

from .blueprints import AWS, local

S3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})


def workspace(tmp_path: Path) -> Workspace:
    return Workspace.beside(tmp_path / "studio.toml", "demo", local())


def test_each_environment_and_target_has_its_own_beside_the_file(tmp_path: Path) -> None:
    assert workspace(tmp_path).directory == tmp_path / ".studioctl/demo/local"
    assert Workspace.beside(tmp_path / "studio.toml", "demo", AWS).directory == tmp_path / ".studioctl/demo/aws"


def test_it_explains_itself_and_git_ignores_it(tmp_path: Path) -> None:
    workspace(tmp_path).write({}, Backend())

    assert (tmp_path / ".studioctl/.gitignore").read_text(encoding="utf-8") == "*\n"
    assert "belongs to studioctl" in (tmp_path / ".studioctl/README.md").read_text(encoding="utf-8")


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    work = workspace(tmp_path)

    assert work.write({"main.tf.json": "{}\n"}, Backend())
    before = (work.directory / "main.tf.json").stat().st_ino
    assert not work.write({"main.tf.json": "{}\n"}, Backend())
    assert (work.directory / "main.tf.json").stat().st_ino == before


def test_documents_that_are_no_longer_made_go_and_files_of_others_stay(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    work.write({"vpc.tf.json": "{}", "scripts/setup.sh": "#"}, Backend())
    (work.directory / "own_override.tf.json").write_text("{}", encoding="utf-8")

    assert work.write({"s3.tf.json": "{}"}, Backend())
    assert sorted(path.name for path in work.directory.rglob("*.tf.json")) == [
        "backend.tf.json",
        "own_override.tf.json",
        "s3.tf.json",
    ]
    assert not (work.directory / "scripts/setup.sh").exists()


def test_the_oldest_logs_make_room(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    for _ in range(KEPT_LOGS + 5):
        work.new_log("plan").touch()

    assert len(list(work.logs.iterdir())) == KEPT_LOGS


def test_one_works_at_a_time_and_the_other_is_told_who(tmp_path: Path) -> None:
    first, second = workspace(tmp_path), workspace(tmp_path)

    told = pytest.raises(TerraformError, match=r"on: \S+ \(`apply`, process \d+\) since")
    with first.hold("apply"), first.hold("init"), told, second.hold("plan"):
        pass
    with second.hold("plan"):
        pass


@pytest.mark.parametrize("program", ["/opt/venv/bin/studioctl", "/opt/lib/studioctl/__main__.py"])
def test_the_other_is_named_as_it_was_typed(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [program, "up", "--backend-config", "secret_key=s3cret", "--local"])
    words = r"on: \S+ \(`studioctl up --local`, process \d+\) since"
    told = pytest.raises(TerraformError, match=words)

    with workspace(tmp_path).hold("plan"), told, workspace(tmp_path).hold("plan"):
        pass


def test_a_holder_that_left_no_word_is_an_error_too(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    work.directory.mkdir(parents=True)

    elsewhere = filelock.FileLock(work.directory / ".lock")
    with elsewhere, pytest.raises(TerraformError, match="another studioctl"), work.hold("plan"):
        pass


def test_a_state_of_an_emulator_that_is_gone_is_moved_aside(tmp_path: Path) -> None:
    work = workspace(tmp_path)

    assert not work.bind_emulator("first")
    work.state_file.write_text("{}", encoding="utf-8")
    assert not work.bind_emulator("first")
    assert work.state_file.exists()
    assert work.bind_emulator("second")
    assert not work.state_file.exists()
    assert [path.read_text(encoding="utf-8") for path in work.directory.glob("terraform.tfstate.*")] == ["{}"]


def test_what_terraform_was_initialised_with_is_remembered_until_its_files_are_gone(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    record = Initialised("abc", S3)
    work.remember(record)

    assert work.initialised() is None
    (work.directory / ".terraform/providers").mkdir(parents=True)
    assert work.initialised() == record
    work.forget()
    assert work.initialised() is None


def test_a_configuration_of_our_own_is_there_only_with_a_mirror(tmp_path: Path) -> None:
    work = workspace(tmp_path)

    path = work.use_mirror(Mirror(tmp_path, TERRAFORM_REGISTRY), TERRAFORM_REGISTRY, {})
    assert path is not None
    assert f'"{TERRAFORM_REGISTRY}/hashicorp/aws"' in path.read_text(encoding="utf-8")
    assert work.use_mirror(None, TERRAFORM_REGISTRY, {}) is None
    assert not path.exists()


def test_tofu_finds_terraforms_packages_under_its_own_registrys_name(tmp_path: Path) -> None:
    packages = tmp_path / "mirror" / TERRAFORM_REGISTRY / "hashicorp/aws"
    packages.mkdir(parents=True)
    work = workspace(tmp_path)

    path = work.use_mirror(Mirror(tmp_path / "mirror", TERRAFORM_REGISTRY), TOFU_REGISTRY, {})

    assert path is not None
    assert f'"{TOFU_REGISTRY}/hashicorp/aws"' in path.read_text(encoding="utf-8")
    assert (work.directory / "mirror" / TOFU_REGISTRY / "hashicorp/aws").resolve() == packages.resolve()


def test_a_file_that_described_another_environment_before_is_told(tmp_path: Path) -> None:
    file = tmp_path / "studio.toml"
    before, now = Workspace.beside(file, "before", AWS), Workspace.beside(file, "now", AWS)
    before.claim()
    now.claim()

    assert now.predecessors() == ("before",)
    assert Workspace.beside(tmp_path / "other.toml", "other", AWS).predecessors() == ()
    assert Workspace.beside(file, "now", local()).predecessors() == ()
    before.release()
    assert now.predecessors() == ()


def test_no_state_that_is_set_aside_replaces_another(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    for number in range(11):
        work.bind_emulator(f"emulator {number}")
        work.state_file.write_text(f"state {number}", encoding="utf-8")
    work.bind_emulator("another")

    kept = {path.name: path.read_text(encoding="utf-8") for path in work.directory.glob("terraform.tfstate.*")}
    assert kept == {f"terraform.tfstate.{number + 1}": f"state {number}" for number in range(11)}


def test_an_emulator_is_not_changed_while_somebody_works_here(tmp_path: Path) -> None:
    work, other = workspace(tmp_path), workspace(tmp_path)
    work.bind_emulator("first")
    work.state_file.write_text("{}", encoding="utf-8")

    with other.hold("apply"):
        assert not work.bind_emulator("first")
        with pytest.raises(TerraformError, match=r"is being worked on: .*`apply`"):
            work.bind_emulator("second")
    assert work.state_file.exists()


def test_no_pipe_beside_is_waited_for(tmp_path: Path) -> None:
    before, now = (Workspace.beside(tmp_path / "old.toml", name, AWS) for name in ("before", "now"))
    before.claim()
    os.mkfifo(tmp_path / "other.toml")
    assert now.predecessors() == ("before",)
    claim = before.directory / "exists"
    claim.unlink()
    os.mkfifo(claim)
    assert now.predecessors() == ("before",)
