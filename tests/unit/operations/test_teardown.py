"""`down`, however often it was broken off and whatever a person did meanwhile, ends with nothing left."""

from collections.abc import Callable

import pytest

from studioctl.aws import leftovers
from studioctl.aws.studio import Studio
from studioctl.errors import AwsError, RefusedError
from studioctl.events import Work
from studioctl.infrastructure.naming import kept_tags
from studioctl.operations import limits
from studioctl.operations.data import inventory
from studioctl.operations.data.inventory import KINDS, Holding
from studioctl.operations.provisioning import down as teardown
from studioctl.operations.provisioning.down import Outcome, Teardown
from tests.fakes.work import done
from tests.unit.emulator.emulated import gone
from tests.unit.operations.conftest import World

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'


EVERYTHING = frozenset(KINDS.values())
NOTHING: frozenset[str] = frozenset()


def surveyed(world: World, delete: frozenset[str] = NOTHING) -> Teardown:
    return done(teardown.survey(world.environment, delete=delete))


def down(world: World, *, delete: frozenset[str] = NOTHING) -> Outcome:
    teardown.refuse_to_lose(surveyed(world, delete), is_local=True)
    outcome = done(teardown.remove(world.environment, delete))
    assert outcome.left == ()
    return outcome


def empty_domain(world: World, domain_id: str, *, retain: bool = True) -> None:
    """Deletes the domain as the console or a replacement does: its file system stays."""
    sagemaker = world.studio.sagemaker
    for space in sagemaker.list_spaces(DomainIdEquals=domain_id)["Spaces"]:
        name = space["SpaceName"]
        sagemaker.delete_space(DomainId=domain_id, SpaceName=name)
        gone(lambda name=name: sagemaker.describe_space(DomainId=domain_id, SpaceName=name))  # type: ignore[misc]
    for profile in sagemaker.list_user_profiles(DomainIdEquals=domain_id)["UserProfiles"]:
        name = profile["UserProfileName"]
        sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName=name)
        gone(lambda name=name: sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name))  # type: ignore[misc]
    policy = "Retain" if retain else "Delete"
    sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": policy})  # type: ignore[typeddict-item]
    gone(lambda: sagemaker.describe_domain(DomainId=domain_id))


def test_a_fresh_environment_goes_without_a_word(world: World) -> None:
    assert surveyed(world).holdings == ()
    down(world)
    assert world.inventory() == world.before
    assert not world.terraform.workspace.claimed
    assert surveyed(world).is_empty


def test_data_goes_on_the_word(world: World) -> None:
    world.client("s3").put_object(Bucket=world.bucket, Key="a", Body=b"data")
    world.client("ecr").put_image(repositoryName=world.bucket, imageManifest=MANIFEST, imageTag="one")
    world.studio.app(world.domain_id)
    home = world.home

    assert surveyed(world).holdings == (
        Holding("bucket", world.bucket, "1 object, 4 bytes", 4),
        Holding("repository", world.bucket, "1 image", 0),
        Holding("space", "editor", "a volume of 5 GB"),
        Holding("home file system", home, "apps have run; 0 bytes when AWS last measured", 0),
    )
    with pytest.raises(RefusedError) as refused:
        down(world, delete=EVERYTHING - {"space"})
    assert "\n  space 'editor': a volume of 5 GB\n" in refused.value.message
    down(world, delete=EVERYTHING)
    assert world.inventory() == world.before


