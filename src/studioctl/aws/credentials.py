"""The credentials that botocore finds for a profile, and what to do where it finds none."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

import botocore.session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InfiniteLoopConfigError,
    InvalidConfigError,
    LoginError,
    LoginInsufficientPermissions,
    MissingDependencyException,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from studioctl.aws import mfa, patience
from studioctl.aws.errors import translated
from studioctl.errors import AwsError

# What STS answered for a role is good for every session of this process. In memory only.
_ASSUMED: dict[str, Any] = {}
DEFAULT = "default"
A_KEY = "a key as AWS describes it (Version, AccessKeyId, SecretAccessKey, Expiration)"
# Settings of one value each. botocore reads indented lines below any setting as separate settings.
_TEXTS = {
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credential_process",
    "credential_source",
    "mfa_serial",
    "region",
    "role_arn",
    "services",
    "source_profile",
    "sso_session",
    "web_identity_token_file",
}
# What botocore stumbles over where a profile, or a program that it names, says what it should not.
_UNFORESEEN = (ValueError, RuntimeError, TypeError, AttributeError, LookupError)


def find(profile: str | None, region: str) -> botocore.session.Session:
    """The session of a profile, with its credentials looked up: all that can be wrong with them is told here.

    Args:
        profile: The profile; None for AWS's own order.
        region: The region in which roles are assumed if neither profile nor environment names one.

    Raises:
        AwsError: The profile has no credentials that work.
    """
    with translated():
        found = _session(profile, region)
        named = profile or found.get_config_variable("profile")
    with translated(), _explained(found, named):
        if not keys_of_environment(profile) and mfa.is_asked_for(_profiles(found), named or DEFAULT):
            mfa.use(found, named or DEFAULT, lambda: _session(profile, region))
        else:
            found.get_component("credential_provider").get_provider("assume-role").cache = _ASSUMED
        if credentials := found.get_credentials():
            signed = credentials.get_frozen_credentials()
            if not (isinstance(signed.access_key, str) and isinstance(signed.secret_key, str)):
                raise TypeError("a key is text")
    return found


def _session(profile: str | None, region: str) -> botocore.session.Session:
    made = botocore.session.Session(profile=profile)
    if not (made.get_config_variable("region") or os.environ.get("AWS_REGION")):
        made.set_config_variable("region", region)
    patience.limit(made)
    return made


def keys_of_environment(profile: str | None) -> bool:
    """Whether the key in the environment is used, and no profile's: it comes first unless a profile is named."""
    return profile is None and bool(os.environ.get("AWS_ACCESS_KEY_ID"))


@contextmanager
def _explained(session: botocore.session.Session, profile: str | None) -> Iterator[None]:
    """Tells of a profile by its name what is wrong with it, and the command that mends it."""
    try:
        yield
    except (BotoCoreError, ClientError, OSError, *_UNFORESEEN) as error:
        told = _explanation(error, session, profile or DEFAULT)
        if told is None:
            raise
        message, hint = told
        # What a `credential_process` printed may hold a key, and JSONDecodeError carries it.
        cause = None if isinstance(error, _UNFORESEEN) else error
        raise AwsError(f"AWS profile '{profile or DEFAULT}': {message}", hint=hint) from cause


