"""A domain goes into new subnets and out of old ones, and stays what it is."""

import dataclasses
from pathlib import Path

from studioctl.operations import provision, subnets
from studioctl.operations.estate import Estate
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange
from tests.environments import environment as config
from tests.fakes.work import done
from tests.unit.operations.conftest import World


def know(world: World, *subnet_ids: str) -> None:
    """Lets Terraform know of these subnets."""
    world.terraform.resources += [("aws_subnet", {"id": subnet_id}) for subnet_id in subnet_ids]


def destruction(world: World, subnet_id: str) -> PlanSummary:
    estate = Estate(world.terraform.state())
    (address,) = [a for a, attributes in estate.resources("aws_subnet") if attributes["id"] == subnet_id]
    change = ResourceChange(address, "aws_subnet", address.partition(".")[2], None, "delete")
    return PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))


def of_domain(world: World) -> set[str]:
    return set(world.studio.sagemaker.describe_domain(DomainId=world.domain_id)["SubnetIds"])


def mounted(world: World) -> set[str]:
    return {
        mount["SubnetId"] for mount in world.studio.efs.describe_mount_targets(FileSystemId=world.home)["MountTargets"]
    }


def test_into_a_new_one_and_out_again(world: World) -> None:
    studio, first = world.studio, set(world.studio.subnet_ids)
    made = studio.ec2.create_subnet(VpcId=studio.vpc_id, CidrBlock="10.0.9.0/24", AvailabilityZone="us-east-1c")
    new, home = made["Subnet"]["SubnetId"], world.home
    know(world, *studio.subnet_ids, new)

    done(subnets.join(world.environment))
    assert of_domain(world) == mounted(world) == first | {new}
    assert world.home == home
    done(subnets.join(world.environment))  # the state still says that one is missing; AWS knows better

    done(subnets.leave(world.environment, destruction(world, new)))
    assert of_domain(world) == mounted(world) == first
    studio.ec2.delete_subnet(SubnetId=new)
    assert (world.home, studio.sagemaker.describe_domain(DomainId=world.domain_id)["Status"]) == (home, "InService")


def test_no_subnet_leaves_while_an_app_runs(world: World) -> None:
    know(world, *world.studio.subnet_ids)
    summary = destruction(world, world.studio.subnet_ids[1])
    tags = [{"Key": "studioctl:environment", "Value": "acme-apps"}]
    domain_id = world.studio.domain(DomainName="acme-apps", Tags=tags)
    environment = dataclasses.replace(world.environment, config=config(name="acme-apps"))

    assert provision.apps_in_the_way(environment, summary) == ()
    world.studio.profile(domain_id)
    world.studio.space(domain_id)
    world.studio.app(domain_id)
    assert [app.title for app in provision.apps_in_the_way(environment, summary)] == ["CodeEditor in 'editor'"]
    closed = AttributeChange("app_network_access_type", "PublicInternetOnly", "VpcOnly")
    change = ResourceChange("aws_sagemaker_domain.studio", "aws_sagemaker_domain", "studio", None, "update", (closed,))
    closing = dataclasses.replace(summary, changes=(change,))
    assert [app.title for app in provision.apps_in_the_way(environment, closing)] == ["CodeEditor in 'editor'"]
    idle = dataclasses.replace(change, attributes=(AttributeChange("domain_settings[0].x", 1, 2),))
    assert provision.apps_in_the_way(environment, dataclasses.replace(summary, changes=(idle,))) == ()


def test_the_nat_gateways_subnet_is_never_the_domains(world: World) -> None:
    made = world.studio.ec2.create_subnet(VpcId=world.studio.vpc_id, CidrBlock="10.0.11.0/28")
    change = ResourceChange("aws_subnet.nat", "aws_subnet", "nat", "vpc", "delete")
    assert not subnets.leaves(change)
    assert subnets.leaves(dataclasses.replace(change, address="aws_subnet.private_2"))

    know(world, *world.studio.subnet_ids)
    state = world.terraform.state()
    nat = {"mode": "managed", "type": "aws_subnet", "name": "nat"}
    instance = {"attributes": {"id": made["Subnet"]["SubnetId"]}}
    state["resources"].append({**nat, "instances": [instance]})
    world.terraform.state = lambda: state  # type: ignore[method-assign]
    done(subnets.join(world.environment))

    assert of_domain(world) == set(world.studio.subnet_ids)
