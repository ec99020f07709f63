"""Killed at any moment, run again, done; and data that outlives its environment, with the key that it needs.

One environment goes through it all: `up` and `down` are killed at moments that a seed decides, each time another
process of theirs, and the same command is given again. What then exists is what an undisturbed run makes: no more, no
less. `make chaos` does the same for an hour, with faults; STUDIOCTL_CHAOS_SEED=2 make test tries other moments.
"""

import base64
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.world import descendants
from tests.functional.conftest import SMALL, STUDIOCTL, Shell
from tests.functional.warmth import knows_the_provider
from tests.processes import has_ended
from tests.remedies import claimed
from tests.walking import COMMAND, InShell

from studio_emulator import server
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations import emulation
from studioctl.terraform import executable, provider
from studioctl.terraform.environment import child_environment

pytestmark = pytest.mark.life

NAME = "acme-kill"
BUCKET = f"{NAME}-data-123456789012"
TIMEOUTS = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"  # where Terraform's SDK keeps them in a state

Inventory = dict[str, Any]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator")})
    knows_the_provider(tmp_path)
    shell.write(SMALL.format(name=NAME) + "\n[encryption]\ncustomer_key = true\n")
    shell.studioctl("emulator", "start", "--transition-seconds", "1")
    yield shell
    shell.studioctl("emulator", "stop")


def everything(pid: int) -> list[int]:
    return [pid, *descendants(pid)]


def only_ours(pid: int) -> list[int]:
    return [pid]


def all_but_ours(pid: int) -> list[int]:
    return descendants(pid)


def killed(life: Shell, *command: str, after: int, victims: Callable[[int], list[int]]) -> None:
    """Runs a command and kills its processes with SIGKILL when so many things have come or gone."""
    emulator = life.emulator

    def count() -> int:
        return sum(shape(server.inventory(emulator)).values())

    before = count()
    process = subprocess.Popen(
        [STUDIOCTL, *command],
        cwd=life.directory,
        env=life.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while abs(count() - before) < after:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    for pid in victims(process.pid):
        with contextlib.suppress(ProcessLookupError):  # it has ended since
            os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=300)
    assert process.returncode != 0, said


def shape(inventory: Inventory) -> dict[str, int]:
    """The number of each kind: two worlds have different ids."""
    return {kind: len(found) for kind, found in inventory.items()}


def up(life: Shell) -> Inventory:
    life.studioctl("up", "--local", "--yes")
    return dict(life.inventory())


def checksums(life: Shell) -> dict[str, str]:
    s3 = life.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest() for key in keys}


def providers_in(life: Shell) -> list[int]:
    """Processes that still run in the environment's directory."""
    place = (life.directory / ".studioctl" / NAME / "local").resolve()
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if cwd.resolve(strict=True) == place:
                found.append(int(cwd.parent.name))
        except OSError:
            continue
    return found


