"""Credentials that cannot be had: each cause has a message and a remedy of its own."""

import hashlib
import io
import json
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, repeat
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from studioctl.aws import credentials, mfa, patience, sign_in
from studioctl.aws.session import Session
from studioctl.errors import AwsError
from studioctl.target import Target
from tests.fakes import profiles

CONFIG = f"""{profiles.mfa("base")}[profile base]
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
[profile endless]
credential_process = sh -c 'sleep 600 & sleep 600'
[profile over-endless]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = endless
[profile words]
credential_process = echo sesame
[profile gone]
credential_process = /usr/local/bin/no-such-helper
[profile old]
credential_process = cat expired.json
[profile prints-null]
credential_process = echo null
[profile prints-list]
credential_process = echo [1]
[profile prints-numbers]
credential_process = cat numbers.json
[profile prints-other-date]
credential_process = cat other-date.json
[profile prints-number-as-date]
credential_process = cat number-as-date.json
[profile prints-deep]
credential_process = cat deep.json
[profile no-command]
credential_process =
[profile half-command]
credential_process = sh -c 'echo
[profile indented]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile =
    base = 1
[profile no-token]
role_arn = arn:aws:iam::111122223333:role/Admin
web_identity_token_file = /no/token
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
[profile over-login]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = login
[profile over-mfa]
role_arn = arn:aws:iam::444455556666:role/Admin
source_profile = mfa
[profile serial-without-role]
aws_access_key_id = base
aws_secret_access_key = secret
mfa_serial = arn:aws:iam::111122223333:mfa/ada
[profile over-serial]
role_arn = arn:aws:iam::111122223333:role/Admin
source_profile = serial-without-role
"""


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unset = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    profiles.use(monkeypatch, tmp_path, CONFIG, *unset)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr(mfa, "_sessions", {})
    monkeypatch.chdir(tmp_path)
    key = {"Version": 1, "AccessKeyId": "key", "SecretAccessKey": "secret", "Expiration": "2020-01-01T00:00:00Z"}
    (tmp_path / "expired.json").write_text(json.dumps({**key, "SessionToken": "token"}))
    (tmp_path / "numbers.json").write_text(json.dumps({"Version": 1, "AccessKeyId": 5, "SecretAccessKey": ["sesame"]}))
    (tmp_path / "other-date.json").write_text(json.dumps({**key, "SecretAccessKey": "sesame", "Expiration": "soon"}))
    (tmp_path / "number-as-date.json").write_text(json.dumps({**key, "SecretAccessKey": "sesame", "Expiration": 5}))
    (tmp_path / "deep.json").write_text("[" * 100_000)


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
        ("mfa", "there is no terminal to type it at", "at a terminal first: aws sts get-caller-identity --profile mfa"),
        ("old", "`credential_process` failed: it printed a key that has expired", "reports: cat expired.json"),
        ("half", "its key is incomplete", "aws configure --profile half"),
        ("prints-null", "failed: it did not print a key as AWS describes it", "reports: echo null"),
        ("prints-list", "failed: it did not print a key as AWS describes it", "reports: echo [1]"),
        ("prints-numbers", "failed: it did not print a key as AWS describes it", "reports: cat numbers.json"),
        ("prints-other-date", "failed: it did not print a key as AWS describes it", "reports: cat other-date.json"),
        (
            "prints-number-as-date",
            "failed: it did not print a key as AWS describes",
            "reports: cat number-as-date.json",
        ),
        ("prints-deep", "failed: it did not print JSON", "reports: cat deep.json"),
        ("no-command", "its `credential_process` is empty", "correct `credential_process`"),
        ("half-command", "its command line is not complete (No closing quotation)", "reports: sh -c 'echo"),
        ("indented", "its `source_profile` has indented lines below it", "correct the profile"),
        ("no-token", "its `web_identity_token_file` cannot be read: '/no/token': No such file", "correct the profile"),
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


class Sts:
    """STS, which takes each code once, and a person who reads them from a device."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, lasts: timedelta = timedelta(hours=1)) -> None:
        self.lasts, self.given = lasts, 0
        self.prompts: list[str] = []
        self.refuses: list[str] = []
        self.typed: Iterator[str] = (f"{number:06}" for number in count())
        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda _, *call: self._answer(*call))
        monkeypatch.setattr("getpass.getpass", self._type)
        terminal = io.StringIO()
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr("sys.stderr", terminal)

    def _type(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return next(self.typed)

    def _answer(self, operation: str, parameters: dict[str, str]) -> dict[str, object]:
        if operation == "GetCallerIdentity":
            return {"Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/Admin/ada"}
        assert operation == "AssumeRole"
        assert parameters["SerialNumber"] == "arn:aws:iam::111122223333:mfa/ada"
        if parameters["TokenCode"] in self.refuses:
            said = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, operation)
        self.refuses.append(parameters["TokenCode"])
        self.given += 1
        soon = datetime.now(UTC) + self.lasts
        key = {"AccessKeyId": f"key-{self.given}", "SecretAccessKey": "secret", "SessionToken": "token"}
        return {"Credentials": {**key, "Expiration": soon}}


def found_by(profile: str | None) -> Credentials:
    found = credentials.find(profile, "us-east-1").get_credentials()
    assert found is not None
    return found


ASKS = "AWS profile 'mfa' asks for an MFA code, once for this command.\n"
PROMPT = "Enter MFA code for arn:aws:iam::111122223333:mfa/ada: "


@pytest.mark.parametrize("lasts", [timedelta(hours=1), timedelta(minutes=15)], ids=["usual", "AWS's shortest"])
def test_the_code_is_asked_for_once_in_a_process(lasts: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS takes a code once: the second session must not ask for another."""
    sts = Sts(monkeypatch, lasts=lasts)
    with ThreadPoolExecutor(3) as pool:
        sessions = list(pool.map(lambda _: Session(Target("us-east-1", "mfa")), range(3)))
        assert {found.account_id for found in pool.map(lambda made: made.identity, sessions)} == {"111122223333"}
    assert sts.prompts == [ASKS + PROMPT]


