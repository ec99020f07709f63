"""A directory, an emulator of its own, and what is in it, told so that two runs can be compared."""

import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio_emulator import server
from studio_emulator.server import RunningEmulator

STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
FIRST = "f2e1baf"  # the first version
ROOT = Path(__file__).parents[1]
ACCOUNT = "123456789012"
NAME = "chaos"
REGION = "us-east-1"
TOML = f"""\
name = "{NAME}"
region = "{REGION}"

[studio]
volume_gb = 20

[[users]]
name = "ada"

[secrets]
github = {{ username = "ada" }}

[editor]
tools = ["uv"]
"""
STATE = """
[state]
backend = "s3"
bucket = "chaos-tfstate"
"""
# Ids that differ from run to run; names and ARNs without them do not.
_IDS = re.compile(
    r"\b((?:vpc|subnet|sg|igw|rtb|eni|fs|fsmt|fsap|d|nat|eipalloc|vpce)-)[a-z0-9]+\b|(?<=/github)(-)\w{6}\b"
)


def source_of(revision: str, directory: Path) -> Path:
    """The source of an earlier version, out of git's history, laid below this directory beside its examples."""
    archive = subprocess.run(
        ["git", "archive", revision, "src", "examples"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        sys.exit(f"{revision} is not in this clone: git fetch --unshallow   ({archive.stderr.decode().strip()})")
    subprocess.run(["tar", "-x", "-C", directory], input=archive.stdout, check=True)
    return directory / "src"


@dataclass(frozen=True)
class Done:
    """A finished command. `silence` is the longest time for which it said nothing, in seconds."""

    code: int
    text: str
    seconds: float
    silence: float = 0

    @property
    def last_words(self) -> str:
        """The error, in one line."""
        found = re.search(r"^Error: (.*?)^Next:", self.text, re.MULTILINE | re.DOTALL)
        return " ".join(found[1].split()) if found else ""


class World:
    """A directory to run commands in, with an emulator. `close` stops the emulator."""

    def __init__(self, directory: Path, *, state: str = "local", emulator: RunningEmulator | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._home = directory / "emulator"
        self.emulator = emulator or server.start(state_dir=self._home)
        home = self.emulator.log_path.parent
        self.environ = os.environ | {"STUDIOCTL_EMULATOR_DIR": str(home), "HOME": str(directory), "NO_COLOR": "1"}
        self.write(TOML + (STATE if state == "s3" else ""))

    def close(self) -> None:
        server.stop(self._home)

    def write(self, text: str) -> None:
        (self.directory / "studio.toml").write_text(text, encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        text = (self.directory / "studio.toml").read_text(encoding="utf-8")
        assert old in text, old
        self.write(text.replace(old, new))

    def start(self, *words: str, reads: str = "") -> "subprocess.Popen[str]":
        """Begin a command that has nobody to ask, but may read a few words from a pipe."""
        process = subprocess.Popen(
            [STUDIOCTL, *words],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(reads)
        return process

    def run(self, *words: str, reads: str = "") -> Done:
        """A whole command."""
        return finish(self.start(*words, reads=reads))

    def faults(self, *faults: Mapping[str, Any], seed: int = 0) -> None:
        """Replace all faults by these."""
        server.set_faults(self.emulator, {"seed": seed, "faults": list(faults)})

    def hits(self) -> dict[str, int]:
        """The number of hits of each kind of fault."""
        counted: Counter[str] = Counter()
        for fault in server.faults(self.emulator)["faults"]:
            counted[fault["kind"]] += fault["hit"]
        return {kind: count for kind, count in counted.items() if count}

    def client(self, service: Any) -> Any:
        """A boto3 client for the emulator, as anybody would make it."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.emulator.endpoint_url,
            region_name=REGION,
            aws_access_key_id=self.emulator.key[0],
            aws_secret_access_key=self.emulator.key[1],
        )

    def things(self) -> Counter[str]:
        """Everything that exists, without ids: what there is twice counts twice."""
        return Counter(_IDS.sub(r"\1\2ID", thing) for thing in _flat(server.inventory(self.emulator)))

    def checksums(self, bucket: str) -> dict[str, str]:
        """Of each object in a bucket; empty when there is no such bucket."""
        s3 = self.client("s3")
        if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
            return {}
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}


def finish(process: "subprocess.Popen[str]") -> Done:
    """Read a command to its end."""
    began = last = time.monotonic()
    assert process.stdout is not None
    text, silence = "", 0.0
    for line in process.stdout:
        now = time.monotonic()
        silence, last = max(silence, now - last), now
        text += line
    code = process.wait()
    now = time.monotonic()
    return Done(code, text, now - began, max(silence, now - last))


def _flat(inventory: Mapping[str, Any]) -> Iterator[str]:
    for kind, members in inventory.items():
        if isinstance(members, Mapping):
            for name, content in members.items():
                if kind == "buckets":
                    if name != "chaos-tfstate":
                        yield f"bucket {name}"
                        yield from (f"object {name}/{thing.partition('@')[0]}" for thing in content)
                else:
                    yield f"{kind} {name} {json.dumps(content, sort_keys=True)}"
        else:
            yield from (f"{kind} {member}" for member in members)


def told(things: Counter[str], at_most: int = 6) -> str:
    """A few of them, for a message."""
    names = sorted(things.elements())
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def descendants(pid: int) -> list[int]:
    """Processes that this one has started, and theirs, by Linux's /proc."""
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(place.name)] = int(fields[1])
    found, fresh = [], [pid]
    while fresh:
        fresh = [child for child, parent in parents.items() if parent in fresh]
        found += fresh
    return found
