"""Terraform driven, with a program that plays recordings in its place."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from studioctl.catalog.provider import constraint
from studioctl.errors import ConfigError, InterruptedByUserError, RefusedError, StudioctlError, TerraformError
from studioctl.events import Event, Finished, Noted, Stage, Started, Work
from studioctl.terraform.backend import Backend, BackendChange
from studioctl.terraform.executable import Engine
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace

from .blueprints import blueprint, local, network, storage

HERE = Path(__file__).parent
IN_S3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})
T = TypeVar("T")


@dataclass
class Driven:
    """A Terraform whose engine plays a recording, and what it said."""

    terraform: Terraform
    events: list[Event]

    def finish(self, work: Work[T]) -> T:
        """Carry work out; its result."""
        while True:
            try:
                self.events.append(next(work))
            except StopIteration as stop:
                result: T = stop.value
                return result

    @property
    def calls(self) -> list[str]:
        """The commands that the engine was given."""
        return (self.terraform.workspace.directory / "calls").read_text(encoding="utf-8").splitlines()


def kept(serial: int, lineage: str, *types: str) -> str:
    """A state as it is stored, with resources of these types."""
    resources = [{"mode": "managed", "type": type_, "name": "a", "instances": []} for type_ in types]
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": resources})


class Bucket:
    """Holds a state, or says why it does not, and counts who looks."""

    def __init__(self, content: str | StudioctlError | None) -> None:
        self.content = content
        self.looks: list[str] = []

    def read(self, backend: Backend) -> str | None:
        self.looks.append(backend.settings["key"])
        if isinstance(self.content, StudioctlError):
            raise self.content
        return self.content


@pytest.fixture
def playing(tmp_path: Path) -> Callable[[str], Driven]:
    """Make a driven Terraform that plays the recording of this name."""

    def play(recording: str) -> Driven:
        command = (sys.executable, str(HERE / "fake_terraform.py"), str(HERE / "recordings" / recording))
        work = Workspace.beside(tmp_path / "studio.toml", "demo", local())
        engine = Engine("terraform", command, "1.11.4")
        driven = Driven(Terraform.of(work, engine, blueprint(network(), storage()), Backend()), [])
        driven.terraform.stored = lambda _: None
        return driven

    return play


def test_a_plan_of_creation_and_its_apply_take_three_processes(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")

    plan = driven.finish(driven.terraform.plan())
    outputs = driven.finish(driven.terraform.apply(plan))

    assert plan.count("create") == len(plan.changes) == 2
    assert outputs == {"bucket": "demo-data", "vpc_id": "vpc-029cfc99ab238a6c1"}
    assert driven.calls == [
        "init -input=false -json -reconfigure",
        "plan -input=false -json -detailed-exitcode -out=plan.tfplan",
        "apply -input=false -json plan.tfplan",
    ]
    assert [event.title for event in driven.events if isinstance(event, Stage)] == [
        "Initialising Terraform",
        "Planning",
        "Applying",
    ]


def test_init_is_left_out_until_something_that_it_depends_on_changes(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")
    driven.finish(driven.terraform.plan())
    driven.finish(driven.terraform.plan())
    assert sum(call.startswith("init") for call in driven.calls) == 1

    driven.terraform.engine = replace(driven.terraform.engine, version="1.12.0")
    driven.finish(driven.terraform.plan())
    assert sum(call.startswith("init") for call in driven.calls) == 2


def test_another_version_of_the_provider_is_taken_in_place_of_the_locked_one(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")
    driven.finish(driven.terraform.plan())
    lock_file = driven.terraform.workspace.directory / ".terraform.lock.hcl"
    lock_file.write_text('provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n}\n')

    driven.terraform.blueprint = replace(driven.terraform.blueprint, provider=constraint(">= 6.40, < 7"))
    with pytest.raises(TerraformError) as refused:  # this Terraform has nothing newer
        driven.finish(driven.terraform.plan())

    assert refused.value.message == (
        "Terraform took version 5.100.0 of its AWS provider, which `[terraform] provider` admits, and studioctl does"
        " not work with"
    )
    assert refused.value.hint == 'leave it out: provider = ">= 6.40, < 7, != 5.100.0"'
    assert [call for call in driven.calls if call.startswith("init")] == [
        "init -input=false -json -reconfigure",
        "init -input=false -json -reconfigure -upgrade",
    ]


def test_nothing_to_do_starts_nothing(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")

    plan = driven.finish(driven.terraform.plan())

    assert not plan.has_changes
    assert driven.finish(driven.terraform.apply(plan)) == {}
    assert not any(call.startswith(("apply", "show")) for call in driven.calls)


def test_old_and_new_values_are_asked_for_where_something_changes(playing: Callable[[str], Driven]) -> None:
    driven = playing("replace")

    plan = driven.finish(driven.terraform.plan())

    assert driven.calls[-2:] == [
        "plan -input=false -json -detailed-exitcode -out=plan.tfplan",
        "show -json plan.tfplan",
    ]
    assert plan.changes[1].attributes[0].forces_replacement


def test_a_failure_is_one_error_that_names_the_full_log(playing: Callable[[str], Driven]) -> None:
    driven = playing("name-taken")
    plan = driven.finish(driven.terraform.plan())

    with pytest.raises(TerraformError) as failure:
        driven.finish(driven.terraform.apply(plan))

    assert failure.value.message == (
        "Terraform could not apply the plan:\n"
        "  aws_s3_bucket.data: creating S3 Bucket (demo-data): "
        "BucketAlreadyExists: The requested bucket name is not available."
    )
    log = Path(failure.value.hint.rpartition("The full log: ")[2])
    assert log.parent == driven.terraform.workspace.logs
    assert log.read_text(encoding="utf-8") == (HERE / "recordings/name-taken/apply.jsonl").read_text(encoding="utf-8")


def test_a_locked_state_names_its_holder(playing: Callable[[str], Driven]) -> None:
    driven = playing("locked")

    with pytest.raises(TerraformError) as failure:
        driven.finish(driven.terraform.plan())

    assert "the state is locked by ada@workstation (apply) since 2026-11-23 12:58:03" in failure.value.message
    assert "studioctl state unlock 3d20d141-88c4-bb14-d677-88c5c9ec329a" in failure.value.hint


def test_a_crash_is_told_in_the_programs_own_words(playing: Callable[[str], Driven]) -> None:
    driven = playing("crash")

    with pytest.raises(TerraformError, match="TERRAFORM CRASH"):
        driven.finish(driven.terraform.plan())


def test_ctrl_c_lets_terraform_finish_and_says_how_to_go_on(playing: Callable[[str], Driven]) -> None:
    driven = playing("interrupted")
    before = signal.getsignal(signal.SIGINT)
    work = driven.terraform.apply(driven.finish(driven.terraform.plan()))
    while driven.events[-1:] != [Started("aws_vpc.studio", "create")]:
        driven.events.append(next(work))
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(InterruptedByUserError) as stopped:
        driven.finish(work)

    assert stopped.value.message == "Stopped cleanly; 1 change was made"
    assert stopped.value.hint == "studioctl up   (continues from here)"
    noted = [event.message for event in driven.events if isinstance(event, Noted) and not event.is_detail]
    assert noted == [
        "Stopping: Terraform finishes what it has begun. Ctrl-C again gives up at once and may lose track."
    ]
    assert isinstance(driven.events[-1], Finished)
    assert signal.getsignal(signal.SIGINT) is before


def test_work_that_is_given_up_stops_terraform_and_frees_the_workspace(playing: Callable[[str], Driven]) -> None:
    driven = playing("interrupted")
    work = driven.terraform.apply(driven.finish(driven.terraform.plan()))
    while not isinstance(next(work), Started):
        pass

    began = time.monotonic()
    work.close()

    assert time.monotonic() - began < 60  # it would go on until it is told to stop
    with driven.terraform.workspace.hold("plan"):
        pass


def test_a_state_does_not_move_without_a_word(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")
    driven.finish(driven.terraform.init())
    driven.terraform.workspace.state_file.write_text('{"version": 4}', encoding="utf-8")
    s3 = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})
    driven.terraform.backend = s3

    assert driven.terraform.backend_change() == BackendChange(Backend(), s3)
    with pytest.raises(RefusedError, match="state moves from"):
        driven.finish(driven.terraform.plan())
    assert "local" in (driven.terraform.workspace.directory / "backend.tf.json").read_text(encoding="utf-8")


def test_with_no_state_yet_the_backend_changes_silently(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")
    driven.finish(driven.terraform.init())
    driven.terraform.backend = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})

    assert driven.terraform.backend_change() is None


def test_a_local_state_counts_also_when_terraforms_files_are_gone(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")
    driven.finish(driven.terraform.init())
    driven.terraform.workspace.state_file.write_text('{"version": 4}', encoding="utf-8")
    driven.terraform.workspace.forget()
    driven.terraform.backend = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})

    assert driven.terraform.backend_change() is not None


@pytest.mark.parametrize(
    ("there", "family", "said"),
    [
        (kept(9, "ours"), RefusedError, r"is newer than ours \(change 9, ours is 5\)"),
        (kept(1, "theirs", "aws_vpc"), RefusedError, "There is a state at s3://acme-tfstate/demo already"),
        (kept(4, "ours")[:-1], TerraformError, "state is damaged: .* Nothing was changed"),
        (ConfigError("gone", hint="make it"), ConfigError, "gone"),
    ],
)
def test_a_state_does_not_move_to_where_it_would_undo_something(
    playing: Callable[[str], Driven], there: str | StudioctlError, family: type[StudioctlError], said: str
) -> None:
    driven = playing("unchanged")
    driven.terraform.stored = Bucket(there).read
    driven.finish(driven.terraform.init())
    ours = '{"version": 4, "serial": 5, "lineage": "ours", "resources": []}'
    driven.terraform.workspace.state_file.write_text(ours, encoding="utf-8")
    driven.terraform.backend = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})

    with pytest.raises(family, match=said):
        driven.finish(driven.terraform.init(migrate=True))
    assert not any("-force-copy" in call for call in driven.calls)
    assert driven.terraform.workspace.state_file.read_text(encoding="utf-8") == ours


def test_a_state_in_s3_is_read_once_until_something_writes_it_and_without_terraform(
    playing: Callable[[str], Driven],
) -> None:
    driven, bucket = playing("create"), Bucket(kept(1, "ours"))
    driven.terraform.stored, driven.terraform.backend = bucket.read, IN_S3
    assert driven.terraform.state() == {}  # before `init` nobody looks
    assert bucket.looks == []

    plan = driven.finish(driven.terraform.plan())
    assert driven.terraform.state()["serial"] == 1
    bucket.content = kept(2, "ours")
    assert driven.terraform.state()["serial"] == 1
    assert bucket.looks == ["demo"]

    assert driven.finish(driven.terraform.apply(plan))["bucket"] == "demo-data"
    assert driven.terraform.state()["serial"] == 2
    assert bucket.looks == ["demo", "demo"]
    assert [call.split()[0] for call in driven.calls] == ["init", "plan", "apply"]


def test_a_state_that_moves_is_read_where_it_was_and_then_where_it_is(playing: Callable[[str], Driven]) -> None:
    driven, bucket = playing("unchanged"), Bucket(kept(1, "ours"))
    driven.terraform.stored, driven.terraform.backend = bucket.read, IN_S3
    driven.finish(driven.terraform.init())

    driven.terraform.backend = Backend("s3", {"bucket": "acme-tfstate", "key": "next"})
    assert driven.terraform.state()["serial"] == 1
    driven.finish(driven.terraform.init(migrate=True))
    assert driven.terraform.state()["serial"] == 1

    assert bucket.looks == ["demo", "next", "next"]
    assert "-migrate-state" in driven.calls[-1]


def next_run(driven: Driven, bucket: Bucket) -> Terraform:
    """A Terraform as another command begins with it."""
    before = driven.terraform
    terraform = Terraform.of(before.workspace, before.engine, before.blueprint, before.backend)
    terraform.stored = bucket.read
    return terraform


def test_a_state_in_s3_that_a_newer_terraform_wrote_is_refused_in_every_run(playing: Callable[[str], Driven]) -> None:
    driven, bucket = playing("unchanged"), Bucket(None)
    driven.terraform.backend = IN_S3
    driven.finish(driven.terraform.init())

    bucket.content = kept(2, "ours")[:-1] + ', "terraform_version": "1.99.0"}'
    with pytest.raises(TerraformError) as refused:
        next_run(driven, bucket).state()
    assert refused.value.message == (
        "Terraform's state was written by Terraform 1.99.0, and this is terraform 1.11.4"
        f" ({driven.terraform.engine.command[0]}). Nothing was changed."
    )


@pytest.mark.parametrize(("kind", "asked"), [("tofu", ["state pull"]), ("terraform", [])])
def test_what_opentofu_has_encrypted_it_alone_reads(
    playing: Callable[[str], Driven], kind: Literal["tofu", "terraform"], asked: list[str]
) -> None:
    driven, bucket = playing("encrypted"), Bucket(None)
    driven.terraform.engine = replace(driven.terraform.engine, kind=kind)
    driven.terraform.backend = IN_S3
    driven.finish(driven.terraform.init())
    before = driven.calls

    bucket.content = '{"serial": 9, "lineage": "ours", "encrypted_data": "aGk=", "encryption_version": "v0"}'
    terraform = next_run(driven, bucket)
    if asked:
        assert [terraform.state()["serial"] for _ in range(2)] == [9, 9]
    else:
        with pytest.raises(TerraformError, match="state is damaged: it lacks its version"):
            terraform.state()
    assert driven.calls == [*before, *asked]


def test_what_was_given_by_hand_is_remembered_once_it_has_worked(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")
    work = driven.terraform.workspace
    file = Backend("s3", {"key": "demo", "region": "us-east-1"})
    driven.terraform.backend = file.overridden(work.overrides(["bucket=acme-tfstate", "profile=ci"]))
    assert work.overrides([]) == {}

    driven.finish(driven.terraform.init())

    assert work.overrides([]) == {"bucket": "acme-tfstate", "profile": "ci"}
    assert work.overrides(["profile=me"]) == {"bucket": "acme-tfstate", "profile": "me"}
    assert work.overrides(["none", "key=a"]) == {"key": "a"}
    work.forget()
    assert work.overrides([]) == {}


def test_what_is_in_the_file_by_now_can_be_forgotten(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")
    work = driven.terraform.workspace
    file = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})
    driven.terraform.backend = file.overridden({"bucket": "acme-tfstate"})
    driven.finish(driven.terraform.init())

    driven.terraform.backend = file.overridden(work.overrides(["none"]))
    driven.finish(driven.terraform.init())

    assert sum(call.startswith("init") for call in driven.calls) == 1
    assert work.overrides([]) == {}


def test_a_file_in_the_way_of_a_state_that_comes_back_is_not_to_be_removed(playing: Callable[[str], Driven]) -> None:
    driven = playing("unchanged")
    work = driven.terraform.workspace
    driven.terraform.backend = Backend("s3", {"bucket": "acme-tfstate", "key": "demo"})
    driven.finish(driven.terraform.init())
    resource = '{"mode": "managed", "type": "aws_vpc", "name": "studio", "instances": []}'
    left = f'{{"version": 4, "serial": 1, "lineage": "another", "resources": [{resource}]}}'
    work.state_file.write_text(left, encoding="utf-8")
    driven.terraform.backend = Backend()

    with pytest.raises(RefusedError, match="There is a state at the file") as refused:
        driven.finish(driven.terraform.init(migrate=True))
    assert f'move "{work.state_file}" away' in refused.value.hint


def test_what_exists_is_imported_by_one_plan_only(playing: Callable[[str], Driven]) -> None:
    """Import blocks that stay would fail every later plan once the thing is gone."""
    driven = playing("create")
    file = driven.terraform.workspace.directory / "adopt.tf.json"
    work = driven.terraform.plan(adopt={"aws_vpc.main": "vpc-${1}"}, replace=["aws_vpc.main"], targets=["aws_vpc.main"])
    for event in work:
        if event == Stage("Planning"):
            break
    next(work)

    blocks = json.loads(file.read_text())["import"]
    assert blocks == [{"to": "aws_vpc.main", "id": "vpc-$${1}"}]
    driven.finish(work)
    assert not file.exists()
    assert driven.calls[-1].endswith("-replace=aws_vpc.main -target=aws_vpc.main")


def test_import_blocks_of_a_killed_run_are_not_used_again(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")
    file = driven.terraform.workspace.directory / "adopt.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    driven.finish(driven.terraform.plan())

    assert not file.exists()


def test_forgetting_nothing_starts_nothing(playing: Callable[[str], Driven]) -> None:
    driven = playing("create")
    driven.finish(driven.terraform.init())
    driven.terraform.forget([])
    before = driven.calls
    driven.terraform.forget(["aws_s3_bucket.data"])

    assert driven.calls == [*before, "state rm aws_s3_bucket.data"]


TORN_EVENT = '{"@level": "info", "type": "apply_start", "hook": {"resou'
DUMP = '{"@level":"info","@message":"Emergency state dump","state":{"version":4,"lineage":"457b","outputs":{}}}'


def recorded(tmp_path: Path, code: int, *lines: str) -> Driven:
    """A Terraform whose plan says these lines and ends with this code."""
    recording = tmp_path / "recording"
    recording.mkdir()
    (recording / "plan.jsonl").write_text("\n".join(lines))
    (recording / "plan.code").write_text(str(code))
    command = (sys.executable, str(HERE / "fake_terraform.py"), str(recording))
    work = Workspace.beside(tmp_path / "studio.toml", "demo", local())
    engine = Engine("terraform", command, "1.11.4")
    return Driven(Terraform.of(work, engine, blueprint(network(), storage()), Backend()), [])


def said_of_the_disk(summary: str, detail: str) -> str:
    return json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail}})


@pytest.mark.parametrize(
    "lines",
    [
        (said_of_the_disk("Failed to save state", "write terraform.tfstate: no space left on device"), DUMP),
        (DUMP, TORN_EVENT),
        (DUMP, DUMP[40:], "x"),
        (DUMP[:60],),
    ],
)
def test_a_full_disk_is_told_in_words_and_no_json(tmp_path: Path, lines: tuple[str, ...]) -> None:
    driven = recorded(tmp_path, 1, *lines)

    with pytest.raises(TerraformError) as failure:
        driven.finish(driven.terraform.plan())

    logs = driven.terraform.workspace.logs
    assert failure.value.message == (
        "The disk is full, so Terraform could not plan to its end and write down what it did. The disk is that of"
        f" '{logs}'."
    )
    assert failure.value.hint.startswith("make room there, then run the same command again: it finds what was made")


@pytest.mark.parametrize("lines", [(TORN_EVENT,), (), (DUMP,)])
def test_a_plan_of_which_a_part_is_missing_is_not_shown(tmp_path: Path, lines: tuple[str, ...]) -> None:
    driven = recorded(tmp_path, 2, *lines)

    with pytest.raises(TerraformError, match=r"^The disk is full, so Terraform could not plan"):
        driven.finish(driven.terraform.plan())


def test_what_aws_refused_is_told_beside_a_full_disk(tmp_path: Path) -> None:
    driven = recorded(
        tmp_path,
        1,
        said_of_the_disk("creating S3 Bucket: Forbidden", ""),
        said_of_the_disk("Failed to persist state to backend", "Running terraform apply again creates a forked state"),
        said_of_the_disk("Failed to create local state file", "open errored.tfstate: disk quota exceeded"),
    )

    with pytest.raises(TerraformError) as failure:
        driven.finish(driven.terraform.plan())
    first, *others = failure.value.message.splitlines()
    assert first.startswith("Your quota of the disk is used up, so Terraform could not plan")
    assert others == ["  creating S3 Bucket: Forbidden"]


@pytest.mark.parametrize("torn", ["", '{"version": 4, "ser', "null"])
def test_a_torn_state_that_could_not_be_stored_is_never_pushed(playing: Callable[[str], Driven], torn: str) -> None:
    driven = playing("unchanged")
    errored = driven.terraform.workspace.directory / "errored.tfstate"
    errored.parent.mkdir(parents=True)
    errored.write_text(torn)

    driven.finish(driven.terraform.plan())

    assert not any(call.startswith("state push") for call in driven.calls)
    assert not errored.exists()
    assert errored.with_name("errored.tfstate.1").read_text() == torn
    note = "The last run could not store its whole state; what it made is looked for in AWS"
    assert note in [event.message for event in driven.events if isinstance(event, Noted)]
