"""Requests against AWS's service model: each kind of rule, with AWS's words."""

import http.client
import json
from typing import Any

import pytest
from botocore.session import get_session

from studio_emulator.server import RunningEmulator
from studio_emulator.studio.validation import _pattern
from tests.unit.emulator.emulated import Studio, client, refusal, signed

ONE = "1 validation error detected: "


@pytest.fixture
def sagemaker(emulator: RunningEmulator) -> Any:
    return client(emulator, "sagemaker")


@pytest.mark.parametrize(
    ("action", "request_", "message"),
    [
        (
            "create_space",
            {"DomainId": "d-abc", "SpaceName": "bad_name"},
            (
                "Value 'bad_name' at 'spaceName' failed to satisfy constraint: Member must satisfy regular expression"
                " pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
            ),
        ),
        (
            "describe_domain",
            {},
            "Value null at 'domainId' failed to satisfy constraint: Member must not be null",
        ),
        (
            "delete_domain",
            {"DomainId": "d-abc", "RetentionPolicy": {"HomeEfsFileSystem": "Keep"}},
            (
                "Value 'Keep' at 'retentionPolicy.homeEfsFileSystem' failed to satisfy constraint: Member must"
                " satisfy enum value set: [Retain, Delete]"
            ),
        ),
        (
            "list_domains",
            {"MaxResults": 101},
            (
                "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or"
                " equal to 100"
            ),
        ),
        (
            "list_domains",
            {"MaxResults": 0},
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "update_domain",
            {"DomainId": "d-abc", "SubnetIds": []},
            (
                "Value '[]' at 'subnetIds' failed to satisfy constraint: Member must have length greater than or"
                " equal to 1"
            ),
        ),
        (
            "update_space",
            {"DomainId": "d-abc", "SpaceName": "s", "SpaceDisplayName": "x" * 65},
            (
                f"Value '{'x' * 65}' at 'spaceDisplayName' failed to satisfy constraint: Member must have"
                " length less than or equal to 64"
            ),
        ),
        (
            "create_space",
            {
                "DomainId": "d-abc",
                "SpaceName": "s",
                "SpaceSettings": {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 4}}},
            },
            (
                "Value '4' at 'spaceSettings.spaceStorageSettings.ebsStorageSettings.ebsVolumeSizeInGb' failed"
                " to satisfy constraint: Member must have value greater than or equal to 5"
            ),
        ),
        (
            "add_tags",
            {
                "ResourceArn": "arn:aws:sagemaker:eu-west-1:123456789012:domain/d-abc",
                "Tags": [{"Key": "ok", "Value": "é/ü"}, {"Key": "bad#", "Value": "v"}],
            },
            (
                "Value 'bad#' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular"
                r" expression pattern: ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
            ),
        ),
        (
            "create_training_job",  # moto's own actions too
            {"TrainingJobName": "-", "OutputDataConfig": {"S3OutputPath": "s3://b"}, "StoppingCondition": {}},
            (
                "Value '-' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression"
                " pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
            ),
        ),
    ],
)
def test_each_kind_of_rule(sagemaker: Any, action: str, request_: dict[str, Any], message: str) -> None:
    code, text = refusal(lambda: getattr(sagemaker, action)(**request_))
    assert code == "ValidationException"
    if action == "create_training_job":
        assert message in text
    else:
        assert text == ONE + message


def test_all_violations_are_told_at_once(sagemaker: Any) -> None:
    code, text = refusal(lambda: sagemaker.create_domain(DomainName="_", AuthMode="NONE"))
    assert code == "ValidationException"
    assert text == (
        "3 validation errors detected: Value '_' at 'domainName' failed to satisfy constraint: Member must satisfy"
        " regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value 'NONE' at 'authMode' failed to satisfy"
        " constraint: Member must satisfy enum value set: [SSO, IAM]; Value null at 'defaultUserSettings' failed to"
        " satisfy constraint: Member must not be null"
    )


ARN = "arn:aws:sagemaker:eu-west-1:123456789012:domain/d-abc"
NULL = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null"


@pytest.mark.parametrize(
    ("action", "body", "path"),
    [
        ("DeleteTags", {"ResourceArn": ARN, "TagKeys": [None]}, "tagKeys.1.member"),
        ("AddTags", {"ResourceArn": ARN, "Tags": [None]}, "tags.1.member"),
        ("UpdateDomain", {"DomainId": "d-abc", "SubnetIds": ["subnet-0", None]}, "subnetIds.2.member"),
    ],
)
def test_a_list_holds_no_null(emulator: RunningEmulator, action: str, body: Any, path: str) -> None:
    refused = {"__type": "ValidationException", "Message": NULL.format(path)}
    assert _post(emulator, json.dumps(body), action) == (400, refused)


def test_a_time_is_one(emulator: RunningEmulator) -> None:
    for moment in ("soon", 1e30, "2026-99-99T00:00:00Z"):
        status, answer = _post(emulator, json.dumps({"CreationTimeAfter": moment}), "ListStudioLifecycleConfigs")
        assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("tags", [[("a", "1"), ("a", "2")], [("AWS:cloud", "1")]])
def test_tags_that_aws_refuses(studio: Studio, tags: list[tuple[str, str]]) -> None:
    listed: Any = [{"Key": key, "Value": value} for key, value in tags]
    arn = studio.script("tagged")
    code, _ = refusal(lambda: studio.sagemaker.add_tags(ResourceArn=arn, Tags=listed))
    assert code == "ValidationException"
    assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"DomainId": 7}, "SerializationException", "NUMBER_VALUE can not be converted to String at 'domainId'"),
        ({"DomainId": ["d"]}, "SerializationException", "START_ARRAY can not be converted to String at 'domainId'"),
        ({"DomainId": True}, "SerializationException", "TRUE_VALUE can not be converted to String at 'domainId'"),
        (
            {"DomainId": "d-abc", "Colour": "red"},
            "ValidationException",
            "Unknown parameter in input: 'colour'",
        ),
        (["d-abc"], "SerializationException", "START_ARRAY can not be converted to Structure at ''"),
    ],
)
def test_wrong_types_and_unknown_members(emulator: RunningEmulator, body: Any, code: str, message: str) -> None:
    assert _post(emulator, json.dumps(body)) == (400, {"__type": code, "Message": message})


def test_what_is_no_json(emulator: RunningEmulator) -> None:
    status, answer = _post(emulator, "{")
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_nearly_every_pattern_of_the_model_is_understood() -> None:
    """The exceptions are surrogate pairs and a repeated end of text; no Studio action has them."""
    model = get_session().get_service_model("sagemaker")
    patterns = {model.shape_for(name).metadata.get("pattern", "") for name in model.shape_names}
    not_understood = {text for text in patterns if text and _pattern(text).pattern == ".*" and text != ".*"}
    assert not_understood == {
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*",
        r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}",
        r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}",
    }


def test_tags_in_any_script(studio: Studio) -> None:
    domain_id = studio.domain(Tags=[{"Key": "équipe", "Value": "機械学習 + co"}])
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "équipe", "Value": "機械学習 + co"}]


def _post(emulator: RunningEmulator, body: str, action: str = "DescribeDomain") -> tuple[int, Any]:
    given = {"X-Amz-Target": f"SageMaker.{action}", "Content-Type": "application/x-amz-json-1.1"}
    headers = signed(emulator, "sagemaker", "POST", "/", body, given)
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port)
    connection.request("POST", "/", body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)
