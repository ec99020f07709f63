"""A file system that the domain does not reach is told before a space fails for it, with what helps."""

import shlex
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.config.source import Source
from studioctl.errors import AwsError, ConfigError
from studioctl.events import Noted
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import preflight
from studioctl.operations.spaces import start_stop
from tests.environments import environment as config
from tests.fakes.work import done
from tests.unit.operations.conftest import World, furnished

PLACE = "s.toml: storage.file_systems[0].id: "


@pytest.fixture
def world(emulator: RunningEmulator) -> World:
    """One of a name of its own: those of other tests stay."""
    return furnished(emulator, name=f"acme-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def file_system(world: World) -> str:
    made = world.studio.efs.create_file_system(CreationToken=f"shared-{world.domain_id}")
    return str(made["FileSystemId"])


def account(world: World, its_id: str, *, name: str = "", **more: Any) -> Account:
    name = name or world.environment.config.name
    file = config(name=name, storage={"file_systems": [{"id": its_id, **more.pop("homes", {})}]}, **more)
    return Account(file, world.environment.target, source=Source("s.toml", ""))


def told(looked_at: Account) -> str:
    with pytest.raises(ConfigError) as refused:
        done(preflight.check_named(looked_at))
    return refused.value.message.removeprefix(PLACE)


def follow(world: World, words: str) -> None:
    """Does what the AWS CLI's command says that ends the words."""
    _, service, operation, *options = shlex.split(words.rpartition("; ")[2].partition(": ")[2].partition(" && ")[0])
    given: dict[str, Any] = {}
    key = ""
    for each in options:
        key = "".join(map(str.title, each[2:].split("-"))) if each.startswith("--") else key
        given.setdefault(key, [])
        given[key] += [each] * (not each.startswith("--"))
    lists = {"SecurityGroups"}
    wanted = {k: v if k in lists else v[0] for k, v in given.items() if k not in {"EndpointUrl", "Region"}}
    getattr(world.client(service), operation.replace("-", "_"))(**wanted)


def test_each_subnet_needs_a_mount_target_that_lets_nfs_in(world: World, file_system: str) -> None:
    first, second = world.studio.subnet_ids
    inbound = world.studio.nfs_groups(world.domain_id)["inbound"]["GroupId"]
    looked_at = account(world, file_system)

    before = told(looked_at)
    assert before.startswith(
        f"'{file_system}' has no mount target in {first}, {second}, where the domain is: spaces that mount it do not"
        f" start; make it reachable: aws efs create-mount-target --file-system-id {file_system} --subnet-id {first}"
        f" --security-groups {inbound}"
    )
    follow(world, before)
    once_more = told(looked_at)
    assert f"has no mount target in {second}, where" in once_more
    closed = world.studio.group_id
    world.studio.efs.create_mount_target(FileSystemId=file_system, SubnetId=second, SecurityGroups=[closed])
    last = told(looked_at)
    assert (
        f"of '{file_system}' lets no NFS traffic in: spaces that mount it do not start; let it in: aws efs modify-"
        in last
    )
    assert f"--security-groups {closed} {inbound}" in last
    follow(world, last)
    assert done(preflight.check_named(looked_at)) is None


def test_a_group_of_ones_own_lets_it_in_without_a_home_file_system(world: World, file_system: str) -> None:
    bare = furnished(world.emulator, name="acme-bare", HomeEfsFileSystemCreation="Disabled")
    without = account(bare, file_system, name="acme-bare", studio={"home_file_system": False})
    assert "--security-groups GROUP" in told(without)
    bare.studio.ec2.authorize_security_group_ingress(
        GroupId=bare.studio.group_id, IpProtocol="tcp", FromPort=2049, ToPort=2049, CidrIp="10.0.0.0/16"
    )
    for subnet in bare.studio.subnet_ids:
        bare.studio.efs.create_mount_target(
            FileSystemId=file_system, SubnetId=subnet, SecurityGroups=[bare.studio.group_id]
        )
    assert done(preflight.check_named(without)) is None

    elsewhere = told(account(world, file_system))
    assert elsewhere == (
        f"'{file_system}' has its mount targets in {bare.studio.vpc_id}, and the domain is in {world.studio.vpc_id};"
        " delete them, as EFS has them in one VPC only, or delete the file system from the list"
    )


def test_a_start_that_is_refused_says_so_too(world: World, file_system: str) -> None:
    looked_at = account(world, file_system, users=[{"name": "grace"}])
    configs = [{"EFSFileSystemConfig": {"FileSystemId": file_system, "FileSystemPath": "/"}}]
    world.studio.profile(world.domain_id, "grace", CustomFileSystemConfigs=configs)
    mounts = [{"EFSFileSystem": {"FileSystemId": file_system}}]
    world.studio.space(world.domain_id, "grace-editor", owner="grace", CustomFileSystems=mounts)
    (space,) = [s for s in start_stop.candidates(looked_at) if s.name == "grace-editor"]

    with pytest.raises(AwsError) as refused:
        done(start_stop.start(looked_at, space))
    words = told(looked_at)
    assert f"{refused.value.message}; {refused.value.hint}" == f"'grace-editor' cannot start: {words}"


def test_a_home_that_was_kept_comes_back_by_its_own_command(world: World, file_system: str) -> None:
    words = told(account(world, file_system, homes={"homes": {"ada": 200001}}))
    assert words.endswith(f"; make it reachable: studioctl homes restore {file_system}")


@pytest.mark.parametrize(
    ("homes", "then"), [({}, "plan, which says what to do"), ({"homes": {"ada": 200001}}, "homes restore")]
)
def test_before_there_is_a_domain_nothing_is_refused(
    world: World, file_system: str, homes: dict[str, Any], then: str
) -> None:
    new = account(world, file_system, name="acme-new", homes=homes)
    notes = [event.message for event in preflight.check_named(new) if isinstance(event, Noted)]
    (note,) = notes
    assert note == (
        f"{PLACE}'{file_system}' has no mount target in the subnets that `up` makes, and spaces that mount it do not"
        f" start before it has; after up: studioctl {then}"
    )
    world.studio.ec2.modify_vpc_attribute(VpcId=world.studio.vpc_id, EnableDnsHostnames={"Value": True})
    named = _in_vpc(new, world.studio.vpc_id, world.studio.subnet_ids)
    (note,) = [e.message for e in preflight.check_named(named) if isinstance(e, Noted) and file_system in e.message]
    assert f"has no mount target in {', '.join(world.studio.subnet_ids)}, and" in note


def _in_vpc(it: Account, vpc_id: str, subnet_ids: Sequence[str]) -> Account:
    vpc = {"id": vpc_id, "subnet_ids": list(subnet_ids)}
    both = config(**{**it.config.model_dump(include={"name", "storage"}), "network": {"vpc": vpc}})
    return replace(it, config=both)
