"""Lets the AWS provider, started once, make thousands of calls, and counts those whose answer was lost.

`make soak`. Each lane is a long-lived provider with an emulator of its own. Terraform has it create and remove the same
things again and again, four at once, with a pause of 1 to 120 s after each, while the other lanes go on. AWS's SDK
gives each call an id, which its repeats keep: a call that came again although it had been carried out is an answer
that got lost. With --late the kernel returns late from the provider's writes (strace), so that more answers begin
before the SDK has finished its request: what happens once in thousands of calls on a busy machine then happens soon.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.infrastructure.block import Blueprint
from studioctl.operations import emulation
from studioctl.terraform import document, executable, provider, warm
from studioctl.terraform.environment import child_environment

AT_ONCE = 4
REGION = "us-east-1"
_CALL = re.compile(r"\] (\w+ \S+(?: \w+\.\w+)?) ([0-9a-f-]{36}) attempt=(\d+)[^ ]* max=\d+ (\d{3})$", re.MULTILINE)
_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}


@dataclass
class Seen:
    """The content of an emulator's log: the call of each id, and calls that came again after they were carried out."""

    calls: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, log: str) -> "Seen":
        seen, statuses = cls(), defaultdict[str, list[int]](list)
        for what, identity, _, status in _CALL.findall(log):
            seen.requests += 1
            seen.calls[identity] = what
            if any(earlier < 500 for earlier in statuses[identity]):
                seen.lost[what] += 1
            statuses[identity].append(int(status))
        return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000, help="how many at least")
    parser.add_argument("--lanes", type=int, default=2, help="providers side by side; each takes 700 MB")
    parser.add_argument("--things", type=int, default=20, help="of each kind, in each round")
    parser.add_argument("--longest-pause", type=float, default=120, help="seconds; the shortest is 1")
    parser.add_argument("--seed", type=int, default=1, help="of the pauses")
    parser.add_argument("--late", type=int, default=0, metavar="MS", help="let the provider's writes return so late")
    arguments = parser.parse_args()
    package = warm.package(os.environ)
    if package is None:
        sys.exit("The provider is in no mirror of this machine: terraform providers mirror DIRECTORY")
    began, stop = time.monotonic(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        lanes = [stack.enter_context(Lane(place / str(n), package, arguments)) for n in range(arguments.lanes)]
        threads = [threading.Thread(target=lane.live, args=(stop,), daemon=True) for lane in lanes]
        for thread in threads:
            thread.start()
        while not stop.is_set() and any(thread.is_alive() for thread in threads):
            total = sum(lane.seen().requests for lane in lanes)
            print(f"{total} requests in {time.monotonic() - began:.0f} s", flush=True)
            if total >= arguments.requests:
                break
            stop.wait(20)
        stop.set()
        for thread in threads:
            thread.join()
        return report([lane.seen() for lane in lanes], [lane.failed for lane in lanes], time.monotonic() - began)


def report(lanes: list[Seen], failures: list[str], seconds: float) -> int:
    """Prints what was counted; 1 when an answer was lost or a lane failed."""
    requests, calls = sum(lane.requests for lane in lanes), sum(len(lane.calls) for lane in lanes)
    lost = sum((lane.lost for lane in lanes), Counter[str]())
    print(f"{requests} requests, {calls} calls, {lost.total()} answers lost, {seconds:.0f} s")
    for what, times in lost.most_common():
        print(f"  {times}  {what}")
    for failed in filter(None, failures):
        print(failed)
    return int(bool(lost) or any(failures))


class Lane:
    """A provider, an emulator and a directory of Terraform's."""

    def __init__(self, place: Path, package: Path, arguments: argparse.Namespace) -> None:
        self.place, self.package, self.arguments = place, package, arguments
        self.dice = random.Random(f"{arguments.seed} {place.name}")
        self.failed = ""
        self._stack = ExitStack()

    def __enter__(self) -> "Lane":
        self.place.mkdir()
        self.emulator = server.start(state_dir=self.place / "emulator")
        self._stack.callback(server.stop, self.place / "emulator")
        self._warm = self._stack.enter_context(warm.kept_warm(self.package, self.place / "warm"))
        if self.arguments.late:
            self._stack.callback(self._make_late().terminate)
        self._environ = environment(self.place, self.emulator)
        (self.place / "main.tf.json").write_text(json.dumps(things(self.emulator, self.arguments.things)))
        self._terraform("init", self._environ)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def live(self, stop: threading.Event) -> None:
        """Create and remove, until it is told to stop or something fails."""
        target = emulation.target(self.emulator, REGION)
        with warm.borrowed({warm.VARIABLE: str(self._warm)}, self._environ, target, lambda: None) as environ:
            while not stop.is_set() and not self.failed:
                for verb in ("apply", "destroy"):
                    self._terraform(verb, environ, "-auto-approve", f"-parallelism={AT_ONCE}")
                    stop.wait(self.dice.uniform(1, self.arguments.longest_pause))

    def seen(self) -> Seen:
        return Seen.of(self.emulator.log_path.read_text(encoding="utf-8", errors="replace"))

    def _terraform(self, verb: str, environ: Mapping[str, str], *words: str) -> None:
        command = [*executable.find().command, verb, "-input=false", "-no-color", *words]
        done = subprocess.run(command, cwd=self.place, env=dict(environ), capture_output=True, text=True, check=False)
        if done.returncode:
            self.failed = f"{verb}:\n{done.stdout[-1500:]}{done.stderr}"

    def _make_late(self) -> "subprocess.Popen[bytes]":
        offer: dict[str, Any] = json.loads((self._warm / "reattach.json").read_text())
        ((_, known),) = offer.items()
        if shutil.which("strace") is None:
            sys.exit("--late needs strace")
        front = known["Pid"]
        provider_id = Path(f"/proc/{front}/task/{front}/children").read_text().split()[0]
        late = f"inject=write:delay_exit={1000 * self.arguments.late}"
        command = ["strace", "-f", "-q", "-e", "trace=write", "-e", late, "-o", os.devnull, "-p", provider_id]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def environment(place: Path, emulator: RunningEmulator) -> dict[str, str]:
    """The environment variables of Terraform's process."""
    mirror = provider.find(os.environ, provider.TERRAFORM_REGISTRY)
    rules = place / "terraform.rc"
    if mirror is not None:
        rules.write_text(provider.cli_config(mirror, os.environ))
    target = emulation.target(emulator, REGION)
    sealed = child_environment(os.environ, target, cli_config=rules if mirror else None)
    return {name: value for name, value in sealed.items() if name != "AWS_CA_BUNDLE"}


def things(emulator: RunningEmulator, count: int) -> dict[str, Any]:
    """A document with so many of several kinds, whose names would refuse a second create."""
    main: dict[str, Any] = json.loads(document.render(_nothing(), emulation.target(emulator, REGION))["main.tf.json"])
    numbers = range(count)
    vpc = "${aws_vpc.soak.id}"
    main["resource"] = {
        "aws_vpc": {"soak": {"cidr_block": "10.0.0.0/16"}},
        "aws_subnet": {f"n{n}": {"vpc_id": vpc, "cidr_block": f"10.0.{n}.0/24"} for n in numbers},
        "aws_security_group": {f"n{n}": {"vpc_id": vpc, "name": f"soak-{n}"} for n in numbers},
        "aws_iam_policy": {f"n{n}": {"name": f"soak-{n}", "policy": json.dumps(_POLICY)} for n in numbers},
        "aws_secretsmanager_secret": {f"n{n}": {"name": f"s{n}", "recovery_window_in_days": 0} for n in numbers},
        "aws_s3_bucket": {f"n{n}": {"bucket": f"soak-{n}"} for n in numbers},
    }
    return main


def _nothing() -> Blueprint:
    return Blueprint("soak", REGION, None, {}, ())


if __name__ == "__main__":
    sys.exit(main())
