"""Credentials that cannot be had: each cause has a message and a remedy of its own."""

import io
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studioctl.aws import credentials
from studioctl.aws.session import Session
from studioctl.errors import AwsError
from studioctl.target import Target

CONFIG = """
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = base
mfa_serial = arn:aws:iam::111122223333:mfa/ada
[profile base]
aws_access_key_id = base
aws_secret_access_key = secret
[profile half]
aws_access_key_id = half
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Admin
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[profile "over sso"]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = sso
[profile proc]
credential_process = /bin/false
[profile words]
credential_process = echo sesame
[profile gone]
credential_process = /usr/local/bin/no-such-helper
[profile over-proc]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = proc
[profile loop]
role_arn = arn:aws:iam::111122223333:role/A
source_profile = loop2
[profile loop2]
role_arn = arn:aws:iam::111122223333:role/B
source_profile = loop
[profile login]
login_session = arn:aws:iam::111122223333:user/ada
"""


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.mark.parametrize(
    ("profile", "cause", "remedy"),
    [
        ("login", "session of `aws login`", "aws login --profile login"),
        ("words", "`credential_process` failed: it did not print JSON", "reports: echo sesame"),
        ("sso", "no valid sign-in to IAM Identity Center", "aws sso login --profile sso"),
        ("over sso", "no valid sign-in to IAM Identity Center", "aws sso login --profile sso"),
        ("proc", "its `credential_process` failed", "run it by hand and mend what it reports: /bin/false"),
        ("gone", "its `credential_process` failed: No such file", "reports: /usr/local/bin/no-such-helper"),
        ("over-proc", "profile 'proc', its source, has a `credential_process`", "reports: /bin/false"),
        ("loop", "leads in a circle: loop -> loop2 -> loop", "`source_profile` of one of them"),
        ("mfa", "there is no terminal to type it at", "run the command in a terminal"),
        ("half", "its key is incomplete", "aws configure --profile half"),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True], ids=["file", "AWS_PROFILE"])
def test_each_cause_has_its_own_remedy(
    profile: str, cause: str, remedy: str, *, by_variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_variable:
        monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(AwsError) as raised:
        _ = Session(Target("us-east-1", None if by_variable else profile)).identity
    assert raised.value.message.startswith(f"AWS profile '{profile}': ")
    assert cause in raised.value.message
    assert remedy in (raised.value.hint or "")
    assert "sesame" not in "".join(traceback.format_exception(raised.value)).replace("echo sesame", "")
    assert "run the same command again" not in (raised.value.hint or "")


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no section")
    with pytest.raises(AwsError, match="Unable to parse config file") as raised:
        _ = Session(Target("us-east-1")).identity
    assert raised.value.hint == "correct the syntax of the file"


def test_the_code_is_asked_for_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS takes a code once: the second session must not ask for another."""
    asked: list[str] = []

    def code(prompt: str, _profile: str | None) -> str:
        asked.append(prompt)
        return "123456"

    monkeypatch.setattr(credentials, "_ask_for_code", code)
    monkeypatch.setattr(credentials, "_ASSUMED", {})
    soon = datetime.now(UTC) + timedelta(hours=1)

    def answered(_self: object, operation: str, parameters: dict[str, str]) -> dict[str, object]:
        if operation == "GetCallerIdentity":
            return {"Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/Admin/ada"}
        assert (operation, parameters["TokenCode"]) == ("AssumeRole", "123456")
        key = {"AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": soon}
        return {"Credentials": key}

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", answered)
    for _ in range(2):
        assert Session(Target("us-east-1", "mfa")).identity.account_id == "111122223333"
    assert asked == ["Enter MFA code for arn:aws:iam::111122223333:mfa/ada: "]
