"""Sessions that need an MFA code: asked for once in a process, kept in memory, and renewed with a new code.

botocore asks for one code in each of its sessions, and gives up when what it got for the code ends.
"""

import getpass
import json
import re
import shlex
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.exceptions import ClientError
from botocore.utils import JSONFileCache

from studioctl import homes
from studioctl.errors import AwsError

Profiles = Mapping[str, Mapping[str, Any]]
CODE = re.compile(r"\d{6}")  # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
REFUSED = "invalid MFA one time pass code"
TRIES = 3
# A session is renewed when so much of it is left, in seconds: as late as possible, because somebody has to be there.
RENEWED_BEFORE_END = 120
# Where the AWS CLI keeps the sessions that it got, in the home.
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html
CLI_CACHE = Path(".aws", "cli", "cache")

_sessions: dict[str, RefreshableCredentials] = {}
_making = threading.RLock()


def roles(profiles: Profiles, name: str) -> list[str]:
    """The profiles whose roles are assumed for a profile, each with the credentials of the next."""
    found: list[str] = []
    while name not in found:
        profile = profiles.get(name, {})
        is_source_with_keys = bool(found) and {"aws_access_key_id", "aws_secret_access_key"} & set(profile)
        source = profile.get("source_profile", name)
        is_text = isinstance(source, str)
        if "role_arn" not in profile or "web_identity_token_file" in profile or is_source_with_keys or not is_text:
            break
        found.append(name)
        name = source
    return found


def is_asked_for(profiles: Profiles, name: str) -> bool:
    """Whether somebody has to type a code for a profile."""
    return any("mfa_serial" in profiles[role] for role in roles(profiles, name))


def use(session: botocore.session.Session, profile: str, make: Callable[[], botocore.session.Session]) -> None:
    """Let a session of botocore sign requests with the one session that this process has for the profile.

    Args:
        session: The session that gets these credentials.
        profile: The profile's name.
        make: Makes another session of the profile, with which a code can be asked for again.
    """
    profiles = session.full_config.get("profiles", {})
    settings = {role: {**profiles[role]} for role in roles(profiles, profile)}
    key = str(hash(json.dumps([profile, settings], sort_keys=True)))
    with _making:  # two threads must not ask at once
        if key not in _sessions:
            _sessions[key] = RefreshableCredentials.create_from_metadata(
                _sign_in(profile, make),
                refresh_using=lambda: _renew(profile, make),
                method="studioctl",
                advisory_timeout=RENEWED_BEFORE_END,
                mandatory_timeout=RENEWED_BEFORE_END,
            )
    session.register_component("credential_provider", CredentialResolver([_Known(_sessions[key])]))


class _Known(CredentialProvider):
    """Provides credentials that are there already."""

    METHOD = "studioctl"

    def __init__(self, known: RefreshableCredentials) -> None:
        super().__init__()
        self._known = known

    def load(self) -> RefreshableCredentials:
        return self._known


def _renew(profile: str, make: Callable[[], botocore.session.Session]) -> dict[str, Any]:
    with _making:
        return _sign_in(profile, make, why=f"The session of AWS profile '{profile}' ends: the run needs another code.")


def _sign_in(profile: str, make: Callable[[], botocore.session.Session], why: str = "") -> dict[str, Any]:
    """Return the metadata for RefreshableCredentials. If AWS refuses a code, ask again, three times in all."""
    why = why or f"AWS profile '{profile}' asks for an MFA code, once for this command."
    for left in reversed(range(TRIES)):
        try:
            return _attempt(profile, make(), why)
        except ClientError as error:
            if REFUSED not in str(error) or not left:
                raise
            why = "AWS does not accept that code, and takes each code only once: type the next one."
    raise AssertionError("the last try returns or raises")  # pragma: no cover


def _attempt(profile: str, session: botocore.session.Session, why: str) -> dict[str, Any]:
    provider = session.get_component("credential_provider").get_provider("assume-role")
    provider.cache = answers = _Answers()
    provider._prompter = lambda prompt: ask(f"{why}\n{prompt}", profile)  # noqa: SLF001  # botocore has no other way
    found = session.get_credentials()
    assert found is not None  # noqa: S101 - a role is assumed, or something is raised
    signed = found.get_frozen_credentials()
    return {
        "access_key": signed.access_key,
        "secret_key": signed.secret_key,
        "token": signed.token,
        "expiry_time": answers.end_of(str(signed.access_key)),
    }


class _Answers:
    """STS's answers to AssumeRole, by botocore's key: those that the AWS CLI keeps in files, and new ones in memory."""

    def __init__(self) -> None:
        home = homes.person()
        self._kept: Any = JSONFileCache(str(home / CLI_CACHE)) if home else {}
        self._used: dict[str, Any] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._used or self._take(key)

    def __getitem__(self, key: str) -> Any:
        return self._used[key]

    def __setitem__(self, key: str, answer: Any) -> None:
        self._used[key] = answer

    def _take(self, key: str) -> bool:
        """Whether the AWS CLI keeps this answer, whole."""
        try:
            self._used[key] = answer = self._kept[key]
            return {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} <= set(answer["Credentials"])
        except (KeyError, TypeError):
            return False

    def end_of(self, access_key: str) -> str:
        """The expiry of a key in one of them."""
        found = (answer["Credentials"] for answer in self._used.values())
        return next(str(key["Expiration"]) for key in found if key["AccessKeyId"] == access_key)


def ask(prompt: str, profile: str) -> str:
    """A code, from the person at the terminal; what is typed is not shown.

    Raises:
        AwsError: There is no terminal, or nothing is typed.
    """
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise AwsError(
            f"AWS profile '{profile}': its role asks for an MFA code, and there is no terminal to type it at",
            hint=f"sign in at a terminal first: aws sts get-caller-identity --profile {shlex.quote(profile)}"
            "   (studioctl uses that session of the AWS CLI while it lasts); or name a profile without `mfa_serial`",
        )
    try:
        while not CODE.fullmatch(code := getpass.getpass(prompt).strip()):
            prompt = "A code has six digits: "
    except EOFError:
        raise AwsError(
            f"AWS profile '{profile}': no MFA code was typed", hint="type the six digits that your MFA device shows"
        ) from None
    return code
