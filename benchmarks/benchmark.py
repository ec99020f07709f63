"""Measures what users wait for, in one run: `make benchmark`.

Start-up, synth and the commands of the day are whole processes. `up` and `plan` are compared with bare Terraform on
the same documents and the same kind of emulator: a fresh one for each round, the two taking turns, each with an
initialised working directory.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import daily
from studio_emulator import server
from studioctl.operations import emulation
from studioctl.terraform import executable, provider
from studioctl.terraform.environment import child_environment

ROOT = Path(__file__).resolve().parent.parent
STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
PLAN_FOUND_CHANGES = 2


@dataclass(frozen=True)
class Row:
    """One line of the table, in seconds: medians over the rounds, and the limit where the project has one."""

    what: str
    ours: float
    compared_with: str
    theirs: float
    limit: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of up and plan (a minute and a half each)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--quick", action="store_true", help="only start-up, synth and the commands of the day")
    only.add_argument("--terraform", action="store_true", help="only up and plan beside bare Terraform")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        rows = [] if arguments.terraform else start_up_and_synth(Path(directory)) + every_day()
        if not arguments.quick:
            rows += against_terraform(Path(directory), arguments.rounds)
    table = Table("what", "median", "compared with", "median", "ratio", "target", title="seconds")
    for row in rows:
        ratio = f"{row.ours / row.theirs:.3f}"
        table.add_row(row.what, f"{row.ours:.3f}", row.compared_with, f"{row.theirs:.3f}", ratio, row.limit)
    Console(width=120).print(table)


def start_up_and_synth(place: Path) -> list[Row]:
    # Figures of the reference machine, for the seed's stack with one user.
    cdktf, cdk = 14.2, 6.3
    many = place / "many.toml"
    users = "".join(f'[[users]]\nname = "user-{number}"\n' for number in range(1000))
    many.write_text(f'name = "many"\nregion = "us-east-1"\n{users}')
    seed = str(ROOT / "examples" / "seed.toml")
    python = median(20, lambda: timed([sys.executable, "-c", "pass"]))
    told = median(20, lambda: timed([STUDIOCTL, "--help"]))
    one = median(10, lambda: timed([STUDIOCTL, "synth", str(place / "one"), "-c", seed]))
    thousand = median(5, lambda: timed([STUDIOCTL, "synth", str(place / "thousand"), "-c", str(many)]))
    return [
        Row("studioctl --help", told, "python -c pass", python, "0.2 s"),
        Row("synth, the seed's example", one, "CDK for Terraform (stated)", cdktf, "0.4 s"),
        Row("synth, the seed's example", one, "AWS CDK (stated)", cdk, "0.4 s"),
        Row("synth, 1,000 users", thousand, "AWS CDK, one user (stated)", cdk, "1.5 s"),
    ]


def every_day() -> list[Row]:
    """Whole processes on the emulator, beside one plain call of the AWS CLI to it: `aws sagemaker list-spaces`."""
    return [
        Row(found.what, found.seconds, "aws sagemaker list-spaces", found.aws_cli, f"{found.limit} s")
        for found in daily.measure(timed, rounds=9, many=1000)
    ]


def against_terraform(place: Path, rounds: int) -> list[Row]:
    ups, applies, plans, bare_plans = [], [], [], []
    for number in range(rounds):
        up, plan = with_studioctl(place / f"ours-{number}")
        apply, bare_plan = with_terraform(place / f"bare-{number}")
        ups.append(up)
        plans.append(plan)
        applies.append(apply)
        bare_plans.append(bare_plan)
    return [
        Row("up --yes", statistics.median(ups), "terraform apply", statistics.median(applies), "ratio 0.75"),
        Row("plan, no change", statistics.median(plans), "terraform plan", statistics.median(bare_plans), "ratio 0.65"),
    ]


def with_studioctl(place: Path) -> tuple[float, float]:
    environment = world(place)
    try:
        # As below: initialised, and no longer cold.
        timed([STUDIOCTL, "plan", "--local"], place, environment, allowed=PLAN_FOUND_CHANGES)
        up = timed([STUDIOCTL, "up", "--local", "--yes"], place, environment)
        return up, timed([STUDIOCTL, "plan", "--local"], place, environment)
    finally:
        timed([STUDIOCTL, "emulator", "stop"], place, environment)


def with_terraform(place: Path) -> tuple[float, float]:
    environment = world(place)
    try:
        # As above: initialised, and no longer cold.
        timed([STUDIOCTL, "plan", "--local"], place, environment, allowed=PLAN_FOUND_CHANGES)
        terraform, bare, bare_environment = without_us(place, place / ".studioctl/bench/local", environment)
        apply = timed([*terraform, "apply", "-auto-approve", "-input=false"], bare, bare_environment)
        return apply, timed([*terraform, "plan", "-input=false"], bare, bare_environment)
    finally:
        timed([STUDIOCTL, "emulator", "stop"], place, environment)


def without_us(
    place: Path, documents: Path, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], Path, dict[str, str]]:
    """Terraform's command, a copy of initialised documents, and the variables with which people run it there."""
    engine = executable.find()
    bare = Path(shutil.copytree(documents, place / "bare", symlinks=True))
    (bare / "plan.tfplan").unlink(missing_ok=True)
    running = server.find(place / "emulator")
    assert running is not None
    config = bare / "terraform.rc" if provider.find(os.environ, engine.registry) else None
    sealed = child_environment(environment, emulation.target(running, "us-east-1"), cli_config=config, downloads=False)
    return engine.command, bare, {name: value for name, value in sealed.items() if name != "GOGC"}


def world(place: Path) -> dict[str, str]:
    """A directory with the seed's environment and a running emulator of its own."""
    place.mkdir()
    text = (ROOT / "examples" / "seed.toml").read_text().split("\n[state]")[0]
    (place / "studio.toml").write_text(text.replace('name = "acme-ml" #', 'name = "bench" #'))
    environment = os.environ | {"STUDIOCTL_EMULATOR_DIR": str(place / "emulator")}
    environment.pop("AWS_CA_BUNDLE", None)  # with one, each Terraform starts its own provider
    timed([STUDIOCTL, "emulator", "start"], place, environment)
    return environment


def timed(
    command: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None, *, allowed: int = 0
) -> float:
    """Seconds of a whole process; what it prints is of no interest unless it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    elapsed = time.perf_counter() - began
    if done.returncode not in {0, allowed}:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return elapsed


def median(times: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(times))


if __name__ == "__main__":
    main()
