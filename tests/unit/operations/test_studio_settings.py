"""Settings of the domain and of spaces change by AWS's API, in AWS's order, whatever broke off the run before."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from studio_emulator.server import RunningEmulator
from studioctl.errors import AwsError, RefusedError
from studioctl.events import Progressed, Started, Work
from studioctl.infrastructure import blueprint, studio_api
from studioctl.infrastructure.block import Ref, Resource
from studioctl.operations import emulation
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import studio_settings
from studioctl.operations.provisioning import up as provision
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from studioctl.terraform.runner import Terraform
from tests.environments import environment as config
from tests.fakes.script_terraform import ScriptTerraform
from tests.fakes.work import done
from tests.unit.emulator.emulated import Studio, new_studio
from tests.unit.operations.conftest import REGION
from tests.unit.operations.test_unfinished import faults

CLOSED = {"access": "vpc-only"}
OPEN_SETTINGS = {"network": {}, "editor": {"tools": ["uv"]}}
CLOSED_SETTINGS = {"network": CLOSED, "editor": {"tools": ["uv"]}}
OTHER_SCRIPT = {"tools": ["uv", "ruff"]}
SCRIPT = "aws_sagemaker_studio_lifecycle_config.editor"
LAB_SCRIPT = "aws_sagemaker_studio_lifecycle_config.lab"
DOMAIN, SPACE = "aws_sagemaker_domain.studio", "aws_sagemaker_space.ada-editor"
PROFILE = "aws_sagemaker_user_profile.ada"


@dataclasses.dataclass
class Home:
    """An environment as `up` would have made it: network, role, script, domain, profile and space."""

    emulator: RunningEmulator
    studio: Studio
    name: str
    settings: Mapping[str, Any]
    terraform: ScriptTerraform

    @property
    def environment(self) -> Environment:
        target = emulation.target(self.emulator, REGION)
        return Environment(config(name=self.name, **self.settings), target, cast("Terraform", self.terraform))

    def write(self, **sections: Any) -> None:
        """Changes the file."""
        self.settings = {**self.settings, **sections}
        self.terraform.blueprint = described(self.name, self.settings)

    def plan(self) -> PlanSummary:
        return done(provision.plan(self.environment))

    def up(self) -> PlanSummary:
        summary = self.plan()
        done(provision.apply(self.environment, summary, stop=provision.cleared(self.environment, summary)))
        return summary

    def broken_off(self, *, after: int) -> bool:
        """`up`, killed when so many things were begun or done; whether it was not over before."""
        summary = self.plan()
        work = provision.apply(self.environment, summary)
        seen = 0
        for event in work:
            seen += not isinstance(event, Started | Progressed)
            if seen == after:
                work.close()
                return True
        return False

    def domain(self) -> Any:
        return self.studio.sagemaker.describe_domain(DomainId=self.terraform.domain_id)

    def space(self) -> Any:
        return self.studio.sagemaker.describe_space(DomainId=self.terraform.domain_id, SpaceName="ada-editor")

    def scripts(self) -> set[str]:
        """Those of both apps."""
        found = self.studio.sagemaker.list_studio_lifecycle_configs(NameContains=f"{self.name}-editor")
        return {script["StudioLifecycleConfigArn"] for script in found["StudioLifecycleConfigs"]}

    def attached(self) -> set[str]:
        """Every script that anything names."""
        profile: Any = self.studio.sagemaker.describe_user_profile(
            DomainId=self.terraform.domain_id, UserProfileName="ada"
        )
        return {
            text
            for settings in (self.domain()["DefaultUserSettings"], profile["UserSettings"], self.space())
            for text in studio_api.texts(settings)
            if ":studio-lifecycle-config/" in text
        }


def test_what_is_adopted_is_known_before_it_is_in_the_state(closed: Home) -> None:
    """Else `--adopt` would tell of settings that do not change."""
    role, script = "aws_iam_role.execution", "aws_sagemaker_studio_lifecycle_config.editor"
    changes = (
        ResourceChange(
            role, "aws_iam_role", "execution", "iam", "import", called=(("arn", "arn:role"), ("id", "role"))
        ),
        ResourceChange(script, script.split(".", maxsplit=1)[0], "editor", "sagemaker", "create"),
    )
    records = studio_settings._Records(closed.environment, dataclasses.replace(closed.plan(), changes=changes))

    assert records.look_up(Ref(f"{role}.arn")) == "arn:role"
    assert records.look_up(Ref(f"{role}.unique_id")) is studio_api.UNKNOWN
    assert records.look_up(Ref(f"{script}.arn")) is studio_api.UNKNOWN


def described(name: str, settings: Mapping[str, Any]) -> Any:
    """The documents of Studio, with the network's addresses of today: the rest is there already."""
    everything = blueprint.build(config(name=name, **settings))
    kept = [module for module in everything.modules if module.name == "sagemaker"]
    network = [module for module in everything.modules if module.name == "vpc"]
    subnets = [dataclasses.replace(m, blocks=tuple(b for b in m.blocks if _is_subnet(b))) for m in network]
    return dataclasses.replace(everything, modules=(*subnets, *kept))


