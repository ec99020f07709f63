"""Refusals of `up` before anybody is asked."""

import dataclasses
import re
from pathlib import Path

import pytest

from studioctl.aws import leftovers
from studioctl.aws.keys import Key
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import RefusedError
from studioctl.infrastructure import blueprint
from studioctl.operations.data import kms_keys
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import data_loss
from studioctl.target import Target
from studioctl.terraform.plan import Action, AttributeChange, PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate
from tests.remedies import claimed, made_from
from tests.unit.operations.conftest import World

TEXT = """\
name = "acme-ml"
region = "us-east-1"
[network]
cidr = "10.1.0.0/16"
[[users]]
name = "ada"
spaces = [
  { name = "ada" },
  { name = "models", volume_gb = 20 },
]
"""
ACCOUNT = Account(parse(TEXT), Target("us-east-1"), source=Source("team.toml", TEXT))
VOLUME = "space_settings[0].space_storage_settings[0].ebs_storage_settings[0].ebs_volume_size_in_gb"


def plan(type_: str, label: str, action: Action, *attributes: AttributeChange) -> PlanSummary:
    change = ResourceChange(f"{type_}.{label}", type_, label, "sagemaker", action, attributes)
    return PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))


def is_refused(summary: PlanSummary) -> bool:
    try:
        data_loss.refuse_the_impossible(ACCOUNT, summary)
    except RefusedError:
        return True
    return False


def test_a_volume_may_grow() -> None:
    plans = [plan("aws_sagemaker_space", "ada", "update", AttributeChange(VOLUME, 20, size)) for size in (20, 30, 19)]

    assert [is_refused(each) for each in plans] == [False, False, True]


def test_a_volume_does_not_shrink() -> None:
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(
            ACCOUNT, plan("aws_sagemaker_space", "ada", "update", AttributeChange(VOLUME, 30, 20))
        )

    assert (
        refused.value.message
        == "team.toml: studio.volume_gb: AWS cannot shrink the volume of space 'ada' from 30 to 20 GB."
    )
    assert refused.value.hint == "write volume_gb = 30 again, or give the user a smaller space of another name"


def test_a_space_that_was_grown_in_aws_keeps_its_size_alone() -> None:
    text = TEXT.replace('{ name = "models", volume_gb = 20 }', '{ name = "models" }')
    account = dataclasses.replace(ACCOUNT, config=parse(text), source=Source("team.toml", text))
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(
            account, plan("aws_sagemaker_space", "models", "update", AttributeChange(VOLUME, 70, 50))
        )

    hint = "write volume_gb = 70 for the space models, or give the user a smaller space of another name"
    assert refused.value.hint == hint
    kept = text.replace('{ name = "models" }', '{ name = "models", volume_gb = 70 }')
    assert [space.volume_gb for space in parse(kept).resolved_spaces()] == [20, 70]


def test_the_line_of_a_spaces_own_size_is_told() -> None:
    with pytest.raises(RefusedError, match=r"team\.toml:9: users\[0\]\.spaces\[1\]\.volume_gb: AWS cannot shrink"):
        data_loss.refuse_the_impossible(
            ACCOUNT, plan("aws_sagemaker_space", "models", "update", AttributeChange(VOLUME, 30, 20))
        )


def test_the_line_of_a_groups_or_a_users_own_size_is_told() -> None:
    text = 'name = "acme-ml"\nregion = "us-east-1"\n[groups.vision]\nvolume_gb = 20\nusers = ["eve"]\n'
    text += '[[users]]\nname = "bob"\nvolume_gb = 20\n'
    account = Account(parse(text), Target("us-east-1"), source=Source("team.toml", text))
    for space, place in (("bob_editor", "8: users[0].volume_gb"), ("eve_editor", "4: groups.vision.volume_gb")):
        change = plan("aws_sagemaker_space", space.replace("_", "-"), "update", AttributeChange(VOLUME, 30, 20))
        with pytest.raises(RefusedError) as refused:
            data_loss.refuse_the_impossible(account, change)

        assert refused.value.message.startswith(f"team.toml:{place}: AWS cannot shrink")


