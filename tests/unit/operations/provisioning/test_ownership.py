"""A living environment of the same name is taken over on the user's word alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from studioctl.errors import ExitCode, NameTakenError, RefusedError, StudioctlError
from studioctl.events import Stage, Work
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import down, ownership, up
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange
from studioctl.terraform.runner import Terraform
from tests.environments import environment as config
from tests.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.fakes.work import done
from tests.unit.emulator.emulated import TRUST
from tests.unit.operations.conftest import REGION, World
from tests.unit.operations.test_teardown import empty_domain

NAME = "acme-same"
OURS = [{"Key": "studioctl:environment", "Value": NAME}]
ROLE = f"{NAME}-execution"
FIRST = ResourceChange("aws_iam_role.execution", "aws_iam_role", "execution", "iam", "create")
IDLE = AttributeChange("default_user_settings[0].idle_timeout_in_minutes", 60, 600)
DOMAIN = ResourceChange("aws_sagemaker_domain.studio", "aws_sagemaker_domain", "studio", "sagemaker", "import", (IDLE,))


def summary(*changes: ResourceChange) -> PlanSummary:
    return PlanSummary(changes, (), (), destroy=False, has_changes=True, file=Path("plan"))


@pytest.fixture
def here(world: World) -> Environment:
    """A directory in which nothing was ever done: its mark is nobody's, and it has no claim."""
    described = config(name=NAME, users=[{"name": "carol"}])
    terraform = FakeTerraform(
        [], lambda: None, workspace=FakeWorkspace(claimed=False, mark="c0ffee"), blueprint=blueprint.build(described)
    )
    target = emulation.target(world.emulator, REGION)
    return Environment(described, target, cast("Terraform", terraform))


def workspace(environment: Environment) -> FakeWorkspace:
    return cast("FakeTerraform", environment.terraform).workspace


@pytest.fixture
def domain_id(world: World) -> Iterator[str]:
    """Another directory's living environment."""
    made = world.studio.domain(DomainName=NAME, Tags=OURS)
    world.studio.profile(made, "ada")
    world.studio.space(made, "ada-editor")
    yield made
    empty_domain(world, made, retain=False)


@pytest.fixture
def role(world: World) -> Iterator[Any]:
    """Makes the role that is made first, with a mark or without."""
    iam = world.client("iam")

    def make(mark: str = "") -> None:
        tags = [*OURS, *([{"Key": "studioctl:birth", "Value": mark}] if mark else [])]
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST, Tags=tags)

    yield make
    if ROLE in {found["RoleName"] for found in iam.list_roles()["Roles"]}:
        iam.delete_role(RoleName=ROLE)


def test_a_living_domain_is_refused_with_its_people_and_what_would_change(here: Environment, domain_id: str) -> None:
    with pytest.raises(RefusedError) as refused:
        up.cleared(here, summary(DOMAIN))

    assert refused.value.message == (
        f"'{NAME}' exists already in the emulator, {REGION} (domain {domain_id}), and there is no record here that it"
        " was made from here.\n"
        "Users that the file lacks: ada\n"
        "Spaces that the file lacks: ada-editor\n"
        "Settings that would change:\n"
        "  aws_sagemaker_domain.studio: default_user_settings[0].idle_timeout_in_minutes: 60 -> 600\n"
        "Nothing was changed."
    )
    assert refused.value.hint == (
        f'if it is somebody else\'s, write another name: name = "{NAME}-2"; if it is yours and its record is lost:'
        f" studioctl up --adopt {NAME}"
    )
    assert up.cleared(here, summary(DOMAIN), adopt=NAME) == ()


def test_removing_it_is_refused_too(here: Environment, domain_id: str) -> None:
    with pytest.raises(RefusedError) as refused:
        done(down.survey(here))

    assert f"(domain {domain_id})" in refused.value.message
    assert refused.value.hint.endswith(f": studioctl down --adopt {NAME}")
    assert done(down.survey(here, adopt=NAME)).traces[0].domain_id == domain_id


