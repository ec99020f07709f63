"""The GitHub token, on the emulator: into AWS and out of it, and in no text that anybody prints."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from studio_emulator.server import RunningEmulator
from studioctl.errors import StudioctlError
from studioctl.operations import emulation, secrets
from studioctl.operations.environment import Account
from tests.environments import environment
from tests.unit.emulator.emulated import client, refusal

REGION = "eu-west-3"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def account(emulator: RunningEmulator) -> Iterator[Account]:
    """An environment whose secret exists and has no value."""
    aws = client(emulator, "secretsmanager", REGION)
    aws.create_secret(Name="acme-ml/github")
    yield _account(emulator)
    aws.delete_secret(SecretId="acme-ml/github", ForceDeleteWithoutRecovery=True)


def _account(emulator: RunningEmulator, *, wanted: bool = True) -> Account:
    config = environment(region=REGION, secrets={"github": {"username": "ada"}} if wanted else {})
    return Account(config, emulation.target(emulator, REGION))


def test_a_token_goes_in_and_comes_out(account: Account) -> None:
    assert secrets.github_status(account).state == "empty"

    stored = secrets.set_github(account, secrets.read_value(f"{TOKEN}\n".encode()))
    unread = secrets.github_status(account)

    assert stored == secrets.Stored("acme-ml/github", restored=False, doubt=None)
    assert unread.state == "set"
    assert unread.secret is not None
    assert unread.secret.used_at is None
    days = [datetime.now(UTC).date()]
    assert secrets.get_github(account).get_secret_value() == TOKEN
    days.append(datetime.now(UTC).date())
    read = secrets.github_status(account).secret
    assert read is not None
    assert read.used_at is not None
    assert read.used_at.astimezone(UTC).date() in days


def test_one_that_is_scheduled_for_deletion_is_restored(account: Account, emulator: RunningEmulator) -> None:
    aws = client(emulator, "secretsmanager", REGION)
    secrets.set_github(account, SecretStr(TOKEN))
    aws.delete_secret(SecretId="acme-ml/github", RecoveryWindowInDays=7)
    deleting = secrets.github_status(account)

    assert deleting.state == "deleting"
    assert deleting.secret is not None
    assert deleting.secret.deletion_at is not None
    with pytest.raises(StudioctlError, match="is scheduled for deletion, and AWS gives out no value"):
        secrets.get_github(account)
    assert refusal(lambda: aws.put_secret_value(SecretId="acme-ml/github", SecretString="x")) == (
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )

    assert secrets.set_github(account, SecretStr("ghp_" + "c" * 36)).restored
    assert secrets.get_github(account).get_secret_value() == "ghp_" + "c" * 36


def test_without_a_secret_it_says_what_to_write_or_run(emulator: RunningEmulator) -> None:
    wanted, unwanted = _account(emulator), _account(emulator, wanted=False)

    for call in (secrets.get_github, lambda account: secrets.set_github(account, SecretStr(TOKEN))):
        with pytest.raises(StudioctlError) as refused:
            call(wanted)
        assert (refused.value.message, refused.value.hint) == (
            "Secret 'acme-ml/github' does not exist yet.",
            "studioctl up",
        )
        with pytest.raises(StudioctlError) as refused:
            call(unwanted)
        assert refused.value.message == "The file asks for no secret, so there is none."
        assert 'github = { username = "..." }' in refused.value.hint
    assert secrets.github_status(wanted).state == "missing"
    assert secrets.github_status(unwanted).state == "unwanted"


def test_an_empty_secret_gives_out_nothing(account: Account) -> None:
    with pytest.raises(StudioctlError, match="has no value yet"):
        secrets.get_github(account)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "The value is empty."),
        (b" \r\n", "The value is empty."),
        (b"\xff\xfe\x00", "The value is not text."),
        (b"ghp_\x00secret", "The value is not text."),
        (b"x" * 65_537, "The value has more than 65,536 bytes"),
    ],
)
def test_what_is_no_value_is_refused_and_not_repeated(raw: bytes, said: str) -> None:
    with pytest.raises(StudioctlError) as refused:
        secrets.read_value(raw)

    assert refused.value.message.startswith(said)
    assert "secret" not in refused.value.message
    assert "\\xff" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("value", "is_odd"),
    [
        (TOKEN, False),
        ("github_pat_" + "1A_" * 20, False),
        ("gho_" + "x" * 36, False),
        ("0123456789abcdef0123456789abcdef01234567", False),
        ("glpat-aaaaaaaaaaaaaaaaaaaa", True),
        (f"{TOKEN} ", True),
    ],
)
def test_doubts_about_the_form(value: str, is_odd: bool) -> None:
    assert (secrets.doubt_about(SecretStr(value)) is not None) is is_odd


def test_a_value_does_not_print(account: Account) -> None:
    value = secrets.read_value(TOKEN.encode())

    assert TOKEN not in f"{value} {value!r} {secrets.set_github(account, value)!r} {secrets.github_status(account)!r}"


def test_a_users_own_token_is_another_secret(emulator: RunningEmulator, account: Account) -> None:
    aws = client(emulator, "secretsmanager", REGION)
    aws.create_secret(Name="acme-ml/ada/github")
    users = [{"name": "ada", "github": {"username": "ada"}}, {"name": "bob"}]
    config = environment(region=REGION, users=users, iam={"per_user_roles": True})
    apart = Account(config, account.target)

    stored = secrets.set_github(apart, SecretStr(TOKEN), user="Ada")  # names of profiles have no case

    assert stored.name == "acme-ml/ada/github"
    assert secrets.get_github(apart, user="ada").get_secret_value() == TOKEN
    assert secrets.github_status(account).state == "empty"
    assert secrets.github_status(apart, user="bob").state == "unwanted"
    with pytest.raises(StudioctlError, match="The file asks for no token of bob's own, so there is none"):
        secrets.get_github(apart, user="bob")
    with pytest.raises(StudioctlError, match="The file has no user 'carol'") as refused:
        secrets.get_github(apart, user="carol")
    assert refused.value.hint == "name one of its users: ada, bob"
    aws.delete_secret(SecretId="acme-ml/ada/github", ForceDeleteWithoutRecovery=True)


def test_who_gives_no_value_for_a_user_is_sent_back_to_the_users_own_secret() -> None:
    with pytest.raises(StudioctlError) as refused:
        secrets.read_value(b"", user="bob")

    assert refused.value.hint == "studioctl secret set github --user bob"