def test_another_range_of_addresses_is_told_with_its_line() -> None:
    cause = AttributeChange("vpc_id", "vpc-1", "(known after apply)", forces_replacement=True)
    domain = plan("aws_sagemaker_domain", "studio", "replace", cause)
    cidr = AttributeChange("cidr_block", "10.0.0.0/16", "10.1.0.0/16", forces_replacement=True)
    vpc = plan("aws_vpc", "studio", "replace", cidr)
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(ACCOUNT, dataclasses.replace(domain, changes=(*vpc.changes, *domain.changes)))

    assert refused.value.message.startswith("team.toml:4: network.cidr: This would replace the domain.")
    assert refused.value.hint.startswith('write cidr = "10.0.0.0/16" again; ')


def test_a_space_does_not_change_hands() -> None:
    owner = AttributeChange("ownership_settings[0].owner_user_profile_name", "ada", "grace")
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(ACCOUNT, plan("aws_sagemaker_space", "models", "update", owner))

    assert refused.value.message == (
        "team.toml:9: users[0].spaces[1]: AWS cannot change the owner of space 'models' from 'ada' to 'grace'."
    )


@pytest.mark.parametrize("action", ["replace", "delete"])
def test_a_domain_is_never_replaced(action: Action) -> None:
    cause = AttributeChange("subnet_ids[0]", "subnet-1", "(known after apply)", forces_replacement=True)
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(ACCOUNT, plan("aws_sagemaker_domain", "studio", action, cause))

    assert refused.value.message == (
        "This would replace the domain, because of: subnet_ids."
        " Every home directory and every space's volume would be lost."
    )


def test_a_domain_whose_creation_was_interrupted_is_made_anew() -> None:
    unfinished = plan("aws_sagemaker_domain", "studio", "replace")
    (change,) = unfinished.changes
    tainted = dataclasses.replace(change, reason="replace_because_tainted")

    assert is_refused(unfinished)
    assert not is_refused(dataclasses.replace(unfinished, changes=(tainted,)))


CAUSE = AttributeChange("vpc_id", "vpc-1", "vpc-0123456789abcdef0", forces_replacement=True)
NAMED = TEXT.replace(
    'cidr = "10.1.0.0/16"',
    'vpc = { id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0"] }',
)


def refused_domain(text: str, cause: AttributeChange, *others: PlanSummary) -> RefusedError:
    account = Account(parse(text), Target("us-east-1"), source=Source("team.toml", text))
    summary = plan("aws_sagemaker_domain", "studio", "replace", cause)
    changes = (*(change for other in others for change in other.changes), *summary.changes)
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(account, dataclasses.replace(summary, changes=changes))
    return refused.value


def test_a_domain_does_not_move_into_another_vpc() -> None:
    ours_goes = refused_domain(NAMED, CAUSE, plan("aws_vpc", "studio", "delete"))
    assert ours_goes.message.startswith("team.toml:4: network.vpc: This would replace the domain.")
    assert ours_goes.hint.startswith("delete vpc: the domain is in the VPC that was made for it; ")

    to_another = refused_domain(NAMED, CAUSE)
    assert to_another.hint.startswith('write vpc = { id = "vpc-1", ... } again; ')


def test_a_domain_stays_in_the_subnets_that_the_file_named() -> None:
    cause = AttributeChange("subnet_ids[0]", "subnet-1", "subnet-0123456789abcdef0", forces_replacement=True)
    refused = refused_domain(NAMED, cause)

    assert refused.message.startswith("team.toml:4: network.vpc.subnet_ids: This would replace the domain.")
    assert refused.hint.startswith("write the subnets of before again; ")


KEYED = TEXT + "[encryption]\ncustomer_key = true\n"