def _is_subnet(block: Any) -> bool:
    return isinstance(block, Resource) and block.type == "aws_subnet"


def made(emulator: RunningEmulator, **settings: Any) -> Home:
    studio = new_studio(emulator, REGION)
    name = f"acme-{studio.tag}"
    terraform = ScriptTerraform(described(name, settings), studio.sagemaker, studio.ec2, "")
    word = "private" if settings["network"] else "public"
    terraform.know("aws_vpc.studio", id=studio.vpc_id)
    for number, subnet_id in enumerate(studio.subnet_ids, 1):
        terraform.know(f"aws_subnet.{word}_{number}", id=subnet_id)
    for label in ("studio", "user_ada"):
        terraform.know(f"aws_security_group.{label}", id=studio.group_id)
    for label in ("execution", "execution_ada"):
        terraform.know(f"aws_iam_role.{label}", id=f"studio-{studio.tag}", arn=studio.role_arn)
    for script in [r for r in terraform.blueprint.resources() if r.address in {SCRIPT, LAB_SCRIPT}]:
        terraform._make(script.address)
    home = Home(emulator, studio, name, settings, terraform)
    _make_studio(home, {r.address: r.arguments for r in terraform.blueprint.resources()})
    return home


def _make_studio(home: Home, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    terraform, studio = home.terraform, home.studio

    def members(address: str, *names: str) -> dict[str, Any]:
        given = {name: arguments[address][name] for name in names}
        return studio_api.request(studio_api.resolved(given, terraform.look_up), {})

    request = members(DOMAIN, "default_user_settings", "domain_settings", "app_network_access_type", "tag_propagation")
    request["DomainSettings"] = request.pop("DomainSettingsForUpdate")
    tags = [{"Key": "studioctl:environment", "Value": home.name}]
    terraform.domain_id = studio.domain(DomainName=home.name, Tags=tags, **request)
    terraform.know(DOMAIN, id=terraform.domain_id, subnet_ids=studio.subnet_ids)
    user_settings = members("aws_sagemaker_user_profile.ada", "user_settings")["UserSettings"]
    studio.profile(terraform.domain_id, **user_settings)
    terraform.know("aws_sagemaker_user_profile.ada", id="ada")
    studio.space(terraform.domain_id, "ada-editor", **members(SPACE, "space_settings")["SpaceSettings"])
    terraform.know(SPACE, id="ada-editor")


@pytest.fixture
def closed(emulator: RunningEmulator) -> Home:
    return made(emulator, **CLOSED_SETTINGS)


@pytest.fixture
def public(emulator: RunningEmulator) -> Home:
    return made(emulator, **OPEN_SETTINGS)


def test_what_is_as_the_file_says_is_left_alone(closed: Home, public: Home) -> None:
    for home in (closed, public):
        summary = home.plan()
        assert (summary.has_changes, summary.changes, summary.steps) == (False, (), ())


def test_a_new_script_comes_first_and_the_old_one_goes_last(closed: Home) -> None:
    old = closed.scripts()
    closed.write(editor=OTHER_SCRIPT)
    summary = closed.up()

    assert [(step.by, step.does, step.addresses) for step in summary.steps] == [
        ("terraform", "Create and change", (SCRIPT, LAB_SCRIPT, "aws_sagemaker_user_profile.ada")),
        ("api", "Change settings", (DOMAIN, SPACE)),
        ("terraform", "Delete what was used until then", (SCRIPT, LAB_SCRIPT)),
    ]
    assert [(c.address, c.action) for c in summary.changes] == [
        (SCRIPT, "replace"),
        (LAB_SCRIPT, "replace"),
        (DOMAIN, "update"),
        ("aws_sagemaker_user_profile.ada", "update"),
        (SPACE, "update"),
    ]
    assert not closed.scripts() & old
    assert len(closed.scripts()) == 2
    assert closed.attached() == closed.scripts()
    assert not closed.plan().has_changes


def test_broken_off_anywhere_the_same_command_completes(closed: Home) -> None:
    home = closed
    tools, events = ["uv"], 0
    while True:
        tools = [*tools, "ruff" if tools[-1] == "uv" else "uv"][-2:]
        events += 1
        home.write(editor={"tools": tools, "environment": {"TIME": str(events)}})
        was_killed = home.broken_off(after=events)
        home.up()
        assert home.attached() == home.scripts(), f"killed after event {events}"
        assert not home.plan().has_changes
        if not was_killed:
            break
    assert events > 8


def test_twice_broken_off_with_the_file_changed_in_between(closed: Home) -> None:
    for number in range(1, 9):
        closed.write(editor={"environment": {"TIME": str(number)}})
        closed.broken_off(after=number)
    closed.up()

    assert closed.attached() == closed.scripts()
    assert not closed.plan().has_changes


def test_a_script_that_an_earlier_version_could_not_let_go_of(closed: Home) -> None:
    """Terraform made the new one, AWS refused its UpdateDomain, and so the old one waits beside it."""
    closed.write(editor=OTHER_SCRIPT)
    closed.terraform._make(SCRIPT)
    assert len(closed.scripts()) == 3

    assert [step.by for step in closed.up().steps] == ["terraform", "api", "terraform"]
    assert closed.attached() == closed.scripts()


CHANGES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "idle": ({"studio": {"idle_timeout_minutes": 90}}, "IdleTimeoutInMinutes", 90),
    "instance": ({"studio": {"instance_type": "ml.t3.large"}}, "InstanceType", "ml.t3.large"),
    "volume": ({"studio": {"volume_gb": 30}}, "DefaultEbsVolumeSizeInGb", 30),
    "largest volume": ({"studio": {"max_volume_gb": 200}}, "MaximumEbsVolumeSizeInGb", 200),
    "docker": ({"studio": {"docker": False}}, "EnableDockerAccess", "DISABLED"),
    "rootless Docker": ({"studio": {"rootless_docker": True}}, "RootlessDocker", "ENABLED"),
    "names in CloudTrail": ({"iam": {"per_user_roles": True}}, "ExecutionRoleIdentityConfig", "USER_PROFILE_NAME"),
}


