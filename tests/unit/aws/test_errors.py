"""AWS's refusals, in our families."""

import pytest
from botocore.exceptions import ClientError

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


def test_only_what_is_missing_is_ignored() -> None:
    with ignoring_missing():
        raise refusal("ResourceNotFound")
    with pytest.raises(InUseError), ignoring_missing():
        raise refusal("ResourceInUse")