def keyed(text: str = KEYED) -> Account:
    return Account(parse(text), Target("us-east-1"), source=Source("team.toml", text))


def test_another_key_for_the_domain_is_told_with_its_line() -> None:
    cause = AttributeChange("kms_key_id", "", "(known after apply)", forces_replacement=True, unknown=True)
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(keyed(), plan("aws_sagemaker_domain", "studio", "replace", cause))

    assert refused.value.message == (
        "team.toml:12: encryption.customer_key: This would replace the domain."
        " Every home directory and every space's volume would be lost."
    )
    assert refused.value.hint.startswith("take back the change of [encryption]; ")


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_up_never_deletes_a_key(action: Action) -> None:
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(ACCOUNT, plan("aws_kms_key", "studio", action))

    assert refused.value.message == (
        "team.toml: encryption.customer_key: This would delete the environment's key (aws_kms_key.studio)."
        " What it encrypts could never be read again. Nothing was changed."
    )
    assert refused.value.hint == "write customer_key = true under [encryption] again; to be rid of it: studioctl down"


def test_nor_one_that_the_file_now_names_as_made_elsewhere() -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    with pytest.raises(RefusedError, match=r"team\.toml:12: encryption\.key: This would delete"):
        data_loss.refuse_the_impossible(
            keyed(TEXT + f'[encryption]\nkey = "{arn}"\n'), plan("aws_kms_key", "studio", "delete")
        )


KINDS = ("cluster", "cluster-pg", "cluster-snapshot", "db", "subgrp")
CLUSTER = ("aws_rds_cluster", "tuning")
ENCRYPTED = AttributeChange("kms_key_id", "", "(known after apply)", forces_replacement=True, unknown=True)


def test_the_database_of_studies_is_never_replaced() -> None:
    with pytest.raises(RefusedError) as refused:
        data_loss.refuse_the_impossible(keyed(), plan(*CLUSTER, "replace", ENCRYPTED))

    assert refused.value.message == (
        "team.toml:12: encryption.customer_key: This would replace the database of studies, because of: kms_key_id."
        " The new one would be empty. Nothing was changed."
    )
    assert 'write database = "none" under [tuning]' in refused.value.hint


def test_one_that_was_never_finished_is_made_anew_and_one_that_goes_leaves_a_snapshot() -> None:
    summary = plan(*CLUSTER, "replace")
    tainted = dataclasses.replace(summary.changes[0], reason="replace_because_tainted")

    assert is_refused(summary)
    assert not is_refused(dataclasses.replace(summary, changes=(tainted,)))
    assert not is_refused(plan(*CLUSTER, "delete"))


def test_studies_and_their_snapshots_keep_a_key_and_groups_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    arns = {kind: f"arn:aws:rds:us-east-1:123456789012:{kind}:acme-ml-tuning" for kind in KINDS}
    monkeypatch.setattr(kms_keys, "tagged", lambda _session, _tag, is_wanted: tuple(filter(is_wanted, arns.values())))
    monkeypatch.setattr(leftovers, "encrypted_with", lambda *_: ())
    key = Key("1234", "arn:aws:kms:us-east-1:123456789012:key/1234", (), None)

    found = kms_keys.encrypted(ACCOUNT.session, "acme-ml", [key])
    assert found == (arns["cluster"], arns["cluster-snapshot"])


