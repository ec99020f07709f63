"""Every code that the emulator can answer is explained, and every command in an explanation is one."""

import ast
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import fault_answers
from studioctl.catalog.troubles import matching, troubles
from tests.commands import follow

EMULATOR = Path(fault_answers.__file__).parent
MOTO = Path(str(importlib.util.find_spec("moto").origin)).parent  # type: ignore[union-attr]
IMPORTED = re.compile(r"^\s*(?:from|import) moto\.(\w+)", re.MULTILINE)
# Two words or more, as codes have: "InvalidVpcID.NotFound", "DryRunOperation".
CODE = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+(?:\.[A-Z]\w+)*")
RAISES = re.compile(r"(?:Error|Exception|Said|__init__)$")
NAMES = {"code", "error_type", "error_code"}
NO_CODES = {"UnspecifiedErrorCode", "GetFederationToken"}  # moto's word for none, and the name of a call


# "AlgorithmError: Exit Code: 1". Programs that stand in for others inside of a space write such lines too.
REASON = re.compile(r"(?:\w+Error|\w+Exception): ")

GENERAL = "AWS does not take the request as it is"
NO_CAPACITY = fault_answers.NO_CAPACITY.format(instance_type="ml.g5.xlarge", zone="us-east-1a")
NOT_ALLOWED = (
    "operation error SageMaker: CreateDomain, https response error StatusCode: 400, api error AccessDeniedException:"
    " User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sagemaker:CreateDomain"
)
READING = re.compile(
    r"studioctl (status|doctor|quotas|logs SPACE|tune logs STUDY --trial N|outputs|validate|version)$"
    r"|studioctl (state history|image list|editor script|emulator status)$"
    r"|aws [\w-]+ (get|list|describe)-|aws configure list|date -u$|terraform version$"
)


def files() -> list[Path]:
    """The emulator, and the services of moto that it imports."""
    ours = list(EMULATOR.rglob("*.py"))
    services = {name for file in ours for name in IMPORTED.findall(file.read_text(encoding="utf-8"))}
    return [*ours, *(file for name in sorted(services) for file in (MOTO / name).glob("exceptions.py"))]


def texts(node: ast.AST) -> Iterator[ast.expr]:
    """The places where a program names an error's code: the first argument, a keyword, or a variable."""
    if isinstance(node, ast.Call):
        called = str(getattr(node.func, "attr", getattr(node.func, "id", "")))
        if RAISES.search(called):
            yield from node.args[:1]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMES)
    elif isinstance(node, ast.Assign):
        yield from (node.value for target in node.targets if getattr(target, "id", "") in NAMES)
    elif isinstance(node, ast.AnnAssign) and node.value and getattr(node.target, "id", "") in NAMES:
        yield node.value


def codes() -> dict[str, str]:
    """Every code, with the file that has it."""
    found = {}
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for text in texts(node):
                value = getattr(text, "value", None)
                if isinstance(value, str) and CODE.fullmatch(value) and value not in NO_CODES:
                    found[value] = str(file)
    return found


def test_every_code_that_the_emulator_can_answer_is_explained() -> None:
    found = codes()
    explained = {code: matching(code) for code in found}

    assert {code: found[code] for code, troubles in explained.items() if not troubles} == {}
    # What nothing more particular fits is explained as a request that AWS does not take: no more than a third.
    general = [code for code, troubles in explained.items() if troubles and troubles[0].name == GENERAL]
    assert len(general) < len(found) / 3, general


def reasons() -> dict[str, str]:
    """Each reason that the emulator gives for a failed app, domain or job, with the file that has it."""
    found = {}
    for file in EMULATOR.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        parts = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in (node for node in nodes if node not in parts and "inside" not in file.parts):
            known = [getattr(part, "value", None) for part in getattr(node, "values", [node])]
            text = "".join(part if isinstance(part, str) else "..." for part in known)
            if REASON.match(text):
                found[text] = str(file)
    return found


def test_every_reason_that_the_emulator_gives_for_a_failure_is_explained() -> None:
    found = reasons()

    assert {text: file for text, file in found.items() if not matching(text)} == {}
    begins = {text.partition(":")[0] for text in found}
    assert begins >= {"AlgorithmError", "ClientError", "ConfigurationError", "InternalServerError"}


