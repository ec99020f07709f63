"""Measures the commands of the day as whole processes on the emulator, and `status` of a thousand spaces."""

import json
import os
import statistics
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

SCRIPTS = Path(sysconfig.get_path("scripts"))
STUDIOCTL, AWS = str(SCRIPTS / "studioctl"), str(SCRIPTS / "aws")
RUNNING = 40  # AWS's default quota of running apps
NAME, REGION = "bench", "us-east-1"
CONFIG = f'name = "{NAME}"\nregion = "{REGION}"\n\n[[users]]\nname = "ada"\n'
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass(frozen=True)
class Measured:
    """A command, the median of its runs, that of one plain call by the AWS CLI beside it, and the limit: in seconds."""

    what: str
    seconds: float
    aws_cli: float
    limit: float


def measure(timed: Callable[[list[str], Path, Mapping[str, str]], float], *, rounds: int, many: int) -> list[Measured]:
    """Each command in an environment of one space; then `status` where there are many, forty of them running.

    Args:
        timed: Runs a command in a directory, with variables; its seconds.
        rounds: Runs of each command.
        many: How many spaces.
    """

    with environment() as (place, variables, sagemaker, domain_id):

        def median(*command: str) -> float:
            return statistics.median(timed(list(command), place, variables) for _ in range(rounds))

        listing = (AWS, "sagemaker", "list-spaces", "--domain-id-equals", domain_id, "--output", "json")
        aws_cli = median(*listing)
        rows = [
            Measured(what, median(STUDIOCTL, *what.split(), "--local"), aws_cli, 1.2)
            for what in ("start --no-wait", "status", "open --print")
        ]
        for number in range(many - 1):
            make_space(sagemaker, domain_id, f"space-{number:04}")
        for number in range(RUNNING):
            start(sagemaker, domain_id, f"space-{number:04}")
        seconds = median(STUDIOCTL, "status", "--local")
        return [*rows, Measured(f"status, {many:,} spaces, {RUNNING} running", seconds, median(*listing), 3.0)]


@contextmanager
def environment() -> Iterator[tuple[Path, dict[str, str], Any, str]]:
    """A directory with a file, and an emulator of its own that has the domain, a user and one space."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "studio.toml").write_text(CONFIG)
        running = server.start(settings=EmulatorSettings(transition_seconds=0), state_dir=place / "emulator")
        session = botocore.session.Session()
        session.set_credentials(*running.key)

        def client(service: str) -> Any:
            return session.create_client(service, region_name=REGION, endpoint_url=running.endpoint_url)

        try:
            sagemaker, ec2 = client("sagemaker"), client("ec2")
            vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
            subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]
            role = client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=TRUST)["Role"]
            domain_id = sagemaker.create_domain(
                DomainName=NAME,
                AuthMode="IAM",
                VpcId=vpc_id,
                SubnetIds=[subnet["SubnetId"]],
                DefaultUserSettings={"ExecutionRole": role["Arn"]},
                Tags=[{"Key": "studioctl:environment", "Value": NAME}],
            )["DomainId"]
            sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ada")
            make_space(sagemaker, domain_id, "ada-editor")
            variables = os.environ | server.environment(running, REGION)
            yield place, variables | {"STUDIOCTL_EMULATOR_DIR": str(place / "emulator")}, sagemaker, domain_id
        finally:
            server.stop(place / "emulator")


def make_space(sagemaker: Any, domain_id: str, name: str) -> None:
    sagemaker.create_space(
        DomainId=domain_id,
        SpaceName=name,
        OwnershipSettings={"OwnerUserProfileName": "ada"},
        SpaceSharingSettings={"SharingType": "Private"},
        SpaceSettings={
            "AppType": "CodeEditor",
            "CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}},
        },
    )


def start(sagemaker: Any, domain_id: str, space: str) -> None:
    sagemaker.create_app(DomainId=domain_id, SpaceName=space, AppType="CodeEditor", AppName="default")
