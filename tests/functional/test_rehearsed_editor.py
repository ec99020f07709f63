"""`studioctl editor test`: what a person sees, and what a program reads."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from tests.functional.conftest import STUDIOCTL, Shell
from tests.generated import ROOT

from studio_emulator.sandbox.reach import passed_on

STUDIO = """\
name = "acme-ml"
region = "us-east-1"
users = [{ name = "ada" }]
studio = { docker = false }

[editor]
"""


def test_two_starts_side_by_side(shell: Shell) -> None:
    shell.write(STUDIO + 'settings = { "files.eol" = "\\n" }\ngit = { "user.name" = "Ada" }\n')
    done = shell.studioctl("editor", "test", "--image", "2.4")

    rows = [line.split() for line in done.out.splitlines() if line.strip() and "──" not in line]
    assert rows[0] == ["step", "cold", "warm", "what", "came", "of", "it"]
    cells = {row[0]: (row[2], row[4]) for row in rows[1:-1]}
    assert cells == dict.fromkeys(("environment", "git", "settings"), ("done", "unchanged"))
    assert rows[-1][:3] == ["the", "app", "waits"]
    assert "First start on image 2.4, in an empty home\n" in done.err
    assert re.search(r"^  ✓ done git  \d+s  user\.name$", done.err, re.MULTILINE)
    assert "Second start, in the home of the first\n" in done.err


def test_a_program_reads_it_and_finds_what_was_kept(shell: Shell) -> None:
    shell.write(STUDIO + 'extra_script = "own.sh"\n')
    shell.write("#!/bin/bash\necho $SAGEMAKER_APP_TYPE $AWS_PROFILE > $HOME/own; exit 3\n", "own.sh")
    told = Shell(shell.directory, {**shell.variables, "AWS_PROFILE": "real", "TMPDIR": str(shell.directory)})
    done = told.studioctl("editor", "test", "--json", "--keep", expect=1)

    found = json.loads(done.out)
    assert (found["failed"], found["image"]) == (True, "4.0")
    assert found.keys() == {"failed", "image", "root", "cold", "warm", "notes"}
    for start in ("cold", "warm"):
        assert found[start].keys() == {"seconds", "exit_code", "steps", "output"}
        assert found[start]["exit_code"] == 0
        (own,) = [step for step in found[start]["steps"] if step["name"].startswith("extra")]
        assert own["state"] == "failed"
        assert (own["detail"], own["log"]) == ("exit code 3", [])
    root = Path(found["root"])
    assert root.is_relative_to(shell.directory)
    assert (root / "home/sagemaker-user/own").read_text() == "CodeEditor\n"


def test_a_strict_script_says_that_the_app_would_fail(shell: Shell) -> None:
    shell.write(STUDIO + 'extra_script = "own.sh"\nstrict = true\n')
    shell.write("#!/bin/bash\necho no $SAGEMAKER_APP_TYPE here; printf '\\e[2Jwhy\\n'; exit 3\n", "own.sh")
    done = shell.studioctl("editor", "test", expect=1)
    assert "The script of the first start ended with 1: SageMaker would fail the app.\n" in done.err
    assert (
        "\nWhat extra-script said last:\n  no CodeEditor here\n  [2Jwhy\n\nNext:\n  studioctl editor test" in done.err
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--image", "1.9"), "'1.9' is no version of SageMaker Distribution that studioctl knows: 2.0 to 4.x."),
        (("--user", "bob"), "'bob' is not a user in studio.toml. There are: ada."),
    ],
)
def test_what_does_not_exist_is_told(shell: Shell, flags: tuple[str, ...], message: str) -> None:
    shell.write(STUDIO)
    assert message in shell.studioctl("editor", "test", *flags, expect=64).err


def test_a_tool_is_really_installed(shell: Shell) -> None:
    """From PyPI, in an empty home, and not again in a second start."""
    shell.write(STUDIO + 'tools = ["pycowsay==0.0.0.2"]\n')
    variables = {**shell.variables, **passed_on(os.environ), "TMPDIR": str(shell.directory)}
    done = Shell(shell.directory, variables).studioctl("editor", "test", "--json", "--keep")
    found = json.loads(done.out)
    cold, warm = ({step["name"]: step for step in found[start]["steps"]} for start in ("cold", "warm"))
    assert (cold["tools"]["state"], warm["tools"]["state"]) == ("done", "unchanged")
    assert found["warm"]["seconds"] < found["cold"]["seconds"]
    program = (Path(found["root"]) / "home/sagemaker-user/.local/bin/pycowsay").readlink()
    assert program.is_relative_to("/home/sagemaker-user/.local/share/studioctl/tools")
    assert (Path(found["root"]) / program.relative_to("/")).is_file()
    shutil.rmtree(found["root"])


def test_the_emulator_runs_it_as_the_how_to_says(shell: Shell) -> None:
    """The page's own commands, from the file to the log of a second start."""
    page = (ROOT / "docs/how-to/set-up-the-editor.md").read_text()
    (block,) = (block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "--run-lifecycle" in block)
    shell.write(STUDIO + 'settings = { "files.eol" = "\\n" }\ngit = { "user.name" = "Ada" }\n')
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))

    def states(commands: str) -> list[list[str]]:
        done = subprocess.run(
            ["/bin/sh", "-ec", commands],
            cwd=shell.directory,
            env={**shell.environment, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said = (line.partition("[studioctl] ")[2].split() for line in done.stdout.splitlines())
        return sorted(words[:2] for words in said if words)

    first = [["environment", "done"], ["git", "done"], ["settings", "done"], ["summary", "done"]]
    assert states(block) == first
    again = block.split("--yes\n")[1].replace("studioctl start", "studioctl restart")
    second = [[name, "unchanged"] for name in ("environment", "git", "settings")]
    assert states(again) == sorted([*first, *second, ["summary", "done"]])


def test_scripts_run_only_in_an_emulator_that_was_told_to(shell: Shell) -> None:
    shell.studioctl("emulator", "start", "--quota", "L-AC46C40F=5")
    assert shell.studioctl("emulator", "start").out.startswith("running at http://127.0.0.1:")
    other = ("--run-lifecycle", "--lifecycle-network", "none", "--quota", "L-AC46C40F=5")
    refused = shell.studioctl("emulator", "start", *other, expect=1)
    assert refused.err == (
        "Error: The emulator runs already, and not as these say: --run-lifecycle, --lifecycle-network.\n"
        f"Next:  studioctl emulator stop && studioctl emulator start {' '.join(other)}"
        "   (everything in it will be gone)\n"
    )
    shell.studioctl("emulator", "stop")
    shell.studioctl("emulator", "start", "--run-lifecycle", "--lifecycle-seconds", "20")
    assert json.loads(shell.studioctl("emulator", "status", "--json").out)["emulator"]["runs_lifecycle"] is True


@pytest.mark.parametrize(
    ("bubblewrap", "why", "remedy"),
    [
        ("", "They are made by bubblewrap, and there is no program 'bwrap'.", "install the package bubblewrap"),
        ("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n", "bwrap: No permissions", ""),
    ],
)
def test_where_no_namespace_can_be_had_nothing_runs(shell: Shell, bubblewrap: str, why: str, remedy: str) -> None:
    """With another bubblewrap in its place, in a view of the file system that only these commands have."""
    instead = shell.directory / "bwrap"
    instead.write_text(bubblewrap)
    instead.chmod(0o755 if bubblewrap else 0o644)
    (shell.directory / "own.sh").write_text("#!/bin/bash\ntouch /tmp/ran\n")
    real = shutil.which("bwrap")
    assert real is not None
    covered = f"mount --bind {instead} {real} && exec {STUDIOCTL} "
    as_root = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]

    for words in (
        "emulator start --run-lifecycle",
        "editor test --script own.sh",
        "editor test --script own.sh --json",
    ):
        done = subprocess.run(
            [*as_root, "sh", "-c", covered + words],
            cwd=shell.directory,
            env=shell.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        said = " ".join(done.stderr.split())
        assert "Error: A lifecycle script is rehearsed only in separate namespaces" in said
        assert why in said
        assert f"Next: {remedy}" in said
    assert json.loads(shell.studioctl("emulator", "status", "--json", expect=1).out)["running"] is False
    assert not Path("/tmp/ran").exists()
