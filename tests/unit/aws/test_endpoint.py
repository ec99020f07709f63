"""The endpoint that stands for AWS is named, wherever the user's settings name it."""

from pathlib import Path

import pytest

from studioctl.aws.session import Session
from studioctl.presentation.place import place
from studioctl.target import LocalEndpoint, Target
from tests.fakes import profiles

CONFIG = """
[profile plain]
aws_access_key_id = key
aws_secret_access_key = secret
[profile all]
aws_access_key_id = key
aws_secret_access_key = secret
endpoint_url = http://127.0.0.1:1
[profile one]
aws_access_key_id = key
aws_secret_access_key = secret
services = near
[services near]
sagemaker =
    endpoint_url = http://127.0.0.1:2
"""
VPC_ENDPOINT = "https://vpce-0123-abcd.api.sagemaker.us-east-1.vpce.amazonaws.com"


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.use(monkeypatch, tmp_path, CONFIG, "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER")


@pytest.mark.parametrize(
    ("region", "profile", "variables", "expected"),
    [
        ("us-east-1", "plain", {}, (None, None)),
        ("cn-north-1", "plain", {}, (None, None)),
        ("us-gov-west-1", "plain", {}, (None, None)),
        ("us-east-1", "plain", {"AWS_USE_FIPS_ENDPOINT": "true"}, (None, None)),
        ("us-east-1", "plain", {"AWS_ENDPOINT_URL_SAGEMAKER": VPC_ENDPOINT}, (None, None)),
        (
            "us-east-1",
            "plain",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:3"},
            ("http://127.0.0.1:3", "http://127.0.0.1:3"),
        ),
        ("us-east-1", "plain", {"AWS_ENDPOINT_URL_SAGEMAKER": "http://localhost:4"}, ("http://localhost:4", None)),
        ("us-east-1", "all", {}, ("http://127.0.0.1:1", "http://127.0.0.1:1")),
        ("us-east-1", "all", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, (None, None)),
        ("us-east-1", "one", {}, ("http://127.0.0.1:2", None)),
    ],
)
def test_the_address_that_calls_go_to(
    region: str,
    profile: str,
    variables: dict[str, str],
    expected: tuple[str | None, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session = Session(Target(region, profile))
    assert (session.endpoint(), session.endpoint("sts")) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"AWS_S3_ENDPOINT": "http://127.0.0.1:6"}, "http://127.0.0.1:6"),
        ({"AWS_S3_ENDPOINT": "s3.example"}, "https://s3.amazonaws.com"),  # as GDAL has it
        ({"AWS_S3_ENDPOINT": "http://127.0.0.1:6", "AWS_ENDPOINT_URL": "http://127.0.0.1:3"}, "http://127.0.0.1:6"),
        ({"AWS_S3_ENDPOINT": "http://127.0.0.1:6", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7"}, "http://127.0.0.1:7"),
    ],
)
def test_terraforms_early_name_of_s3s_address_is_known(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session = Session(Target("us-east-1", "plain"))
    assert session.client("s3").meta.endpoint_url == expected
    assert session.client("ec2").meta.endpoint_url == variables.get(
        "AWS_ENDPOINT_URL", "https://ec2.us-east-1.amazonaws.com"
    )
    local = LocalEndpoint("http://127.0.0.1:5", "key", "secret")
    assert Session(Target("us-east-1", local=local)).client("s3").meta.endpoint_url == "http://127.0.0.1:5"


def test_the_emulator_is_its_own_address() -> None:
    local = LocalEndpoint("http://127.0.0.1:5", "key", "secret")
    assert Session(Target("us-east-1", local=local)).endpoint() == "http://127.0.0.1:5"


def test_messages_name_it() -> None:
    assert place("aws", None) == "AWS"
    assert place("aws", "http://127.0.0.1:1") == "http://127.0.0.1:1"
    assert place("local", "http://127.0.0.1:1") == "the emulator"
