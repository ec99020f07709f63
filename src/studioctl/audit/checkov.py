"""Runs checkov on Terraform's documents: https://www.checkov.io. It runs as a separate process.

It pins boto3 and many other libraries to versions that conflict with ours, so it is not a dependency. studioctl looks
for it on PATH, where it has a separate environment.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studioctl.audit.least_privilege import EngineMissingError
from studioctl.audit.report import Scan
from studioctl.extras import installing_program
from studioctl.target import no_way_out

ENGINE = "checkov"
SECONDS = 120.0  # it takes five on two idle cores
# It checks no other kinds of blocks, and skips a whole document because of some (`moved`, comments in `terraform`).
CHECKED = ("data", "resource")
PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")  # no credentials: it needs none
_ENTRY = re.compile(r'^ {6}"([^"]+)": \{$')
_TYPE = re.compile(r'^ {4}"([^"]+)": \{$')
_KIND = re.compile(r'^ {2}"(data|resource)": \{$')


@dataclass(frozen=True)
class Failure:
    """A check that failed: checkov's id and title, and Terraform's address of what failed it."""

    id: str
    title: str
    address: str


@dataclass(frozen=True)
class Result:
    """The counts of a scan, and the failed checks."""

    scan: Scan
    failures: tuple[Failure, ...]


def scan(documents: Mapping[str, str], environ: Mapping[str, str]) -> Result:
    """Checks Terraform's JSON documents.

    Args:
        documents: File name -> text, as `terraform.document.render` writes them.
        environ: Our own environment, whose PATH is searched.

    Raises:
        EngineMissingError: It is not on PATH, or did not answer, or could not read a document.
    """
    program = shutil.which(ENGINE, path=environ.get("PATH"))
    if program is None:
        raise EngineMissingError("checkov is not on PATH.", hint=installing_program(ENGINE, environ.get("PATH")))
    checked = {name: text for name, whole in documents.items() if name.endswith(".tf.json") and (text := _part(whole))}
    with TemporaryDirectory(prefix="studioctl-audit-") as directory:
        for name, text in checked.items():
            (Path(directory) / name).write_text(text, encoding="utf-8")
        answer = _run(program, Path(directory), environ)
    return _result(answer, checked)


def _part(document: str) -> str:
    """Return the part of a document that checkov checks; empty if there is none."""
    kept = {kind: blocks for kind, blocks in json.loads(document).items() if kind in CHECKED}
    return json.dumps(kept, indent=2) if kept else ""


def _run(program: str, directory: Path, environ: Mapping[str, str]) -> Any:
    # In an empty home and directory no configuration of the user's changes what is checked.
    kept = {name: environ[name] for name in PASSED_ON if name in environ}
    framework = ("--framework", "terraform_json", "--output", "json", "--compact", "--skip-download")
    try:
        done = subprocess.run(
            (program, "--directory", ".", *framework),
            cwd=directory,
            env={**kept, **no_way_out(), "HOME": str(directory)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineMissingError(f"checkov did not end within {SECONDS:g} s.", hint="run it again") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = (done.stderr or done.stdout).strip().splitlines()
        last = said[-1] if said else f"exit code {done.returncode}"
        raise EngineMissingError(f"checkov failed: {last}", hint=f"see whether it runs: {program} --version") from None


def _result(answer: Any, documents: Mapping[str, str]) -> Result:
    summary = answer.get("summary", answer) if isinstance(answer, dict) else {}
    results = answer.get("results", {}) if isinstance(answer, dict) else {}
    unread = [Path(name).name for name in results.get("parsing_errors", ())]
    if unread or not summary.get("passed"):
        what = f"could not read {', '.join(unread)}" if unread else "checked nothing"
        raise EngineMissingError(f"checkov {what}.", hint=installing_program(ENGINE, newer=True))
    failures = [_failure(each, documents) for each in results.get("failed_checks", ())]
    counted = Scan(ENGINE, summary["checkov_version"], summary["passed"], summary["failed"])
    return Result(counted, tuple(sorted(set(failures), key=lambda each: (each.id, each.address))))


def _failure(record: Mapping[str, Any], documents: Mapping[str, str]) -> Failure:
    document = documents[Path(record["file_path"]).name].splitlines()
    return Failure(record["check_id"], record["check_name"], _address(document, record["file_line_range"][0]))


def _address(document: list[str], line: int) -> str:
    """The address of the block that begins on this line, from 1. checkov's name lacks the type, so two may share it."""
    above = document[:line]
    label, kind, block = (
        next((found[1] for text in reversed(above) if (found := pattern.match(text))), "")
        for pattern in (_ENTRY, _TYPE, _KIND)
    )
    return f"{'data.' if block == 'data' else ''}{kind}.{label}"