def _explanation(  # noqa: C901, PLR0911  # a case for each cause
    error: Exception, session: botocore.session.Session, profile: str
) -> tuple[str, str] | None:
    """Return a description of an error about credentials and its remedy; None for any other error."""
    check = f"check with: aws sts get-caller-identity --profile {shlex.quote(profile)}"
    if nested := _nested(session, profile):
        return (
            f"its `{nested}` has indented lines below it in place of a value",
            f"correct the profile in your AWS configuration; {check}",
        )
    if (
        _holder(session, profile, "credential_process", otherwise="")
        and (why := _why_process_failed(error)) is not None
    ):
        return _process_failure(session, profile, why)
    match error:
        case InfiniteLoopConfigError():
            loop = " -> ".join(_chain(session, profile))
            return (
                f"its `source_profile` leads in a circle: {loop}",
                f"set `source_profile` of one of them to a profile that has credentials; {check}",
            )
        case SSOError() | TokenRetrievalError():
            holder = _holder(session, profile, "sso_session", "sso_start_url")
            return (
                f"there is no valid sign-in to IAM Identity Center ({_clause(error)})",
                f"sign in: aws sso login --profile {shlex.quote(holder)}",
            )
        case LoginInsufficientPermissions():
            return _clause(error), "have signin:CreateOAuth2Token allowed to your identity"
        case LoginError():
            holder = _holder(session, profile, "login_session")
            return (
                f"there is no valid session of `aws login` ({_clause(error)})",
                f"sign in: aws login --profile {shlex.quote(holder)}",
            )
        case MissingDependencyException() if _holder(session, profile, "login_session", otherwise=""):
            holder = _holder(session, profile, "login_session")
            name = shlex.quote(holder)
            return (
                "its session of `aws login` cannot be read without the package awscrt",
                (
                    f"sign in: aws login --profile {name}; then use a profile with the line:"
                    f" credential_process = aws configure export-credentials --profile {name} --format process"
                ),
            )
        case OSError() if _holder(session, profile, "web_identity_token_file", otherwise=""):
            return (
                f"its `web_identity_token_file` cannot be read: '{error.filename}': {error.strerror}",
                f"correct the profile in your AWS configuration; {check}",
            )
        case ClientError() if "MultiFactorAuthentication failed" in str(error):
            return (
                f"AWS does not accept the MFA code ({_clause(error)})",
                f"make sure that `mfa_serial` is your device's ARN and that the device's clock is right; {check}",
            )
        case PartialCredentialsError():
            return (
                f"its key is incomplete ({_clause(error)})",
                f"complete it: aws configure --profile {shlex.quote(profile)}",
            )
        case CredentialRetrievalError() | InvalidConfigError():
            return _clause(error), f"correct the profile in your AWS configuration; {check}"
        case _ if isinstance(error, _UNFORESEEN):
            return "its settings cannot be used", f"correct the profile in your AWS configuration; {check}"
    return None


def _why_process_failed(error: Exception) -> str | None:  # noqa: PLR0911  # a case for each cause
    """The reason why a `credential_process` gave no key; empty if nobody says. None for another cause.

    Nothing is repeated of what it printed: it may be a key.
    """
    match error:
        case CredentialRetrievalError() if error.kwargs.get("provider") == "custom-process":
            return str(error.kwargs.get("error_msg", "")).strip()
        case OSError():
            return error.strerror or str(error)
        case JSONDecodeError() | UnicodeDecodeError() | RecursionError():
            return "it did not print JSON"
        case ValueError() if str(error) in {"No closing quotation", "No escaped character"}:  # shlex has no other sign
            return f"its command line is not complete ({_clause(error)})"
        case RuntimeError():
            return "it printed a key that has expired"
        case ValueError() | TypeError() | AttributeError() | LookupError():
            return f"it did not print {A_KEY}"
    return None


def _process_failure(session: botocore.session.Session, profile: str, said: str) -> tuple[str, str]:
    holder = _holder(session, profile, "credential_process")
    command = str(_profiles(session).get(holder, {}).get("credential_process") or "").strip()
    reason = f": {said}" if said else ", without an error message"
    whose = "its" if holder == profile else f"profile '{holder}', its source, has a"
    if not command:
        return f"{whose} `credential_process` is empty", "correct `credential_process` in your AWS configuration"
    return (
        f"{whose} `credential_process` failed{reason}",
        f"run it by hand and mend what it reports: {command}",
    )


def _nested(session: botocore.session.Session, profile: str) -> str | None:
    """The setting of the chain that has further settings below it, as only those of services have."""
    settings = (item for name in _chain(session, profile) for item in _profiles(session).get(name, {}).items())
    return next((name for name, value in settings if name in _TEXTS and not isinstance(value, str)), None)


def _profiles(session: botocore.session.Session) -> dict[str, dict[str, Any]]:
    profiles: dict[str, dict[str, Any]] = session.full_config.get("profiles", {})
    return profiles


def _chain(session: botocore.session.Session, profile: str) -> list[str]:
    """The profile, the one that it takes its credentials from, and so on; in a circle, up to the first seen twice."""
    profiles, chain = _profiles(session), [profile]
    while isinstance(source := profiles.get(chain[-1], {}).get("source_profile"), str):
        chain.append(source)
        if source in chain[:-1]:
            break
    return chain


def _holder(session: botocore.session.Session, profile: str, *settings: str, otherwise: str | None = None) -> str:
    """The profile of the chain that has one of the settings."""
    profiles = _profiles(session)
    has = (name for name in _chain(session, profile) if any(setting in profiles.get(name, {}) for setting in settings))
    return next(has, profile if otherwise is None else otherwise)


def _clause(error: Exception) -> str:
    return str(error).strip().rstrip(".")
