"""The life of an environment on the emulator, as a person would type it, in about two minutes.

Runs each command for real, shows its output as it comes, and leaves the transcript in .demo/ as a page.
"""

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")


class Step(NamedTuple):
    """A command, and what a person thinks before typing it."""

    thought: str
    command: str


STEPS = (
    Step("The file says what should exist. Is it right?", "studioctl validate"),
    Step(
        "What would happen? The emulator starts by itself; no AWS account is needed.",
        "studioctl plan --local",
    ),
    Step("Make it so, with the real Terraform and AWS provider.", "studioctl up --local --yes"),
    Step("To work: start Code Editor.", "studioctl start ada-editor --local"),
    Step("On a larger instance, this time only.", "studioctl start grace-editor --local --instance-type ml.t3.large"),
    Step("What is there now, what runs, and what does it cost?", "studioctl status --local"),
    Step("Home. The files stay, the cost ends.", "studioctl stop --all --local"),
    Step("A bigger volume for a space ...", "sed -i.before 's/volume_gb = 50/volume_gb = 80/' studio.toml"),
    Step("... and exactly that changes.", "studioctl up --local --yes"),
    Step(
        "Remove everything. Without --delete-data, what people have put in stays.",
        "studioctl down --local --yes --delete-data",
    ),
    Step("What SageMaker leaves behind is gone too.", "studioctl status --local"),
    Step("The proof, and all the rest, for a reviewer.", "studioctl report --local -o report.html"),
    Step("The emulator goes last.", "studioctl emulator stop"),
)
PLAN_FOUND_CHANGES = 2
STILL_AT_WORK = "  … "  # a sign of life for whoever waits; nobody waits for a transcript


def main() -> int:
    """Runs every step; the exit code is that of the first that fails."""
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    shutil.copy(ROOT / "demo" / "studio.toml", DEMO)
    environment = os.environ | {
        "PATH": f"{Path(STUDIOCTL).parent}{os.pathsep}{os.environ['PATH']}",
        "STUDIOCTL_EMULATOR_DIR": str(DEMO / "emulator"),  # an emulator of its own, whatever else is running
        "PYTHONUNBUFFERED": "1",
    }
    page = Console(record=True, file=io.StringIO(), width=160, force_terminal=True)
    began = time.monotonic()
    for step in STEPS:
        code = _show(step, environment, page)
        if code not in {0, PLAN_FOUND_CHANGES}:
            subprocess.run([STUDIOCTL, "emulator", "stop"], env=environment, check=False)
            return code
    page.save_html(str(DEMO / "index.html"))
    print(f"\nDone in {time.monotonic() - began:.0f} s. To look at:")
    print(f"  {DEMO.relative_to(ROOT)}/index.html      this transcript")
    print(f"  {DEMO.relative_to(ROOT)}/report.html     who may do what, what it costs, and that nothing is left")
    print(f"  {DEMO.relative_to(ROOT)}/studio.toml     the file that it all came from")
    print(f"  {DEMO.relative_to(ROOT)}/.studioctl/     the Terraform documents that studioctl wrote")
    return 0


def _show(step: Step, environment: dict[str, str], page: Console) -> int:
    print(f"\n# {step.thought}\n$ {step.command}", flush=True)
    process = subprocess.Popen(
        ["/bin/sh", "-c", step.command],
        cwd=DEMO,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    shown = []
    for line in process.stdout:
        print(line, end="", flush=True)
        if not line.startswith(STILL_AT_WORK):
            shown.append(line.rstrip())
    _record(page, step, shown)
    return process.wait()


def _record(recorder: Console, step: Step, output: list[str]) -> None:
    recorder.print(Text(f"\n# {step.thought}", style="bright_black"))
    recorder.print(Text(f"$ {step.command}", style="bold"))
    for line in output:
        recorder.print(Text(line))


if __name__ == "__main__":
    sys.exit(main())
