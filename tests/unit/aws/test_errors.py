"""AWS's refusals, in our families."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from studioctl.aws.claims import can_use_bucket
from studioctl.aws.copies import Place, refuse_unfit
from studioctl.aws.errors import DeniedError, InUseError, MissingError, ignoring_missing, translated
from studioctl.aws.named import bucket_facts
from studioctl.aws.session import Identity
from studioctl.aws.state_bucket import StoredState, create_bucket
from studioctl.errors import AwsError
from studioctl.target import Target

REACH = "check the region (`region` in studio.toml, or AWS_REGION without a file) and the network"


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DeleteApp")


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (refusal("ResourceNotFound"), MissingError),
        (refusal("InvalidGroup.NotFound"), MissingError),
        (refusal("NoSuchBucket"), MissingError),
        (refusal("ValidationException", "App [arn] RecordNotFound"), MissingError),
        (refusal("ValidationException", "App has already been deleted"), MissingError),
        (refusal("ValidationException", "App previously failed and was automatically deleted"), MissingError),
        (refusal("ValidationException", "App name is too long"), AwsError),
        (refusal("AccessDenied", "the key has already been deleted"), DeniedError),
        (refusal("DependencyViolation"), InUseError),
    ],
)
def test_families(error: ClientError, family: type[AwsError]) -> None:
    with pytest.raises(AwsError) as raised, translated():
        raise error
    assert type(raised.value) is family


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"AWS_PROFILE": "acme"}, "correct AWS_PROFILE, or: unset AWS_PROFILE"),
        ({"AWS_DEFAULT_PROFILE": "acme"}, "correct AWS_DEFAULT_PROFILE, or: unset AWS_DEFAULT_PROFILE"),
        ({"AWS_PROFILE": "other"}, "correct `profile` in studio.toml, or leave it out"),
        ({}, "correct `profile` in studio.toml, or leave it out"),
    ],
)
def test_a_profile_that_is_not_there_is_blamed_on_who_names_it(
    variables: dict[str, str], hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(AwsError) as raised, translated():
        raise ProfileNotFound(profile="acme")

    assert raised.value.message == "AWS profile: The config profile (acme) could not be found"
    assert raised.value.hint == hint


def test_whoever_has_no_credentials_hears_of_the_emulator() -> None:
    with pytest.raises(AwsError) as raised, translated():
        raise NoCredentialsError

    assert raised.value.hint == (
        "sign in (aws sso login, or aws configure), check with: aws sts get-caller-identity;"
        " or add --local to act on the emulator"
    )


def test_only_what_is_missing_is_ignored() -> None:
    with ignoring_missing():
        raise refusal("ResourceNotFound")
    with pytest.raises(InUseError), ignoring_missing():
        raise refusal("ResourceInUse")


class Nowhere:
    """A session whose every call finds no credentials."""

    target = Target("us-east-1")
    identity = Identity("123456789012", "arn:aws:iam::123456789012:user/grace")

    def client(self, _: str) -> Any:
        return Mock(**{f"{call}.side_effect": NoCredentialsError() for call in ("head_bucket", "put_object")})


@pytest.mark.parametrize(
    "look",
    [
        lambda session: bucket_facts(session, "acme-tfstate"),
        lambda session: can_use_bucket(session, "acme-tfstate"),
        lambda session: create_bucket(session, "acme-tfstate"),
        lambda session: refuse_unfit(session, Place("acme-copies", ""), "probe"),
        lambda session: StoredState(session, "acme-tfstate", "acme-ml/terraform.tfstate", {}).acquire({}),
    ],
)
def test_who_reads_refusals_also_hears_that_nobody_was_asked(look: Callable[[Any], object]) -> None:
    with pytest.raises(AwsError) as raised:
        look(Nowhere())
    assert raised.value.message == "AWS credentials: Unable to locate credentials"


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "correct AWS_ENDPOINT_URL, or: unset AWS_ENDPOINT_URL"),
        (
            {"AWS_ENDPOINT_URL": "http://other", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"},
            "correct AWS_ENDPOINT_URL_STS, or: unset AWS_ENDPOINT_URL_STS",
        ),
        ({"AWS_ENDPOINT_URL": ""}, REACH),
        ({}, REACH),
    ],
)
def test_an_address_where_nobody_answers_is_blamed_on_the_variable_that_names_it(
    variables: dict[str, str], hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AwsError) as raised, translated():
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1/")
    assert raised.value.hint == hint
