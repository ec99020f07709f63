"""A domain that AWS could not finish goes with all it left, however often that was broken off; used homes stay."""

import uuid
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import failed_domain
from tests.fakes.work import done
from tests.unit.emulator.emulated import eventually, gone
from tests.unit.operations.conftest import World, furnished
from tests.unit.operations.test_teardown import EVERYTHING, down, empty_domain


@pytest.fixture
def failed(emulator: RunningEmulator) -> World:
    """An environment whose VPC is tagged; its domain is gone, and the next one turned out Failed."""
    name = f"acme-{uuid.uuid4().hex[:8]}"
    world = furnished(emulator, name, DomainName=f"{name}-first")
    empty_domain(world, world.domain_id, retain=False)
    world.studio.ec2.create_tags(Resources=[world.studio.vpc_id], Tags=[{"Key": ENVIRONMENT_TAG, "Value": name}])
    faults(world, {"kind": "failed", "action": "CreateDomain", "times": 1})
    request: Any = {
        "DomainName": name,
        "AuthMode": "IAM",
        "DefaultUserSettings": {"ExecutionRole": world.studio.role_arn},
        "VpcId": world.studio.vpc_id,
        "SubnetIds": world.studio.subnet_ids,
        "Tags": [{"Key": ENVIRONMENT_TAG, "Value": name}],
    }
    domain_id = world.studio.sagemaker.create_domain(**request)["DomainId"]
    describe = world.studio.sagemaker.describe_domain
    eventually(lambda: describe(DomainId=domain_id)["Status"], lambda status: status == "Failed")
    faults(world)
    return world


def faults(world: World, *chosen: dict[str, Any]) -> None:
    server.set_faults(world.emulator, {"faults": chosen})


def in_vpc(world: World) -> tuple[list[str], list[str]]:
    """The obstacles to deleting the VPC: interfaces, and groups that SageMaker created."""
    filters: Any = [{"Name": "vpc-id", "Values": [world.studio.vpc_id]}]
    interfaces = world.studio.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    groups = world.studio.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    names = [group["GroupName"] for group in groups if "nfs" in group["GroupName"]]
    return [interface["NetworkInterfaceId"] for interface in interfaces], names


def cleared(environment: Environment, *, events: int | None = None) -> None:
    """Clears; broken off after so many events."""
    work = failed_domain.clear(environment, replaced=environment.domain() is not None)
    if events is None:
        done(work)
        return
    for _ in range(events):
        next(work, None)
    work.close()


@pytest.mark.parametrize("events", [None, 1, 3, 5, 7])
def test_it_goes_however_often_it_was_broken_off(failed: World, events: int | None) -> None:
    assert in_vpc(failed) != ([], [])
    cleared(failed.environment, events=events)
    cleared(failed.environment)

    assert failed.environment.domain() is None
    assert in_vpc(failed) == ([], [])
    down(failed, delete=EVERYTHING)


def test_a_home_that_aws_kept_goes_by_its_mark(failed: World) -> None:
    """Killed when the domain was gone, and its file system, for whatever reason, was not."""
    domain = failed.environment.domain()
    assert domain is not None
    work = failed_domain.clear(failed.environment, replaced=True)
    next(work)
    work.close()
    sagemaker = failed.studio.sagemaker
    if failed.environment.studio.domain(domain.id):
        sagemaker.delete_domain(DomainId=domain.id, RetentionPolicy={"HomeEfsFileSystem": "Retain"})
        gone(lambda: sagemaker.describe_domain(DomainId=domain.id))

    cleared(failed.environment)
    assert in_vpc(failed) == ([], [])
    down(failed, delete=EVERYTHING)


def test_a_home_that_people_had_stays(emulator: RunningEmulator) -> None:
    """Somebody deleted the domain in the console: its home is not ours to remove."""
    name = f"acme-{uuid.uuid4().hex[:8]}"
    world = furnished(emulator, name, DomainName=name)
    world.studio.ec2.create_tags(Resources=[world.studio.vpc_id], Tags=[{"Key": ENVIRONMENT_TAG, "Value": name}])
    home = world.home
    empty_domain(world, world.domain_id)
    before = in_vpc(world)

    cleared(world.environment)

    assert in_vpc(world) == before
    assert world.studio.efs.describe_file_systems(FileSystemId=home)["FileSystems"]
    down(world, delete=EVERYTHING)
