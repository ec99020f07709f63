"""Every code that the emulator can answer is explained, and every command in an explanation is one."""

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import fault_answers
from studioctl.catalog.troubles import matching, troubles
from tests.commands import follow

EMULATOR = Path(fault_answers.__file__).parent
MOTO = Path(str(importlib.util.find_spec("moto").origin)).parent  # type: ignore[union-attr]
SERVICES = ("ec2", "ecr", "efs", "iam", "kms", "logs", "s3", "sagemaker", "secretsmanager", "sts")
# A code stands in a class, or is the first argument of an error.
CODE = re.compile(
    r"""(?:code|error_type)\s*=\s*"([A-Z]\w+(?:\.\w+)*)"|__init__\(\s*"([A-Z]\w+(?:\.\w+)*)"|Said\("([A-Z][\w.]+)\""""
)


NO_CAPACITY = fault_answers.NO_CAPACITY.format(instance_type="ml.g5.xlarge", zone="us-east-1a")
NOT_ALLOWED = (
    "operation error SageMaker: CreateDomain, https response error StatusCode: 400, api error AccessDeniedException:"
    " User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sagemaker:CreateDomain"
)
READING = re.compile(
    r"studioctl (status|doctor|logs|outputs|validate|version|state history|image list|editor script|emulator status)$"
    r"|aws [\w-]+ (get|list|describe)-|aws configure list|date -u$|terraform version$"
)


def codes() -> dict[str, str]:
    """Every code, with the file that has it."""
    files = [*EMULATOR.rglob("*.py"), *(MOTO / service / "exceptions.py" for service in SERVICES)]
    return {
        next(filter(None, found)): str(file)
        for file in files
        for found in CODE.findall(file.read_text(encoding="utf-8"))
    }


def test_every_code_that_the_emulator_can_answer_is_explained() -> None:
    found = codes()

    assert len(found) > 200
    assert {code: file for code, file in found.items() if not matching(code)} == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ResourceInUse", "something in Studio still uses it"),
        ("DependencyViolation", "something in the network still uses it"),
        ("InvalidVpcID.NotFound", "it does not exist"),
        ("ResourceLimitExceeded", "a quota is used up"),
        ("ExpiredTokenException", "credentials have expired"),
        ("BucketAlreadyExists", "the name is taken"),
        ("InvalidGroup.Duplicate", "the name is taken"),
        ("Throttling", "too many requests"),
        ("InternalFailure", "trouble at AWS"),
        ("ValidationException", "AWS does not take the request as it is"),
        ("Error acquiring the state lock", "the state is locked"),
        (NO_CAPACITY, "no capacity for the instance type"),
        (NOT_ALLOWED, "a permission is missing"),
    ],
)
def test_the_likeliest_comes_first(text: str, name: str) -> None:
    assert matching(text)[0].name == name


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert matching("foo") == ()


@pytest.mark.parametrize("trouble", troubles(), ids=lambda trouble: trouble.name)
def test_every_command_of_studioctl_is_one_and_has_the_options(trouble: Any) -> None:
    for line in (*trouble.look, *trouble.run):
        first, *words = shlex.split(line)
        if first != "studioctl":
            assert first in {"aws", "date", "terraform"}
            continue
        command, _ = follow(words)
        assert not hasattr(command, "commands"), line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("trouble", troubles(), ids=lambda trouble: trouble.name)
def test_what_only_looks_changes_nothing(trouble: Any) -> None:
    assert [line for line in trouble.look if not READING.match(line)] == []
