"""A key goes last, and never while anything may be encrypted with it: what it encrypts could not be read again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from studioctl.aws import keys
from studioctl.aws.values import App
from studioctl.errors import AwsError, RefusedError
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Blueprint
from studioctl.operations.data.inventory import KINDS, Holding
from studioctl.operations.provisioning import adopt, up
from studioctl.operations.provisioning import down as teardown
from studioctl.operations.provisioning.down import ENCRYPTS, Outcome, Teardown
from tests.environments import environment as config
from tests.fakes.work import done
from tests.unit.operations.conftest import World
from tests.unit.operations.test_losses import plan
from tests.unit.operations.test_teardown import MANIFEST, fail, put_object

ALIAS = "alias/acme-ml"
EVERYTHING = frozenset(KINDS.values())
NOTHING: frozenset[str] = frozenset()
TAG = {"TagKey": "studioctl:environment", "TagValue": "acme-ml"}


@pytest.fixture
def key(world: World) -> Iterator[str]:
    """A key as `up` makes it, which Terraform knows, and its name. Whatever is left of it is gone afterwards."""
    made = make_key(world)
    world.terraform.resources.append(("aws_kms_key", {"id": made, "arn": arn_of(world, made)}))
    world.terraform.resources.append(("aws_kms_alias", {"id": ALIAS, "name": ALIAS}))
    yield made
    leave_no_key(world)


def make_key(world: World, *, name: str = ALIAS) -> str:
    kms = world.client("kms")
    made: str = kms.create_key(Tags=[TAG])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=name, TargetKeyId=made)
    return made


def leave_no_key(world: World) -> None:
    for found in keys.tagged(world.environment.session, ("studioctl:environment", "acme-ml")):
        keys.retire(world.environment.session, found, days=7)
        world.client("kms").untag_resource(KeyId=found.id, TagKeys=[TAG["TagKey"]])


def arn_of(world: World, key: str) -> str:
    return str(world.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])


def state_of(world: World, key: str) -> str:
    return str(world.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


def names_of(world: World, key: str) -> list[str]:
    return [alias["AliasName"] for alias in world.client("kms").list_aliases(KeyId=key)["Aliases"]]


def surveyed(world: World, delete: frozenset[str] = NOTHING) -> Teardown:
    return done(teardown.survey(world.environment, delete=delete))


def down(world: World, *, delete: frozenset[str] = NOTHING) -> Outcome:
    outcome = done(teardown.remove(world.environment, delete))
    assert outcome.left == ()
    return outcome


def without_keys(inventory: dict[str, Any]) -> dict[str, Any]:
    return {kind: found for kind, found in inventory.items() if kind != "keys"}


def test_where_nothing_is_kept_it_is_scheduled_for_deletion_and_its_name_is_free(world: World, key: str) -> None:
    assert [found.id for found in surveyed(world).retiring] == [key]
    outcome = down(world)

    (leaving,) = outcome.leaving
    assert (leaving.id, outcome.kept) == (key, ())
    assert leaving.deletion_at is not None
    assert state_of(world, key) == "PendingDeletion"
    assert names_of(world, key) == []
    assert without_keys(world.inventory()) == without_keys(world.before)  # a key that is pending is told, not hidden
    assert surveyed(world).is_empty
    make_key(world)


def test_data_that_is_kept_is_told_with_the_end_of_its_key(world: World, key: str) -> None:
    """The key's name stays with it, and is nothing that should be gone."""
    put_object(world)
    date = leave(world, key)
    world.terraform.blueprint = key_blocks()
    flags = world.environment.target.aws_flags
    told = (
        f"AWS deletes it on {date}, and {ENCRYPTS}; save it: aws kms cancel-key-deletion --key-id {key}{flags}"
        f" && aws kms enable-key --key-id {key}{flags}"
    )
    assert surveyed(world).kept[-1] == Holding("key", key, told)

    assert down(world).kept[-1] == Holding("key", key, told)
    assert names_of(world, key) == [ALIAS]
    drop_stores(world)