def shared_by(life: Shell) -> list[int]:
    """Shared providers of the killed commands, and what stands before them, that still run after two minutes."""
    home, deadline = f"HOME={life.directory}".encode(), time.monotonic() + 120
    while found := [*_shared_by(home)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return found


def _shared_by(home: bytes) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, variables = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:
            continue
        is_one = b"studioctl.terraform.front" in words or b"terraform-provider-aws" in words
        if is_one and home in variables.split(b"\0"):
            yield int(process.name)


@pytest.mark.timeout(1200)  # two minutes on a machine of its own
def test_killed_and_run_again(life: Shell) -> None:
    before = life.inventory()
    seed = int(os.environ.get("STUDIOCTL_CHAOS_SEED", "1"))
    print(f"seed {seed}")
    dice = random.Random(seed)
    made = up_is_killed_and_completes(life, before, dice)
    put_data(life)
    kept = down_is_killed_and_completes(life, before, made, dice)
    back = the_next_up_takes_up_what_was_kept(life, kept)
    bare_terraform_fails_where_down_succeeds(life, back, before)


def up_is_killed_and_completes(life: Shell, before: Inventory, dice: random.Random) -> Inventory:
    for victims in dice.sample((everything, all_but_ours, only_ours), 2):
        killed(life, "up", "--local", "--yes", after=dice.randint(1, 5), victims=victims)
    made = up(life)

    assert providers_in(life) == []
    assert shared_by(life) == []
    assert Counter(shape(made)) - Counter(shape(before)) == Counter(
        access_points=1,
        buckets=1,
        domains=1,
        file_systems=1,
        internet_gateways=1,
        key_aliases=1,
        keys=1,
        lifecycle_configs=2,
        mount_targets=2,
        network_interfaces=2,
        policies=7,
        repositories=1,
        roles=1,
        route_tables=2,
        secrets=1,
        security_groups=4,
        spaces=1,
        subnets=2,
        user_profiles=1,
        vpcs=1,
    )
    return made


def put_data(life: Shell) -> None:
    s3, secrets, sagemaker = (life.client(service) for service in ("s3", "secretsmanager", "sagemaker"))
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key=f"data/{number}.bin", Body=bytes([number]) * 1000)
    secrets.put_secret_value(SecretId=f"{NAME}/github", SecretString="t0ken")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    life.client("ecr").put_image(repositoryName=NAME, imageManifest=manifest, imageTag="latest")
    (domain,) = sagemaker.list_domains()["Domains"]
    key = {"DomainId": domain["DomainId"], "AppType": "CodeEditor", "AppName": "default"}
    sagemaker.create_app(**key, SpaceName="ada-editor")


def down_is_killed_and_completes(life: Shell, before: Inventory, made: Inventory, dice: random.Random) -> Inventory:
    data = checksums(life)
    command = ("down", "--local", "--yes", "--delete-data=spaces")
    killed(life, *command, after=dice.randint(3, 18), victims=everything)
    done = life.studioctl(*command)
    kept = dict(life.inventory())

    assert "  home file system 'fs-" in done.err
    assert "is gone: 0 left." in done.err
    assert {kind for kind in kept if kept[kind] != before[kind]} == {
        "access_points",
        "buckets",
        "file_systems",
        "key_aliases",
        "keys",
        "repositories",
        "secrets",
    }
    assert set(kept["keys"].values()) == {"Enabled"}
    assert (kept["file_systems"], kept["access_points"]) == (made["file_systems"], made["access_points"])
    assert checksums(life) == data
    assert life.client("secretsmanager").get_secret_value(SecretId=f"{NAME}/github")["SecretString"] == "t0ken"
    return kept


def the_next_up_takes_up_what_was_kept(life: Shell, kept: Inventory) -> Inventory:
    data = checksums(life)
    done = life.studioctl("up", "--local", "--yes")
    back = dict(life.inventory())

    assert "note: 5 resources of this name exist already: the plan adopts them" in done.err
    assert checksums(life) == data
    assert back["repositories"] == kept["repositories"]
    assert back["secrets"] == kept["secrets"]
    assert (back["keys"], back["key_aliases"]) == (kept["keys"], kept["key_aliases"])
    assert set(kept["file_systems"]) < set(back["file_systems"])
    assert set(kept["access_points"]) < set(back["access_points"])
    (home,) = [arn.rpartition("/")[2] for arn in kept["file_systems"]]
    assert f"Kept from before: home file system '{home}'" in done.err
    return back