@pytest.mark.parametrize(("sections", "member", "value"), CHANGES.values(), ids=CHANGES)
def test_every_setting_of_a_closed_domain_changes(
    closed: Home, sections: dict[str, Any], member: str, value: Any
) -> None:
    image: Any = {"SageMakerImageVersionAlias": "4.1"}
    closed.studio.sagemaker.update_space(
        DomainId=closed.terraform.domain_id,
        SpaceName="ada-editor",
        SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": image}},
    )
    closed.studio.wait_space(closed.terraform.domain_id, "ada-editor")
    closed.write(**sections)
    summary = closed.up()

    assert "api" in [step.by for step in summary.steps]
    assert value in found(closed.domain(), member)
    assert closed.domain()["AppNetworkAccessType"] == "VpcOnly"
    assert found(closed.space(), "SageMakerImageVersionAlias") == ["4.1"]
    assert not closed.plan().has_changes


def test_a_pinned_image_takes_the_place_of_one_that_somebody_chose_and_stays_when_the_file_lets_go(
    closed: Home,
) -> None:
    chosen: Any = {"SageMakerImageVersionArn": "arn:aws:sagemaker:us-east-1:885854791233:image-version/x/1"}
    closed.studio.sagemaker.update_space(
        DomainId=closed.terraform.domain_id,
        SpaceName="ada-editor",
        SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": chosen}},
    )
    closed.studio.wait_space(closed.terraform.domain_id, "ada-editor")
    closed.write(studio={"image": "4.3"})
    closed.up()

    arn = "arn:aws:sagemaker:us-east-1:885854791233:image/sagemaker-distribution-cpu"
    for described in (closed.space(), closed.domain()):
        assert set(found(described, "SageMakerImageVersionAlias")) == {"4.3"}
        assert set(found(described, "SageMakerImageArn")) == {arn}
    assert not found(closed.space(), "SageMakerImageVersionArn")
    assert not closed.plan().has_changes
    closed.write(studio={})
    assert not closed.plan().has_changes
    assert found(closed.space(), "SageMakerImageVersionAlias") == ["4.3"]


