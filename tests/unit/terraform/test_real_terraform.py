"""The real Terraform and provider against moto: what the fake engine cannot prove."""

import json
import os
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.aws.session import Session
from studioctl.aws.state_bucket import StoredState
from studioctl.errors import ConfigError, InterruptedByUserError, RefusedError, TerraformError
from studioctl.events import Finished, Noted
from studioctl.infrastructure.block import Output, Resource
from studioctl.terraform import executable, process, runs
from studioctl.terraform.backend import Backend
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace

from .blueprints import access, blueprint, module, network, storage
from .conftest import Lived, client, warmed

pytestmark = pytest.mark.terraform

LEFT_BEHIND = {
    "ID": "a-lock",
    "Path": "acme-tfstate/demo/terraform.tfstate",
    "Operation": "OperationTypeApply",
    "Who": "ada@workstation",
    "Created": "2026-11-23T12:58:03Z",
}


def tiny(name: str) -> Resource:
    """A resource that costs next to nothing."""
    return Resource("aws_secretsmanager_secret", "only", {"name": name, "recovery_window_in_days": 0})


def terraform_for(place: Workspace, name: str, backend: Backend | None = None) -> Terraform:
    """Terraform for an environment of one secret."""
    described = blueprint(module("secrets", tiny(name), Output("name", name, "Its name.")))
    terraform = warmed(place, executable.find(), described, backend)
    session = Session(place.target)
    terraform.stored = lambda at: StoredState(session, at.settings["bucket"], at.settings["key"], {}).read()
    return terraform


def test_what_the_blueprint_says_exists(lived: Lived) -> None:
    (bucket,) = (b["Name"] for b in client("s3", lived.target).list_buckets()["Buckets"] if b["Name"] == "demo-data")
    (vpc,) = client("ec2", lived.target).describe_vpcs(VpcIds=[lived.outputs["vpc_id"]])["Vpcs"]

    assert lived.outputs["bucket"] == bucket
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    assert {"Key": "team", "Value": "ml"} in vpc["Tags"]
    assert {event.subject for event in lived.events if isinstance(event, Finished) and event.action == "create"} == {
        "aws_vpc.studio",
        "aws_s3_bucket.data",
        "aws_iam_role.execution",
    }


def test_outputs_and_resources_are_read_without_a_process(lived: Lived) -> None:
    engine = replace(lived.terraform.engine, command=("no-such-program",))
    alone = Lived(replace(lived.terraform, engine=engine), lived.target)

    assert alone.terraform.outputs() == lived.outputs
    assert alone.resources == {"aws_vpc.studio", "aws_s3_bucket.data", "aws_iam_role.execution"}


def test_a_change_is_told_with_old_and_new_values_by_module(lived: Lived) -> None:
    changed = blueprint(network(Name="studio"), storage("demo-data-2"), access())

    plan = lived.finish(lived.with_blueprint(changed).plan())

    vpc, bucket = plan.changes
    assert (vpc.module, vpc.action) == ("vpc", "update")
    assert [(a.path, a.before, a.after) for a in vpc.attributes] == [("tags.Name", "demo", "studio")]
    assert (bucket.module, bucket.action) == ("s3", "replace")
    assert [(a.path, a.after) for a in bucket.attributes if a.forces_replacement] == [("bucket", "demo-data-2")]
    assert (vpc.destroys, bucket.destroys) == (False, True)


def test_what_aws_refuses_is_one_error_and_the_rest_is_kept(lived: Lived, place: Workspace) -> None:
    role = access().blocks[0]
    described = blueprint(module("iam", role, tiny("kept")))
    work = Lived(warmed(place, lived.terraform.engine, described), lived.target)

    with pytest.raises(TerraformError) as failure:
        work.create()

    assert failure.value.message == (
        "Terraform could not apply the plan:\n"
        "  aws_iam_role.execution: creating IAM Role (demo-execution): "
        "EntityAlreadyExists: Role with name demo-execution already exists."
    )
    assert work.resources == {"aws_secretsmanager_secret.only"}