def bare_terraform_fails_where_down_succeeds(life: Shell, back: Inventory, before: Inventory) -> None:
    """The same documents, the same state, the same emulator: side by side."""
    documents = life.directory / ".studioctl" / NAME / "local"
    bare = Path(shutil.copytree(documents, life.directory / "bare", symlinks=True))
    give_up_soon(bare / "terraform.tfstate")
    engine = executable.find()
    target = emulation.target(life.emulator, "us-east-1")
    config = bare / "terraform.rc" if provider.find(os.environ, engine.registry) else None
    # What holds data is left out: that a bucket is not emptied is right. This is about what SageMaker leaves behind.
    destroyed = subprocess.run(
        [*engine.command, "destroy", "-auto-approve", "-input=false", "-no-color", "-target=aws_vpc.studio"],
        cwd=bare,
        env=child_environment(os.environ, target, cli_config=config),
        capture_output=True,
        text=True,
        check=False,
    )
    assert destroyed.returncode == 1
    assert "DependencyViolation" in destroyed.stderr
    left = life.inventory()
    assert (len(left["domains"]), len(left["vpcs"]), len(left["mount_targets"])) == (0, 1, 2)
    assert len(left["file_systems"]) == len(back["file_systems"])

    walk = InShell(life)
    found = json.loads(life.studioctl("doctor", "--local", "--json", expect=None).out)["findings"]
    (leftovers,) = [finding for finding in found if finding["id"] == "DRF007" and finding["severity"] != "ok"]
    to_run = walk.note(leftovers["remedy"], of="studioctl.operations.doctor.drift")
    # A bucket of ours that no state knows and `down` does not delete, with the key that it may need. It goes by itself.
    s3 = life.client("s3")
    s3.create_bucket(Bucket=f"{NAME}-going")
    tags = [{"Key": ENVIRONMENT_TAG, "Value": NAME}]
    s3.put_bucket_tagging(Bucket=f"{NAME}-going", Tagging={"TagSet": tags})
    refused = walk.shell(f"{to_run} --yes --delete-data")
    assert f" left of '{NAME}', which AWS may still be deleting:\n" in refused.err, refused.err[-1500:]
    assert f"\n  s3 arn:aws:s3:::{NAME}-going\n" in refused.err
    s3.delete_bucket(Bucket=f"{NAME}-going")
    (to_run,) = COMMAND.findall(walk.printed(refused, of="studioctl.cli.down"))
    done = walk.shell(f"{to_run} --yes")
    assert done.err.endswith(f"'{NAME}' is gone: 0 left.\n"), done.err[-1500:]
    assert claimed("tests/functional/test_kills.py::test_killed_and_run_again") == walk.walked
    after = life.inventory()
    (key,) = back["keys"]
    assert after.pop("keys") == {key: "PendingDeletion"}
    assert f"AWS deletes key '{key.rpartition('/')[2]}' on " in done.err
    assert after == {kind: found for kind, found in before.items() if kind != "keys"}


def give_up_soon(state: Path) -> None:
    """The provider tries for twenty minutes to delete a subnet that something is in; ten seconds show the same."""
    content = json.loads(state.read_text())
    for resource in content["resources"]:
        for instance in resource["instances"]:
            if resource["type"] == "aws_subnet":
                private = json.loads(base64.b64decode(instance["private"]))
                private[TIMEOUTS]["delete"] = 10 * 10**9
                instance["private"] = base64.b64encode(json.dumps(private).encode()).decode()
    state.write_text(json.dumps(content))


def test_what_a_killed_terraform_leaves_running_is_ended(tmp_path: Path) -> None:
    """Without any Terraform: a leader that dies, and a process of its group that stays in the directory."""
    from studioctl.terraform import orphans

    code = "import subprocess, time; subprocess.Popen(['sleep', '300']); print('ready', flush=True); time.sleep(300)"
    leader = subprocess.Popen(
        ["/usr/bin/env", "python3", "-c", code], cwd=tmp_path, start_new_session=True, stdout=subprocess.PIPE
    )
    assert leader.stdout is not None
    leader.stdout.readline()
    leader.stdout.close()
    (tmp_path / orphans.NOTE).write_text(str(leader.pid))
    (child,) = descendants(leader.pid)
    leader.kill()
    leader.wait()

    assert list(orphans.wait_for_orphan(tmp_path)) == []
    assert has_ended(child)
    assert not (tmp_path / orphans.NOTE).exists()
