"""An environment in an emulator: its network and domain are real there, only Terraform is a fake."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.quotas import of_type
from studioctl.operations import emulation
from studioctl.operations.environment import Environment
from studioctl.terraform.runner import Terraform
from tests.environments import environment as config
from tests.fakes.terraform import FakeTerraform
from tests.unit.emulator.emulated import Studio, client, new_studio

REGION = "us-east-1"


@dataclass(frozen=True)
class World:
    """An environment, and what a test does to it behind its back."""

    emulator: RunningEmulator
    studio: Studio
    environment: Environment
    terraform: FakeTerraform
    before: dict[str, Any]
    domain_id: str
    bucket: str

    def inventory(self) -> dict[str, Any]:
        return server.inventory(self.emulator)

    def client(self, service: str) -> Any:
        return client(self.emulator, service, REGION)

    @property
    def home(self) -> str:
        return str(self.studio.sagemaker.describe_domain(DomainId=self.domain_id)["HomeEfsFileSystemId"])


@pytest.fixture(scope="module")
def emulator_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which the emulator can be found again."""
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="module")
def emulator(emulator_dir: Path) -> Iterator[RunningEmulator]:
    """One for each file, so that none finds what another left. It is as AWS is reported: NFS groups stay behind,
    and UpdateSpace takes no AppType.
    """
    home = emulator_dir
    settings = EmulatorSettings(
        transition_seconds=0.05,
        registration_seconds=0,
        nfs_groups_go=False,
        update_space_takes_type=False,
        training_stop_seconds=1,
        quotas={of_type("CodeEditor", "ml.g5.xlarge").code: 1.0},
    )
    yield server.start(settings=settings, state_dir=home)
    server.stop(home)


@pytest.fixture
def world(emulator: RunningEmulator) -> World:
    """A fresh environment: a network, a domain with a profile and a space, a bucket and a repository."""
    return furnished(emulator)


def furnished(emulator: RunningEmulator, name: str = "acme-ml", **domain: Any) -> World:
    """The same, with what a test wants of name and domain."""
    before = server.inventory(emulator)
    studio = new_studio(emulator, REGION)
    ours: Any = [{"Key": "studioctl:environment", "Value": name}]
    studio.ec2.create_tags(Resources=[*studio.subnet_ids, studio.group_id], Tags=ours)
    domain_id = studio.domain(Tags=[{"Key": "studioctl:environment", "Value": name}], **domain)
    studio.profile(domain_id)
    studio.space(domain_id)
    bucket = f"acme-{studio.tag}"
    client(emulator, "s3", REGION).create_bucket(Bucket=bucket)
    client(emulator, "ecr", REGION).create_repository(repositoryName=bucket)
    terraform = FakeTerraform(
        [
            ("aws_vpc", {"id": studio.vpc_id}),
            ("aws_sagemaker_domain", _domain(studio, domain_id)),
            ("aws_s3_bucket", {"id": bucket}),
            ("aws_ecr_repository", {"id": bucket}),
        ],
        destroy=lambda: _destroy(emulator, studio, bucket, terraform),
    )
    target = emulation.target(emulator, REGION)
    environment = Environment(config(name=name), target, cast("Terraform", terraform))
    return World(emulator, studio, environment, terraform, before, domain_id, bucket)


def _domain(studio: Studio, domain_id: str) -> dict[str, Any]:
    found = studio.sagemaker.describe_domain(DomainId=domain_id)
    return {"id": domain_id, "arn": found["DomainArn"], "subnet_ids": found["SubnetIds"]}


def _destroy(emulator: RunningEmulator, studio: Studio, bucket: str, terraform: FakeTerraform) -> None:
    """Destroy what the state knows, as Terraform does. AWS refuses to delete buckets and repositories with content."""
    s3, ecr = client(emulator, "s3", REGION), client(emulator, "ecr", REGION)
    known = {type_ for type_, _ in terraform.resources}
    if "aws_s3_bucket" in known and bucket in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        s3.delete_bucket(Bucket=bucket)
    repositories = {found["repositoryName"] for found in ecr.describe_repositories()["repositories"]}
    if "aws_ecr_repository" in known and bucket in repositories:
        ecr.delete_repository(repositoryName=bucket)
    for subnet_id in studio.subnet_ids:
        studio.ec2.delete_subnet(SubnetId=subnet_id)
    studio.ec2.delete_security_group(GroupId=studio.group_id)
    studio.ec2.delete_vpc(VpcId=studio.vpc_id)
    studio.iam.delete_role(RoleName=f"studio-{studio.tag}")
