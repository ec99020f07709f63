"""Terraform borrows credentials from an address on loopback, and nobody else can."""

import json
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.session import Session

from studioctl.aws.lending import Lender
from studioctl.errors import AwsError
from studioctl.target import Target
from studioctl.terraform.environment import child_environment
from tests.fakes import profiles

CONFIG = f"""{profiles.mfa("base")}region = us-east-1
ca_bundle = /etc/ours.pem
endpoint_url = http://127.0.0.1:1
services = near
[services near]
cloudwatch_logs =
    endpoint_url = http://127.0.0.1:2
"""
AT = "http://{}/"
ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS")


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.use(monkeypatch, tmp_path, CONFIG, "AWS_PROFILE", "AWS_CA_BUNDLE", *ENDPOINTS)


def signed(key: str = "first") -> ReadOnlyCredentials:
    return ReadOnlyCredentials(key, "secret", "token")


def get(environment: dict[str, str], *, path: str = "", **headers: str) -> dict[str, Any]:
    given = {"Authorization": environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"], **headers}
    asked = Request(environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] + path, headers=given)
    with urlopen(asked, timeout=20) as answer:
        return dict(json.load(answer))


def test_an_answer_is_good_for_a_few_minutes() -> None:
    answer = get(Lender("mfa", "us-east-1", signed).environment())
    end = datetime.fromisoformat(answer.pop("Expiration"))
    assert timedelta(minutes=5) < end - datetime.now(UTC) <= timedelta(minutes=6)
    assert answer == {"AccessKeyId": "first", "SecretAccessKey": "secret", "Token": "token"}


def test_a_key_without_a_session_has_no_token() -> None:
    answer = get(Lender("mfa", "us-east-1", lambda: ReadOnlyCredentials("key", "secret", None)).environment())
    assert "Token" not in answer


def test_a_session_that_was_renewed_is_lent_renewed() -> None:
    """The second answer is what botocore renewed in between."""
    soon = datetime.now(UTC)

    def metadata(key: str, minutes: int) -> dict[str, str]:
        end = (soon + timedelta(minutes=minutes)).isoformat()
        return {"access_key": key, "secret_key": "secret", "token": "token", "expiry_time": end}

    ending = RefreshableCredentials.create_from_metadata(
        metadata("first", 16), refresh_using=lambda: metadata("second", 60), method="test"
    )
    environment = Lender("mfa", "us-east-1", ending.get_frozen_credentials).environment()
    assert get(environment)["AccessKeyId"] == "first"
    vars(ending)["_expiry_time"] = soon + timedelta(minutes=9)
    assert get(environment)["AccessKeyId"] == "second"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("", {"Authorization": ""}),
        ("", {"Authorization": "wrong"}),
        ("", {"Authorization": "wrÖng"}),
        ("", {"Host": "evil.example"}),
        ("", {"Host": "localhost"}),
        ("other", {}),
    ],
)
def test_whoever_has_not_the_token_or_comes_by_another_name_gets_nothing(path: str, headers: dict[str, str]) -> None:
    environment = Lender("mfa", "us-east-1", signed).environment()
    with pytest.raises(HTTPError) as refused:
        get(environment, path=path, **{name: value.encode().decode("latin-1") for name, value in headers.items()})
    assert refused.value.code == 403
    assert json.load(refused.value) == {"code": "Forbidden", "message": "not for you"}


def test_what_cannot_be_renewed_is_told_once_and_without_secrets() -> None:
    asked = []

    def ends() -> ReadOnlyCredentials:
        asked.append(1)
        raise AwsError("AWS profile 'mfa': no MFA code was typed", hint="type it")

    with pytest.raises(HTTPError) as refused:
        get(Lender("mfa", "us-east-1", ends).environment())
    assert refused.value.code == 400
    assert json.load(refused.value) == {
        "code": "SessionUnavailable",
        "message": "AWS profile 'mfa': no MFA code was typed. Do: type it",
    }
    assert asked == [1]


def test_an_unforeseen_failure_tells_its_kind_and_no_more() -> None:
    def fails() -> ReadOnlyCredentials:
        raise ValueError("sesame")

    with pytest.raises(HTTPError) as refused:
        get(Lender("mfa", "us-east-1", fails).environment())
    assert json.load(refused.value)["message"] == "the session cannot be renewed (ValueError)"


def test_each_lender_has_its_own_token() -> None:
    one, other = (Lender("mfa", "us-east-1", signed).environment() for _ in range(2))
    with pytest.raises(HTTPError):
        get(one, Authorization=other["AWS_CONTAINER_AUTHORIZATION_TOKEN"])


def test_other_settings_of_the_profile_go_by_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Lender("mfa", "us-east-1", signed).environment()
    assert {name: found.get(name) for name in ("AWS_CA_BUNDLE", *ENDPOINTS)} == {
        "AWS_CA_BUNDLE": "/etc/ours.pem",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://127.0.0.1:2",
    }
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:3")
    assert not set(ENDPOINTS) & set(Lender("mfa", "us-east-1", signed).environment())


def test_terraform_sees_the_address_and_nothing_that_comes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's chain for containers is the same as the provider's: with this environment it finds the lent key."""
    secrets = {
        "AWS_ACCESS_KEY_ID": "mine",
        "AWS_SECRET_ACCESS_KEY": "mine",
        "AWS_SESSION_TOKEN": "mine",
        "AWS_PROFILE": "mfa",
        "AWS_DEFAULT_PROFILE": "mfa",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/mine",
        "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/mine",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/mine",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/mine",
    }
    lent = Lender("mfa", "us-east-1", signed).environment()
    ours = {**secrets, "AWS_RETRY_MODE": "adaptive", "PATH": "/bin"}
    child = child_environment(ours, Target("us-east-1"), cli_config=None, lent=lent)
    assert not {name: value for name, value in child.items() if name in secrets}
    assert child["AWS_RETRY_MODE"] == "adaptive"
    unchanged = child_environment(ours, Target("us-east-1"), cli_config=None)
    assert {name: unchanged[name] for name in secrets} == secrets
    for name in secrets:
        monkeypatch.delenv(name, raising=False)
    for name, value in child.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    found = Session().get_credentials()
    assert found is not None
    assert (found.method, found.access_key) == ("container-role", "first")


def test_whoever_leaves_early_writes_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    lent = Lender("mfa", "us-east-1", signed).environment()
    address = urlsplit(lent["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    for said in (b"", b"GE", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection((str(address.hostname), address.port or 0)) as visitor:
            visitor.sendall(said)
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not closed
    assert get(lent)["AccessKeyId"] == "first"
    time.sleep(0.2)
    assert capfd.readouterr() == ("", "")


def test_settings_that_are_no_text_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nested = f"{profiles.mfa('base')}services =\n    a = b\nca_bundle =\n    c = d\n"
    profiles.use(monkeypatch, tmp_path, nested, "AWS_PROFILE", "AWS_CA_BUNDLE", *ENDPOINTS)
    assert "AWS_CA_BUNDLE" not in Lender("mfa", "us-east-1", signed).environment()