def test_what_is_taken_out_of_the_file_is_taken_away(closed: Home) -> None:
    """Terraform's provider leaves out empty lists, and AWS keeps what it is not told of."""
    closed.write(studio={"trusted_accounts": ["111122223333"]})
    closed.up()
    assert closed.domain()["DomainSettings"]["DockerSettings"]["VpcOnlyTrustedAccounts"] == ["111122223333"]
    closed.write(studio={})
    closed.up()
    assert not closed.domain()["DomainSettings"]["DockerSettings"]["VpcOnlyTrustedAccounts"]
    assert not closed.plan().has_changes


def found(settings: Any, member: str) -> list[Any]:
    """Every value of this name, at any depth."""
    if isinstance(settings, Mapping):
        inner = [value for part in settings.values() for value in found(part, member)]
        return [settings[member], *inner] if member in settings else inner
    return []


def test_opened_and_closed_again(closed: Home) -> None:
    for network, access in (({}, "PublicInternetOnly"), (CLOSED, "VpcOnly"), ({}, "PublicInternetOnly")):
        closed.write(network=network)
        *moves, change = closed.up().changes
        assert (change.address, [a.path for a in change.attributes]) == (DOMAIN, ["app_network_access_type"])
        assert [move.action for move in moves] == ["move", "move"]
        assert closed.domain()["AppNetworkAccessType"] == access
        assert closed.domain()["SubnetIds"] == closed.studio.subnet_ids
        assert not closed.plan().has_changes


def test_opened_or_closed_together_with_another_script(closed: Home) -> None:
    for network, tools in (({}, ["ruff"]), (CLOSED, ["uv"])):
        closed.write(network=network, editor={"tools": tools})
        assert [step.by for step in closed.up().steps] == ["terraform", "api", "terraform"]
        assert closed.attached() == closed.scripts()
        assert not closed.plan().has_changes


def test_a_network_is_opened_or_closed_only_while_no_app_runs(closed: Home) -> None:
    key = closed.studio.app(closed.terraform.domain_id, "ada-editor")
    closed.write(network={})
    with pytest.raises(RefusedError, match="CodeEditor in 'ada-editor'"):
        closed.up()
    closed.write(network=CLOSED, studio={"idle_timeout_minutes": 90})
    closed.up()
    closed.studio.stop(key)


DRIFT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "scripts detached by the guide's own line": lambda _: {
        "DefaultUserSettings": {"CodeEditorAppSettings": {"LifecycleConfigArns": []}}
    },
    "Studio's pages hidden": lambda _: {"DefaultUserSettings": {"StudioWebPortal": "DISABLED"}},
    "tags propagated": lambda _: {"TagPropagation": "ENABLED"},
    "another group": lambda home: {"DefaultUserSettings": {"SecurityGroups": [home.other_group]}},
}


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_what_somebody_changed_elsewhere_is_found_and_mended(closed: Home, drift: Callable[[Any], Any]) -> None:
    before = closed.domain()
    group = closed.studio.ec2.create_security_group(GroupName="other", Description="x", VpcId=closed.studio.vpc_id)
    members = drift(type("It", (), {"other_group": group["GroupId"]}))
    closed.studio.sagemaker.update_domain(DomainId=closed.terraform.domain_id, **members)
    closed.studio.wait_domain(closed.terraform.domain_id)
    (change,) = closed.up().changes

    assert change.address == DOMAIN
    after = closed.domain()
    assert {key: after[key] for key in after if key != "LastModifiedTime"} == {
        key: before[key] for key in before if key != "LastModifiedTime"
    } | {"ResponseMetadata": after["ResponseMetadata"]}
    closed.studio.ec2.delete_security_group(GroupId=group["GroupId"])