def test_what_is_no_code_and_what_aws_refuses_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts(monkeypatch)
    sts.refuses = ["111111"]
    sts.typed = iter(["12345", "111111", "222222"])
    assert Session(Target("us-east-1", "mfa")).identity.account_id == "111122223333"
    again = "AWS does not accept that code, and takes each code only once: type the next one.\n"
    assert sts.prompts == [ASKS + PROMPT, "A code has six digits: ", again + PROMPT]


def test_after_three_refusals_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts(monkeypatch)
    sts.refuses = ["111111"]
    sts.typed = repeat("111111")
    with pytest.raises(AwsError, match="AWS profile 'mfa': AWS does not accept the MFA code") as raised:
        Session(Target("us-east-1", "mfa")).sign_in()
    assert len(sts.prompts) == 3
    assert "`mfa_serial` is your device's ARN" in raised.value.hint


def test_the_end_of_input_is_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts(monkeypatch)
    monkeypatch.setattr(sts, "typed", iter([]))
    monkeypatch.setattr("getpass.getpass", lambda _: (_ for _ in ()).throw(EOFError()))
    with pytest.raises(AwsError, match="AWS profile 'mfa': no MFA code was typed"):
        Session(Target("us-east-1", "mfa")).sign_in()


def test_a_session_that_ends_is_renewed_with_another_code(monkeypatch: pytest.MonkeyPatch) -> None:
    sts = Sts(monkeypatch, lasts=timedelta(minutes=1))
    found = found_by("mfa")
    sts.lasts = timedelta(hours=1)
    before = len(sts.prompts)
    assert {found.get_frozen_credentials().access_key for _ in range(3)} == {f"key-{before + 1}"}
    assert sts.prompts[-1] == "The session of AWS profile 'mfa' ends: the run needs another code.\n" + PROMPT
    assert len(sts.prompts) == before + 1


def test_the_session_of_the_aws_cli_serves_without_a_terminal(tmp_path: Path) -> None:
    """As `aws sts get-caller-identity --profile mfa` leaves it; the file is named as botocore names it."""
    arguments = {"RoleArn": "arn:aws:iam::111122223333:role/Admin", "SerialNumber": "arn:aws:iam::111122223333:mfa/ada"}
    name = hashlib.sha1(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = {"AccessKeyId": "kept", "SecretAccessKey": "secret", "SessionToken": "token"}
    (tmp_path / ".aws" / "cli" / "cache").mkdir(parents=True)
    file = tmp_path / ".aws" / "cli" / "cache" / f"{name}.json"
    file.write_text(text := json.dumps({"Credentials": {**key, "Expiration": f"{soon:%Y-%m-%dT%H:%M:%SUTC}"}}))
    found = found_by("mfa")
    assert found.get_frozen_credentials().access_key == "kept"
    assert file.read_text() == text
    for damaged in ("", "[]", '{"Credentials": {}}'):
        mfa._sessions.clear()
        file.write_text(damaged)
        with pytest.raises(AwsError, match="no terminal"):
            credentials.find("mfa", "us-east-1")


def test_a_key_in_the_environment_needs_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mfa")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert found_by(None).access_key == "mine"


@pytest.mark.parametrize(
    ("profile", "beyond"),
    [
        ("mfa", True),
        ("over-mfa", True),
        ("login", True),
        ("over-login", True),
        ("serial-without-role", False),
        ("over-serial", False),
        ("base", False),
        ("sso", False),
        ("over sso", False),
        ("proc", False),
        ("over-proc", False),
        ("loop", False),
        ("indented", False),
        ("nobody", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True], ids=["file", "AWS_PROFILE"])
def test_what_the_provider_can_is_left_to_it(
    profile: str | None, *, beyond: bool, by_variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_variable and profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
        profile = None
    assert sign_in.is_beyond_provider(profile) is beyond


def test_a_file_of_an_older_sdk_is_beyond_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boto.cfg").write_text("[Credentials]\naws_access_key_id = old\naws_secret_access_key = secret\n")
    monkeypatch.setenv("BOTO_CONFIG", str(tmp_path / "boto.cfg"))
    assert sign_in.is_beyond_provider(None)
    assert not sign_in.is_beyond_provider("base")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    assert not sign_in.is_beyond_provider(None)


@pytest.mark.parametrize("profile", ["endless", "over-endless"])
def test_a_program_that_does_not_end_is_ended(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)

    with pytest.raises(AwsError, match=r"`credential_process` failed: it did not end within 0\.2 s") as refused:
        credentials.find(profile, "us-east-1")
    assert refused.value.hint == "run it by hand and mend what it reports: sh -c 'sleep 600 & sleep 600'"