def key_blocks() -> Blueprint:
    """A blueprint of the key and its name alone."""
    whole = blueprint.build(config(encryption={"customer_key": True}))
    return replace(whole, modules=tuple(module for module in whole.modules if module.name == "kms"))


def test_it_waits_as_long_as_the_file_says(world: World, key: str) -> None:
    from datetime import UTC, datetime

    changed = config(encryption={"customer_key": True, "deletion_days": 9})
    (leaving,) = done(teardown.remove(replace(world.environment, config=changed), NOTHING)).leaving

    assert leaving.id == key
    assert leaving.deletion_at is not None
    assert (leaving.deletion_at - datetime.now(UTC)).days in {8, 9}


def put_image(world: World) -> None:
    world.client("ecr").put_image(repositoryName=world.bucket, imageManifest=MANIFEST, imageTag="one")


def use_home(world: World) -> None:
    world.studio.app(world.domain_id)


@pytest.mark.parametrize(("use", "kind"), [(put_object, "bucket"), (put_image, "repository")])
def test_it_is_kept_with_whatever_is_kept_and_goes_with_the_last_of_it(
    world: World, key: str, use: Any, kind: str
) -> None:
    use(world)
    mine = Holding("key", key, ENCRYPTS)
    assert surveyed(world).kept[-1] == mine
    assert surveyed(world).retiring == ()

    outcome = down(world)
    assert [holding.kind for holding in outcome.kept] == [kind, "key"]
    assert (outcome.kept[-1], outcome.leaving) == (mine, ())
    assert (state_of(world, key), names_of(world, key)) == ("Enabled", [ALIAS])
    assert not {f"aws_kms_{what}.n{n}" for what, n in (("key", 4), ("alias", 5))} - set(world.terraform.forgotten)
    drop_stores(world)


def test_what_an_earlier_down_kept_goes_without_a_second_key(world: World, key: str) -> None:
    """Terraform would import the bucket, and make the key that it depends on."""
    described = config(encryption={"customer_key": True}, storage={"bucket": world.bucket})
    world.terraform.blueprint = blueprint.build(described)
    world.client("s3").put_bucket_tagging(
        Bucket=world.bucket, Tagging={"TagSet": [{"Key": TAG["TagKey"], "Value": TAG["TagValue"]}]}
    )
    world.terraform.resources[:] = [found for found in world.terraform.resources if found[0] != "aws_s3_bucket"]
    put_object(world)
    assert [holding.kind for holding in down(world).kept] == ["bucket", "key"]

    assert [found.id for found in down(world, delete=EVERYTHING).leaving] == [key]
    assert world.terraform.adopted == {}
    assert world.bucket not in world.inventory()["buckets"]


def drop_stores(world: World) -> None:
    """The fake's bucket and repository carry no tag, and are nobody's."""
    there = world.inventory()
    if world.bucket in there["buckets"]:
        world.client("s3").delete_object(Bucket=world.bucket, Key="late")
        world.client("s3").delete_bucket(Bucket=world.bucket)
    if any(arn.endswith(f"/{world.bucket}") for arn in there["repositories"]):
        world.client("ecr").delete_repository(repositoryName=world.bucket, force=True)


def test_a_home_that_an_earlier_down_kept_keeps_it_and_its_end_is_the_keys(world: World, key: str) -> None:
    use_home(world)
    home = world.home
    down(world, delete=frozenset({"space"}))
    assert [holding.name for holding in surveyed(world).kept] == [home, key]
    assert surveyed(world).is_empty

    assert [found.id for found in surveyed(world, EVERYTHING).retiring] == [key]
    assert [found.id for found in down(world, delete=EVERYTHING).leaving] == [key]
    assert state_of(world, key) == "PendingDeletion"