def test_the_codes_are_those_of_the_emulator() -> None:
    """Of each way in which a code is written there is one, so that none is overlooked."""
    found = codes()
    known = {"ResourceInUse", "NoSuchEntity", "DependencyViolation", "BucketNotEmpty", "ResourceLimitExceeded"}
    known |= {"InvalidIPAddress.InUse", "CannotDelete", "DryRunOperation", "RepositoryNotEmptyException"}

    assert known - found.keys() == set()
    assert {"events", "cloudtrail", "s3", "sagemaker", "ec2"} <= {file.parent.name for file in files()}
    assert len(found) > 200


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ResourceInUse", "something in Studio still uses it"),
        ("'p.json' is not what would be done now:", "the reviewed plan is not what would be done now"),
        ("InvalidDBClusterStateFault", "somebody else was faster"),
        ("LayersNotFoundException", "an image or a layer is not right"),
        ("DependencyViolation", "something in the network still uses it"),
        ("InvalidVpcID.NotFound", "it does not exist"),
        ("ResourceLimitExceeded", "a quota is used up"),
        ("ExpiredTokenException", "credentials have expired"),
        ("BucketAlreadyExists", "a bucket of this name belongs to another account"),
        ("BucketAlreadyOwnedByYou", "the name is taken"),
        ("DeleteConflict", "something is still attached to a role or a policy"),
        ("UnsupportedOperation", "the operation is not possible there"),
        ("AWS refused UpdateSpace: The space is busy.", "AWS refused a call"),
        ("The plan destroys these, and they hold data:", "up would delete data"),
        ("Error: There is no studio.toml.", "there is no studio.toml"),
        ("InvalidGroup.Duplicate", "the name is taken"),
        ("Throttling", "too many requests"),
        ("InternalFailure", "trouble at AWS"),
        ("ValidationException", "AWS does not take the request as it is"),
        ("Error acquiring the state lock", "the state is locked"),
        (NO_CAPACITY, "no capacity for the instance type"),
        (NOT_ALLOWED, "a permission is missing"),
        ("InvalidLocationConstraint", "another region"),
        ("CannotDelete", "something in the network still uses it"),
        ("AlgorithmError: ValueError: no such file, exit code: 1", "the program of a training job failed"),
        ("ClientError: No S3 objects found", "a training job cannot have its data, or keep its results"),
        ("botocore.exceptions.ClientError: An error occurred (Throttling) when calling", "too many requests"),
    ],
)
def test_the_likeliest_comes_first(text: str, name: str) -> None:
    assert matching(text)[0].name == name


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert matching("foo") == ()


@pytest.mark.parametrize("trouble", troubles(), ids=lambda trouble: trouble.name)
def test_every_command_of_studioctl_is_whole(trouble: Any) -> None:
    """It has its options, what it needs, and the space that it is about: it may be typed as it stands."""
    for line in (*trouble.look, *trouble.run):
        if re.fullmatch(r"the same command again(, .+)?", line):
            continue
        first, *words = shlex.split(line)
        if first != "studioctl":
            assert first in {"aws", "date", "terraform"}
            continue
        command, left = follow(words)
        given = [word for word in left if not word.startswith("-")]
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        needed = {"space", "study"} if "--all" not in words else set()
        wanted = [each.name for each in arguments if each.required or each.name in needed]
        assert len(given) >= len(wanted), (line, wanted)
        assert not hasattr(command, "commands"), line
        wanted = [each for each in command.params if each.param_type_name == "option" and each.required]
        assert [each.name for each in wanted if not {*each.opts} & {*words}] == [], line
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("trouble", troubles(), ids=lambda trouble: trouble.name)
def test_what_only_looks_changes_nothing(trouble: Any) -> None:
    assert [line for line in trouble.look if not READING.match(line)] == []


def test_messages_as_programs_write_them_are_explained() -> None:
    messages = tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))["message"]
    found = {each["text"]: [trouble.name for trouble in matching(each["text"])][:1] for each in messages}

    assert len(messages) >= 20
    assert found == {each["text"]: [each["is"]] for each in messages}
