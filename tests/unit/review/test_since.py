"""A change that somebody made in AWS is not told as one of the file."""

from dataclasses import replace
from pathlib import Path

import pytest

from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.infrastructure import blueprint
from studioctl.review.entry import Entry
from studioctl.review.now import Now
from studioctl.review.reviewing import review
from studioctl.review.since import CHANGED, FILES_GONE, OTHER_RIGHTS, PUBLIC, REMOVED, digests
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange
from tests.unit.review.changes import HEAD, USERS
from tests.unit.review.planned import between

HELD = "[studio]\nidle_timeout_minutes = 90\n"  # what AWS has by now
FILE = HEAD + USERS
ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration"
LARGER = "[studio]\nvolume_gb = 50\n"


def entries(aws: str, last: str, file: str, *, is_known: bool = True) -> dict[str, Entry]:
    """The entries of a plan, by subject: of what AWS has, what the file was at the last up, and what it is now."""
    config = parse(file)
    summary = between(parse(aws), config)
    before, after = digests(parse(last)), digests(config)
    rendered = {r.address: r.arguments for r in blueprint.build(parse(last)).resources()}
    same = frozenset(r.address for r in blueprint.build(config).resources() if rendered.get(r.address) == r.arguments)
    keys = frozenset(key for key in after if before.get(key) == after[key])
    now = Now(same_keys=keys, same_resources=same) if is_known else Now()
    return {entry.subject: entry for entry in review(config, Source("studio.toml", file), summary, now).entries}


def test_somebody_changed_aws_and_nobody_the_file() -> None:
    (entry,) = entries(FILE + HELD, FILE, FILE).values()

    assert entry.asked() == "studio.idle_timeout_minutes 90 -> 60 (the default)"
    assert entry.effect.startswith(f"{CHANGED} From the next start, in 3 spaces,")


def test_somebody_changed_the_file_and_nobody_aws() -> None:
    (entry,) = entries(FILE + HELD, FILE + HELD, FILE).values()

    assert CHANGED not in entry.effect


def test_nobody_knows_without_a_record_of_the_last_up() -> None:
    (entry,) = entries(FILE + HELD, FILE, FILE, is_known=False).values()

    assert CHANGED not in entry.effect


def test_a_change_of_the_file_beside_one_in_aws() -> None:
    aws = FILE.replace('name = "ada"', 'name = "ada"\nvolume_gb = 30')
    found = entries(aws, FILE, FILE + '\n[[users]]\nname = "eve"\n')

    assert {subject: entry.effect.startswith(CHANGED) for subject, entry in found.items()} == {
        "studio.volume_gb": True,
        "user eve": False,
    }


def test_what_terraform_saw_drift_is_told_where_the_resource_is_described_anew() -> None:
    aws, last, file = FILE + "[storage]\nkeep_old_versions_days = 90\n", FILE, FILE
    config = parse(file)
    summary = between(parse(aws), config)
    drifted: PlanSummary = replace(summary, drift=summary.changes)
    now = Now(same_keys=frozenset(digests(parse(last))))

    (told,) = review(config, Source("studio.toml", file), drifted, now).entries
    (silent,) = review(config, Source("studio.toml", file), summary, now).entries
    assert (told.effect.startswith(CHANGED), silent.effect.startswith(CHANGED)) == (True, False)


def test_what_somebody_removed_is_told_so() -> None:
    config = parse(FILE)
    summary = between(parse(FILE + "[storage]\nversioning = false\n"), config)
    gone = replace(summary, drift=tuple(replace(change, action="delete") for change in summary.changes))

    (entry,) = review(config, Source("studio.toml", FILE), gone, Now()).entries
    assert entry.effect.startswith(REMOVED.format("The versioning of the data bucket was", "it"))


def test_the_rest_of_an_interrupted_first_up_is_no_change_of_the_file() -> None:
    config = parse(FILE)
    parts = between(parse(FILE + "[storage]\nversioning = false\n"), config)  # the first up was killed before it
    encryption = ResourceChange(f"{ENCRYPTION}.data", ENCRYPTION, "data", "storage", "create")
    summary = replace(parts, changes=(*parts.changes, encryption))

    found = review(config, Source("studio.toml", FILE), summary, Now(is_unfinished=True)).entries
    assert [(entry.subject, entry.before, entry.after) for entry in found] == [
        ("storage.versioning", None, None),
        ("encryption.customer_key", None, None),
    ]


def test_zones_are_counted_only_where_one_comes_or_goes() -> None:
    config = parse(FILE)
    table = ResourceChange(
        "aws_route_table_association.studio_b", "aws_route_table_association", "studio_b", "network", "create"
    )
    subnet = ResourceChange("aws_subnet.b", "aws_subnet", "b", "network", "create")

    def told(*changes: ResourceChange, now: Now) -> tuple[str | None, str | None, str]:
        summary = PlanSummary(changes, (), (), destroy=False, has_changes=True, file=Path("plan"))
        (entry,) = review(config, Source("studio.toml", FILE), summary, now).entries
        return entry.before, entry.after, entry.effect

    assert told(table, now=Now())[:2] == told(table, subnet, now=Now(is_unfinished=True))[:2] == (None, None)
    assert "zone" not in told(table, now=Now())[2]
    assert told(table, subnet, now=Now())[:2] == ("1", "2")