HERE = "tests/unit/operations/test_losses.py"
REPLACED = AttributeChange("vpc_id", "vpc-1", "(known after apply)", forces_replacement=True)
NAME = AttributeChange("domain_name", "acme-data", "acme-web", forces_replacement=True)
RANGE = AttributeChange("cidr_block", "10.0.0.0/16", "10.1.0.0/16", forces_replacement=True)
PATH = AttributeChange("path", "/ml/", "/", forces_replacement=True)
SIZE = AttributeChange("cidr_block", "10.0.0.0/20", "10.0.0.0/24", forces_replacement=True)
DOMAIN = plan("aws_sagemaker_domain", "studio", "replace", REPLACED)
VPC = plan("aws_vpc", "studio", "replace", RANGE)
BEGINNING = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'
# What is added to the file before and after the change, and what is planned for it.
CHANGED: tuple[tuple[str, str, PlanSummary], ...] = (
    ("", '[network]\ncidr = "10.1.0.0/16"\n', dataclasses.replace(DOMAIN, changes=(*VPC.changes, *DOMAIN.changes))),
    (
        '[names]\ndomain = "acme-data"\n',
        '[names]\ndomain = "acme-web"\n',
        plan("aws_sagemaker_domain", "studio", "replace", NAME),
    ),
    ("[encryption]\ncustomer_key = true\n", "", plan("aws_kms_key", "studio", "delete")),
    ("", "[network]\nsubnet_prefix = 24\n", plan("aws_subnet", "public_1", "replace", SIZE)),
    ('[iam]\nrole_path = "/ml/"\n', '[iam]\nrole_path = "/"\n', plan("aws_iam_role", "execution", "replace", PATH)),
)


def test_a_role_that_was_never_finished_is_made_anew_elsewhere() -> None:
    summary = plan("aws_iam_role", "execution", "replace", PATH)
    tainted = dataclasses.replace(summary.changes[0], reason="replace_because_tainted")

    assert is_refused(summary)
    assert not is_refused(dataclasses.replace(summary, changes=(tainted,)))


def test_written_as_printed() -> None:
    """The file describes what it described before the change."""
    walked = set()
    for before, after, summary in CHANGED:
        text = BEGINNING + after
        account = Account(parse(text), Target("us-east-1"), source=Source("team.toml", text))
        with pytest.raises(RefusedError) as refused:
            data_loss.refuse_the_impossible(account, summary)
        walked |= made_from(refused.value.hint, "studioctl.operations.provisioning.data_loss")
        line, key, table = _line(refused.value.hint, text)
        kept = "".join(f"{other}\n" for other in text.splitlines() if not other.startswith(f"{key} ="))
        head = f"[{table}]\n"
        mended = kept.replace(head, f"{head}{line}\n") if head in kept else f"{kept}{head}{line}\n"
        assert blueprint.build(parse(mended)) == blueprint.build(parse(BEGINNING + before)), (refused.value, mended)

    assert claimed(f"{HERE}::test_written_as_printed") == walked


def _line(hint: str, text: str) -> tuple[str, str, str]:
    """The line that it says to write, its key, and below which table."""
    found = re.match(r"write ((\w+) = (?:\"[^\"]*\"|\w+))(?: under \[(\w+)\])?", hint)
    assert found, hint
    line, key, table = found.groups()
    return line, key, table or text.partition(f"\n{key} =")[0].rpartition("[")[2].rstrip("]")


@pytest.mark.parametrize(
    ("objects", "is_left"),
    [
        ({"shared/studioctl-gpu/ada-editor/alive": b""}, False),
        ({"shared/studioctl-gpu/ada-editor/alive": b"", "ada/results.csv": b"1"}, True),
    ],
    ids=["only words of machines with a GPU", "somebody's file beside them"],
)
def test_a_bucket_that_goes_is_emptied_of_what_is_nobodys(
    world: World, objects: dict[str, bytes], is_left: bool
) -> None:
    s3 = world.client("s3")
    s3.put_bucket_versioning(Bucket=world.bucket, VersioningConfiguration={"Status": "Enabled"})
    for key, body in objects.items():
        for _ in range(1 if body else 2):
            s3.put_object(Bucket=world.bucket, Key=key, Body=body)
    (address,) = [it for it, _ in Estate(world.terraform.state()).resources("aws_s3_bucket")]
    type_, _, label = address.partition(".")
    data_loss.clear_the_dataless(world.environment, plan(type_, label, "delete"))

    left = s3.list_object_versions(Bucket=world.bucket).get("Versions", [])
    assert {version["Key"] for version in left} == (objects.keys() if is_left else set())
