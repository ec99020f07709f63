"""The run of checkov and the reading of its output; the real one runs in test_examples."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from studioctl.audit import checkov
from studioctl.audit.checkov import Failure
from studioctl.audit.least_privilege import EngineMissingError
from studioctl.extras import installing_program
from studioctl.infrastructure import blueprint
from studioctl.target import Target
from studioctl.terraform.document import render
from tests.environments import environment
from tests.remedies import claimed, made_from

DOCUMENTS = render(blueprint.build(environment()), Target("us-east-1"))
SUMMARY = {"passed": 3, "failed": 1, "checkov_version": "3.3.30"}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def answering(programs: Path, answer: Any, *, code: int = 0) -> dict[str, str]:
    """The environment of a machine whose checkov says this, and writes down what it was given."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    (programs / "answer").write_text(text)
    program = programs / "checkov"
    program.write_text(
        f"#!/bin/sh\nenv >{programs}/environment\nls >{programs}/files\ncat {programs}/answer\nexit {code}\n"
    )
    program.chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "AWS_SECRET_ACCESS_KEY": "not-for-checkov", "HOME": "/root"}


def failing(file: str, block: str) -> dict[str, Any]:
    """A failed check of the block whose first line in a document this is."""
    whole = json.loads(DOCUMENTS[file])
    lines = json.dumps({kind: whole[kind] for kind in ("data", "resource") if kind in whole}, indent=2).splitlines()
    line = lines.index(f"      {block}: {{") + 1
    record = {"check_id": "CKV_X_1", "check_name": "Ensure x", "file_path": f"/{file}"}
    return {"summary": SUMMARY, "results": {"failed_checks": [{**record, "file_line_range": [line, line + 3]}]}}


@pytest.mark.parametrize(
    ("file", "block", "address"),
    [
        ("vpc.tf.json", '"available"', "data.aws_availability_zones.available"),
        ("ecr.tf.json", '"images"', "aws_ecr_repository.images"),
        ("sagemaker.tf.json", '"studio"', "aws_sagemaker_domain.studio"),
    ],
)
def test_a_failure_has_terraforms_address(programs: Path, file: str, block: str, address: str) -> None:
    result = checkov.scan(DOCUMENTS, answering(programs, failing(file, block), code=1))

    assert result.failures == (Failure("CKV_X_1", "Ensure x", address),)
    assert (result.scan.passed, result.scan.failed, result.scan.version) == (3, 1, "3.3.30")


def test_it_sees_the_documents_and_nothing_of_ours(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    checkov.scan(DOCUMENTS, answering(programs, {"summary": SUMMARY, "results": {}}))
    environment_of_it = (programs / "environment").read_text()

    assert "iam.tf.json" in (programs / "files").read_text().split()
    assert "main.tf.json" not in (programs / "files").read_text().split()  # nothing that it checks is in it
    assert "not-for-checkov" not in environment_of_it
    assert "HOME=/root" not in environment_of_it
    assert list(tmp_path.iterdir()) == [programs]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Traceback: no", "checkov failed: Traceback: no"),
        ("", "checkov failed: exit code 2"),
        ({"passed": 0, "failed": 0}, "checkov checked nothing."),
        ({"summary": SUMMARY, "results": {"parsing_errors": ["/tmp/x/iam.tf.json"]}}, "could not read iam.tf.json."),
        ([], "checkov checked nothing."),
    ],
)
def test_what_it_did_not_check_is_not_taken_for_clean(programs: Path, answer: Any, message: str) -> None:
    with pytest.raises(EngineMissingError, match=message):
        checkov.scan(DOCUMENTS, answering(programs, answer, code=2))


def test_without_it_the_way_to_get_it_is_told() -> None:
    with pytest.raises(EngineMissingError) as raised:
        checkov.scan(DOCUMENTS, {"PATH": "/nowhere"})

    assert raised.value.hint == installing_program("checkov", "/nowhere")


def test_one_that_does_not_end_is_run_again(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = answering(programs, {"summary": SUMMARY, "results": {}})
    answers = (programs / "checkov").read_text()
    (programs / "checkov").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(checkov, "SECONDS", 0.2)
    with pytest.raises(EngineMissingError, match="did not end") as raised:
        checkov.scan(DOCUMENTS, environ)
    monkeypatch.undo()
    walked = made_from(raised.value.hint, "studioctl.audit.checkov")
    (programs / "checkov").write_text(answers)
    assert checkov.scan(DOCUMENTS, environ).scan.passed == 3

    assert claimed("tests/unit/audit/test_checkov.py::test_one_that_does_not_end_is_run_again") == walked