def test_a_domain_that_failed_is_the_beginning_once_more() -> None:
    config = parse(FILE)
    domain = ResourceChange(
        "aws_sagemaker_domain.studio", "aws_sagemaker_domain", "studio", "studio", "replace", reason="tainted"
    )
    encryption = ResourceChange(f"{ENCRYPTION}.data", ENCRYPTION, "data", "storage", "create")
    summary = PlanSummary((domain, encryption), (), (), destroy=False, has_changes=True, file=Path("plan"))

    found = review(config, Source("studio.toml", FILE), summary, Now())
    assert found.is_new
    assert [entry.after for entry in found.entries] == [None, None]


@pytest.mark.parametrize(
    ("more", "changed"),
    [
        (LARGER, {"studio", "studio.volume_gb"}),
        ('\n[[users]]\nname = "eve"\n', {"users", "users.eve"}),
        ('[groups.team]\nusers = ["ada"]\nvolume_gb = 40\n', {"groups", "groups.team", "users", "users.ada"}),
    ],
    ids=["a key", "a user", "a group"],
)
def test_a_part_of_the_file_that_changes_has_another_digest(more: str, changed: set[str]) -> None:
    before, after = digests(parse(FILE)), digests(parse(FILE + more))

    assert {key for key in {*before, *after} if before.get(key) != after.get(key)} == changed


def drifted(aws: ResourceChange, *, drift: ResourceChange | None = None, file: str = FILE) -> Entry:
    """The entry of a plan in which one thing changed in AWS, and nothing in the file."""
    config = parse(file)
    summary = PlanSummary((aws,), (), (drift or aws,), destroy=False, has_changes=True, file=Path("plan"))
    now = Now(same_keys=frozenset(digests(config)), same_resources=frozenset({aws.address}))
    (entry,) = review(config, Source("studio.toml", file), summary, now).entries
    return entry


def made_anew(kind: str, label: str) -> Entry:
    made = ResourceChange(f"{kind}.{label}", kind, label, "module", "create")
    return drifted(made, drift=replace(made, action="delete"))


def test_a_setting_that_is_gone_is_named_and_not_what_it_is_of() -> None:
    entry = made_anew("aws_s3_bucket_public_access_block", "data")

    assert (entry.asked(), entry.marks) == ("block of public access of the data bucket", ("exposed",))
    assert entry.effect == (
        "The block of public access of the data bucket was removed in AWS since the last up, and still in the file:"
        f" up creates it anew. {PUBLIC} A setting of the data bucket is created."
    )


def test_a_space_that_is_gone_took_its_files() -> None:
    entry = made_anew("aws_sagemaker_space", "ada-editor")

    assert entry.subject == "space ada-editor"
    assert FILES_GONE in entry.effect


def test_a_policy_that_somebody_widened_is_of_no_key() -> None:
    wide = AttributeChange("policy.Statement[0].Resource", "*", ["arn:aws:s3:::acme-data"])
    for label, title in (("s3", "policy s3"), ("limits", "policy limits")):
        entry = drifted(ResourceChange(f"aws_iam_policy.{label}", "aws_iam_policy", label, "iam", "update", (wide,)))

        assert (entry.subject, entry.marks) == (title, ("exposed",))
        assert entry.effect == f"{CHANGED} {OTHER_RIGHTS} A policy changes."


def test_each_value_in_aws_has_an_entry() -> None:
    two = FILE.replace('name = "ada"', 'name = "ada"\ninstance_type = "ml.m5.4xlarge"')
    found = entries(two + '[studio]\ninstance_type = "ml.t3.2xlarge"\n', FILE, FILE)

    assert [entry.asked() for entry in found.values()] == [
        'studio.instance_type "ml.t3.2xlarge" -> "ml.t3.medium" (the default)',
        'studio.instance_type of ada-editor "ml.m5.4xlarge" -> "ml.t3.medium" (the default)',
    ]


def test_the_file_and_somebody_in_aws_changed_the_same() -> None:
    aws, last, file = (parse(FILE + f"[studio]\nidle_timeout_minutes = {m}\n") for m in (600, 200, 90))
    summary = replace(between(aws, file), drift=between(last, aws).changes)

    (entry,) = review(file, Source("studio.toml", FILE), summary, Now(same_resources=frozenset())).entries
    assert (entry.before, entry.after) == ("600", "90")
    assert entry.effect.startswith("The last up left 200: somebody changed it in AWS since. From the next start,")
