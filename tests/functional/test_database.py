"""The database of studies in the life of an environment: made, kept as a snapshot, taken up again with its rows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.functional.conftest import Done, Shell
from tests.unit.emulator.emulated import client, eventually
from tests.unit.emulator.pushing import Registry
from tests.unit.emulator.training.jobs import python

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

pytestmark = pytest.mark.life

PAGE = Path(__file__).parents[2] / "docs/how-to/keep-studies-in-a-database.md"
PLACES = Path("/tmp")

FILE = """
name   = "acme-ml"
region = "us-east-1"

[[users]]
name = "ada"

[network]
access = "vpc-only"

[tuning]
database = "aurora-postgresql"
"""
# Terraform's provider asks IAM first who it is, and goes on with STS.
WITHOUT_HARM = ("iam:GetUser",)
OWNER = (
    "SELECT pg_get_userbyid(datdba), pg_has_role('tuner', 'rds_iam', 'MEMBER')"
    " FROM pg_database WHERE datname = 'optuna'"
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shell]:
    """A shell whose emulator's own images have what the page says to install; no PostgreSQL is left of it."""
    state = tmp_path / "emulator"
    settings = EmulatorSettings(transition_seconds=0.1, training_packages=("optuna", "psycopg2-binary"))
    pid = server.start(settings=settings, state_dir=state).pid
    yield Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(state)})
    made = list(PLACES.glob(f"emulated-rds-{pid}-*"))
    assert made
    server.stop(state)
    eventually(lambda: [place for place in made if place.exists()], lambda left: not left)
    eventually(lambda: [told for told in _command_lines() if any(str(place) in told for place in made)], _is_empty)


def _is_empty(found: list[str]) -> bool:
    return not found


def _command_lines() -> Iterator[str]:
    """Of every process of this machine."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended


def _as_deployer(shell: Shell, *command: str) -> Done:
    """With nothing but what `iam deployer` prints, of which nothing may be missing."""
    policy = shell.directory / "deploy.json"
    policy.write_text(shell.studioctl("iam", "deployer", "--local").out)
    shell.studioctl("emulator", "hold", str(policy))
    try:
        return shell.studioctl(*command)
    finally:
        refused = shell.studioctl("emulator", "hold", "--off").out.splitlines()[1:]
        assert [line for line in refused if not any(each in line for each in WITHOUT_HARM)] == []


def _run(shell: Shell, *statements: str) -> list[list[dict[str, Any]]]:
    """The rows of the last of these statements, as the database's first user."""
    cluster = shell.client("rds").describe_db_clusters()["DBClusters"][0]
    where = {"resourceArn": cluster["DBClusterArn"], "secretArn": cluster["MasterUserSecret"]["SecretArn"]}
    rows: list[list[dict[str, Any]]] = []
    for statement in statements:
        rows = shell.client("rds-data").execute_statement(sql=statement, **where).get("records", [])
    return rows


def _password(shell: Shell) -> str:
    """The first user's, which nobody sees who does not ask for the secret."""
    cluster = shell.client("rds").describe_db_clusters()["DBClusters"][0]
    secret = shell.client("secretsmanager").get_secret_value(SecretId=cluster["MasterUserSecret"]["SecretArn"])
    return str(json.loads(secret["SecretString"])["password"])


def _program(shell: Shell) -> str:
    """The page's, in a job's channel, with five trials."""
    endpoint = json.loads(shell.studioctl("outputs", "--local", "--json").out)["database_endpoint"]
    shown = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    text, replaced = re.subn(r'"acme-ml-tuning[^"]*"', f'"{endpoint}"', shown[1])
    assert replaced == 1
    trials = 'study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5)'
    count = 'print("trials:", [trial.state.name for trial in study.trials])'
    return "\n".join(("import os", 'os.chdir("/opt/ml/input/data/tls")', text, trials, count))


