"""A closed network, made and removed by the real Terraform and provider on the emulator."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.functional.conftest import Shell
from tests.remedies import claimed
from tests.walking import COMMAND, InProcess, remedy

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.infrastructure import endpoints
from studioctl.infrastructure.studio_api import UNKNOWN
from studioctl.operations.provisioning import adopt, studio_settings
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.trust import DATA_VARIABLE

pytestmark = pytest.mark.life

NAME = "acme-closed"
CLOSED = f"""\
name = "{NAME}"
region = "us-east-1"

[network]
access = "vpc-only"
endpoints = "all"
flow_logs = true

[[users]]
name = "ada"

[secrets]
github = {{ username = "ada" }}
"""
ROOTLESS = "\n[studio]\nrootless_docker = true\n"


@pytest.fixture
def emulator(shell: Shell) -> Iterator[RunningEmulator]:
    """One that takes no AppType with UpdateSpace, and no rootless Docker without Docker.

    It is this process's child, which has to end it, too.
    """
    state_dir = shell.directory / "emulator"
    strict = EmulatorSettings(transition_seconds=0.1, update_space_takes_type=False, rootless_docker_needs_docker=True)
    yield server.start(settings=strict, state_dir=state_dir)
    server.stop(state_dir)


@pytest.mark.timeout(1200)  # two minutes on a machine of its own
def test_a_closed_network_from_up_to_down(
    shell: Shell, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.write(CLOSED + ROOTLESS)
    before = shell.inventory()
    up = shell.studioctl("up", "--local", "--yes")

    assert (
        "The network is paid for by the hour, used or not: a NAT gateway with its address and 10 interface endpoints in"
        " 2 zones: about 0.250 USD, and more for each GB (us-east-1, 2026-08-21)." in " ".join(up.err.split())
    )
    ec2 = shell.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    domain = the_domain(shell)
    subnets = {it["SubnetId"]: it for it in ec2.describe_subnets(Filters=inside)["Subnets"]}

    the_domain_is_in_private_subnets_alone(domain, subnets)
    docker = domain["DomainSettings"]["DockerSettings"]
    assert docker == {"EnableDockerAccess": "ENABLED", "RootlessDocker": "ENABLED"}
    those_lead_to_the_nat_gateway_and_to_s3(ec2, inside, domain["SubnetIds"])
    every_way_to_aws_is_there(ec2, inside, domain["SubnetIds"])
    nothing_is_reachable_from_the_internet(ec2, inside)
    an_app_is_in_a_private_subnet(shell, ec2, domain)

    assert shell.studioctl("plan", "--local").out == "No changes: everything is as the file says.\n"
    made = shape(shell)
    with monkeypatch.context() as patch:
        walk = InProcess(patch, capsys, shell.directory, **shell.warm)
        patch.delenv(DATA_VARIABLE)
        everything_changes_though_aws_refuses_in_the_middle(shell, emulator, domain, walk)
    assert claimed("tests/functional/test_closed.py::test_a_closed_network_from_up_to_down") == walk.walked
    assert shape(shell) == made
    it_is_opened_and_closed_again(shell, domain)
    assert shape(shell) == made
    down = shell.studioctl("down", "--local", "--yes", "--delete-data")
    assert down.err.endswith(f"'{NAME}' is gone: 0 left.\n")
    assert shell.inventory() == before


def the_domain(shell: Shell) -> Any:
    sagemaker = shell.client("sagemaker")
    (found,) = sagemaker.list_domains()["Domains"]
    return sagemaker.describe_domain(DomainId=found["DomainId"])


def shape(shell: Shell) -> dict[str, int]:
    """The number of each kind, but for interfaces: an app that runs has one."""
    return {kind: len(found) for kind, found in shell.inventory().items() if kind not in {"network_interfaces", "apps"}}


def everything_changes_though_aws_refuses_in_the_middle(
    shell: Shell, emulator: RunningEmulator, before: Any, walk: InProcess
) -> None:
    """The provider would send an UpdateDomain that AWS refuses, and delete the script that the domain still names."""
    sagemaker = shell.client("sagemaker")
    key = {"DomainId": before["DomainId"], "SpaceName": "ada-editor", "AppType": "CodeEditor", "AppName": "default"}
    sagemaker.delete_app(**key)
    settings = "idle_timeout_minutes = 90\nmax_volume_gb = 200\nvolume_gb = 30\ndocker = false\n"
    shell.write(f'{CLOSED}\n[studio]\n{settings}\n[editor]\ntools = ["uv"]\n')
    plan = json.loads(shell.studioctl("plan", "--local", "--json", expect=2).out)
    assert [(step["by"], step["does"]) for step in plan["steps"]] == [
        ("terraform", "Create and change"),
        ("api", "Change settings"),
        ("terraform", "Delete what was used until then"),
    ]
    scripts = [change for change in plan["changes"] if change["type"] == "aws_sagemaker_studio_lifecycle_config"]
    assert [(script["action"], script["address"]) for script in scripts] == [
        ("replace", "aws_sagemaker_studio_lifecycle_config.editor"),
        ("replace", "aws_sagemaker_studio_lifecycle_config.lab"),
    ]
    for script in scripts:
        assert script["address"] in plan["steps"][0]["addresses"]
        assert script["address"] in plan["steps"][2]["addresses"]

    meanwhile = list(of_a_state_that_changes_meanwhile(shell, walk))
    for action in ("UpdateDomain", "DeleteStudioLifecycleConfig"):
        error = {"kind": "error", "action": action, "code": "ValidationException", "times": 1}
        server.set_faults(emulator, {"faults": [error]})
        assert shell.studioctl("up", "--local", "--yes", expect=None).code != 0
        server.set_faults(emulator, {"faults": []})
    for printed in (*meanwhile, of_a_state_that_lacks_something(walk)):
        assert [it.split("`")[0] for it in COMMAND.findall(printed)] == ["studioctl up --local"], printed
    assert walk.shell("studioctl up --local --yes").code == 0

    after = the_domain(shell)
    editor = after["DefaultUserSettings"]["CodeEditorAppSettings"]
    (attached,) = editor["LifecycleConfigArns"]
    (there,) = sagemaker.list_studio_lifecycle_configs(AppTypeEquals="CodeEditor")["StudioLifecycleConfigs"]
    assert attached == editor["DefaultResourceSpec"]["LifecycleConfigArn"] == there["StudioLifecycleConfigArn"]
    assert attached not in json.dumps(before, default=str)
    assert editor["AppLifecycleManagement"]["IdleSettings"]["IdleTimeoutInMinutes"] == 90
    assert after["DefaultUserSettings"]["SpaceStorageSettings"]["DefaultEbsStorageSettings"] == {
        "DefaultEbsVolumeSizeInGb": 30,
        "MaximumEbsVolumeSizeInGb": 200,
    }
    assert after["DomainSettings"] == {
        "DockerSettings": {"EnableDockerAccess": "DISABLED", "RootlessDocker": "DISABLED"},
        "ExecutionRoleIdentityConfig": "DISABLED",
    }
    assert after["AppNetworkAccessType"] == "VpcOnly"
    space = sagemaker.describe_space(DomainId=before["DomainId"], SpaceName="ada-editor")["SpaceSettings"]
    assert space["SpaceStorageSettings"]["EbsStorageSettings"]["EbsVolumeSizeInGb"] == 30
    assert space["CodeEditorAppSettings"]["DefaultResourceSpec"]["LifecycleConfigArn"] == attached
    assert shell.studioctl("plan", "--local").out == "No changes: everything is as the file says.\n"


def of_a_state_that_changes_meanwhile(shell: Shell, walk: InProcess) -> Iterator[str]:
    """The hints of an `up` whose state changes in its hands: no lock holds who writes past Terraform."""
    up = ("up", "--local", "--yes")
    state = shell.directory / ".studioctl" / NAME / "local" / "terraform.tfstate"

    def written(*_: Any, **__: Any) -> None:
        content = json.loads(state.read_text())
        state.write_text(json.dumps({**content, "serial": content["serial"] + 1}))

    with walk.patch.context() as patch:
        patch.setattr(adopt, "refuse_more", written)
        yield walk.note(remedy(walk.studioctl(*up)), of="studioctl.catalog.troubles")

    def more(half: PlanSummary, *, agreed: PlanSummary, **parked: Any) -> None:
        refuse(replace(half, changes=(replace(half.changes[0], action="delete"),)), agreed=agreed, **parked)

    with walk.patch.context() as patch:
        refuse = adopt.refuse_more
        patch.setattr(adopt, "refuse_more", more)
        yield walk.printed(walk.studioctl(*up), of="studioctl.operations.provisioning.adopt")


def of_a_state_that_lacks_something(walk: InProcess) -> str:
    with walk.patch.context() as patch:
        patch.setattr(studio_settings._Records, "look_up", lambda *_: UNKNOWN)
        refused = walk.studioctl("up", "--local", "--yes")
    return walk.printed(refused, of="studioctl.operations.provisioning.studio_settings")


def it_is_opened_and_closed_again(shell: Shell, before: Any) -> None:
    file = (shell.directory / "studio.toml").read_text()
    for text, access in ((without_network(file), "PublicInternetOnly"), (file, "VpcOnly")):
        shell.write(text)
        shell.studioctl("up", "--local", "--yes")
        now = the_domain(shell)
        assert now["AppNetworkAccessType"] == access
        assert (now["DomainId"], now["HomeEfsFileSystemId"]) == (before["DomainId"], before["HomeEfsFileSystemId"])
        assert sorted(now["SubnetIds"]) == sorted(before["SubnetIds"])
        assert shell.studioctl("plan", "--local").out == "No changes: everything is as the file says.\n"


def without_network(text: str) -> str:
    head, _, rest = text.partition("[network]\n")
    return head + rest.partition("\n\n")[2]


def the_domain_is_in_private_subnets_alone(domain: Any, subnets: Any) -> None:
    assert domain["AppNetworkAccessType"] == "VpcOnly"
    assert [
        subnets[it]["CidrBlock"] for it in sorted(domain["SubnetIds"], key=lambda it: subnets[it]["CidrBlock"])
    ] == [
        "10.0.0.0/20",
        "10.0.16.0/20",
    ]
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets.values())


def those_lead_to_the_nat_gateway_and_to_s3(ec2: Any, inside: Any, subnet_ids: list[str]) -> None:
    (gateway,) = ec2.describe_nat_gateways(Filters=inside)["NatGateways"]
    tables = {
        link["SubnetId"]: table["Routes"]
        for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]
        for link in table["Associations"]
        if "SubnetId" in link
    }
    for subnet_id in subnet_ids:
        (out,) = [route for route in tables[subnet_id] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
        assert out["NatGatewayId"] == gateway["NatGatewayId"]
        (s3,) = [route for route in tables[subnet_id] if "DestinationPrefixListId" in route]
        assert s3["GatewayId"].startswith("vpce-")
    (public,) = [route for route in tables[gateway["SubnetId"]] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    assert public["GatewayId"].startswith("igw-")
    assert gateway["SubnetId"] not in subnet_ids


def every_way_to_aws_is_there(ec2: Any, inside: Any, subnet_ids: list[str]) -> None:
    found = {it["ServiceName"]: it for it in ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]}
    interfaces = [
        service.in_region("us-east-1") for service in (*endpoints.ALWAYS, endpoints.SECRETS, *endpoints.REMOTE)
    ]

    assert sorted(found) == sorted(["com.amazonaws.us-east-1.s3", *interfaces])
    for name in interfaces:
        assert found[name]["PrivateDnsEnabled"]
        assert sorted(found[name]["SubnetIds"]) == sorted(subnet_ids)
        assert [group["GroupName"] for group in found[name]["Groups"]] == [f"{NAME}-endpoints"]
        assert (
            "123456789012" in found[name]["PolicyDocument"] or "PrincipalIsAWSService" in found[name]["PolicyDocument"]
        )


def nothing_is_reachable_from_the_internet(ec2: Any, inside: Any) -> None:
    groups = {it["GroupId"]: it["GroupName"] for it in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]}
    rules = [
        rule
        for group_id in groups
        for rule in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])[
            "SecurityGroupRules"
        ]
    ]
    assert not [rule for rule in rules if groups[rule["GroupId"]] == "default"]
    let_in = [rule for rule in rules if not rule["IsEgress"] and ("CidrIpv4" in rule or "CidrIpv6" in rule)]
    assert let_in == []
    addresses = ec2.describe_addresses()["Addresses"]
    (gateway,) = ec2.describe_nat_gateways(Filters=inside)["NatGateways"]
    assert [address["NetworkInterfaceId"] for address in addresses] == [
        gateway["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    ]


def an_app_is_in_a_private_subnet(shell: Shell, ec2: Any, domain: Any) -> None:
    key = {"DomainId": domain["DomainId"], "SpaceName": "ada-editor", "AppType": "CodeEditor", "AppName": "default"}
    shell.client("sagemaker").create_app(**key)
    found = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": domain["SubnetIds"]}])
    (app,) = [it for it in found["NetworkInterfaces"] if "Studio App" in it["Description"]]
    worn = {group["GroupName"] for group in app["Groups"]}
    assert {f"{NAME}-studio", f"{NAME}-user-ada"} <= worn
    assert "Association" not in app
