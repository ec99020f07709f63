"""AWS's refusals, in our families."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound

from studioctl.aws.errors import DeniedError, InUseError, MissingError, ignoring_missing, translated
from studioctl.errors import AwsError


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