def test_what_the_file_no_longer_names_keeps_it(world: World, key: str) -> None:
    """The bucket of an older file, which an earlier `down` kept: it carries our tag, and nobody has it in a state."""
    s3, older = world.client("s3"), f"older-{world.studio.tag}"
    s3.create_bucket(Bucket=older)
    tags = [{"Key": "studioctl:environment", "Value": "acme-ml"}]
    s3.put_bucket_tagging(Bucket=older, Tagging={"TagSet": tags})

    found = surveyed(world, EVERYTHING)
    assert (found.unknown, found.retiring) == ((f"arn:aws:s3:::{older}",), ())
    outcome = done(teardown.remove(world.environment, EVERYTHING))
    assert outcome.leaving == ()
    assert {remain.name for remain in outcome.left} == {f"arn:aws:s3:::{older}", arn_of(world, key)}
    assert (state_of(world, key), names_of(world, key)) == ("Enabled", [ALIAS])

    s3.delete_bucket(Bucket=older)
    assert [found.id for found in down(world).leaving] == [key]


def test_a_home_of_which_nobody_knows_any_more_keeps_it(world: World, key: str) -> None:
    """KMS does not say what a key encrypts; EFS says of a file system with which."""
    efs = world.studio.efs
    lost = efs.create_file_system(CreationToken=world.studio.tag, Encrypted=True, KmsKeyId=arn_of(world, key))
    home = lost["FileSystemId"]

    assert surveyed(world, EVERYTHING).unknown == (home,)
    assert done(teardown.remove(world.environment, EVERYTHING)).leaving == ()
    assert state_of(world, key) == "Enabled"
    efs.delete_file_system(FileSystemId=home)
    assert [found.id for found in down(world).leaving] == [key]


def test_it_outlives_a_destruction_that_fails(world: World, key: str) -> None:
    """Terraform would delete it beside a bucket that it then cannot delete, because somebody has just written to it."""
    destroy, world.terraform.destroy = world.terraform.destroy, fail
    with pytest.raises(AwsError):
        down(world)
    assert (state_of(world, key), names_of(world, key)) == ("Enabled", [ALIAS])

    world.terraform.destroy = destroy
    put_object(world)
    assert [holding.kind for holding in down(world).kept] == ["bucket", "key"]
    assert state_of(world, key) == "Enabled"
    drop_stores(world)


@pytest.mark.parametrize("lost", [False, True])
def test_a_removal_that_was_cut_off_is_finished(world: World, key: str, lost: bool) -> None:
    """Between its name and its end, or before both; then no state knows it."""
    if lost:
        world.client("kms").delete_alias(AliasName=ALIAS)
    del world.terraform.resources[-2:]
    down(world)

    assert (state_of(world, key), names_of(world, key)) == ("PendingDeletion", [])
    assert surveyed(world).is_empty


def test_one_that_is_on_its_way_out_gives_its_name_back(world: World, key: str) -> None:
    world.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert [found.id for found in surveyed(world).retiring] == [key]
    down(world)

    assert names_of(world, key) == []
    assert surveyed(world).is_empty


def test_one_that_the_file_names_as_made_elsewhere_is_never_touched(world: World) -> None:
    """Also when it was ours before, and carries our tag."""
    key = make_key(world)
    changed = config(encryption={"key": arn_of(world, key)})
    theirs = replace(world.environment, config=changed)
    assert done(teardown.survey(theirs)).keys == ()
    done(teardown.remove(theirs, EVERYTHING))

    assert (state_of(world, key), names_of(world, key)) == ("Enabled", [ALIAS])
    leave_no_key(world)


