"""Every console block of the README and of docs/ is run as it stands, and shows what it says.

A line `...` stands for any lines. Ids, times and addresses differ from run to run and are compared as such.
"""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from tests import forkserver
from tests.functional.conftest import Shell
from tests.functional.warmth import knows_the_provider
from tests.generated import ROOT

from studioctl.terraform import executable, provider

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
VARIABLE = (
    (re.compile(r"d-[a-z0-9]{12}"), "d-ID"),
    (re.compile(r"127\.0\.0\.1:\d+, process \d+, log .*"), "127.0.0.1:PORT"),
    (re.compile(r"  (\d+m )?\d+s"), "  TIME"),
    (re.compile(r"  [12]m  "), "  0m  "),  # an app that runs for a minute or two has begun
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
)
# A plan with changes, the tutorial's mistake, and what the doctor and an audit find.
ALLOWED_CODES = {"plan": 2, "validate": 3, "doctor": 1, "audit": 2}


def steps(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command of a page with the output that the page shows."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            yield command, output


def normal(text: str) -> list[str]:
    for pattern, word in VARIABLE:
        text = pattern.sub(word, text)
    # A reminder of what takes longer than ten seconds comes only on a busy machine.
    return [line.rstrip() for line in text.splitlines() if not line.startswith("  … ")]


def matches(shown: list[str], real: list[str]) -> bool:
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None


def engine_on_path(directory: Path) -> Path:
    """A directory with a program `terraform`: the engine that studioctl uses here, which may be the bundled one.

    It takes the provider from where studioctl takes it, also for a file that studioctl did not write.
    """
    directory.mkdir()
    program = directory / "terraform"
    engine, rules = executable.find(), directory / "terraform.rc"
    if mirror := provider.find(os.environ, engine.registry):
        rules.write_text(provider.cli_config(mirror, {"TF_CLI_CONFIG_FILE": os.devnull}), encoding="utf-8")
    lines = ("#!/bin/sh", f'export TF_CLI_CONFIG_FILE="${{TF_CLI_CONFIG_FILE-{rules}}}"' * rules.exists())
    program.write_text("\n".join((*lines, f'exec {shlex.join(engine.command)} "$@"\n')), encoding="utf-8")
    program.chmod(0o755)
    return directory


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Shell]:
    """A directory beside the examples, with the product on PATH and an emulator of its own."""
    directory = tmp_path / "acme-ml"
    directory.mkdir()
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    programs = engine_on_path(tmp_path / "bin")
    forkserver.commands().write_program(programs / "studioctl")
    path = os.pathsep.join((str(programs), sysconfig.get_path("scripts"), os.environ["PATH"]))
    world = {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator"), "PATH": path, "USER": "ada", "LC_ALL": "C.UTF-8"}
    shell = Shell(directory, world)
    yield shell
    shell.studioctl("emulator", "stop")


def marked(page: Path) -> ParameterSet:
    """The page with its tier."""
    commands = " ".join(command for command, _ in steps(page))
    runs = len(re.findall(r"studioctl (?:up|plan|down|state)\b|terraform ", commands))
    marks = [pytest.mark.life] if runs > 2 else [pytest.mark.terraform] if runs else []
    return pytest.param(page, marks=marks, id=str(page.relative_to(ROOT)))


@pytest.mark.parametrize("page", [marked(page) for page in PAGES if any(steps(page))])
def test_the_page_shows_what_happens(page: Path, place: Shell) -> None:
    # A guard's archive is beside the documents: the warm provider runs elsewhere, and does not find it.
    is_cold = any("[limits]" in command for command, _ in steps(page))
    if is_cold:
        knows_the_provider(place.directory)
    environ = place.environment if is_cold else place.warm
    for command, output in steps(page):
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=place.directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        allowed = {0, *(code for verb, code in ALLOWED_CODES.items() if f"studioctl {verb}" in command)}
        assert done.returncode in allowed, f"$ {command}\n{done.stdout}"
        shown, real = normal("\n".join(output)), normal(done.stdout)
        assert matches(shown, real), "\n".join([f"$ {command}", "--- the page", *shown, "--- for real", *real])


def test_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"
