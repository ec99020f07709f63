"""The life of an environment on the emulator, as a person would type it, in about two minutes.

Runs each command for real, shows its output as it comes, and leaves the transcript in .demo/ as a page and a picture.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
STEPS: tuple[tuple[str, str], ...] = (
    ("The file says what should exist. Is it right?", "studioctl validate"),
    ("What would happen? The emulator starts by itself; no AWS account is needed.", "studioctl plan --local"),
    ("Make it so, with the real Terraform and AWS provider.", "studioctl up --local --yes"),
    ("What is there now?", "studioctl status --local"),
    (
        "Change one value: a bigger volume for a space ...",
        "sed -i.before 's/volume_gb = 50/volume_gb = 80/' studio.toml",
    ),
    ("... and exactly that changes.", "studioctl up --local --yes"),
    ("Remove everything.", "studioctl down --local --yes"),
    ("What SageMaker leaves behind is gone too.", "studioctl status --local"),
    ("", "studioctl emulator stop"),
)
PLAN_FOUND_CHANGES = 2


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
    page = Console(record=True, file=Path(os.devnull).open("w"), width=110, force_terminal=True)  # noqa: SIM115
    began = time.monotonic()
    for comment, command in STEPS:
        code = _show(comment, command, environment, page)
        if code not in {0, PLAN_FOUND_CHANGES}:
            subprocess.run([STUDIOCTL, "emulator", "stop"], env=environment, check=False)
            return code
    page.save_svg(str(DEMO / "transcript.svg"), title="studioctl on the emulator", clear=False)
    page.save_html(str(DEMO / "index.html"))
    print(f"\nDone in {time.monotonic() - began:.0f} s. To look at:")
    print(f"  {DEMO.relative_to(ROOT)}/index.html      this transcript (and transcript.svg)")
    print(f"  {DEMO.relative_to(ROOT)}/studio.toml     the file that it all came from")
    print(f"  {DEMO.relative_to(ROOT)}/.studioctl/     the Terraform documents that studioctl wrote")
    return 0


def _show(comment: str, command: str, environment: dict[str, str], page: Console) -> int:
    if comment:
        print(f"\n# {comment}")
        page.print(Text(f"\n# {comment}", style="bright_black"))
    print(f"$ {command}", flush=True)
    page.print(Text(f"$ {command}", style="bold"))
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=DEMO,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        page.print(Text(line.rstrip("\n")))
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
