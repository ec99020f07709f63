"""Global Git configuration, and the token for private repositories."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from studioctl.lifecycle.program import text
from studioctl.lifecycle.step import Step, quoted


@dataclass(frozen=True)
class Token:
    """The secret with the token of a Git host. It is read each time that Git asks, and never stored elsewhere.

    Args:
        host: Such as "github.com", or "git.acme.com:8443".
        username: The user name that Git sends with it.
        secret: Name of the secret in AWS Secrets Manager; its value is the token, as plain text.
        region: The secret's region.
    """

    host: str
    username: str
    secret: str
    region: str


def configuration(values: Mapping[str, str], token: Token | None) -> Step | None:
    """Merges values into Git's configuration, and names the program that gives Git the token."""
    calls, uses = [], []
    if token is not None:
        uses.append("git.sh")
        calls.append(f"git_token {quoted([token.host, _helper(token)])}")
    if values:
        uses.append("merge.sh")
        calls.append(f'merge git {quoted([json.dumps(values)])} "${{own}}/git.json" "${{HOME}}/.gitconfig"')
    if not calls:
        return None
    return Step("git", "\n      ".join(calls), tuple(uses), "merge_git" if values else "")


def _helper(token: Token) -> str:
    values = {"HOST": token.host, "USERNAME": token.username, "SECRET": token.secret, "REGION": token.region}
    first, *rest = (line for line in text("git-credential.sh").splitlines() if not line.startswith("# "))
    given = " ".join(f"{name}={quoted([value])}" for name, value in values.items())
    return "\n".join((first, "# Written by studioctl", given, *rest))
