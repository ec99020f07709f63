"""What `studioctl ci init` writes, and shells that run it with programs that only note what they are asked."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from studioctl.cli import main

FILE = """\
name = "acme-ml"
region = "eu-west-1"
users = [{ name = "ada" }]

[state]
backend = "s3"
bucket = "acme-tfstate"
"""
PACKAGE = "studioctl[terraform] @ https://pkgs.acme.example/studioctl.whl"
GIVEN = ("--repository", "acme/studio", "--account", "123456789012")
# A tag can be moved to other code by whoever may push there; a commit is what it is.
PINNED = re.compile(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", re.MULTILINE)
WRITTEN = {"github": ".github/workflows/studioctl-acme-ml.yml", "gitlab": ".gitlab/studioctl-acme-ml.yml"}
# `plan` writes its file also where `up` would refuse it, but not where `plan` itself was refused.
STUDIOCTL = """\
#!/bin/sh
echo "studioctl $*" >> asked
case "$*$CODE" in
  validate*) exit ;;
  *--out*[24]) [ -n "$NO_PLAN" ] || echo reviewed > reviewed/plan.json ;;
esac
exit "${CODE:-0}"
"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main.run([*words])
    return (code, *capsys.readouterr())


def wrote(capsys: pytest.CaptureFixture[str], host: str) -> Any:
    code, out, err = run(capsys, "ci", "init", host, *GIVEN, "--package", PACKAGE)
    assert (code, out) == (0, ""), err
    text = Path(WRITTEN[host]).read_text(encoding="utf-8")
    filled = PINNED.sub("", text.replace(PACKAGE, "").replace("@plan.md", "").replace('"$@"', ""))
    assert "@" not in filled
    return read(WRITTEN[host])


def read(file: str) -> Any:
    return yaml.safe_load(Path(file).read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]


def shell(repository: Path, programs: Mapping[str, str], *words: str, **variables: str) -> tuple[int, str, list[str]]:
    """The exit code of a script in the directory `work`, what it said, and what it asked the programs."""
    place, beside = repository / "work", repository / "programs"
    for directory in (place, beside):
        directory.mkdir(exist_ok=True)
    for name, text in {"studioctl": STUDIOCTL, **programs}.items():
        (beside / name).write_text(text, encoding="utf-8")
        (beside / name).chmod(0o700)
    environment = {"PATH": f"{beside}:{os.environ['PATH']}", **variables}
    done = subprocess.run([*words], cwd=place, env=environment, capture_output=True, text=True, check=False)
    asked = place / "asked"
    return done.returncode, done.stdout + done.stderr, asked.read_text().splitlines() if asked.exists() else []