@pytest.mark.parametrize(
    ("marked", "claimed", "mark", "is_ours"),
    [
        ("c0ffee", False, "c0ffee", True),  # this directory's own interrupted `up`, or the same state in S3
        ("c0ffee", True, "c0ffee", True),
        ("another", True, "c0ffee", False),
        ("another", True, "", False),
        ("", True, "", True),  # a version without marks began it here
        ("", False, "", False),
        ("", True, "c0ffee", False),
    ],
)
def test_the_record_here_says_whose_it_is(
    here: Environment, domain_id: str, role: Any, marked: str, claimed: bool, mark: str, is_ours: bool
) -> None:
    role(marked)
    workspace(here).claimed, workspace(here).mark = claimed, mark

    assert (ownership.namesake(here) is None) == is_ours


def test_what_the_state_knows_needs_no_other_record(here: Environment, domain_id: str) -> None:
    cast("FakeTerraform", here.terraform).resources.append(("aws_sagemaker_domain", {"id": domain_id}))

    assert ownership.namesake(here) is None


def test_a_vpc_alone_is_refused_before_anything_is_planned(here: Environment, world: World) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [*OURS, {"Key": "Name", "Value": NAME}]}]
    vpc_id = world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    try:
        with pytest.raises(RefusedError, match=f"VPC {vpc_id}, which is being made or removed"):
            done(up.plan(here))
        assert done(up.plan(here, adopt=NAME)).destroy is False
    finally:
        world.client("ec2").delete_vpc(VpcId=vpc_id)


def test_data_that_a_down_kept_is_nobodys_environment(here: Environment, world: World) -> None:
    ecr = world.client("ecr")
    ecr.create_repository(repositoryName=NAME, tags=OURS)
    try:
        done(up.plan(here))
        assert cast("FakeTerraform", here.terraform).adopted == {"aws_ecr_repository.images": NAME}
    finally:
        ecr.delete_repository(repositoryName=NAME)


class SecondToCome(FakeTerraform):
    """A Terraform that AWS refuses the first role, because another `up` had it first."""

    def apply(self, plan: PlanSummary) -> Work[Any]:
        yield Stage("Applying")
        raise NameTakenError("Role with name acme-same-execution already exists", hint="")


def test_of_two_first_ups_at_once_the_second_gives_way(here: Environment, role: Any) -> None:
    terraform = SecondToCome([], lambda: None, workspace=workspace(here), blueprint=here.terraform.blueprint)
    second = replace(here, terraform=cast("Terraform", terraform))
    role("another")
    with pytest.raises(RefusedError, match=r"its role, which is being made or removed"):
        done(up.apply(second, summary(FIRST)))

    assert not terraform.workspace.claimed  # nothing was made from here, so the name is free to be changed
    assert terraform.adopted == {}


def test_a_role_that_this_up_made_unseen_is_adopted(here: Environment, role: Any) -> None:
    terraform = SecondToCome([], lambda: None, workspace=workspace(here), blueprint=here.terraform.blueprint)
    role("c0ffee")
    with pytest.raises(NameTakenError):  # from the second attempt: this Terraform always says so
        done(up.apply(replace(here, terraform=cast("Terraform", terraform)), summary(FIRST)))

    assert terraform.adopted == {"aws_iam_role.execution": ROLE}


@pytest.mark.parametrize("verb", ["up", "down"])
def test_the_name_after_adopt_is_the_environments(here: Environment, verb: str) -> None:
    work = up.plan(here, adopt="acme") if verb == "up" else down.survey(here, adopt="acme")
    with pytest.raises(StudioctlError) as refused:
        done(cast("Work[Any]", work))

    assert refused.value.exit_code is ExitCode.USAGE
    assert refused.value.hint == f"studioctl {verb} --adopt {NAME}"