def test_what_the_file_does_not_speak_of_is_left_as_it_is(closed: Home) -> None:
    hidden: Any = {"StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]}}
    closed.studio.sagemaker.update_domain(DomainId=closed.terraform.domain_id, DefaultUserSettings=hidden)
    closed.studio.wait_domain(closed.terraform.domain_id)
    assert not closed.plan().has_changes
    closed.write(studio={"idle_timeout_minutes": 90})
    closed.up()
    assert closed.domain()["DefaultUserSettings"]["StudioWebPortalSettings"] == {"HiddenAppTypes": ["Canvas"]}


def test_a_domain_goes_into_a_new_subnet_and_out_again(closed: Home) -> None:
    """Out before Terraform deletes it, with the home file system; what others put the domain into stays."""
    studio, first = closed.studio, closed.studio.subnet_ids
    ours, theirs = (subnet(studio, number) for number in (2, 3))
    studio.sagemaker.update_domain(DomainId=closed.terraform.domain_id, SubnetIds=[*first, theirs])
    studio.wait_domain(closed.terraform.domain_id)
    assert not closed.plan().has_changes

    closed.write(network={**CLOSED, "availability_zones": 3})
    closed.terraform.know("aws_subnet.private_3", id=ours)
    assert [step.by for step in closed.up().steps] == ["api"]
    assert set(closed.domain()["SubnetIds"]) == mounted(closed) == {*first, ours, theirs}

    closed.write(network=CLOSED)
    key = studio.app(closed.terraform.domain_id, "ada-editor")
    with pytest.raises(RefusedError, match="CodeEditor in 'ada-editor'"):
        closed.up()
    studio.stop(key)
    assert [step.by for step in closed.up().steps] == ["api", "terraform"]
    assert set(closed.domain()["SubnetIds"]) == mounted(closed) == {*first, theirs}
    with pytest.raises(ClientError, match="does not exist"):
        studio.ec2.describe_subnets(SubnetIds=[ours])


def subnet(studio: Studio, number: int) -> str:
    made = studio.ec2.create_subnet(
        VpcId=studio.vpc_id, CidrBlock=f"10.0.{number + 7}.0/24", AvailabilityZone=f"{REGION}{'abcd'[number]}"
    )
    return str(made["Subnet"]["SubnetId"])


def mounted(home: Home) -> set[str]:
    file_system = home.domain()["HomeEfsFileSystemId"]
    targets = home.studio.efs.describe_mount_targets(FileSystemId=file_system)["MountTargets"]
    return {target["SubnetId"] for target in targets}


def test_a_change_that_aws_could_not_make_is_told_and_made_by_the_next_run(closed: Home) -> None:
    closed.write(studio={"max_volume_gb": 200})
    faults(closed, {"kind": "failed", "action": "UpdateDomain", "times": 1})  # type: ignore[arg-type]
    with pytest.raises(AwsError, match=r"AWS could not change aws_sagemaker_domain\.studio: .*Failed\)"):
        closed.up()
    faults(closed)  # type: ignore[arg-type]
    closed.up()

    assert not closed.plan().has_changes


def test_nothing_beyond_the_plan_is_destroyed(closed: Home) -> None:
    closed.write(editor=OTHER_SCRIPT)
    summary = closed.plan()
    closed.terraform.know(
        "aws_sagemaker_studio_lifecycle_config.somebodys", id="other", arn="arn:aws:sagemaker:::other"
    )
    with pytest.raises(RefusedError, match=r"also destroy aws_sagemaker_studio_lifecycle_config\.somebodys"):
        done(provision.apply(closed.environment, summary))


def test_nothing_beyond_the_plan_is_changed(closed: Home) -> None:
    closed.write(editor=OTHER_SCRIPT)
    summary = closed.plan()
    shown = tuple(change for change in summary.changes if change.address != PROFILE)
    with pytest.raises(RefusedError, match=r"also update aws_sagemaker_user_profile\.ada, which was not in the plan"):
        done(provision.apply(closed.environment, dataclasses.replace(summary, changes=shown)))


def test_what_a_plan_left_out_stays_out_when_terraform_works_twice(
    closed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed.write(editor=OTHER_SCRIPT)
    everything = {resource.address for resource in closed.terraform.blueprint.resources()}
    summary = dataclasses.replace(closed.plan(), reach=Reach(frozenset(everything - {SPACE})))
    planned, aims = closed.terraform.plan, []

    def plan(*, targets: Collection[str] = (), **how: Any) -> Work[PlanSummary]:
        aims.append(set(targets))
        return planned(targets=targets, **how)

    monkeypatch.setattr(closed.terraform, "plan", plan)
    done(studio_settings._first_half(closed.environment, summary))

    assert [aim & everything for aim in aims] == [everything - {SPACE}]


def test_a_plan_for_programs_tells_who_does_what(closed: Home) -> None:
    closed.write(studio={"max_volume_gb": 200})
    content = closed.plan().to_json()

    assert content["has_changes"]
    assert content["counts"]["update"] == 1
    assert content["steps"] == [{"by": "api", "does": "Change settings", "addresses": [DOMAIN]}]
    (attribute,) = content["changes"][0]["attributes"]
    assert attribute == {
        "path": "default_user_settings[0].space_storage_settings[0].default_ebs_storage_settings[0]"
        ".maximum_ebs_volume_size_in_gb",
        "before": 100,
        "after": 200,
        "forces_replacement": False,
        "sensitive": False,
        "unknown": False,
        "by_api": True,
    }
