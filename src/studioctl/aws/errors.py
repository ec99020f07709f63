"""botocore's exceptions as ours: what AWS said, and what to do about it."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidConfigError,
    LoginError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from studioctl.aws.permissions import read_denial
from studioctl.catalog import troubles
from studioctl.catalog.troubles import SIGN_IN
from studioctl.errors import REHEARSE, AwsError

SIGN_IN_OR_REHEARSE = f"{SIGN_IN}{REHEARSE}"
# `studioctl.aws.credentials` tells more of these where they are found first. In the middle of a run they can expire.
NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    InvalidConfigError,
    LoginError,
    MetadataRetrievalError,
    SSOError,
    TokenRetrievalError,
)
DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|NotAuthorized|^403$")
MISSING = re.compile(r"NotFound|NoSuch|^404$")
# SageMaker says so of an app in words only; the provider, too, reads them (internal/service/sagemaker/app.go).
MISSING_IN_WORDS = re.compile(r"RecordNotFound|already been deleted|previously failed")
IN_USE = re.compile(r"ResourceInUse|DependencyViolation|FileSystemInUse|Conflict")
# What S3 says of a write that is made only where nobody else's is.
OTHERS_WROTE = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
UNKNOWN_OUTCOME = "check the network; then run the same command again: it continues from what AWS has done"
TRY_AGAIN = "run the same command again; --debug shows the details"


class MissingError(AwsError):
    """The requested resource does not exist."""


class DeniedError(AwsError):
    """The caller lacks a permission: `denial` says which, and what would give it."""

    def __init__(self, operation: str, said: str) -> None:
        denial = read_denial(operation, said)
        words = denial.message if denial.action else said
        super().__init__(f"AWS refused {operation}: {words}", hint=denial.remedy)
        self.denial = denial


class InUseError(AwsError):
    """Something still depends on it."""


def code_of(error: ClientError) -> str:
    """AWS's error code, such as "ResourceNotFound"."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _another_address(said: str) -> str:
    """Advice for an address that does not answer: a variable may name the wrong one."""
    named = {name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL") and value}
    if variable := next((name for name, value in named.items() if value in said), None):
        return f"correct {variable}, or: unset {variable}"
    return "check the region (`region` in studio.toml, or AWS_REGION without a file) and the network"


def _another_profile(name: str) -> str:
    """Advice for a profile that does not exist: correct the variable or the key that names it."""
    variables = [variable for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if os.environ.get(variable) == name]
    if variables:
        return f"correct {variables[0]}, or: unset {variables[0]}"
    return "correct `profile` in studio.toml, or leave it out"


@contextmanager
def translated() -> Iterator[None]:
    """Turns what botocore raises inside into AwsError."""
    try:
        yield
    except ConfigParseError as error:
        raise AwsError(f"AWS configuration: {error}", hint="correct the syntax of the file") from error
    except NO_CREDENTIALS as error:
        raise AwsError(f"AWS credentials: {error}", hint=SIGN_IN_OR_REHEARSE) from error
    except ProfileNotFound as error:
        raise AwsError(f"AWS profile: {error}", hint=_another_profile(str(error.kwargs.get("profile")))) from error
    except (ReadTimeoutError, ConnectionClosedError) as error:
        raise AwsError(f"AWS did not answer, time and again: {error}", hint=UNKNOWN_OUTCOME) from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise AwsError(f"AWS cannot be reached: {error}", hint=_another_address(str(error))) from error
    except ClientError as error:
        code = code_of(error)
        said = error.response.get("Error", {}).get("Message", "no message")
        if DENIED.search(code):
            raise DeniedError(error.operation_name, said) from error
        hint = troubles.after_a_call(code) or TRY_AGAIN
        raise _family(code, said)(f"AWS refused {error.operation_name}: {said} ({code})", hint=hint) from error
    except BotoCoreError as error:
        raise AwsError(f"AWS call failed: {error}", hint=TRY_AGAIN) from error


def ignoring_missing() -> "ExitStack[bool]":
    """Like `translated`; what is gone already need not be deleted. The rest of the block is left out then."""
    stack: ExitStack[bool] = ExitStack()  # whose type, unlike a generator's, says that it may swallow
    stack.enter_context(suppress(MissingError))
    stack.enter_context(translated())  # type: ignore[arg-type]  # it swallows nothing
    return stack


def _family(code: str, said: str) -> type[AwsError]:
    if MISSING.search(code) or ("ValidationException" in code and MISSING_IN_WORDS.search(said)):
        return MissingError
    return InUseError if IN_USE.search(code) else AwsError