def test_the_state_moves_to_s3_and_back_and_is_locked_there(place: Workspace) -> None:
    s3 = client("s3", place.target)
    s3.create_bucket(Bucket="acme-tfstate")
    remote = Backend("s3", {"bucket": "acme-tfstate", "key": "demo/terraform.tfstate", "region": "us-east-1"})
    here = Lived(terraform_for(place, "moving"), place.target)
    here.create()

    there = Lived(terraform_for(place, "moving", remote), place.target)
    there.finish(there.terraform.init(migrate=True))
    assert there.terraform.outputs() == {"name": "moving"}
    assert not place.state_file.exists()
    command = (*there.terraform.engine.command, "state", "pull")
    pulled = process.capture(command, cwd=place.directory, environ=there.terraform._environ())
    assert there.terraform.state() == json.loads(pulled.stdout)

    s3.put_object(Bucket="acme-tfstate", Key="demo/terraform.tfstate.tflock", Body=json.dumps(LEFT_BEHIND))
    with pytest.raises(TerraformError, match="locked by ada@workstation") as locked:
        there.finish(there.terraform.plan())
    assert "studioctl state unlock a-lock" in locked.value.hint
    _a_lock_that_our_own_dead_run_left_is_freed(s3, there)

    _refuse_to_write_over(place, remote)
    back = Lived(terraform_for(place, "moving"), place.target)
    back.finish(back.terraform.init(migrate=True))
    assert back.resources == {"aws_secretsmanager_secret.only"}
    assert place.state_file.is_file()


def _a_lock_that_our_own_dead_run_left_is_freed(s3: Any, there: Lived) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    runs.begin(there.terraform.workspace, "apply", ended.pid)
    left = {**LEFT_BEHIND, "Who": runs.who(), "Created": datetime.now(UTC).isoformat()}
    s3.put_object(Bucket="acme-tfstate", Key="demo/terraform.tfstate.tflock", Body=json.dumps(left))
    there.finish(there.terraform.plan())

    freed = [event.message for event in there.events if isinstance(event, Noted) and not event.is_detail]
    assert f"Our own `apply`, process {ended.pid}, was killed and left the state locked: freed" in freed
    assert runs.unfinished(there.terraform.workspace) == []


def _refuse_to_write_over(place: Workspace, remote: Backend) -> None:
    """Another environment's state must not land on the one that is there."""
    other = Workspace(place.directory.parent / "second", place.target)
    work = Lived(terraform_for(other, "second"), place.target)
    work.finish(work.terraform.init())
    outputs = {"name": {"value": "second", "type": "string"}}
    known = {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": str(uuid.uuid4()), "outputs": outputs}
    other.state_file.write_text(json.dumps({**known, "resources": []}), encoding="utf-8")
    moving = Lived(terraform_for(other, "second", remote), place.target)
    with pytest.raises(RefusedError, match="There is a state at s3://acme-tfstate/demo"):
        moving.finish(moving.terraform.init(migrate=True))
    assert work.terraform.outputs() == {"name": "second"}


def test_a_missing_bucket_is_named(place: Workspace) -> None:
    absent = Backend("s3", {"bucket": "no-such-bucket", "key": "demo", "region": "us-east-1"})
    work = Lived(terraform_for(place, "none", absent), place.target)

    with pytest.raises(ConfigError, match="The state's bucket 'no-such-bucket' does not exist"):
        work.finish(work.terraform.init())
    work.terraform.stored = lambda _: None  # it is deleted after the look
    with pytest.raises(ConfigError, match='S3 bucket "no-such-bucket" does not exist'):
        work.finish(work.terraform.init())


def test_the_bundled_engine_lives_a_whole_life(place: Workspace) -> None:
    engine = executable.find({**os.environ, "STUDIOCTL_TERRAFORM": "bundled"})
    described = blueprint(module("secrets", tiny("bundled"), Output("name", "bundled", "Its name.")))
    alone = Terraform.of(place, engine, described, Backend())  # it starts the provider itself, as users' do

    plan = Lived(alone, place.target).finish(alone.plan())
    work = Lived(warmed(place, engine, described), place.target)
    assert plan.count("create") == len(plan.changes) == 1
    assert work.finish(work.terraform.apply(plan)) == {"name": "bundled"}
    removal = work.finish(work.terraform.plan(destroy=True))
    work.finish(work.terraform.apply(removal))
    assert not work.resources


def test_ctrl_c_stops_the_bundled_engine_in_good_order(place: Workspace) -> None:
    found = executable.find({**os.environ, "STUDIOCTL_TERRAFORM": "bundled"})
    work = Lived(Terraform.of(place, found, blueprint(module("secrets", tiny("stopped"))), Backend()), place.target)
    work.finish(work.terraform.init())
    threading.Thread(target=_interrupt_once_it_plans, args=(place,)).start()

    with pytest.raises(InterruptedByUserError):
        work.finish(work.terraform.plan())
    assert "Interrupt received" in _planning_log(place)


def _interrupt_once_it_plans(place: Workspace) -> None:
    while not _planning_log(place):
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def _planning_log(place: Workspace) -> str:
    return "".join(log.read_text(encoding="utf-8") for log in place.logs.glob("*-plan.jsonl"))
