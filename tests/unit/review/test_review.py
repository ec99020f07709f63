"""Plans in the words of studio.toml: whole outputs, and a cause for every key."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studioctl.catalog.kinds import DOMAIN, KINDS, PROFILE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.config.text import Location
from studioctl.errors import RefusedError
from studioctl.operations.provisioning import meeting
from studioctl.presentation import costs
from studioctl.presentation import review as presented
from studioctl.presentation.console import Terminal
from studioctl.review.fixed_sentences import GUARD, NO_STOP, NOBODY
from studioctl.review.reviewing import review
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange, Step
from tests.environments import environment
from tests.unit.review import golden
from tests.unit.review.changes import ADA, CHANGES, DIGEST, GRACE, HEAD, USERS, Change
from tests.unit.review.planned import between

BOUNDARY = "arn:aws:iam::111122223333:policy/ml-boundary"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CLOSED = {"access": "vpc-only"}
CUT_OFF = {**CLOSED, "internet": "none"}
OWN_ROLES = {"per_user_roles": True}
STUDIES = {"database": "aurora-postgresql"}
MONEY = costs.Effect("Cost: 1", (), (), ())
STATEMENT = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-lake/*"]}


def test_each_plan_reads_as_it_did() -> None:
    assert golden.every() == golden.FILE.read_text(encoding="utf-8"), "python -m tests.unit.review.golden"


@pytest.mark.parametrize("name", CHANGES)
def test_no_plan_has_an_address_of_terraform_or_a_bracket(name: str) -> None:
    for width in (40, 80, 200):
        shown = golden.shown(CHANGES[name], width=width)
        assert not re.search(r"aws_|[\[\]]|\$\{", shown)
        assert max(map(len, shown.splitlines())) <= width or width == 40


@pytest.mark.parametrize("name", CHANGES)
def test_every_resource_of_a_plan_is_told_of(name: str) -> None:
    change = CHANGES[name]
    planned = {c.address for c in change.summary().changes if c.action != "move"}
    assert {address for entry in change.review().entries for address in entry.addresses} == planned


@pytest.mark.parametrize("name", CHANGES)
def test_every_line_is_the_one_in_the_file(name: str) -> None:
    change = CHANGES[name]
    lines = change.after.splitlines()
    for entry in change.review().entries:
        if entry.where is not None:
            file, _, line = entry.where.rpartition(":")
            named = entry.subject.split()[1] if " " in entry.subject else entry.subject.rpartition(".")[2]
            assert file == "studio.toml"
            assert named in "\n".join(lines[int(line) - 1 : int(line) + 1])


# What each key brings about: the file before, the same with another value of the key, and the key. Where a key has
# no counterpart in AWS, or `up` refuses any change of it, there is a reason below.
SSO: Location = ("access", "auth")
SSO_ADA = {"name": "ada", "sso_user": "ada@acme.example"}
PLAN = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"
KEYS: dict[Location, tuple[dict[str, Any], dict[str, Any]]] = {
    ("tags", "team"): ({}, {"tags": {"team": "ml"}}),
    ("names", "domain"): ({}, {"names": {"domain": "other"}}),
    ("names", "role"): ({}, {"names": {"role": "other"}}),
    ("names", "secret"): (
        {"secrets": {"github": {"username": "ada"}}},
        {"secrets": {"github": {"username": "ada"}}, "names": {"secret": "other"}},
    ),
    ("network", "access"): ({}, {"network": CLOSED}),
    ("network", "internet"): ({"network": CLOSED}, {"network": CUT_OFF}),
    ("network", "endpoints"): ({"network": CLOSED}, {"network": {**CLOSED, "endpoints": "all"}}),
    ("network", "cidr"): ({}, {"network": {"cidr": "10.9.0.0/16"}}),
    ("network", "availability_zones"): ({}, {"network": {"availability_zones": 3}}),
    ("network", "subnet_prefix"): ({}, {"network": {"subnet_prefix": 22}}),
    ("network", "public_ips"): ({}, {"network": {"public_ips": True}}),
    ("network", "flow_logs"): ({}, {"network": {"flow_logs": True}}),
    ("studio", "instance_type"): ({}, {"studio": {"instance_type": "ml.t3.large"}}),
    ("studio", "image"): ({}, {"studio": {"image": "4.3"}}),
    ("studio", "volume_gb"): ({}, {"studio": {"volume_gb": 50}}),
    ("studio", "max_volume_gb"): ({}, {"studio": {"max_volume_gb": 200}}),
    ("studio", "idle_timeout_minutes"): ({}, {"studio": {"idle_timeout_minutes": 90}}),
    ("studio", "docker"): ({}, {"studio": {"docker": False}}),
    ("studio", "trusted_accounts"): (
        {"network": CLOSED},
        {"network": CLOSED, "studio": {"trusted_accounts": ["111122223333"]}},
    ),
    ("studio", "rootless_docker"): ({"network": CLOSED}, {"network": CLOSED, "studio": {"rootless_docker": True}}),
    ("access", "auth"): ({"users": [{"name": "ada"}]}, {"access": {"auth": "sso"}, "users": [SSO_ADA]}),
    ("users", 0, "sso_user"): (
        {"access": {"auth": "sso"}, "users": [SSO_ADA]},
        {"access": {"auth": "sso"}, "users": [{**SSO_ADA, "sso_user": "a@acme.example"}]},
    ),
    ("studio", "home_file_system"): ({"studio": {"home_file_system": False}}, {}),
    ("studio", "hidden_apps"): ({"studio": {"hidden_apps": []}}, {"studio": {"hidden_apps": ["Canvas"]}}),
    ("studio", "hidden_tools"): ({"studio": {"hidden_tools": []}}, {"studio": {"hidden_tools": ["JumpStart"]}}),
    ("studio", "session_names"): ({"studio": {"session_names": "fixed"}}, {"studio": {"session_names": "user"}}),
    ("studio", "domain_security_group"): ({}, {"studio": {"domain_security_group": True}}),
    ("studio", "remote_access"): ({}, {"studio": {"remote_access": False}}),
    ("users", 1): ({}, {"users": [{"name": "ada"}, {"name": "eve"}]}),
    ("users",): ({"users": [{"name": "ada"}, {"name": "eve"}]}, {}),
    ("users", 0, "spaces", 1): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one"}, {"name": "two"}]}]},
    ),
    ("users", 0, "spaces", 0, "volume_gb"): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one", "volume_gb": 30}]}]},
    ),
    ("users", 0, "spaces", 0, "instance_type"): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one", "instance_type": "ml.t3.large"}]}]},
    ),
    ("users", 0, "image"): ({}, {"users": [{"name": "ada", "image": "4.3"}]}),
    ("users", 0, "spaces", 0, "image"): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one", "image": "4.3"}]}]},
    ),
    ("users", 0, "spaces", 0, "title"): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one", "title": "First"}]}]},
    ),
    ("users", 0, "spaces", 0, "training_plan"): (
        {"users": [{"name": "ada", "spaces": [{"name": "one"}]}]},
        {"users": [{"name": "ada", "spaces": [{"name": "one", "training_plan": PLAN}]}]},
    ),
    ("users", 0, "volume_gb"): ({}, {"users": [{"name": "ada", "volume_gb": 30}]}),
    ("users", 0, "instance_type"): ({}, {"users": [{"name": "ada", "instance_type": "ml.t3.large"}]}),
    ("users", 0, "push_images"): (
        {"iam": OWN_ROLES},
        {"iam": OWN_ROLES, "users": [{"name": "ada", "push_images": False}]},
    ),
    ("users", 0, "github"): (
        {"iam": OWN_ROLES},
        {"iam": OWN_ROLES, "users": [{"name": "ada", "github": {"username": "ada"}}]},
    ),
    ("users", 0, "editor"): ({}, {"users": [{"name": "ada", "editor": {"tools": ["ruff"]}}]}),
    ("storage", "file_systems"): ({}, {"storage": {"file_systems": [{"id": "fs-0123456789abcdef0"}]}}),
    ("users", 0, "file_systems"): ({}, {"users": [{"name": "ada", "file_systems": [{"id": "fs-0123456789abcdef0"}]}]}),
    ("users", 0, "posix"): (
        {"users": [{"name": "ada", "posix": {"uid": 10000}}]},
        {"users": [{"name": "ada", "posix": {"uid": 200001}}]},
    ),
    ("storage", "bucket"): ({"storage": {"bucket": "acme-one"}}, {"storage": {"bucket": "acme-two"}}),
    ("storage", "extra_buckets"): ({}, {"storage": {"extra_buckets": ["acme-lake"]}}),
    ("storage", "versioning"): ({}, {"storage": {"versioning": False}}),
    ("storage", "keep_old_versions_days"): ({}, {"storage": {"keep_old_versions_days": 9}}),
    ("storage", "access_logs"): ({}, {"storage": {"access_logs": "acme-logs"}}),
    ("iam", "permissions"): ({}, {"iam": {"permissions": "managed"}}),
    ("iam", "per_user_roles"): ({}, {"iam": OWN_ROLES}),
    ("iam", "permissions_boundary"): ({}, {"iam": {"permissions_boundary": BOUNDARY}}),
    ("iam", "role_path"): ({}, {"iam": {"role_path": "/ml/"}}),
    ("iam", "extra_statements"): ({}, {"iam": {"extra_statements": [STATEMENT]}}),
    ("images", "repository"): ({}, {"images": {"repository": "other"}}),
    ("images", "keep_latest"): ({}, {"images": {"keep_latest": 9}}),
    ("images", "expire_untagged_days"): ({}, {"images": {"expire_untagged_days": 9}}),
    ("images", "scan_on_push"): ({}, {"images": {"scan_on_push": False}}),
    ("images", "immutable_tags"): ({}, {"images": {"immutable_tags": True}}),
    ("images", "custom", 0): ({}, {"images": {"custom": [{"name": "torch", "digest": DIGEST}]}}),
    ("secrets", "github"): ({}, {"secrets": {"github": {"username": "ada"}}}),
    ("encryption", "customer_key"): ({}, {"encryption": {"customer_key": True}}),
    ("encryption", "key"): ({}, {"encryption": {"key": KEY}}),
    ("encryption", "deletion_days"): (
        {"encryption": {"customer_key": True}},
        {"encryption": {"customer_key": True, "deletion_days": 9}},
    ),
    ("editor",): ({}, {"editor": {"tools": ["uv"]}}),
    ("limits", "instance_types"): ({}, {"limits": {"instance_types": ["ml.t3.*"]}}),
    ("limits", "images"): ({}, {"limits": {"images": ["4.3"]}}),
    ("limits", "apps"): ({}, {"limits": {"apps": ["code-editor", "jupyterlab"]}}),
    ("limits",): ({}, {"limits": {"monthly_usd": 100.0}}),
    ("tuning", "database"): ({"network": CLOSED}, {"network": CLOSED, "tuning": STUDIES}),
    ("tuning", "min_acu"): (
        {"network": CLOSED, "tuning": STUDIES},
        {"network": CLOSED, "tuning": {**STUDIES, "min_acu": 0.5}},
    ),
    ("tuning", "max_acu"): (
        {"network": CLOSED, "tuning": STUDIES},
        {"network": CLOSED, "tuning": {**STUDIES, "max_acu": 8.0}},
    ),
    ("tuning", "backup_days"): (
        {"network": CLOSED, "tuning": STUDIES},
        {"network": CLOSED, "tuning": {**STUDIES, "backup_days": 1}},
    ),
}
WITHOUT_EFFECT = {
    "name": "another environment",
    "region": "another environment",
    "profile": "how AWS is reached",
    "users_file": "names a list of users",
    "groups": "values of users: see the test of groups",
    "audit": "what the audit says",
    "cost": "prices, for what a plan says of costs",
    "state": "where Terraform keeps its state",
    "terraform": "the program by which Terraform reaches AWS",
    ("studio", "app"): "`up` refuses another app for a space that exists",
    ("network", "vpc"): "a network that somebody else looks after",
}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ".".join(map(str, key)))
def test_a_change_of_one_key_is_told_as_this_key_and_nothing_else(key: Location) -> None:
    before, after = (environment(**sections) for sections in KEYS[key])
    found = review(after, Source("studio.toml", ""), between(before, after))

    together: dict[Location, set[Location]] = {
        ("images", "custom", 0): {("images", "custom")},
        ("users",): set(),
        SSO: {("users", 0, "sso_user")},
    }
    assert {entry.key for entry in found.entries} - together.get(key, set()) == {key}


GROUPED = """
[groups.vision]
users = ["grace", "mary"]
volume_gb = {volume}
"""


def test_values_of_a_group_are_told_once_as_the_groups() -> None:
    change = Change(HEAD + ADA + GROUPED.format(volume=30), HEAD + ADA + GROUPED.format(volume=60))
    (entry,) = change.review().entries

    assert entry.sentence() == (
        "group vision volume_gb 30 -> 60 (studio.toml:9): The volumes of grace-editor and mary-editor grow now, with"
        " all files, while apps run on, and can never shrink again. AWS accepts the next change of the size only after"
        " 6 hours. Nobody is interrupted."
    )


def test_a_user_who_is_named_in_a_group_alone_is_found_there() -> None:
    more = '[groups.vision]\nusers = ["eve"]\n'
    (entry,) = Change(HEAD + ADA, HEAD + ADA + more).review().entries

    assert (
        entry.sentence()
        == "user eve (studio.toml:7): A user profile and the space eve-editor are created. Nobody is interrupted."
    )


def test_many_new_users_are_told_together() -> None:
    many = "".join(f'\n[[users]]\nname = "user-{number}"\n' for number in range(30))
    (entry,) = Change(HEAD + ADA, HEAD + ADA + many).review().entries

    assert entry.sentence() == (
        "30 new users, user-0 and others (studio.toml:7): 30 user profiles and 30 spaces are created."
        " Nobody is interrupted."
    )
    assert len(entry.addresses) == 60


def test_the_rule_for_what_gpus_tell_is_the_limits_and_not_that_of_all_old_versions() -> None:
    before, after = (environment(iam=OWN_ROLES, limits=limits) for limits in ({}, {"idle_gpu_minutes": 30}))
    for one, other in ((before, after), (after, before)):
        found = review(other, Source("studio.toml", ""), between(one, other))
        (entry,) = (entry for entry in found.entries if "aws_s3_bucket.data" in entry.addresses)
        assert entry.key == ("limits",)


def test_no_key_is_left_out() -> None:
    known = {tuple(part for part in key if isinstance(part, str)) for key in KEYS} | WITHOUT_EFFECT.keys()
    missing: list[object] = []
    for section, field in EnvironmentConfig.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        if section in WITHOUT_EFFECT or ((section,) in known and section in {"editor", "limits", "tags", "users"}):
            continue
        missing += [(section, name) for name in inner if (section, name) not in known] if inner else [section]
    assert [it for it in missing if it not in {"tags", "users", "editor"}] == []


def test_every_type_of_resource_has_a_noun() -> None:
    sections = {"network": {**CUT_OFF, "flow_logs": True}, "encryption": {"customer_key": True}}
    sections["limits"] = {"monthly_usd": 100.0}
    both = (environment(**sections), environment(network=CLOSED, storage={"access_logs": "acme-logs"}))
    types = {c.type for config in both for c in between(None, config).changes}
    assert types <= KINDS.keys()


@pytest.mark.parametrize("name", CHANGES)
def test_markdown_says_all_that_the_terminal_says_and_in_the_same_order(name: str) -> None:
    change = CHANGES[name]
    lines = [line.strip() for line in golden.shown(change, width=10_000).splitlines()]
    words = [re.sub(r"^([+~!-]|\d\.) |: *$|^REFUSED: |^Next: ", "", line).strip() for line in lines if line]
    written = " ".join(golden.in_markdown(change).replace("\\", "").replace("*", "").split())
    at = 0
    for line in words:
        marks, _, rest = line.partition(": ") if line.partition(":")[0].isupper() else ("", "", line)
        for part in (marks, " ".join(rest.split())):
            assert part in written[at:], part
            at = written.index(part, at)


def test_markdown_ends_a_quote_before_a_heading() -> None:
    change = Change(HEAD + ADA, HEAD + ADA + GRACE)
    gone = replace(change.summary(), drift=tuple(replace(it, action="delete") for it in change.summary().changes))
    lines = presented.markdown(change.review(), gone, title="plan").splitlines()

    assert [lines[at + 1] for at, line in enumerate(lines) if line.startswith(">")] == [""]


def test_markdown_shows_names_as_they_are_and_terraform_apart() -> None:
    change = Change(HEAD + ADA, HEAD + ADA + GRACE.replace("grace-gpu", "g-x"))
    shown = presented.markdown(change.review(), change.summary(), title="plan of <acme>", dearer="20 a month *more*")

    assert shown.splitlines() == [
        "### plan of \\<acme\\>",
        "",
        "**Look at this first**",
        "",
        "- **COSTS MORE** 20 a month \\*more\\*",
        "",
        "**People and spaces**",
        "",
        (
            "- **user grace** (studio.toml:7): A user profile and the spaces grace-editor and g-x are created."
            " Nobody is interrupted."
        ),
        "",
        "In AWS: 3 to create (a user profile and 2 spaces).",
        "",
        presented.UNKNOWN_TIME,
        "",
        "<details><summary>Terraform's addresses</summary>",
        "",
        "- `create` `aws_sagemaker_user_profile.grace`",
        "- `create` `aws_sagemaker_space.grace-editor`",
        "- `create` `aws_sagemaker_space.g-x`",
        "",
        "</details>",
    ]


def test_markdown_of_hundreds_of_people_fits_into_a_comment() -> None:
    """GitHub refuses a comment of more than 65,536 characters, and then nobody would see the plan."""

    def people(volume: int) -> str:
        users = (f'[[users]]\nname = "user-{number:03}"\nvolume_gb = {volume}\n' for number in range(700))
        return HEAD + ADA + "".join(users)

    def shown(change: Change) -> list[str]:
        text = presented.markdown(change.review(), change.summary(), title="plan", dearer="much more", money=MONEY)
        assert len(text) <= presented.LONGEST_COMMENT
        return text.splitlines()

    new, grown = shown(Change(HEAD + ADA, people(20))), shown(Change(people(20), people(30)))

    for lines, figures in ((new, "1400 to create"), (grown, "700 to change")):
        assert lines[:5] == ["### plan", "", "**Look at this first**", "", "- **COSTS MORE** much more"]
        assert figures in lines[-8]
        assert lines[-5:] == ["", "Cost: 1", "", "", presented.TOO_LONG]
        assert "<details><summary>Terraform's addresses</summary>" not in lines
    assert 250 < len(grown) < 700  # what there is room for, in whole lines
    assert all(line.startswith("- ") for line in grown[8:-9])


@pytest.mark.parametrize("number", [1000, 5000])
def test_markdown_of_thousands_of_removals_fits_into_a_comment(number: int) -> None:
    name = "somebody-with-quite-a-long-name-{:04}"
    gone = tuple(
        ResourceChange(f"{PROFILE}._{name.format(each)}", PROFILE, f"_{name.format(each)}", None, "delete")
        for each in range(number)
    )
    few = CHANGES["a user less"]
    summary = replace(few.summary(), changes=gone, drift=gone)
    found = review(few.config, Source("studio.toml", few.after), summary)
    refusal = RefusedError("\n".join(change.label for change in gone), hint="write it again")

    shown = presented.markdown(found, summary, title="plan", money=MONEY)
    refused = presented.markdown(found, summary, title="plan", money=MONEY, refusal=refusal)

    names = f"{', '.join(f'user profile {name.format(each)}' for each in range(10))} and {number - 10} more"
    lines = shown.splitlines()
    assert f"> {names} were removed outside of studioctl" in lines
    assert f"In AWS: {number} to delete ({names})." in lines
    assert lines[-1] == presented.TOO_LONG
    assert 60_000 < len(shown) <= presented.LONGEST_COMMENT
    assert "> Next: write it again" in refused.splitlines()
    assert len(refused) <= presented.LONGEST_COMMENT


def test_markdown_of_a_refused_plan_says_why_and_the_way_on_and_no_figure() -> None:
    change = CHANGES["another range of addresses"]
    refusal = RefusedError("It would\nlose *x*", hint="write it again")
    shown = presented.markdown(change.met(), change.summary(), title="plan", money=MONEY, refusal=refusal)

    assert shown.splitlines()[:9] == [
        "### plan",
        "",
        "> **REFUSED.** It would lose \\*x\\*",
        ">",
        "> Next: write it again",
        "",
        presented.UNDONE,
        "",
        '- network.cidr "10.0.0.0/16" -> "10.9.0.0/16" (studio.toml:11)',
    ]
    assert "In AWS" not in shown
    assert "Cost" not in shown


def test_what_was_removed_elsewhere_is_told_by_its_noun(capsys: pytest.CaptureFixture[str]) -> None:
    change = CHANGES["a third zone"]
    gone = ResourceChange("aws_subnet.public_1", "aws_subnet", "public_1", "vpc", "delete")
    space = ResourceChange("aws_sagemaker_space.eve", "aws_sagemaker_space", "eve", "sagemaker", "delete")
    steps = (
        Step("terraform", "Create, change and delete", ("aws_subnet.a", "aws_subnet.b")),
        Step("api", "Change settings", ("aws_sagemaker_domain.studio",)),
    )
    summary = replace(change.summary(), drift=(gone, space), steps=steps)
    presented.text(change.review(), summary, Terminal().out)
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == "! space eve and a subnet were removed outside of studioctl"
    assert lines[-3:] == [
        "In this order:",
        "  1. Create, change and delete: 2 subnets",
        "  2. Change settings: a domain",
    ]


def test_what_aws_filled_in_is_not_taken_for_a_change_by_others(capsys: pytest.CaptureFixture[str]) -> None:
    change = Change(HEAD + ADA, HEAD + ADA + "[storage]\nkeep_old_versions_days = 9\n")
    (bucket,) = change.summary().changes
    drifts = [
        replace(bucket, attributes=(AttributeChange(path, before, after),))
        for path, before, after in (
            ("versioning[0].enabled", False, True),
            ("lifecycle_rule[0].noncurrent_version_expiration[0].days", 30, 7),
        )
    ]
    for drift in drifts:
        presented.text(change.review(), replace(change.summary(), drift=(drift,)), Terminal().out)
    larger = CHANGES["a longer idle time"]
    ours = tuple(
        replace(it, attributes=tuple(replace(a, by_api=True) for a in it.attributes)) for it in larger.summary().changes
    )
    presented.text(larger.review(), replace(larger.summary(), changes=ours, drift=ours), Terminal().out)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("!")]

    assert told == ["! a bucket was changed outside of studioctl"]


def test_a_policy_that_waits_for_a_bucket_is_told_as_what_changes_the_bucket() -> None:
    change = Change(HEAD + ADA, HEAD + ADA + "[storage]\nkeep_old_versions_days = 9\n")
    unknown = (AttributeChange("policy", "{}", "(known after apply)", unknown=True),)
    waiting = tuple(
        ResourceChange(f"{kind}.{name}", kind, name, "s3", "update", unknown)
        for kind, name in (("aws_s3_bucket_policy", "data"), ("aws_iam_policy", "s3"))
    )
    summary = replace(change.summary(), changes=(*waiting, *change.summary().changes))
    (entry,) = review(change.config, Source("studio.toml", change.after), summary).entries

    assert (entry.subject, entry.before, entry.after) == ("storage.keep_old_versions_days", "30", "9")
    assert len(entry.addresses) == 3


def test_what_is_taken_over_and_changed_is_a_change() -> None:
    change = CHANGES["a longer idle time"]
    adopted = tuple(replace(it, action="import") for it in change.summary().changes)
    (entry,) = review(change.config, Source("", change.after), replace(change.summary(), changes=adopted)).entries
    bare = tuple(replace(it, attributes=()) for it in adopted)
    as_is = review(change.config, Source("", change.after), replace(change.summary(), changes=bare)).entries

    assert (entry.before, entry.after, entry.weight) == ("60", "120", "changed")
    assert {it.weight for it in as_is} == {"created"}


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ("[studio]\ndocker = false\n", {"studio.docker"}),
        ('[studio]\ndocker = false\n[editor]\ntools = ["uv"]\n', {"studio.docker", "editor.tools"}),
        ('[secrets]\ngithub = { username = "ada" }\n', {"secrets.github"}),
        ('[secrets]\ngithub = { username = "ada" }\n[editor]\ntools = ["uv"]\n', {"secrets.github", "editor.tools"}),
        ('[secrets]\ngithub = { username = "ada" }\n[studio]\ndocker = false\n', {"secrets.github", "studio.docker"}),
    ],
)
def test_a_new_set_up_is_told_of_beside_what_also_changes_the_script(more: str, keys: set[str]) -> None:
    assert {entry.subject for entry in Change(HEAD + ADA, HEAD + ADA + more).review().entries} == keys


def test_what_others_had_removed_is_not_taken_for_a_change_of_the_file() -> None:
    config = environment(network={"flow_logs": True})
    log = "aws_flow_log.vpc"
    created = ResourceChange(log, "aws_flow_log", "vpc", "flow_logs", "create")
    drift = replace(created, action="delete")
    summary = PlanSummary((created,), (), (drift,), destroy=False, has_changes=True, file=Path("plan"))
    (entry,) = review(config, Source("studio.toml", ""), summary).entries

    assert (entry.key, entry.before, entry.after) == (("network", "flow_logs"), None, None)


def test_an_entry_in_json_says_where_it_comes_from() -> None:
    change = Change(HEAD + USERS, HEAD + USERS + "[studio]\nmax_volume_gb = 200\n")
    (entry,) = change.review().entries

    assert {**entry.to_json(), "addresses": len(entry.addresses)} == {
        "group": "people",
        "key": ["studio", "max_volume_gb"],
        "subject": "studio.max_volume_gb",
        "where": "studio.toml:11",
        "before": "100",
        "after": "200",
        "weight": "changed",
        "marks": [],
        "effect": "It is the largest volume that people may ask for. Nobody is interrupted.",
        "people": [],
        "copies": [],
        "addresses": 3,
    }


@pytest.mark.parametrize("name", [*CHANGES, *KEYS], ids=str)
def test_a_plan_that_stops_apps_says_so_first_and_no_other_does(name: str | Location) -> None:
    if isinstance(name, str):
        found, summary = CHANGES[name].review(), CHANGES[name].summary()
    else:
        before, after = (environment(**sections) for sections in KEYS[name])
        summary = between(before, after)
        found = review(after, Source("studio.toml", ""), summary)
    destroyed = {change.type for change in summary.changes if change.destroys}
    stops = bool(destroyed & meeting.NEEDED_BY_APPS.keys()) or any(map(meeting.needs_rest, summary.changes))

    is_possible = not any(change.type == DOMAIN and change.destroys for change in summary.changes)
    assert any("--stop-apps" in entry.effect for entry in found.loud) == (stops and is_possible)
    assert not any("--stop-apps" in e.effect or "lose" in e.effect for e in found.entries if e not in found.loud)
    assert not any(NOBODY in entry.effect for entry in found.loud if "interrupts" in entry.marks)
    says_who_is_met = re.compile(rf"({re.escape(NOBODY)}|{re.escape(NO_STOP)}|{GUARD}|restart of it)")
    assert [e.sentence() for e in found.entries if e.weight == "changed" and not says_who_is_met.search(e.effect)] == []


@pytest.mark.parametrize("name", [*CHANGES, *KEYS], ids=str)
def test_every_effect_is_made_of_sentences(name: str | Location) -> None:
    if isinstance(name, str):
        found = CHANGES[name].met()
    else:
        before, after = (environment(**sections) for sections in KEYS[name])
        found = review(after, Source("studio.toml", ""), between(before, after))
    for entry in found.entries:
        for words in (entry.effect, *entry.people):
            assert words.endswith(".")
            assert ";" not in words or "new: " in words or "GitHub" in words
            assert not re.search(r"\.\.|  |\. [a-z](?!\w*-(?:editor|gpu)\b|p\b|race's\b|tudioctl\b)", words), words


@pytest.mark.parametrize(
    ("more", "less", "effect"),
    [
        (
            "[storage]\nkeep_old_versions_days = 30\n",
            "[storage]\nkeep_old_versions_days = 1\n",
            "AWS deletes old versions in the bucket after 1 day. Those that are older are deleted within days.",
        ),
        (
            "[images]\nkeep_latest = 9\n",
            "[images]\nkeep_latest = 3\n",
            (
                'The newest 3 images whose tags begin with "latest" are kept, and AWS deletes older ones.'
                " Those that are there now and too many or too old are deleted within a day."
            ),
        ),
    ],
)
def test_what_is_kept_for_less_long_is_loss_and_for_longer_is_not(more: str, less: str, effect: str) -> None:
    (lost,) = Change(HEAD + ADA + more, HEAD + ADA + less).review().entries
    (kept,) = Change(HEAD + ADA + less, HEAD + ADA + more).review().entries

    assert (lost.weight, lost.effect) == ("lost", effect)
    assert kept.weight == "changed"
