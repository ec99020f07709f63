"""[editor] with what differs for one user: tables are merged, lists are added up, and the user's word is the last."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from studioctl.config.git_checks import directory_of
from studioctl.config.scripts import SCRIPT_KEYS


def _package(spec: str) -> str:
    """The name of a package of PyPI or conda, without versions: two of these cannot be installed side by side."""
    return re.split(r"[\[=<>!~]", spec.rpartition("::")[2], maxsplit=1)[0].casefold().replace("_", "-")


# What makes two entries of a list the same thing, of which only one can be.
SAME: Mapping[str, Callable[[Any], str]] = {
    "conda_packages": _package,
    "tools": _package,
    "extensions": lambda wanted: str(wanted).partition("@")[0].casefold(),
    "keybindings": lambda entry: json.dumps([entry["key"], entry.get("when")]),
    "repositories": lambda url: directory_of(url).casefold(),
}


def merged(domain: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """The domain's editor and the user's as one.

    Args:
        domain: The keys that [editor] sets, with their values.
        user: The keys that the user's editor sets.
    """
    return {**domain, **{key: _merged(key, domain.get(key), value) for key, value in user.items()}}


def _merged(key: str, domain: Any, user: Any) -> Any:
    if key in SAME:
        return _added(SAME[key], domain or (), user)
    if isinstance(domain, dict) and isinstance(user, dict) and key not in SCRIPT_KEYS:
        return {**domain, **user}
    return user


def _added(same: Callable[[Any], str], domain: Iterable[Any], user: Iterable[Any]) -> tuple[Any, ...]:
    wanted = {same(entry): entry for entry in domain}
    return tuple((wanted | {same(entry): entry for entry in user}).values())
