"""Opening a session: who is asked again, when, and what a refusal says. The faults of the emulator stand in for AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.aws.remote import SpaceArn, start_session
from studioctl.errors import AwsError
from studioctl.operations import emulation

ARN = "arn:aws:sagemaker:us-east-1:123456789012:space/d-abc/ada-editor"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("emulator")
    yield server.start(state_dir=home)
    server.stop(home)


def fault(emulator: RunningEmulator, **error: Any) -> None:
    wanted = {"kind": "error", "action": "StartSession", "message": "No.", "times": None, **error}
    server.set_faults(emulator, {"faults": [wanted]})


@pytest.mark.parametrize("code", ["InternalFailure", "ThrottlingException", "ServiceUnavailable"])
def test_what_may_pass_is_asked_again_as_the_toolkit_does(emulator: RunningEmulator, code: str) -> None:
    fault(emulator, code=code, times=4)  # a client that asked again by itself would meet another answer
    pauses: list[float] = []

    with pytest.raises(AwsError, match=code):
        start_session(emulation.target(emulator, "us-east-1"), ARN, sleep=pauses.append)

    assert pauses == [1.5, 2.25, 3.375]


def test_a_refusal_is_final_and_names_the_statement(emulator: RunningEmulator) -> None:
    who = "arn:aws:sts::123456789012:assumed-role/Developers/ada"
    said = f"User: {who} is not authorized to perform: sagemaker:StartSession on resource: {ARN} because no"
    fault(emulator, code="AccessDeniedException", message=f"{said} identity-based policy allows the action")
    pauses: list[float] = []

    with pytest.raises(AwsError) as caught:
        start_session(emulation.target(emulator, "us-east-1"), ARN, sleep=pauses.append)

    assert pauses == []
    assert caught.value.message == (
        f"AWS refused StartSession: {who} may not sagemaker:StartSession on {ARN}: no identity-based policy allows it."
        " AmazonSageMakerFullAccess does not include it, and the role of the space does not count."
    )
    first, statement = caught.value.hint.split("\n", 1)
    assert first == "have this statement added to a policy of the role 'Developers', or use another profile:"
    assert json.loads(statement) == {"Effect": "Allow", "Action": "sagemaker:StartSession", "Resource": ARN}


def test_what_is_wrong_is_not_asked_again(emulator: RunningEmulator) -> None:
    fault(emulator, code="ValidationException")
    pauses: list[float] = []

    with pytest.raises(AwsError):
        start_session(emulation.target(emulator, "us-east-1"), ARN, sleep=pauses.append)

    assert pauses == []


@pytest.mark.parametrize(
    "text", ["", "ada-editor", f"{ARN}/more", f"{ARN} x", ARN.replace("space/", "app/"), ARN.replace("1234", "12")]
)
def test_what_is_no_space(text: str) -> None:
    assert SpaceArn.parse(text) is None


def test_a_space_in_another_partition() -> None:
    found = SpaceArn.parse("arn:aws-cn:sagemaker:cn-north-1:123456789012:space/d-abc/Ada-1")

    assert found is not None
    assert (found.region, found.account_id, found.domain_id, found.space) == (
        "cn-north-1",
        "123456789012",
        "d-abc",
        "Ada-1",
    )
