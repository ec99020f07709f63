"""A domain without a home file system: no provider can make one, so `up` does, and Terraform takes it over."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.errors import AwsError, RefusedError
from studioctl.events import Started, Work
from studioctl.terraform.plan import PlanSummary, ResourceChange
from tests.fakes.script_terraform import SCRIPT as SCRIPTS
from tests.fakes.script_terraform import ScriptTerraform
from tests.unit.emulator.emulated import refusal
from tests.unit.operations.test_settings_beyond_the_provider import PROFILE, FirstTerraform
from tests.unit.operations.test_studio_settings import DOMAIN, LAB_SCRIPT, SCRIPT, Home, made

NETWORKS = {"open": {}, "closed": {"access": "vpc-only"}}
HOMELESS = {"home_file_system": False, "rootless_docker": True}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """As strict as AWS may be."""
    state = tmp_path_factory.mktemp("emulator")
    settings = EmulatorSettings(transition_seconds=0.05, registration_seconds=0, mounts_need_homes=True)
    yield server.start(settings=settings, state_dir=state)
    server.stop(state)


@dataclasses.dataclass
class HandedOver(FirstTerraform):
    """Makes scripts and a profile, and is handed the domain: one of its own would have a home file system."""

    adopted: Mapping[str, str] = dataclasses.field(default_factory=dict)
    replaced: set[str] = dataclasses.field(default_factory=set)

    def plan(
        self, *, adopt: Mapping[str, str] | None = None, replace: Iterable[str] = (), **options: Any
    ) -> Work[PlanSummary]:
        self.adopted, self.replaced = adopt or {}, set(replace)
        return super().plan(adopt=adopt, **options)

    def apply(self, plan: PlanSummary) -> Work[Mapping[str, Any]]:
        if any(change.address == DOMAIN for change in plan.changes):
            assert DOMAIN in self.adopted, "Terraform would make a domain with a home file system"
            self.domain_id = self.adopted[DOMAIN]
            found = self.sagemaker.describe_domain(DomainId=self.domain_id)
            self.know(DOMAIN, id=self.domain_id, subnet_ids=found["SubnetIds"])
        return super().apply(plan)

    def _changes(self) -> Iterator[ResourceChange]:
        for address in (SCRIPT, LAB_SCRIPT):
            if not self._resource(address):
                yield ResourceChange(address, SCRIPTS, address.partition(".")[2], "sagemaker", "create")
        if not self._resource(DOMAIN):
            action: Any = "import" if DOMAIN in self.adopted else "create"
            if DOMAIN in self.replaced:
                action, reason = "replace", "replace_by_request"
            else:
                reason = ""
            yield ResourceChange(DOMAIN, "aws_sagemaker_domain", "studio", "sagemaker", action, reason=reason)
        if not self._resource(PROFILE):
            yield ResourceChange(PROFILE, "aws_sagemaker_user_profile", "ada", "sagemaker", "create")

    def _make(self, address: str) -> None:
        if address.startswith(SCRIPTS):
            ScriptTerraform._make(self, address)
        else:
            super()._make(address)


def unmade(emulator: RunningEmulator, network: str) -> Home:
    """An environment of which there are a network and a role, and its file wants no home file system."""
    old = made(emulator, network=NETWORKS[network], editor={"tools": ["uv"]})
    home = dataclasses.replace(old, name=f"{old.name}-homeless")
    home.terraform = HandedOver(old.terraform.blueprint, old.terraform.sagemaker, old.terraform.ec2, "")
    gone = ("aws_sagemaker_", "aws_sagemaker_studio_lifecycle_config")
    home.terraform.content["resources"] = [
        it for it in old.terraform.content["resources"] if not it["type"].startswith(gone)
    ]
    home.write(users=[{"name": "ada", "spaces": []}], studio=HOMELESS)
    return home


@pytest.mark.parametrize("network", NETWORKS)
def test_what_it_needs_is_made_then_the_domain_then_the_rest(emulator: RunningEmulator, network: str) -> None:
    home = unmade(emulator, network)
    summary = home.up()

    assert [(step.by, step.does, step.addresses) for step in summary.steps] == [
        ("terraform", "Create what the domain needs", (SCRIPT, LAB_SCRIPT)),
        ("api", "Create the domain", (DOMAIN,)),
        ("terraform", "Create the rest", (DOMAIN, PROFILE)),
    ]
    domain = home.domain()
    assert "HomeEfsFileSystemId" not in domain
    assert (domain["HomeEfsFileSystemCreation"], domain["Status"]) == ("Disabled", "InService")
    assert domain["DefaultUserSettings"]["AutoMountHomeEFS"] == "Disabled"
    assert domain["DomainSettings"]["DockerSettings"]["RootlessDocker"] == "ENABLED"
    assert home.studio.nfs_groups(domain["DomainId"]) == {}
    tags = home.studio.sagemaker.list_tags(ResourceArn=domain["DomainArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == dict(home.terraform.blueprint.tags)
    assert not home.plan().has_changes


@pytest.mark.parametrize("network", NETWORKS)
def test_killed_at_each_step_the_same_command_completes_with_one_domain(
    emulator: RunningEmulator, network: str
) -> None:
    steps = 0
    while True:
        home = unmade(emulator, network)
        steps += 1
        was_killed = killed(home, after=steps)
        home.up()
        assert domains(home) == 1, f"killed after event {steps}"
        assert "HomeEfsFileSystemId" not in home.domain()
        assert not home.plan().has_changes
        if not was_killed:
            break
    assert steps > 8


def domains(home: Home) -> int:
    """The number of domains with its name."""
    pages = home.studio.sagemaker.get_paginator("list_domains").paginate()
    return [found["DomainName"] for page in pages for found in page["Domains"]].count(home.name)


def killed(home: Home, *, after: int) -> bool:
    """`up`, killed after so many events of any kind, the beginning of a wait among them; whether it was not over."""
    from studioctl.operations.provisioning import up as provision

    seen = 0
    work = provision.apply(home.environment, home.plan())
    for event in work:
        seen += isinstance(event, Started) or type(event).__name__ in {"Stage", "Finished", "Progressed"}
        if seen == after:
            work.close()
            return True
    return False


def test_a_domain_that_aws_cannot_finish_is_told_and_made_anew(emulator: RunningEmulator) -> None:
    home = unmade(emulator, "open")
    server.set_faults(emulator, {"faults": [{"kind": "failed", "action": "CreateDomain", "times": 1}]})
    with pytest.raises(AwsError, match="AWS could not make the domain: "):
        home.up()
    failed = home.environment.domain()
    assert failed
    assert failed.status == "Failed"
    home.up()

    assert home.domain()["Status"] == "InService"
    assert "HomeEfsFileSystemId" not in home.domain()
    assert not home.plan().has_changes


def test_an_answer_that_is_lost_makes_no_second_domain(emulator: RunningEmulator) -> None:
    home = unmade(emulator, "open")
    server.set_faults(emulator, {"faults": [{"kind": "lost-answer", "action": "CreateDomain", "times": 1}]})
    home.up()
    server.set_faults(emulator, {"faults": []})

    assert domains(home) == 1


@pytest.mark.parametrize("network", NETWORKS)
def test_a_home_file_system_comes_later_and_never_goes(emulator: RunningEmulator, network: str) -> None:
    home = unmade(emulator, network)
    home.up()
    home.write(studio={"rootless_docker": True})
    summary = home.up()

    assert summary.steps[0].does == "Create the home file system"
    domain = home.domain()
    assert domain["HomeEfsFileSystemId"].startswith("fs-")
    assert domain["DefaultUserSettings"]["AutoMountHomeEFS"] == "Enabled"
    assert not home.plan().has_changes

    home.write(studio=HOMELESS)
    with pytest.raises(RefusedError) as refused:
        home.up()
    assert str(refused.value) == (
        "studio.toml: studio.home_file_system: AWS cannot take the home file system from a domain: only a new domain"
        " has none. With this one every space's volume would be deleted. Nothing was changed."
    )
    assert home.domain()["HomeEfsFileSystemId"] == domain["HomeEfsFileSystemId"]


def test_aws_refuses_to_take_one_away_and_to_mount_none(emulator: RunningEmulator, tmp_path: Path) -> None:
    home = unmade(emulator, "open")
    home.up()
    sagemaker, domain_id = home.studio.sagemaker, home.terraform.domain_id
    mounted: Any = {"AutoMountHomeEFS": "Enabled"}
    mount = "AutoMountHomeEFS cannot be Enabled: the domain has no home EFS file system."
    for refused in (
        lambda: sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings=mounted),
        lambda: sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="eve", UserSettings=mounted),
        lambda: sagemaker.update_user_profile(DomainId=domain_id, UserProfileName="ada", UserSettings=mounted),
    ):
        assert refusal(refused) == ("ValidationException", mount)
    sagemaker.update_domain(DomainId=domain_id, HomeEfsFileSystemCreation="Enabled")
    home.studio.wait_domain(domain_id)
    arn = home.domain()["DomainArn"]
    assert refusal(lambda: sagemaker.update_domain(DomainId=domain_id, HomeEfsFileSystemCreation="Disabled")) == (
        "ValidationException",
        f"Updating HomeEfsFileSystemCreation of Domain [{arn}] to Disabled is not supported.",
    )
