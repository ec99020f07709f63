"""Settings that Terraform's provider has no argument for: set by AWS's API, in a first `up` and in every later one."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.aws.studio import Studio
from studioctl.infrastructure import studio_api
from studioctl.terraform.plan import ResourceChange
from tests.fakes.script_terraform import ScriptTerraform
from tests.unit.emulator.emulated import eventually
from tests.unit.operations.test_studio_settings import CLOSED_SETTINGS, DOMAIN, made

PROFILE = "aws_sagemaker_user_profile.ada"
ROOTLESS = "domain_settings[0].docker_settings[0].rootless_docker"


def test_rootless_docker_is_said_with_each_change_and_taken_back_once(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS may know it or not, keep what it is not told of or not, and want it off before Docker is, or not."""
    closed = made(emulator, **CLOSED_SETTINGS)
    sent: list[Any] = []
    change = Studio.change_domain

    def watched(self: Any, domain_id: str, members: Mapping[str, Any]) -> None:
        sent.append(members)
        change(self, domain_id, members)

    monkeypatch.setattr(Studio, "change_domain", watched)
    plain = {"EnableDockerAccess": "ENABLED"}
    rootless = {**plain, "RootlessDocker": "ENABLED"}
    for studio, docker in (
        ({"max_volume_gb": 200}, plain),
        ({"max_volume_gb": 200, "rootless_docker": True}, rootless),
        ({"rootless_docker": True}, rootless),
        ({"docker": False}, {"EnableDockerAccess": "DISABLED", "RootlessDocker": "DISABLED"}),
        ({"docker": True}, plain),
    ):
        closed.write(studio=studio)
        assert "api" in [step.by for step in closed.up().steps]
        assert sent[-1]["DomainSettingsForUpdate"]["DockerSettings"] == docker
        assert not closed.plan().has_changes
    assert closed.domain()["DomainSettings"]["DockerSettings"] == {**plain, "RootlessDocker": "DISABLED"}
    by_hand: Any = {"DockerSettings": {"RootlessDocker": "ENABLED"}}
    closed.studio.sagemaker.update_domain(DomainId=closed.terraform.domain_id, DomainSettingsForUpdate=by_hand)
    closed.studio.wait_domain(closed.terraform.domain_id)
    (attribute,) = closed.plan().changes[0].attributes
    assert (attribute.path, attribute.before, attribute.after) == (ROOTLESS, "ENABLED", "DISABLED")


def test_hidden_apps_and_names_of_sessions_are_set_and_taken_back(emulator: RunningEmulator) -> None:
    closed = made(emulator, **CLOSED_SETTINGS)
    for studio, pages in (
        ({"hidden_tools": ["JumpStart", "AutoMl"]}, {"HiddenMlTools": ["AutoMl", "JumpStart"]}),
        ({"hidden_tools": []}, {"HiddenMlTools": []}),
        ({"hidden_apps": ["Canvas", "JupyterServer"]}, {"HiddenAppTypes": ["Canvas", "JupyterServer"]}),
        (
            {"hidden_apps": ["JupyterServer"], "session_names": "user"},
            {"HiddenAppTypes": ["JupyterServer"], "ExecutionRoleSessionNameMode": "USER_IDENTITY"},
        ),
        (
            {"hidden_apps": [], "session_names": "fixed"},
            {"HiddenAppTypes": [], "ExecutionRoleSessionNameMode": "STATIC"},
        ),
    ):
        closed.write(studio=studio)
        assert [step.by for step in closed.up().steps] == ["api"]
        found = closed.domain()["DefaultUserSettings"]
        assert {key: found["StudioWebPortalSettings"].get(key, []) for key in pages} == pages
        assert found["ExecutionRole"]
        assert not closed.plan().has_changes


class FirstTerraform(ScriptTerraform):
    """Makes the domain, too, of what the provider has arguments for; and then a profile."""

    def _changes(self) -> Iterator[ResourceChange]:
        for address in (DOMAIN, PROFILE):
            if not self._resource(address):
                type_, _, label = address.partition(".")
                yield ResourceChange(address, type_, label, "sagemaker", "create")

    def _make(self, address: str) -> None:
        described = self._described(address).arguments
        name = described.get("domain_name", "ada")
        names = studio_api.DOMAIN_BY_API if address == DOMAIN else ("user_settings",)
        request = studio_api.request(
            studio_api.resolved({key: described[key] for key in names if key in described}, self.look_up), {}
        )
        if address == PROFILE:
            self.make_profile(**request)
            self.know(PROFILE, id="ada")
            return
        vpc_id, subnet_ids = (studio_api.resolved(described[key], self.look_up) for key in ("vpc_id", "subnet_ids"))
        made = self.sagemaker.create_domain(
            DomainName=name,
            AuthMode="IAM",
            VpcId=vpc_id,
            SubnetIds=subnet_ids,
            Tags=[{"Key": key, "Value": value} for key, value in self.blueprint.tags.items()],
            DomainSettings=request.pop("DomainSettingsForUpdate"),
            **request,
        )
        self.domain_id = made["DomainId"]
        self.know(DOMAIN, id=self.domain_id, subnet_ids=subnet_ids)
        eventually(
            lambda: self.sagemaker.describe_domain(DomainId=self.domain_id), lambda it: it["Status"] != "Pending"
        )

    def make_profile(self, **request: Any) -> None:
        """Ada's, which is in service when this ends, as it is when the provider has made one."""
        ada = {"DomainId": self.domain_id, "UserProfileName": "ada"}
        self.sagemaker.create_user_profile(**ada, **request)
        eventually(lambda: self.sagemaker.describe_user_profile(**ada), lambda it: it["Status"] != "Pending")


def test_the_first_up_sets_what_terraform_cannot_once_it_made_the_domain(emulator: RunningEmulator) -> None:
    old = made(emulator, **CLOSED_SETTINGS)
    home = dataclasses.replace(old, name=f"{old.name}-first")
    home.terraform = FirstTerraform(old.terraform.blueprint, old.terraform.sagemaker, old.terraform.ec2, "")
    home.terraform.content["resources"] = [
        it
        for it in old.terraform.content["resources"]
        if it["type"] not in {"aws_sagemaker_domain", "aws_sagemaker_space", "aws_sagemaker_user_profile"}
    ]
    home.write(users=[{"name": "ada", "spaces": []}], studio={"rootless_docker": True})
    summary = home.plan()

    assert [(step.by, step.does, step.addresses) for step in summary.steps] == [
        ("terraform", "Create, change and delete", (DOMAIN, PROFILE)),
        ("api", "Change settings", (DOMAIN,)),
    ]
    (attribute,) = summary.changes[0].attributes
    assert (attribute.path, attribute.before, attribute.after) == (ROOTLESS, None, "ENABLED")
    assert attribute.by_api
    events = 1
    while home.broken_off(after=events):
        events += 1
    assert events > 3
    home.up()
    both = {"EnableDockerAccess": "ENABLED", "RootlessDocker": "ENABLED"}
    assert home.domain()["DomainSettings"]["DockerSettings"] == both
    assert not home.plan().has_changes