def test_what_the_guard_writes_at_last_goes_with_the_bucket(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the guard may end after everything was looked at: the bucket was empty then."""
    told: list[str] = []

    def release(*_: object) -> Work[None]:
        told.append(world.domain_id if world.environment.domain() else "too late")
        world.client("s3").put_object(Bucket=world.bucket, Key="studioctl/limits/ledger.json", Body=b"{}")
        yield from ()

    monkeypatch.setattr(limits, "release", release)
    down(world, delete=EVERYTHING)

    assert told == [world.domain_id]  # before anything goes, and once
    assert world.inventory() == world.before


def test_data_is_kept_without_a_word(world: World) -> None:
    put_object(world)
    put_image(world)
    world.studio.app(world.domain_id)
    home = world.home
    points = world.inventory()["access_points"]
    assert len(points) == len(world.before["access_points"]) + 1

    outcome = down(world, delete=frozenset({"space"}))
    assert [(holding.kind, holding.name) for holding in outcome.kept] == [
        ("bucket", world.bucket),
        ("repository", world.bucket),
        ("home file system", home),
    ]
    after = world.inventory()
    assert {kind for kind in after if after[kind] != world.before[kind]} == {
        "buckets",
        "repositories",
        "file_systems",
        "access_points",
    }
    assert after["access_points"] == points
    assert world.client("s3").get_object(Bucket=world.bucket, Key="late")["Body"].read() == b"data"

    (kept,) = inventory.kept_homes(world.environment)
    assert (kept.name, kept.directories) == (home, {"ada": "/200001"})
    still = surveyed(world)
    assert [(holding.kind, holding.name, holding.contents) for holding in still.kept] == [
        ("home file system", home, "kept by an earlier down, 0 bytes")
    ]
    assert still.is_empty
    down(world, delete=EVERYTHING)  # the home goes; the fake's bucket and repository carry no tag, and are nobody's
    world.client("s3").delete_object(Bucket=world.bucket, Key="late")
    world.client("s3").delete_bucket(Bucket=world.bucket)
    world.client("ecr").delete_repository(repositoryName=world.bucket, force=True)
    assert world.inventory() == world.before


def test_a_kept_home_that_was_mounted_beside_the_new_one_comes_loose_and_stays_kept(world: World) -> None:
    """The calls are those of docs/how-to/remove-and-come-back.md."""
    studio, gone_domain = world.studio, "arn:aws:sagemaker:us-east-1:123456789012:domain/d-zzzzzzzzzzzz"
    tags = {"ManagedByAmazonSageMakerResource": gone_domain, **kept_tags("acme-ml")}
    kept = studio.efs.create_file_system(
        CreationToken="kept", Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
    old = kept["FileSystemId"]
    group = studio.nfs_groups(world.domain_id)["inbound"]["GroupId"]
    for subnet_id in studio.subnet_ids:
        studio.efs.create_mount_target(FileSystemId=old, SubnetId=subnet_id, SecurityGroups=[group])
    studio.sagemaker.update_user_profile(
        DomainId=world.domain_id,
        UserProfileName="ada",
        UserSettings={
            "CustomPosixUserConfig": {"Uid": 200001, "Gid": 1001},
            "CustomFileSystemConfigs": [{"EFSFileSystemConfig": {"FileSystemId": old, "FileSystemPath": "/200001"}}],
        },
    )
    studio.sagemaker.update_space(
        DomainId=world.domain_id,
        SpaceName="editor",
        SpaceSettings={"CustomFileSystems": [{"EFSFileSystem": {"FileSystemId": old}}]},
    )
    assert [home.name for home in inventory.kept_homes(world.environment)] == [old]

    assert [holding.name for holding in down(world).kept] == [old]
    after = world.inventory()
    assert {kind for kind in after if after[kind] != world.before[kind]} == {"file_systems"}
    assert down(world, delete=EVERYTHING).kept == ()
    assert world.inventory() == world.before


@pytest.mark.parametrize("events", [3, 6, 9, 12, 15])
def test_a_home_that_is_kept_stays_kept_when_down_is_broken_off(world: World, events: int) -> None:
    world.studio.app(world.domain_id)
    home = world.home
    work = teardown.remove(world.environment, frozenset({"space"}))
    for _ in range(events):
        next(work)
    work.close()

    assert [holding.name for holding in down(world, delete=frozenset({"space"})).kept] == [home]
    assert down(world, delete=EVERYTHING).kept == ()
    assert world.inventory() == world.before


def put_object(world: World) -> None:
    world.client("s3").put_object(Bucket=world.bucket, Key="late", Body=b"data")


def put_image(world: World) -> None:
    world.client("ecr").put_image(repositoryName=world.bucket, imageManifest=MANIFEST, imageTag="late")


def start_app(world: World) -> None:
    world.studio.app(world.domain_id)


@pytest.mark.parametrize("late", [put_object, put_image])
def test_data_that_came_after_the_survey_is_kept(world: World, late: Callable[[World], None]) -> None:
    surveyed(world)
    late(world)

    assert [holding.name for holding in done(teardown.remove(world.environment, NOTHING)).kept] == [world.bucket]
    if late is put_object:
        world.client("s3").delete_object(Bucket=world.bucket, Key="late")
        world.client("s3").delete_bucket(Bucket=world.bucket)
    else:
        world.client("ecr").delete_repository(repositoryName=world.bucket, force=True)
    assert world.inventory() == world.before


def test_a_volume_that_came_after_the_survey_is_refused(world: World) -> None:
    surveyed(world)
    start_app(world)
    before = world.inventory()

    with pytest.raises(RefusedError, match="Nothing was changed"):
        done(teardown.remove(world.environment, NOTHING))
    assert world.inventory() == before
    down(world, delete=EVERYTHING)
    assert world.inventory() == world.before


def test_a_domain_that_was_replaced_leaves_nothing(world: World) -> None:
    empty_domain(world, world.domain_id)
    new = world.studio.domain(Tags=[{"Key": "studioctl:environment", "Value": "acme-ml"}])
    arn = world.studio.sagemaker.describe_domain(DomainId=new)["DomainArn"]
    world.terraform.resources[1] = ("aws_sagemaker_domain", {"id": new, "arn": arn})

    assert {trace.domain_id for trace in surveyed(world).traces} == {world.domain_id, new}
    down(world)
    assert world.inventory() == world.before


def test_a_domain_that_the_state_lost_is_found_by_its_traces(world: World) -> None:
    del world.terraform.resources[1]
    down(world)
    assert world.inventory() == world.before


def test_a_domain_of_somebody_else_is_refused(world: World) -> None:
    other = world.studio.domain(DomainName=f"theirs-{world.studio.tag}")

    with pytest.raises(RefusedError) as refused:
        surveyed(world)
    assert refused.value.message == (
        f"Domain {other} ('theirs-{world.studio.tag}') is in this environment's VPC, and somebody else made it."
    )
    empty_domain(world, other)
    down(world)
    assert world.inventory() == world.before


@pytest.mark.parametrize("retain", [True, False])
def test_a_domain_that_was_deleted_by_hand(world: World, retain: bool) -> None:
    empty_domain(world, world.domain_id, retain=retain)
    down(world)
    assert world.inventory() == world.before


def test_a_domain_that_is_deleted_after_the_survey(world: World) -> None:
    surveyed(world)
    empty_domain(world, world.domain_id)
    done(teardown.remove(world.environment, NOTHING))
    assert world.inventory() == world.before


@pytest.mark.parametrize("events", [1, 4, 7, 11, 15])
def test_down_can_be_broken_off_anywhere_and_repeated(world: World, events: int) -> None:
    work = teardown.remove(world.environment, NOTHING)
    for _ in range(events):
        next(work)
    work.close()
    down(world)
    assert world.inventory() == world.before


def test_a_terraform_that_failed_after_the_domain_was_gone(world: World) -> None:
    destroy, world.terraform.destroy = world.terraform.destroy, fail
    with pytest.raises(AwsError):
        down(world)
    assert world.terraform.workspace.claimed
    world.terraform.destroy = destroy
    down(world)
    assert world.inventory() == world.before


def fail() -> None:
    raise AwsError("AWS refused", hint="again")


def test_a_retained_home_is_removed_in_any_state(world: World) -> None:
    arn = world.studio.sagemaker.describe_domain(DomainId=world.domain_id)["DomainArn"]
    traces = leftovers.DomainTraces(world.domain_id, arn)
    home = world.home
    empty_domain(world, world.domain_id)
    assert leftovers.home_file_systems(world.environment.session, arn) == [home]

    target, _ = world.studio.efs.describe_mount_targets(FileSystemId=home)["MountTargets"]
    world.studio.efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    inbound = world.studio.nfs_groups(world.domain_id)["inbound"]
    world.studio.ec2.revoke_security_group_ingress(GroupId=inbound["GroupId"], IpPermissions=inbound["IpPermissions"])
    done(leftovers.remove(world.environment.session, [traces]))
    assert not leftovers.exist(world.environment.session, traces)
    done(leftovers.remove(world.environment.session, [traces]))
    down(world)
    assert world.inventory() == world.before


def test_a_home_without_its_groups_is_found_by_its_interfaces(world: World) -> None:
    empty_domain(world, world.domain_id)
    del world.terraform.resources[1]
    groups = world.studio.nfs_groups(world.domain_id)
    leftovers._revoke_rules(world.environment.session, [group["GroupId"] for group in groups.values()])
    world.studio.ec2.delete_security_group(GroupId=groups["outbound"]["GroupId"])

    assert [trace.domain_id for trace in surveyed(world).traces] == [world.domain_id]
    down(world)
    assert world.inventory() == world.before


def test_a_bucket_and_a_repository_that_were_removed_by_hand(world: World) -> None:
    world.client("s3").delete_bucket(Bucket=world.bucket)
    world.client("ecr").delete_repository(repositoryName=world.bucket)
    down(world, delete=EVERYTHING)
    assert world.inventory() == world.before


def test_an_app_that_is_stopped_by_somebody_else(world: World) -> None:
    key = world.studio.app(world.domain_id)
    studio = Studio(world.environment.session)
    surveyed(world)
    (app,) = studio.apps(world.domain_id)
    world.studio.stop(key)

    with pytest.raises(AwsError):  # as AWS says it of an app that is gone
        studio.delete_app(world.domain_id, app)
    done(teardown.remove(world.environment, EVERYTHING))
    assert world.inventory() == world.before


def test_a_script_that_no_state_knows_goes_and_other_peoples_stay(world: World) -> None:
    """An `up` was broken off, the file was changed: the script of before has another digest in its name."""

    def script(name: str, owner: str) -> None:
        world.studio.sagemaker.create_studio_lifecycle_config(
            StudioLifecycleConfigName=name,
            StudioLifecycleConfigContent="IyE=",
            StudioLifecycleConfigAppType="CodeEditor",
            Tags=[{"Key": "studioctl:environment", "Value": owner}],
        )

    script("acme-ml-editor-0123456789", "acme-ml")
    script("acme-ml-editor-of-somebody", "acme-web")
    down(world)

    left = world.studio.sagemaker.list_studio_lifecycle_configs()["StudioLifecycleConfigs"]
    names = {config["StudioLifecycleConfigName"] for config in left}
    assert names & {"acme-ml-editor-0123456789", "acme-ml-editor-of-somebody"} == {"acme-ml-editor-of-somebody"}
    world.studio.sagemaker.delete_studio_lifecycle_config(StudioLifecycleConfigName="acme-ml-editor-of-somebody")