def test_what_another_environment_has_is_not_ours(world: World) -> None:
    kms = world.client("kms")
    other = kms.create_key(Tags=[{**TAG, "TagValue": "other"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=other)
    assert existing(world) == {}
    down(world, delete=EVERYTHING)

    assert (state_of(world, other), names_of(world, other)) == ("Enabled", [ALIAS])
    kms.delete_alias(AliasName=ALIAS)


def existing(world: World) -> dict[str, str]:
    described = config(encryption={"customer_key": True})
    world.terraform.blueprint = blueprint.build(described)
    addresses = {r.address for r in world.terraform.blueprint.resources() if r.type.startswith("aws_kms_")}
    return adopt.existing(replace(world.environment, config=described), addresses)


def test_up_takes_up_again_what_was_kept(world: World, key: str) -> None:
    assert existing(world) == {"aws_kms_key.studio": key, "aws_kms_alias.studio": ALIAS}


def test_up_takes_up_one_that_has_no_name_yet(world: World, key: str) -> None:
    world.client("kms").delete_alias(AliasName=ALIAS)
    assert existing(world) == {"aws_kms_key.studio": key}


def leave(world: World, key: str) -> str:
    """Somebody schedules its deletion; the date, as people read it."""
    leaving = world.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return f"{leaving['DeletionDate']:%Y-%m-%d}"


def new_key(world: World) -> tuple[App, ...]:
    """`up` with a plan that makes a key: Terraform takes one on its way out for gone; the apps that it stops first."""
    return up.cleared(world.environment, plan("aws_kms_key", "studio", "create"))


def test_up_makes_no_other_beside_one_that_data_needs_and_tells_how_to_save_it(world: World, key: str) -> None:
    s3, secrets, older = world.client("s3"), world.client("secretsmanager"), f"older-{world.studio.tag}"
    tags = [{"Key": TAG["TagKey"], "Value": TAG["TagValue"]}]
    for bucket in (older, f"{older}-2"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]}
    s3.put_bucket_encryption(Bucket=older, ServerSideEncryptionConfiguration=rules)
    secret = secrets.create_secret(Name=older, SecretString="none", KmsKeyId=ALIAS, Tags=tags)["ARN"]
    unconcerned = secrets.create_secret(Name=f"{older}-2", SecretString="none", Tags=tags)["ARN"]
    lost = world.studio.efs.create_file_system(CreationToken=older, Encrypted=True, KmsKeyId=arn_of(world, key))
    home, date = lost["FileSystemId"], leave(world, key)
    before = world.inventory()
    try:
        with pytest.raises(RefusedError) as refused:
            new_key(world)
        assert refused.value.message == (
            "studio.toml: encryption.customer_key: This would make another key, and AWS deletes key"
            f" '{key}' on {date}. What that one encrypts could never be read again:\n"
            f"  arn:aws:s3:::{older}\n  {secret}\n  {home}\n"
            f"  arn:aws:s3:::{older}-2 (may hold such objects)\nNothing was changed."
        )
        flags = world.environment.target.aws_flags
        assert refused.value.hint == (
            f"save it, then run the same command again: aws kms cancel-key-deletion --key-id {key}{flags}"
            f" && aws kms enable-key --key-id {key}{flags}"
        )
        assert world.inventory() == before

        for call in refused.value.hint.split(": ", 1)[1].split(" && "):
            getattr(world.client("kms"), call.split()[2].replace("-", "_"))(KeyId=call.split()[4])
        assert state_of(world, key) == "Enabled"
        assert existing(world)["aws_kms_key.studio"] == key
        new_key(world)
    finally:
        for bucket in (older, f"{older}-2"):
            s3.delete_bucket(Bucket=bucket)
        for made in (secret, unconcerned):
            secrets.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)
        world.studio.efs.delete_file_system(FileSystemId=home)


def test_a_repository_says_which_key_encrypts_it(world: World, key: str) -> None:
    ecr, name = world.client("ecr"), f"acme/older-{world.studio.tag}"
    encryption = {"encryptionType": "KMS", "kmsKey": arn_of(world, key)}
    arn = ecr.create_repository(repositoryName=name, encryptionConfiguration=encryption)["repository"]["repositoryArn"]
    assert keys.key_of(world.environment.session, arn) == arn_of(world, key)
    ecr.delete_repository(repositoryName=name)
    assert keys.key_of(world.environment.session, arn) is None


def test_up_makes_another_where_nothing_needs_the_old_one(world: World, key: str) -> None:
    leave(world, key)
    assert new_key(world) == ()


def test_up_makes_another_beside_one_that_is_on_its_way_out_and_takes_its_name(world: World, key: str) -> None:
    world.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert existing(world) == {"aws_kms_alias.studio": ALIAS}
