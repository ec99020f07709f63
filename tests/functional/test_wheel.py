"""studioctl as a wheel, in a clean environment, without extras: every command answers or says what to install.

The environment's package index is what is installed here, so studioctl itself is on none: just as for its users.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests import forkserver
from tests.functional import every_command, wheelhouse
from tests.functional.conftest import PASSED_ON, Done
from tests.functional.warmth import warm_provider
from tests.generated import ROOT

from studioctl.errors import ExitCode

pytestmark = pytest.mark.terraform

FEW = 10  # commands, of which each loads what it needs
EXTRAS = ("local", "terraform", "audit")
# What is typed for each argument.
WORDS = {
    "action": "request",
    "asked": "network.cidr",
    "command": "plan",
    "directory": "documents",
    "file": "objective.py",
    "file_system": "fs-0123456789abcdef0",
    "host": "github",
    "key": "domain_id",
    "kind": "throttling",
    "lock_id": "3d20d141-88c4-bb14-d677-88c5c9ec329a",
    "name": "github",
    "names": "grace",  # who is in the file
    "people_file": "people.csv",
    "plan_file": "",  # may be left out
    "policy": "studio.toml",
    "role": "plan",
    "serial": "1",
    "source": "-",
    "space": "grace-editor",
    "tag": "torch-1",
    "topic": "live-in-it",
    "usd": "20",
    "user": "grace",
    "where": "s3://acme-copies",
    "words": "ResourceInUse",
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:space/d-kq3m0w8xv2ab/grace-editor"
# These ask the emulator that runs, and start none. There is no user of the name that is typed, so nobody is asked, and
# a CSV file is read without AWS.
ASK_ONLY = ("emulator status", "emulator stop", "ssh-proxy", "user remove", "user import")
# These are typed here without an option that they need, which is told first.
LACK_AN_OPTION = ("ci init", "ci trust", "cost", "tune delete", "tune export", "tune logs", "tune run")
RUN_AN_ENGINE = ("plan", "up", "down", "outputs", "why", "state history", "state restore", "state unlock")
NAME_AN_ENGINE = ("doctor", "version")
TO_INSTALL = re.compile(r"(\S+ -m pip install 'studioctl\[(\w+)\]')")

Answers = Mapping[tuple[str, ...], Done]


@dataclass
class Clean:
    """An environment with nothing but the wheel, and a home with nothing but a studio.toml.

    Args:
        python: The environment's.
        home: Where commands run. No program is on PATH.
        wheels: By how each was built: from the tree, and from the source distribution.
        index: Variables that make pip use the wheelhouse alone.
        tree: The command tree, as `every_command.tree` tells it.
    """

    python: Path
    home: Path
    wheels: Mapping[str, Path]
    index: Mapping[str, str]
    tree: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def world(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ and name != "PATH"}
        return {
            **inherited,
            "HOME": str(self.home),
            "PATH": str(self.home / "nothing"),
            "COLUMNS": "80",
            "AWS_EC2_METADATA_DISABLED": "true",
            "STUDIOCTL_EMULATOR_DIR": str(self.home / "emulator"),
        }

    def ask(self, commands: Sequence[tuple[str, ...]]) -> Answers:
        """Run the commands one after the other, and keep their output."""
        load = (*forkserver.COMMAND, "rich.markdown", "typer.rich_utils") if len(commands) > FEW else ()
        asked = json.dumps({"load": load, "run": commands})
        told = _run(
            [str(self.python), every_command.__file__],
            env={**self.world, **warm_provider()},
            cwd=self.home,
            input=asked,
        )
        found = json.loads(told)
        self.tree = found["tree"]
        return {command: Done(*done) for command, done in zip(commands, found["done"], strict=True)}

    def calls(self) -> list[tuple[str, ...]]:
        """Each command as one would type it; on AWS and with `--local`, where it knows both."""
        typed = [
            (
                *each["path"],
                *filter(None, (ARN if each["path"] == ["ssh-proxy"] else WORDS[word] for word in each["arguments"])),
                *flags,
            )
            for each in self.tree
            for flags in ((), ("--local",))
            if not flags or "--local" in each["flags"]
        ]
        return sorted(typed, key=lambda words: words[:2] == ("emulator", "stop"))  # the others may need one that runs


def _is(command: Sequence[str], names: Sequence[str]) -> bool:
    return any(command[: len(name.split())] == tuple(name.split()) for name in names)


def _lacking(command: Sequence[str]) -> set[str]:
    """The extra that the command cannot do without."""
    if _is(command, ASK_ONLY + LACK_AN_OPTION):
        return set()
    if command[0] in {"tune", "ui"}:
        return {command[0]}
    if "--local" in command or command[0] == "emulator":
        return {"local", "terraform"} if command[0] == "doctor" else {"local"}
    if command[0] == "audit":
        return {"audit"}
    return {"terraform"} if _is(command, RUN_AN_ENGINE + NAME_AN_ENGINE) else set()


def _hints(done: Done) -> dict[str, str]:
    """The commands that a message names, by the extra that they install."""
    return {match[2]: match[1] for match in TO_INSTALL.finditer(done.out + done.err)}


def _run(command: Sequence[str], **options: Any) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def _copy(tree: Path) -> Path:
    """The files that git knows, or would add."""
    listed = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clean]:
    """Everything that is slow, once."""
    base = tmp_path_factory.mktemp("wheel")
    house, home, tree = (base / name for name in ("house", "home", "tree"))
    for directory in (house, home, tree):
        directory.mkdir()
    _copy(tree)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    backend = tomllib.loads((tree / "pyproject.toml").read_text())["build-system"]["requires"]
    _run([*pip, "download", "--dest", str(house), *backend])  # the one thing that is not installed here
    wheelhouse.fill(house, f"studioctl[{','.join(EXTRAS)}]")
    index = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(house),
        "PIP_NO_COMPILE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    bare = {"HOME": str(home), "PATH": os.environ["PATH"], **index}
    _run([*pip, "install", "--target", str(base / "backend"), *backend], env=bare)
    _run(
        [
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "--target",
            "sdist",
            "--target",
            "wheel",
            "--directory",
            str(base),
        ],
        cwd=tree,
        env=bare | {"PYTHONPATH": str(base / "backend")},
    )
    (source,) = base.glob("studioctl-*.tar.gz")
    _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(base / "from-sdist"), str(source)], env=bare, cwd=base)
    wheels = {
        name: next(directory.glob("studioctl-*.whl"))
        for name, directory in (("tree", base), ("sdist", base / "from-sdist"))
    }
    python = wheelhouse.environment(base / "venv")
    _run([str(python), "-m", "pip", "install", "--quiet", str(wheels["tree"])], env=bare, cwd=home)
    made = Clean(python, home, wheels, index)
    try:
        yield made
    finally:
        made.ask([("emulator", "stop")])
        shutil.rmtree(base)


@pytest.fixture(scope="module")
def answers(clean: Clean) -> Answers:
    """The output of each command while no extra is installed, beside a fresh studio.toml."""
    clean.ask([("init", "--name", "acme-ml", "--region", "us-east-1", "--user", "grace")])
    file = clean.home / "studio.toml"
    text = file.read_text()
    file.write_text(text.replace("# docker = true", "docker = false"))  # `editor test` would download it
    return clean.ask(clean.calls())


def _content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_tree_and_source_distribution_make_the_same_wheel(clean: Clean) -> None:
    content = _content(clean.wheels["tree"])

    assert content == _content(clean.wheels["sdist"])
    assert {"studioctl/py.typed", "studio_emulator/py.typed"} <= set(content)
    for page in (ROOT / "docs").glob("*/*.md"):
        assert content[f"studioctl/docs/{page.relative_to(ROOT / 'docs')}"] == page.read_bytes()
    for file in (ROOT / "src").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert content[str(file.relative_to(ROOT / "src"))] == file.read_bytes()


def test_every_command_explains_itself(clean: Clean, answers: Answers) -> None:
    helped = clean.ask([(*each["path"], "--help") for each in clean.tree])

    for each in clean.tree:
        path = tuple(each["path"])
        done = helped[(*path, "--help")]
        assert (done.code, done.err) == (0, "")
        assert f"Usage: {' '.join(('studioctl', *path))} " in done.out
        if each["is_group"]:
            assert answers[path] == done
    assert answers["help", "plan"] == helped["plan", "--help"]


def test_every_command_answers_or_says_what_to_install(clean: Clean, answers: Answers) -> None:
    groups = {tuple(each["path"]) for each in clean.tree if each["is_group"]}
    for command, done in answers.items():
        said = f"{command}: {done}"
        assert done.code in {*map(int, ExitCode)} - {ExitCode.INTERRUPTED}, said
        assert "Traceback" not in done.err, said
        assert "has a bug" not in done.err, said
        assert not done.err.startswith("Error: ") or "\nNext:  " in done.err, said
        wanted = set() if command in groups else _lacking(command)
        assert _hints(done) == {e: f"{clean.python} -m pip install 'studioctl[{e}]'" for e in wanted}, said


def test_what_needs_no_extra_works(clean: Clean, answers: Answers) -> None:
    schema = json.loads((ROOT / "studio.schema.json").read_text())
    asked = clean.ask([("--version",), ("docs", "--json"), ("schema",)])
    version = asked["--version",].out

    assert re.fullmatch(r"studioctl \d+\.\d+\.\d+\n", version)
    assert answers["version",].out.startswith(version.replace(" ", "  "))
    assert answers["validate",].code == 0
    assert answers["synth", "documents"].code == 0
    assert (clean.home / "documents/sagemaker.tf.json").is_file()
    assert json.loads(asked["schema",].out) == schema
    names = [page["name"] for page in json.loads(asked["docs", "--json"].out)]
    shown = clean.ask([("docs", name) for name in names])
    texts = {page.read_text().rstrip("\n") + "\n" for page in (ROOT / "docs").glob("*/*.md")}
    assert {done.out for done in shown.values()} == texts


def test_the_shell_completes(clean: Clean) -> None:
    studioctl = clean.python.parent / "studioctl"
    script = _run(["/bin/bash", "-c", f"'{studioctl}' --show-completion; :"], env=clean.world, cwd=clean.home)
    typed = {"_STUDIOCTL_COMPLETE": "complete_bash", "COMP_WORDS": "studioctl sta", "COMP_CWORD": "1"}

    assert "complete -o default -F _studioctl_completion studioctl" in script
    completed = _run([str(studioctl)], env=clean.world | typed, cwd=clean.home)
    assert completed.split() == ["start", "status", "state"]


def _install(clean: Clean, done: Done, extra: str) -> None:
    """Runs what a message says, as it was printed."""
    _run(["/bin/sh", "-c", _hints(done)[extra]], env={**clean.world, **clean.index}, cwd=clean.home)


def test_what_a_message_says_to_install_is_what_was_missing(clean: Clean, answers: Answers) -> None:
    """The last one: afterwards the environment is not bare any more."""
    _install(clean, answers["plan", "--local"], "local")
    known = clean.ask([command for command, done in answers.items() if "local" in _hints(done)])
    for command, done in known.items():
        assert "has a bug" not in done.err, f"{command}: {done}"
        lack = {"audit": {"audit"}, "report": {"ui"}}.get(command[0], {"terraform"})  # a report's picture
        assert set(_hints(done)) == (lack if _is(command, (*RUN_AN_ENGINE, "doctor", "audit", "report")) else set()), (
            done
        )

    _install(clean, known["plan", "--local"], "terraform")
    planned = clean.ask([("plan", "--local")])["plan", "--local"]
    assert planned.code == ExitCode.CHANGES, planned
    assert "In AWS: 35 to create." in planned.out.splitlines()

    _install(clean, answers["audit",], "audit")
    assert "cloudsplaining is not installed" not in clean.ask([("audit",)])["audit",].out
