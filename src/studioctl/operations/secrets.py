"""The value of a secret: straight into AWS Secrets Manager and out of it, past Terraform and every file."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from studioctl.config.text import listed
from studioctl.errors import AbsentError, StudioctlError
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account

if TYPE_CHECKING:
    from studioctl.aws.secrets import Secret, Secrets

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
LARGEST = 65_536
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
GITHUB_TOKEN = re.compile(r"(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|[0-9a-f]{40})")


@dataclass(frozen=True)
class Stored:
    """The result of `set_github`: the secret's name, whether it had to be restored, and a doubt about the value."""

    name: str
    restored: bool
    doubt: str | None


def read_value(raw: bytes, *, user: str | None = None) -> SecretStr:
    """The value in what was typed, piped or read: text, without the line break at its end.

    Raises:
        StudioctlError: It is empty, too long, or no text. What it says never quotes the value.
    """
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        text = "\0"
    if not text.strip():
        raise StudioctlError("The value is empty. Nothing was changed.", hint=first_value(user))
    if "\0" in text:
        raise StudioctlError("The value is not text. Nothing was changed.", hint="give the token itself, as text")
    if len(text.encode()) > LARGEST:
        raise StudioctlError(
            f"The value has more than {LARGEST:,} bytes, the most that AWS keeps. Nothing was changed.",
            hint="give the token itself, and nothing else",
        )
    return SecretStr(text)


def doubt_about(value: SecretStr) -> str | None:
    """A note that this may not be a GitHub token; None if it looks like one."""
    if GITHUB_TOKEN.fullmatch(value.get_secret_value()):
        return None
    return "this does not look like a token of GitHub's, which begin with ghp_, github_pat_ or gho_"


def require_github(account: Account, *, user: str | None = None) -> None:
    """Makes sure that there is a secret, before anybody is asked for a value to put into it.

    Raises:
        StudioctlError: There is no such user or secret.
        AwsError: AWS refused.
    """
    _existing(account, _secrets(account), user)


def set_github(account: Account, value: SecretStr, *, user: str | None = None) -> Stored:
    """Makes this the GitHub token. A secret that is scheduled for deletion is restored first.

    Args:
        account: The environment's account.
        value: The token.
        user: The user whose token it is; None for everybody's.

    Raises:
        StudioctlError: There is no such user or secret.
        AwsError: AWS refused.
    """
    secrets = _secrets(account)
    secret = _existing(account, secrets, user)
    if secret.deletion_at is not None:
        secrets.restore(secret)
    secrets.put(secret, value)
    return Stored(secret.name, restored=secret.deletion_at is not None, doubt=doubt_about(value))


def get_github(account: Account, *, user: str | None = None) -> SecretStr:
    """The GitHub token: a user's own, or everybody's.

    Raises:
        StudioctlError: There is no such user or secret, it has no value, or it is scheduled for deletion.
        AwsError: AWS refused.
    """
    return _secrets(account).value(require_value(account, user=user))


def require_value(account: Account, *, user: str | None = None) -> "Secret":
    """Makes sure that the secret has a value, before anybody is asked whether it may be shown. It is not read.

    Raises:
        StudioctlError: There is no such user or secret, it has no value, or it is scheduled for deletion.
        AwsError: AWS refused.
    """
    secret = _existing(account, _secrets(account), user)
    if secret.deletion_at is not None:
        raise StudioctlError(
            f"Secret '{secret.name}' is scheduled for deletion, and AWS gives out no value of such a one.",
            hint=f"{first_value(user)}   (restores it)",
        )
    if not secret.has_value:
        raise StudioctlError(f"Secret '{secret.name}' has no value yet.", hint=first_value(user))
    return secret


@dataclass(frozen=True)
class SecretStatus:
    """The status of the GitHub token, found without reading it.

    Args:
        name: Name of the secret in AWS.
        state: "set", "empty" (no value yet), "deleting" (scheduled for deletion), "missing", or "unwanted" (missing,
            and the file does not ask for it).
        secret: AWS's description of the secret; None when it is missing.
    """

    name: str
    state: Literal["set", "empty", "deleting", "missing", "unwanted"]
    secret: "Secret | None"


def github_status(account: Account, *, user: str | None = None) -> SecretStatus:
    """Whether there is a token, a user's own or everybody's, since when, and when it was last used."""
    name, is_wanted = _asked_for(account, user)
    secret = _secrets(account).find(name)
    if secret is None:
        return SecretStatus(name, "missing" if is_wanted else "unwanted", None)
    if secret.deletion_at is not None:
        return SecretStatus(name, "deleting", secret)
    return SecretStatus(name, "set" if secret.has_value else "empty", secret)


def _secrets(account: Account) -> "Secrets":
    from studioctl.aws.secrets import Secrets  # noqa: PLC0415 (boto3 takes long to import)

    return Secrets(account.session)


def first_value(user: str | None) -> str:
    """The command that stores a value: the user's own, or everybody's."""
    return f"studioctl secret set github{f' --user {user}' if user else ''}"


def _asked_for(account: Account, user: str | None) -> tuple[str, bool]:
    """The secret's name, and whether the file asks for it."""
    config, naming = account.config, Naming.of(account.config)
    if user is None:
        return naming.github_secret, config.secrets.github is not None
    found = next((known for known in config.users if known.name.casefold() == user.casefold()), None)
    if found is None:
        names = [known.name for known in config.users]
        raise StudioctlError(f"The file has no user '{user}'.", hint=f"name one of its users: {listed(names)}")
    return naming.user_github_secret(found.name), found.github is not None


def _existing(account: Account, secrets: "Secrets", user: str | None) -> "Secret":
    name, is_wanted = _asked_for(account, user)
    secret = secrets.find(name)
    if secret is not None:
        return secret
    if not is_wanted and user:
        raise StudioctlError(
            f"The file asks for no token of {user}'s own, so there is none.",
            hint='write github = { username = "..." } below that [[users]], then: studioctl up',
        )
    if not is_wanted:
        raise StudioctlError(
            "The file asks for no secret, so there is none.",
            hint='below [secrets] (write it if it is missing): github = { username = "..." }, then: studioctl up',
        )
    raise AbsentError(f"Secret '{name}' does not exist yet.", hint="studioctl up", is_local=account.target.is_local)
