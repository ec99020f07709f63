"""A change is told and marked as it is alone, whatever else the file changes beside it."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import combinations
from typing import NamedTuple

import pytest

from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.review.entry import Entry
from studioctl.review.reviewing import review
from tests.unit.review.changes import HEAD, USERS
from tests.unit.review.planned import between, now

QUEUE = 'actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:us-east-1:123456789012:x"]'


class Key(NamedTuple):
    """A section, and its line after and before the change."""

    section: str
    after: str = ""
    before: str = ""


KEYS: Mapping[str, Key] = {
    "no Docker": Key("studio", "docker = false"),
    "no remote access": Key("studio", "remote_access = false"),
    "larger volumes": Key("studio", "volume_gb = 50"),
    "no idle stop": Key("studio", 'idle_timeout_minutes = "never"'),
    "a tool": Key("editor", 'tools = ["uv"]'),
    "a token": Key("secrets", 'github = { username = "ada" }'),
    "a role for each": Key("iam", "per_user_roles = true"),
    "one role for all": Key("iam", before="per_user_roles = true"),
    "managed": Key("iam", 'permissions = "managed"'),
    "scoped": Key("iam", before='permissions = "managed"'),
    "an allowance": Key("iam", f'extra_statements = [{{ effect = "Allow", {QUEUE} }}]'),
    "no allowance": Key("iam", before=f'extra_statements = [{{ effect = "Allow", {QUEUE} }}]'),
    "a denial": Key("iam", f'extra_statements = [{{ effect = "Deny", {QUEUE} }}]'),
    "no denial": Key("iam", before=f'extra_statements = [{{ effect = "Deny", {QUEUE} }}]'),
    "no boundary": Key("iam", before='permissions_boundary = "arn:aws:iam::123456789012:policy/b"'),
    "a bucket": Key("storage", 'extra_buckets = ["acme-lake"]'),
    "no bucket": Key("storage", before='extra_buckets = ["acme-lake"]'),
    "another bucket": Key("storage", 'extra_buckets = ["acme-lake"]', 'extra_buckets = ["acme-pond"]'),
    "idle GPUs": Key("limits", "idle_gpu_minutes = 30"),
    "no idle GPUs": Key("limits", before="idle_gpu_minutes = 30"),
    "no versions": Key("storage", "versioning = false"),
    "a closed network": Key("network", 'access = "vpc-only"'),
    "fixed tags": Key("images", "immutable_tags = true"),
    "some apps": Key("limits", 'apps = ["code-editor"]'),
    "all apps": Key("limits", before='apps = ["code-editor"]'),
    "all types": Key("limits", before='instance_types = ["ml.t3.*"]'),
}
# With Docker itself gone, a closed network takes nothing from it; and that all scripts change is told with Docker.
NO_MATTER = {("no Docker", other) for other in ("a closed network", "idle GPUs", "no idle GPUs")}


def file(lines: Iterable[tuple[str, str]]) -> str:
    sections: dict[str, list[str]] = {}
    for section, line in lines:
        if line:
            sections.setdefault(section, []).append(line)
    return HEAD + USERS + "".join(f"[{name}]\n" + "\n".join(those) + "\n" for name, those in sections.items())


def told(*names: str) -> dict[str, Entry]:
    before, after = (file((KEYS[n].section, getattr(KEYS[n], side)) for n in names) for side in ("before", "after"))
    was, config = parse(before), parse(after)
    summary = between(was, config)
    return {it.subject: it for it in review(config, Source("studio.toml", after), summary, now(was, summary)).entries}


def pairs() -> Iterable[tuple[str, str]]:
    for one, other in combinations(KEYS, 2):
        keys = {
            name.partition(" = ")[0] for key in (KEYS[one], KEYS[other]) for name in (key.after, key.before) if name
        }
        exclusive = len(keys) == 1 or keys == {"per_user_roles", "permissions"}
        if not exclusive and (one, other) not in NO_MATTER:
            yield one, other


@cache
def alone(name: str) -> dict[str, set[str]]:
    """The marks of what is told of this change, by subject."""
    return {subject: set(entry.marks) for subject, entry in told(name).items()}


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("no denial", {"widens"}),
        ("a denial", {"takes"}),
        ("no allowance", {"takes"}),
        ("one role for all", {"interrupts", "widens"}),
        ("some apps", {"takes"}),
        ("all apps", {"widens"}),
        ("all types", {"widens"}),
    ],
)
def test_the_marks_of_a_change(name: str, marks: set[str]) -> None:
    assert list(alone(name).values()) == [marks]


@pytest.mark.parametrize("one", KEYS)
def test_each_keeps_its_marks_beside_each_other(one: str) -> None:
    lost = {}
    for pair in (pair for pair in pairs() if pair[0] == one):
        found = told(*pair)
        for subject, marks in (item for name in pair for item in alone(name).items()):
            # Several keys of [editor], or it and another key, are told as the section.
            entry = found.get(subject) or found.get(subject.partition(".")[0])
            if entry is None or marks - {*entry.marks}:
                lost[pair, subject] = entry and marks - {*entry.marks}

    assert lost == {}


@pytest.mark.parametrize(("roles", "are_split"), [("a role for each", True), ("one role for all", False)])
def test_buckets_are_told_where_roles_are_split_or_merged(roles: str, are_split: bool) -> None:
    found = told(roles, "another bucket")["storage.extra_buckets"]

    assert (set(found.marks), found.where is not None, found.is_gone) == ({"takes", "widens"}, True, False)
    assert "acme-lake" in found.effect
    assert "can no longer use acme-pond" in found.effect
    assert "storage.extra_buckets" not in told(roles)
    assert told(roles)["iam.per_user_roles"].after == str(are_split).lower()


def test_idle_gpus_are_told_beside_a_change_of_scripts() -> None:
    assert told("a tool", "idle GPUs").keys() == {"editor.tools", "limits", "limits.idle_gpu_minutes"}
    assert told("no idle GPUs", "no Docker").keys() == {"studio.docker", "limits", "limits.idle_gpu_minutes"}
