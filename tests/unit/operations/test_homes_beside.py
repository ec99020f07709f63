"""Kept home file systems that were mounted beside a new domain's: `down` lets go of them, in whosever VPC that is."""

import pytest

from studioctl.errors import RefusedError
from studioctl.infrastructure.naming import kept_tags
from studioctl.operations.data.inventory import KINDS
from studioctl.operations.provisioning import down as teardown
from tests.fakes.work import done
from tests.unit.operations.conftest import World

GONE = "arn:aws:sagemaker:us-east-1:123456789012:domain/d-zzzzzzzzzzzz"


@pytest.fixture
def mounted(world: World) -> str:
    """A file system with a mount target of the domain's group, in a VPC that Terraform does not know."""
    world.terraform.resources[:] = [each for each in world.terraform.resources if each[0] != "aws_vpc"]
    efs = world.studio.efs
    made = efs.create_file_system(
        CreationToken=f"beside-{world.domain_id}", Tags=[{"Key": "ManagedByAmazonSageMakerResource", "Value": GONE}]
    )["FileSystemId"]
    group = world.studio.nfs_groups(world.domain_id)["inbound"]["GroupId"]
    for subnet_id in world.studio.subnet_ids:
        efs.create_mount_target(FileSystemId=made, SubnetId=subnet_id, SecurityGroups=[group])
    return made


@pytest.mark.parametrize("delete", [frozenset(), frozenset(KINDS.values())])
def test_one_that_is_ours_comes_loose_in_a_vpc_of_somebody_else(
    world: World, mounted: str, delete: frozenset[str]
) -> None:
    tags = [{"Key": key, "Value": value} for key, value in kept_tags("acme-ml").items()]
    world.studio.efs.tag_resource(ResourceId=mounted, Tags=tags)  # type: ignore[arg-type]

    outcome = done(teardown.remove(world.environment, delete))

    kept = [] if delete else [mounted]
    assert ([holding.name for holding in outcome.kept], outcome.left) == (kept, ())
    after = world.inventory()
    assert {kind for kind in after if after[kind] != world.before[kind]} == ({"file_systems"} if kept else set())
    for home in kept:
        world.studio.efs.delete_file_system(FileSystemId=home)


def test_one_of_somebody_else_is_told_before_anything_goes(world: World, mounted: str) -> None:
    there = world.inventory()
    with pytest.raises(RefusedError) as refused:
        done(teardown.survey(world.environment))
    assert f"EFS mount target for {mounted} (fsmt-" in refused.value.message
    assert world.inventory() == there
