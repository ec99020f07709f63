"""Who made a change: whoever wrote the file, or somebody in AWS since the last `up`."""

import hashlib
from collections.abc import Mapping

from pydantic import BaseModel

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.review.facts import Facts
from studioctl.review.marks import Part, Parts

CHANGED = "Changed in AWS since the last up, and not in the file: up puts it back."
REMOVED = "Removed in AWS since the last up, and still in the file: up creates it anew."


def digests(config: EnvironmentConfig) -> Mapping[str, str]:
    """A digest of each section of a file, each key in one, each user and each group."""
    found = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        found[name] = _digest(value)
        if isinstance(value, BaseModel):
            found |= {f"{name}.{key}": _digest(getattr(value, key)) for key in type(value).model_fields}
    found |= {f"users.{user.name}": _digest(user) for user in config.users}
    return found | {f"groups.{name}": _digest(group) for name, group in config.groups.items()}


def _digest(value: object) -> str:
    text = value.model_dump_json() if isinstance(value, BaseModel) else repr(value)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def told(key: Location, parts: Parts, facts: Facts) -> str:
    """Who made a change, in a sentence, if it was somebody in AWS; empty where it was the file, or nobody can tell."""
    if facts.is_new or facts.now is None:
        return ""
    removed = {change.address for change in facts.summary.drift if change.action == "delete"}
    if all(part.change.address in removed for part in parts):
        return REMOVED
    is_same = _place(key, facts.config) in facts.now.same_keys
    return CHANGED if is_same and all(_is_others(part, facts) for part in parts) else ""


def _place(key: Location, config: EnvironmentConfig) -> str:
    if key[:1] == ("users",):
        return f"users.{config.users[int(key[1])].name}" if len(key) > 1 else ""
    return ".".join(map(str, key[:2]))


def _is_others(part: Part, facts: Facts) -> bool:
    """Whether the resource is described as it was, or each attribute is known to be other than it was left."""
    if part.change.action != "update" or any(a.unknown for a in part.attributes):
        return False
    if facts.now and part.change.address in facts.now.same_resources:
        return True
    drifted = {a.path for it in facts.summary.drift if it.address == part.change.address for a in it.attributes}
    return bool(part.attributes) and all(a.by_api or a.path in drifted for a in part.attributes)
