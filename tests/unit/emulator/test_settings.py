"""The behaviour of AWS in some accounts or at some times, as settings."""

from pathlib import Path
from typing import Any

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import REGION, gone, new_studio, refusal


def test_the_stricter_truths_and_a_licence(home: Path) -> None:
    """One start for these, too: what AWS may refuse, and what it needs a licence for."""
    settings = EmulatorSettings(
        transition_seconds=0,
        closed_domains_need_groups=True,
        private_spaces_need_app_type=True,
        rootless_docker_needs_docker=True,
        rstudio_licence=True,
    )
    studio = new_studio(server.start(settings=settings, state_dir=home))
    needed = ("ValidationException", "SecurityGroups are required when AppNetworkAccessType is VpcOnly")
    assert refusal(lambda: studio.domain(AppNetworkAccessType="VpcOnly")) == needed
    alone = ("ValidationException", "RootlessDocker cannot be ENABLED when EnableDockerAccess is not ENABLED")
    assert refusal(lambda: studio.domain(DomainSettings={"DockerSettings": {"RootlessDocker": "ENABLED"}})) == alone
    both: Any = {"EnableDockerAccess": "ENABLED", "RootlessDocker": "ENABLED"}
    rootless = studio.domain(DomainSettings={"DockerSettings": both})
    off: Any = {"DockerSettings": {"EnableDockerAccess": "DISABLED"}}
    refused = refusal(lambda: studio.sagemaker.update_domain(DomainId=rootless, DomainSettingsForUpdate=off))
    assert refused == alone
    domain_id = studio.domain(
        DomainSettings={"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": studio.role_arn}}
    )
    studio.profile(domain_id)
    untyped: Any = {"AppType": None, "CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.large"}}}
    code, message = refusal(lambda: studio.space(domain_id, **untyped))
    assert (code, message.partition(" [")[0]) == (
        "ValidationException",
        "SpaceSettings must be provided for creating private space",
    )


def test_an_endpoint_is_refused_in_a_zone_that_its_service_lacks(home: Path) -> None:
    sts, kms, studios = (f"com.amazonaws.{REGION}.sts", f"com.amazonaws.{REGION}.kms", f"aws.sagemaker.{REGION}.studio")
    region = [f"{REGION}{letter}" for letter in "abc"]
    settings = EmulatorSettings(endpoints_lack_zones={sts: region[:1], kms: region})
    studio = new_studio(server.start(settings=settings, state_dir=home))
    asked = studio.ec2.describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": [sts, kms, studios]}]
    )["ServiceDetails"]
    assert {it["ServiceName"]: it["AvailabilityZones"] for it in asked} == {sts: region[1:], studios: region}

    def make(service: str, *subnets: str) -> str:
        request: Any = {"VpcId": studio.vpc_id, "ServiceName": service, "VpcEndpointType": "Interface"}
        made = studio.ec2.create_vpc_endpoint(**request, SubnetIds=subnets, PrivateDnsEnabled=False)
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    first, second = studio.subnet_ids
    refused = (
        "InvalidParameter",
        f"The VPC endpoint service {sts} does not support the availability zone of the subnet: {first}.",
    )
    assert refusal(lambda: make(sts, first, second)) == refused
    made = make(sts, second)
    assert refusal(lambda: studio.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[first])) == refused
    there = studio.ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"][0]
    assert there["SubnetIds"] == [second]
    make(studios, first, second)
    for service in (kms, f"com.amazonaws.{REGION}.not-there"):
        unknown = ("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
        assert refusal(lambda service=service: make(service, second)) == unknown  # type: ignore[misc]


def test_all_the_other_truths(home: Path) -> None:
    """One start for all of them: groups that stay, points that go, quotas, slow disks, apps soon forgotten."""
    settings = EmulatorSettings(
        transition_seconds=0,
        nfs_groups_go=False,
        access_points_stay=False,
        deleted_apps_seconds=0.2,
        volume_modification_seconds=3600,
        maximum_apps=1,
        update_space_takes_type=False,
        detach_default_script=False,
        unique_domain_names=False,
    )
    studio = new_studio(server.start(settings=settings, state_dir=home))
    domain_id = studio.domain(DomainName="twice")
    assert studio.domain(DomainName="twice") != domain_id
    studio.profile(domain_id)
    studio.space(domain_id)
    studio.space(domain_id, "second")
    key = studio.app(domain_id)
    assert refusal(lambda: studio.app(domain_id, "second")) == (
        "ResourceLimitExceeded",
        (
            "The account-level service limit 'Studio CodeEditor Apps running on ml.t3.medium instances' is 1 Apps, with"
            " current utilization of 1 Apps and a request delta of 1 Apps. Please use Service Quotas to request"
            " an increase for this quota."
        ),
    )
    same: Any = {"AppType": "CodeEditor"}
    assert refusal(
        lambda: studio.sagemaker.update_space(DomainId=domain_id, SpaceName="editor", SpaceSettings=same)
    ) == ("ValidationException", "Updating AppType for Space is not supported.")
    script = studio.script("setup")
    attached: Any = {"LifecycleConfigArns": [script], "DefaultResourceSpec": {"LifecycleConfigArn": script}}
    studio.sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings={"CodeEditorAppSettings": attached})
    studio.wait_domain(domain_id)
    detached: Any = {"CodeEditorAppSettings": {"LifecycleConfigArns": []}}
    assert refusal(lambda: studio.sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings=detached)) == (
        "ValidationException",
        f"The default LifecycleConfigArn '{script}' is not in LifecycleConfigArns",
    )
    for size, refused in ((10, False), (11, True)):
        change: Any = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": size}}}

        def grow(change: Any = change) -> object:
            return studio.sagemaker.update_space(DomainId=domain_id, SpaceName="editor", SpaceSettings=change)

        if refused:
            assert refusal(grow)[1].startswith("VolumeModificationRateExceeded: ")
        else:
            grow()
    studio.sagemaker.delete_app(**key)
    gone(lambda: studio.sagemaker.describe_app(**key))
    for name in ("editor", "second"):
        studio.sagemaker.delete_space(DomainId=domain_id, SpaceName=name)
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    assert studio.efs.describe_access_points()["AccessPoints"] == []
    studio.sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    assert studio.nfs_groups(domain_id).keys() == {"inbound", "outbound"}
