"""Nothing goes while a job of the environment runs: no role, no bucket, no network."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from studio_emulator import server
from studioctl.errors import RefusedError
from studioctl.events import Noted
from studioctl.operations import status
from studioctl.operations.provisioning import down
from tests.fakes.work import done
from tests.unit.emulator.emulated import TRUST, eventually
from tests.unit.operations.conftest import World

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.8.0-cpu-py312"
HINT = "studioctl tune stop --study square; then: studioctl down"


@pytest.fixture
def working(world: World) -> Iterator[World]:
    """With a role for jobs. What runs at the end is stopped, and its records go."""
    role = f"jobs-{world.studio.tag}"
    world.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    rights = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    world.client("iam").put_role_policy(RoleName=role, PolicyName="jobs", PolicyDocument=document)
    yield world
    for name in names(world):
        ended(world, name)
        world.studio.sagemaker.delete_training_job(TrainingJobName=name)


def names(world: World) -> list[str]:
    found = world.studio.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    return [each["TrainingJobName"] for each in found]


def start(world: World, name: str, *tags: tuple[str, str], **changes: Any) -> str:
    """Starts a job that would take ten minutes; its full name."""
    full = f"{name}-{world.studio.tag}"
    world.studio.sagemaker.create_training_job(
        TrainingJobName=full,
        RoleArn=f"arn:aws:iam::123456789012:role/jobs-{world.studio.tag}",
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sleep", "600"],
        },
        OutputDataConfig={"S3OutputPath": f"s3://{world.bucket}/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 900},
        Tags=[{"Key": key, "Value": value} for key, value in tags],
        **changes,
    )
    return full


def ended(world: World, name: str) -> None:
    def is_over() -> bool:
        status = world.studio.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
        return status in {"Completed", "Failed", "Stopped"}

    if not is_over():
        world.studio.sagemaker.stop_training_job(TrainingJobName=name)
        eventually(is_over, bool)


def test_down_refuses_under_a_running_job(working: World) -> None:
    ours = (("studioctl:environment", "acme-ml"), ("studioctl:study", "square"))
    studys, others = start(working, "acme-ml--tune-square-w0-0", *ours), start(working, "acme-ml--mine")
    stranger = start(working, "acme-ml-2--theirs")
    before = working.inventory()

    flags = working.environment.target.aws_flags
    stop = f"aws sagemaker stop-training-job --training-job-name {others}{flags}"
    for attempt in (
        lambda: done(down.survey(working.environment)),
        lambda: done(down.remove(working.environment, frozenset({"bucket"}))),
    ):
        with pytest.raises(RefusedError) as refused:
            attempt()
        lines = refused.value.message.splitlines()
        assert (lines[0], lines[-1]) == ("These run in 'acme-ml', and what they need would go:", "Nothing was changed.")
        assert sorted(lines[1:-1]) == [
            f"  training job {others} (InProgress)",
            f"  training job {studys} of study 'square' (InProgress)",
        ]
        assert set(refused.value.hint.split("; ")) == {*HINT.split("; "), stop}
        assert working.inventory() == before
    assert stranger in names(working)
    ended(working, studys)
    ended(working, others)
    done(down.survey(working.environment))


def test_jobs_that_ended_are_records(working: World) -> None:
    for name in ("acme-ml--tune-square-0", "acme-ml--tune-square-1"):
        ended(working, start(working, name, ("studioctl:environment", "acme-ml")))

    outcome = done(down.remove(working.environment, frozenset({"bucket"})))

    assert outcome.records == 2
    resources = status.status(working.environment).resources or ()
    assert [name for name in (*(each.name for each in outcome.left), *resources) if "job" in name] == []


def test_workers_in_the_network_are_no_strangers(working: World) -> None:
    network = {"Subnets": working.studio.subnet_ids, "SecurityGroupIds": [working.studio.group_id]}
    job = start(
        working,
        "acme-ml--tune-square-w0-1",
        ("studioctl:environment", "acme-ml"),
        ("studioctl:study", "square"),
        VpcConfig=network,
    )
    with pytest.raises(RefusedError) as refused:
        done(down.survey(working.environment))
    assert f"training job {job} of study 'square'" in refused.value.message
    assert "Others" not in refused.value.message
    assert refused.value.hint == HINT


def test_what_we_may_not_list_is_noted(world: World) -> None:
    fault = {"kind": "error", "service": "sagemaker", "action": "ListTrainingJobs", "code": "AccessDeniedException"}
    server.set_faults(world.emulator, {"faults": [fault]})
    try:
        noted = [event.message for event in down.survey(world.environment) if isinstance(event, Noted)]
    finally:
        server.set_faults(world.emulator, {"faults": []})
    assert [note.partition(". ")[0] for note in noted] == ["Not looked at: training jobs that run"]
