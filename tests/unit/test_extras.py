"""Extras are installed into the Python that runs, whatever `pip` on PATH belongs to."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from studioctl import extras
from studioctl.extras import installing, installing_program
from tests.functional import wheelhouse


def test_the_command_names_this_python() -> None:
    assert installing("studioctl[local]") == f"{sys.executable} -m pip install 'studioctl[local]'"


def test_the_command_is_one_that_a_shell_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "my tools" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python))
    asked = installing("studioctl[local]").replace(" install ", " --version # ")

    assert subprocess.run(asked, shell=True, capture_output=True, text=True, check=True).stdout.startswith("pip ")


def test_an_environment_without_pip_is_filled_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    assert installing("studioctl[local]") == f"uv pip install --python {sys.executable} 'studioctl[local]'"


def test_where_neither_is_there_python_brings_its_own_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "ensurepip" or None)
    monkeypatch.setenv("PATH", "/nowhere")

    python = sys.executable
    assert installing("studioctl[local]") == (f"{python} -m ensurepip && {python} -m pip install 'studioctl[local]'")


def test_a_python_that_the_system_manages_is_told_as_pip_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very pip refuses without those words, and takes them."""
    python = wheelhouse.environment(tmp_path / "python")
    (wheel,) = made(tmp_path / "wheels")
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=the system's\n")
    assert not extras.is_managed()  # this is a virtual environment

    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert extras.is_managed()
    monkeypatch.setattr(sys, "executable", str(python))
    printed = installing(wheel.name.split("-")[0])
    assert printed.endswith(" -m pip install --break-system-packages probe")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(printed, shell=True, env=offline, capture_output=True, check=False).returncode == 0


def test_a_program_gets_an_environment_of_its_own_by_what_is_there(tmp_path: Path) -> None:
    assert installing_program("probe", path(tmp_path / "both", "pipx", "uv")) == "pipx install probe"
    assert installing_program("probe", path(tmp_path / "uv", "uv")) == "uv tool install probe"
    assert installing_program("probe", path(tmp_path / "newer", "uv"), newer=True) == "uv tool upgrade probe"


def test_with_neither_a_shell_can_run_what_is_printed_twice(tmp_path: Path) -> None:
    """The first time it installs, the second time it upgrades."""
    (wheel,) = made(tmp_path / "wheels")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    printed = installing_program("probe", "/nowhere")
    assert installing_program("probe", "/nowhere", newer=True) == printed

    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{printed} && probe"], env=offline, capture_output=True, text=True, check=False
        )
        assert done.stdout.splitlines()[-1:] == ["it works"], done


def path(directory: Path, *programs: str) -> str:
    directory.mkdir()
    for name in programs:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o700)
    return str(directory)


def made(directory: Path) -> list[Path]:
    """A wheel with one program, `probe`."""
    directory.mkdir()
    wheel, info = directory / "probe-1.0-py3-none-any.whl", "probe-1.0.dist-info"
    files = {
        "probe.py": "def main():\n    print('it works')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nprobe = probe:main\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
    return [wheel]


def test_no_page_installs_studioctl_from_an_index_which_has_none() -> None:
    """Only an extra of what is installed already comes from one, into the Python that has it."""
    top = Path(__file__).parents[2]
    commands = [
        command
        for page in (top / "README.md", *(top / "docs").rglob("*.md"))
        for command in re.findall(r"[^`\n]*\binstall '?studioctl\b[^`\n]*", page.read_text(encoding="utf-8"))
    ]

    assert commands
    assert [command for command in commands if not re.match(r"python -m pip install 'studioctl\[\w+\]'", command)] == []
