"""Two lives of an environment with the policy of `studioctl iam deployer`, and nothing else, on the emulator.

`make deployer`. Shows what was refused, which should be nothing, and writes down (`--write`) what was asked for.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks.world import ACCOUNT, REGION, World
from studio_emulator import controls, server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings

LIFE = Path(__file__).parents[1] / "tests/unit/infrastructure/deployer_life.json"
# Refused without harm: Terraform's provider asks IAM first who it is, and goes on with STS; and with --local, where
# studioctl would make the state's bucket, it looks whether it is there.
EXPECTED = ("iam:GetUser on *", "s3:GetBucketTagging on arn:aws:s3:::acme-tfstate")
COMMON = f"""
name = "acme-ml"
region = "{REGION}"
encryption = {{ customer_key = true }}
users = [{{ name = "ada", github = {{ username = "ada" }} }}, {{ name = "grace" }}]
[storage]
extra_buckets = ["acme-lake"]
access_logs = "acme-logs"
[iam]
per_user_roles = true
permissions_boundary = "arn:aws:iam::{ACCOUNT}:policy/ml"
[secrets.github]
username = "ada"
[state]
backend = "s3"
bucket = "acme-tfstate"
[studio]
volume_gb = 20
domain_security_group = true
[network]
flow_logs = true
"""
PRIVATE = 'access = "vpc-only"\nendpoints = "all"\n'
GUARDED = """
[limits]
monthly_usd_per_user = 50
schedule = { stop = "20:00", days = "mon-fri", time_zone = "Europe/Berlin" }
[tuning]
database = "aurora-postgresql"
"""
# A type whose quota is found by its name, and in this life AWS tells the defaults of quotas alone.
PUBLIC = COMMON.replace("[studio]\n", '[studio]\ninstance_type = "ml.m5.large"\n')
LIVES = {
    "private from the first day, with limits and a database": COMMON + PRIVATE + GUARDED,
    "public first": PUBLIC,
}


@dataclass
class Seen:
    """The observations of one life."""

    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)


def live(name: str, text: str, directory: Path) -> Seen:
    """One life: the first `up`, more people, another network, a day, the end."""
    settings = EmulatorSettings(record_permissions=True, quotas_have_values=PRIVATE in text)
    emulator = server.start(state_dir=directory / "emulator", settings=settings)
    world, seen = World(directory, emulator=emulator), Seen()
    world.write(text)
    try:
        furnish(emulator)
        run(world, seen, "state", "bucket", "create", "--local")
        with_policy(world, seen, ("plan", "--local"), ("up", "--local", "--yes"))
        run(world, seen, "user", "add", "eve")
        world.edit("volume_gb = 20", "volume_gb = 30")
        if PRIVATE not in text:
            world.edit("[network]\n", f"[network]\n{PRIVATE}")
        run(world, seen, "start", "grace-editor", "--local")
        fill(emulator, is_guarded=GUARDED in text)
        with_policy(
            world,
            seen,
            ("up", "--local", "--yes", "--stop-apps"),
            ("status", "--local"),
            ("doctor", "--local"),
            ("quotas", "--local"),
            ("down", "--local", "--yes", "--delete-data"),
        )
    finally:
        world.close()
        server.stop(directory / "emulator")
    print(f"{name}: {sum(map(len, seen.asked.values()))} permissions, {len(seen.refused)} refused", flush=True)
    return seen


def client(emulator: RunningEmulator, service: Any) -> Any:
    key, secret = emulator.key
    return boto3.client(
        service,
        endpoint_url=emulator.endpoint_url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def fill(emulator: RunningEmulator, *, is_guarded: bool) -> None:
    """Fill the data bucket as people do: two versions, an unfinished upload, the ledger of the guard."""
    s3, bucket = client(emulator, "s3"), f"acme-ml-data-{ACCOUNT}"
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="model.bin", Body=body)
    s3.create_multipart_upload(Bucket=bucket, Key="large.bin")
    if is_guarded:
        client(emulator, "lambda").invoke(FunctionName="acme-ml-guard")


def furnish(emulator: RunningEmulator) -> None:
    """Create the resources that the file names but does not create."""
    for bucket in ("acme-lake", "acme-logs"):
        client(emulator, "s3").create_bucket(Bucket=bucket)
    logs = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::acme-logs/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    client(emulator, "s3").put_bucket_policy(Bucket="acme-logs", Policy=policy(logs))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    client(emulator, "iam").create_policy(PolicyName="ml", PolicyDocument=policy(everything))


def policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def with_policy(world: World, seen: Seen, *commands: tuple[str, ...]) -> None:
    """Run these with the deployer's policy, and note what they asked for."""
    printed = world.run("iam", "deployer", "--delete-data", "--local").text
    controls.hold(world.emulator, printed[printed.index("{") : printed.rindex("}") + 1])
    server.permissions(world.emulator, forget=True)
    for command in commands:
        run(world, seen, *command)
    seen.refused.update(controls.refusals(world.emulator))
    for need in server.permissions(world.emulator):
        if need["by"]:
            continue  # the guard asks as its role
        seen.asked[need["action"]].add(plain(need["resource"]))
    controls.hold(world.emulator, "")


def plain(resource: str) -> str:
    """A resource without what differs from run to run."""
    name = re.sub(r"\b(vpc|subnet|sg|rtb|igw|nat|eipalloc|vpce|fl|fs|fsap)-[0-9a-f]{8,}\b", r"\1-0", resource)
    name = re.sub(r"/d-[0-9a-z]{12}\b", "/d-0", name)
    name = re.sub(r"(?<=key/)[0-9a-f-]{36}", "0", name)
    name = re.sub(r"(?<=-editor-)(?:(ada|grace|eve)-)?[0-9a-f]{10}", "0", name)
    name = re.sub(r"(?<=secret:rds!cluster-)[0-9a-f-]{36}-\w{6}", "0-AbCdEf", name)
    return re.sub(r"(?<=/github-)\w{6}$", "AbCdEf", name)


def is_expected(said: str) -> bool:
    """Whether AWS's sentence is about something that does no harm."""
    action, _, resource = said.partition("to perform: ")[2].partition(" on resource: ")
    return f"{action} on {resource.partition(' ')[0].strip(chr(34))}" in EXPECTED


def run(world: World, seen: Seen, *command: str) -> None:
    done = world.run(*command)
    if done.code not in {0, 2} and command[0] != "doctor":
        seen.failed.append(f"{' '.join(command)}: {done.text}")
        print(seen.failed[-1], flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {LIFE.name}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deployer-") as place:
        lives = [live(name, text, Path(place) / str(number)) for number, (name, text) in enumerate(LIVES.items())]
    asked: dict[str, set[str]] = defaultdict(set)
    for each in lives:
        for action, resources in each.asked.items():
            said = {resource: f"{action} on {resource}" for resource in resources}
            asked[action] |= {resource for resource, words in said.items() if words not in EXPECTED}
    refused = {said for each in lives for said in each.refused if not is_expected(said)}
    print("\n".join(sorted(refused)) or "refused: nothing")
    if arguments.write:
        LIFE.write_text(
            json.dumps({a: sorted(r) for a, r in sorted(asked.items()) if r}, indent=1) + "\n", encoding="utf-8"
        )
    return 1 if refused or any(each.failed for each in lives) else 0


if __name__ == "__main__":
    sys.exit(main())