def _work(shell: Shell, name: str) -> tuple[str, list[str]]:
    """A worker as a training job of the environment's role and network; what became of it, and what it wrote."""
    running = shell.emulator
    sagemaker, s3 = client(running, "sagemaker", "us-east-1"), client(running, "s3", "us-east-1")
    domain = sagemaker.describe_domain(DomainId=sagemaker.list_domains()["Domains"][0]["DomainId"])
    settings = domain["DefaultUserSettings"]
    bucket = f"s3://{(named := 'acme-ml-data-123456789012')}"
    with urlopen(f"{running.endpoint_url}/_studioctl/global-bundle.pem") as answer:
        s3.put_object(Bucket=named, Key="tls/global-bundle.pem", Body=answer.read())
    Registry.of(running, "us-east-1").push("acme-ml", "worker")
    command = python(_program(shell))
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=settings["ExecutionRole"],
        AlgorithmSpecification={
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/acme-ml:worker",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash", "-c", 'eval "$(printf %s "$@")"', "run"],
            "ContainerArguments": [command[start : start + 256] for start in range(0, len(command), 256)],
        },
        InputDataConfig=[
            {
                "ChannelName": "tls",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{bucket}/tls/"}},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"{bucket}/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 300},
        VpcConfig={"Subnets": domain["SubnetIds"], "SecurityGroupIds": settings["SecurityGroups"]},
    )
    told = eventually(
        lambda: sagemaker.describe_training_job(TrainingJobName=name),
        lambda told: told["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"},
        seconds=180,
    )
    logs = client(running, "logs", "us-east-1")
    group = "/aws/sagemaker/TrainingJobs"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
    lines = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)[
            "events"
        ]
    ]
    return told["TrainingJobStatus"], lines


def test_studies_outlive_their_environment(here: Shell) -> None:
    shell = here
    shell.write(FILE)
    before = shell.inventory()
    up = _as_deployer(shell, "up", "--local", "--yes")
    assert _run(shell, OWNER) == [[{"stringValue": "tuner"}, {"booleanValue": True}]]
    plan = shell.studioctl("plan", "--local")  # nothing to do

    status, lines = _work(shell, "worker")
    assert (status, lines[-1]) == ("Completed", f"trials: {['COMPLETE'] * 5}"), lines

    password = _password(shell)
    files = [file for file in shell.directory.rglob("*") if file.is_file() and "emulator" not in file.parts]
    assert any(file.name == "terraform.tfstate" for file in files)
    assert [file for file in files if password.encode() in file.read_bytes()] == []
    shown = (up.out, up.err, plan.out, plan.err, *lines, *_command_lines())
    assert not [text for text in shown if password in text]

    down = shell.studioctl("down", "--local", "--yes", "--delete-data=bucket,images")
    (snapshot,) = shell.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    name = snapshot["DBClusterSnapshotIdentifier"]
    assert f"database '{name}': a snapshot that an earlier down kept" in down.err
    assert "'acme-ml' is gone: 0 left." in down.err

    up = _as_deployer(shell, "up", "--local", "--yes")
    assert f"The database of studies is taken up again, from the snapshot {name}" in up.err
    values = "SELECT count(*) FROM trials JOIN trial_values USING (trial_id) WHERE state = 'COMPLETE'"
    assert _run(shell, values) == [[{"longValue": 5}]]
    restored = shell.client("rds").describe_db_clusters()["DBClusters"][0]
    assert restored["IAMDatabaseAuthenticationEnabled"]
    assert restored["DeletionProtection"]
    assert shell.studioctl("plan", "--local").code == 0

    shell.edit('database = "aurora-postgresql"', 'database = "none"')  # the cluster goes, and its rows stay again
    shell.studioctl("up", "--local", "--yes")
    assert shell.client("rds").describe_db_clusters()["DBClusters"] == []
    kept = shell.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert len(kept) == 2

    shell.studioctl("down", "--local", "--yes", "--delete-data=all")
    left = shell.inventory()
    assert left == before
