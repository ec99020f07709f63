"""Tell changes by the file's author from changes that somebody made in AWS since the last `up`."""

import hashlib
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from studioctl.catalog.kinds import POLICY, PROFILE, SPACE, kind_of
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.review import words
from studioctl.review.facts import Facts
from studioctl.review.marks import Part, Parts
from studioctl.review.nouns import joined
from studioctl.terraform.plan import ResourceChange

CHANGED = "Changed in AWS since the last up, and not in the file: up puts it back."
REMOVED = "{} removed in AWS since the last up, and still in the file: up creates {} anew."
FILES_GONE = "The volume went with it: its files are gone, and AWS keeps no copy."
LEFT = "The last up left {}: somebody changed it in AWS since."
PUBLIC = "Until then, a bucket policy or an access list may open the data bucket to the public."
OTHER_RIGHTS = "Until then, this policy may allow other things than the file says, and more."
_PUBLIC_BLOCK, _BUCKET_POLICY = "aws_s3_bucket_public_access_block", "aws_s3_bucket_policy"
_POLICIES = {POLICY, "aws_iam_role_policy"}


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
    """A sentence that says that somebody made the change in AWS; empty if the file did, or nobody can tell."""
    return " ".join(_told(key, parts, facts))


def _told(key: Location, parts: Parts, facts: Facts) -> Iterator[str]:
    if facts.is_new or facts.now is None:
        return
    if is_removed(parts, facts):
        changes = [part.change for part in parts]
        verb, them = ("was", "it") if len(parts) == 1 else ("were", "them")
        yield REMOVED.format(f"{_upper(joined(f'the {called(it)}' for it in changes))} {verb}", them)
        if any(change.type == SPACE for change in changes):
            yield FILES_GONE
    elif is_others(key, parts, facts):
        yield CHANGED
    else:
        yield from (LEFT.format(value) for value in dict.fromkeys(_left(key, parts, facts)))
        return
    yield from _exposes(parts)


def is_removed(parts: Parts, facts: Facts) -> bool:
    """Whether all of it is gone in AWS, and not by the file."""
    removed = {change.address for change in facts.summary.drift if change.action == "delete"}
    return all(part.change.address in removed for part in parts)


def is_others(key: Location, parts: Parts, facts: Facts) -> bool:
    """Whether somebody changed it in AWS, and nobody in the file."""
    if facts.is_new or facts.now is None:
        return False
    is_policy = key == ("iam",) and all(part.change.type in _POLICIES for part in parts)  # told apart before
    is_same = is_policy or _place(key, facts.config) in facts.now.same_keys
    return is_same and all(_is_others(part, facts) for part in parts)


def is_policy_of_others(key: Location, part: Part, facts: Facts) -> bool:
    """Whether it is a policy that somebody changed in AWS: no key of the file is behind that."""
    return part.change.type in _POLICIES and is_others(key, (part,), facts)


def is_exposed(key: Location, parts: Parts, facts: Facts) -> bool:
    """Whether what somebody did in AWS lets people reach more than the file says, until `up` puts it back."""
    return bool(_exposes(parts)) and (is_removed(parts, facts) or is_others(key, parts, facts))


def _exposes(parts: Parts) -> tuple[str, ...]:
    """The dangers, in sentences."""
    types = {part.change.type: part.change.action for part in parts}
    told = [PUBLIC] if _PUBLIC_BLOCK in types else []
    widened = [it for it, action in types.items() if it in {*_POLICIES, _BUCKET_POLICY} and action == "update"]
    return (*told, OTHER_RIGHTS) if widened else tuple(told)


def called(change: ResourceChange) -> str:
    """A resource as people call it, without an article: "space ada-editor", "versioning of bucket data"."""
    title = kind_of(change.type).title
    if title.endswith(" of bucket"):
        return title.replace(" of bucket", " of the data bucket")
    name = change.label.lstrip("_") if change.type in {SPACE, PROFILE} else change.label.replace("_", " ")
    return f"{title} {name}"


def _upper(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


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


def _left(key: Location, parts: Parts, facts: Facts) -> Iterator[str]:
    """The values that the last `up` left, where the file and somebody in AWS have both changed them."""
    drifted = {(it.address, a.path): a for it in facts.summary.drift for a in it.attributes}
    for part in parts:
        for attribute in part.attributes if part.change.action == "update" else ():
            before = drifted.get((part.change.address, attribute.path))
            if before and not attribute.unknown and (values := words.values(key, before)) and values[0] != values[1]:
                yield values[0]
