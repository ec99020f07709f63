"""Finds secrets that somebody typed into the file, by their shape. Never says what they are."""

import re
from collections.abc import Iterator
from typing import Any

from studioctl.config.text import Location, Violation

# Tokens of GitHub, GitLab, AWS, Slack, Hugging Face and others announce themselves; so do private keys.
SHAPES = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{4,}|github_pat_\w{4,}|glpat-[\w-]{6,}|(AKIA|ASIA)[A-Z0-9]{12,}|xox[abprs]-[\w-]{6,}"
    r"|hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|pypi-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|https?://[^/\s@]*@|[a-z+]+://[^/\s:@]*:[^/\s@]*@|[Aa]uthorization:"
)
KEYS = re.compile(
    r"(.*[_-])?(token|password|passwd|passphrase|secret|secrets?_?(access_)?key|access_key(_id)?|api_?key|pat|credentials?)",
    re.IGNORECASE,
)
NEVER = "a secret is never in the file; delete it, revoke it,"
FOR_GITHUB = f"{NEVER} then store a new one in AWS Secrets Manager"
FOR_AWS = f'{NEVER} then name a profile of your AWS configuration: profile = "..."'


def words_for_key(key: str) -> str | None:
    """Return the message for an unknown key that names a secret; None for any other key."""
    if KEYS.fullmatch(key) is None:
        return None
    return FOR_AWS if "access" in key.casefold() else FOR_GITHUB


def _words_for(value: str) -> str | None:
    found = SHAPES.search(value)
    if found is None:
        return None
    return f"this looks like a secret, and {FOR_AWS if found[0].startswith(('AKIA', 'ASIA')) else FOR_GITHUB}"


def shows(message: str) -> bool:
    """Whether one of our messages repeats something that looks like a secret, in any mix of upper and lower case."""
    return re.search(SHAPES.pattern, message, re.IGNORECASE) is not None


def violations(place: Location, value: Any) -> Iterator[Violation]:
    """Every text, also in keys, that looks like a secret, with its place."""
    match value:
        case str() if words := _words_for(value):
            yield place, words
        case dict():
            for key, item in value.items():
                if words := _words_for(key):
                    yield place, words
                else:
                    yield from violations((*place, key), item)
        case list() | tuple():
            for index, item in enumerate(value):
                yield from violations((*place, index), item)
        case _:
            pass
