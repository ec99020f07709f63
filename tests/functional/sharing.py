"""An environment with a database of studies, made with a few calls instead of Terraform, and what a test does in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.functional.conftest import Done, Shell
from tests.unit.emulator.emulated import TRUST, client, eventually, new_studio
from tests.unit.emulator.pushing import Registry

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.operations.data.databases import USER

NAME, REGION = "acme-ml", "us-east-1"
BUCKET = f"{NAME}-data-123456789012"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{NAME}:worker"
PACKAGES = ("optuna", "psycopg2-binary", "scikit-learn")
FILE = f"""\
name = "{NAME}"
region = "{REGION}"

[[users]]
name = "ada"

[network]
access = "vpc-only"

[tuning]
database = "aurora-postgresql"
"""
OVER = {"Completed", "Failed", "Stopped"}


@dataclass(frozen=True)
class Sharing:
    """The shell with its studio.toml, and the emulator that it acts on."""

    shell: Shell
    emulator: RunningEmulator
    cluster_arn: str
    secret_arn: str

    def run(self, *arguments: str, expect: int | None = 0) -> Done:
        """A command; fails the test when it ends with another code."""
        return self.shell.studioctl(*arguments, expect=expect)

    def client(self, service: str) -> Any:
        """A client of any service of this emulator."""
        return client(self.emulator, service, REGION)

    def rows(self, statement: str) -> list[list[Any]]:
        """The answer of the database to a statement, as its first user."""
        found = self.client("rds-data").execute_statement(
            resourceArn=self.cluster_arn, secretArn=self.secret_arn, sql=statement, database="optuna"
        )
        return [[next(iter(value.values())) for value in row] for row in found.get("records", [])]

    def trials(self, study: str) -> list[list[Any]]:
        """Number, state and first value of each trial of a study, from the database itself."""
        return self.rows(
            "SELECT t.number, t.state::text, v.value FROM trials t JOIN studies s USING (study_id)"
            f" LEFT JOIN trial_values v USING (trial_id) WHERE s.study_name = '{study}' ORDER BY t.number"
        )

    def jobs(self) -> dict[str, str]:
        """The status of each job."""
        pages = self.client("sagemaker").get_paginator("list_training_jobs").paginate()
        return {
            job["TrainingJobName"]: job["TrainingJobStatus"] for page in pages for job in page["TrainingJobSummaries"]
        }

    def running(self) -> list[str]:
        """The jobs that have not ended."""
        return [name for name, status in self.jobs().items() if status not in OVER]

    def objects(self) -> list[str]:
        """The keys of the bucket's objects."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def lines(self, job: str) -> list[str]:
        """Everything that a job wrote."""
        logs, group = self.client("logs"), "/aws/sagemaker/TrainingJobs"
        try:
            streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/")["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]


@contextmanager
def sharing(directory: Path) -> Iterator[Sharing]:
    """An environment in an emulator, which is stopped afterwards; its own images have what workers need."""
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator")})
    shell.write(FILE)
    settings = EmulatorSettings(
        transition_seconds=0.1, training_stop_seconds=20, lifecycle_network="emulator", training_packages=PACKAGES
    )
    emulator = server.start(settings=settings, state_dir=directory / "emulator")
    try:
        yield _furnished(shell, emulator)
    finally:
        server.stop(directory / "emulator")


def _furnished(shell: Shell, emulator: RunningEmulator) -> Sharing:
    studio = new_studio(emulator, REGION)
    database = _group(studio.ec2, studio.vpc_id, studio.group_id)
    table = studio.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [studio.vpc_id]}])["RouteTables"][0]
    studio.ec2.create_vpc_endpoint(
        VpcId=studio.vpc_id,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table["RouteTableId"]],
    )
    _role(client(emulator, "iam", REGION))
    client(emulator, "s3", REGION).create_bucket(Bucket=BUCKET)
    client(emulator, "ecr", REGION).create_repository(repositoryName=NAME)
    Registry.of(emulator, REGION).push(NAME, "worker")
    cluster = _database(client(emulator, "rds", REGION), studio.subnet_ids, database)
    studio.domain(
        DomainName=NAME,
        AppNetworkAccessType="VpcOnly",
        DefaultUserSettings={"ExecutionRole": studio.role_arn, "SecurityGroups": [studio.group_id]},
        Tags=[{"Key": "studioctl:environment", "Value": NAME}],
    )
    made = Sharing(shell, emulator, cluster["DBClusterArn"], cluster["MasterUserSecret"]["SecretArn"])
    for statement in USER:
        made.rows(statement)
    return made


def _group(ec2: Any, vpc_id: str, studio: str) -> str:
    """The database's security group, which lets Studio's in."""
    group: str = ec2.create_security_group(GroupName=f"{NAME}-database", Description="-", VpcId=vpc_id)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": studio}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def _role(iam: Any) -> None:
    role = f"{NAME}-execution"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    rights = {"Effect": "Allow", "Action": ["s3:*", "logs:*", "ecr:*", "rds-db:connect"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_role_policy(RoleName=role, PolicyName="jobs", PolicyDocument=document)


def _database(rds: Any, subnets: list[str], group: str) -> dict[str, Any]:
    name = f"{NAME}-tuning"
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="-", SubnetIds=subnets)
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="17",
        DatabaseName="optuna",
        MasterUsername="tuning_admin",
        ManageMasterUserPassword=True,
        EnableIAMDatabaseAuthentication=True,
        EnableHttpEndpoint=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 4},
        DBSubnetGroupName=name,
        VpcSecurityGroupIds=[group],
        Tags=[{"Key": "studioctl:environment", "Value": NAME}, {"Key": "studioctl:workers", "Value": "tuner"}],
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )
    return eventually(
        lambda: dict(rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]),
        lambda found: found["Status"] == "available",
    )
