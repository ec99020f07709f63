"""Commands of other programs that our pages tell people to type."""

import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

from studioctl.emulator import server
from studioctl.emulator.server import RunningEmulator
from tests.generated import ROOT
from tests.unit.emulator.emulated import REGION, client


def test_the_token_is_stored_as_the_how_to_says(emulator: RunningEmulator) -> None:
    page = (ROOT / "docs/how-to/set-up-the-editor.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^aws (.*)$", page, re.MULTILINE)
    secrets = client(emulator, "secretsmanager")
    secrets.create_secret(Name="acme-ml/github")

    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "aws", *shlex.split(command)],
        input=b"hunter2\n",
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **server.environment(emulator, REGION)},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert secrets.get_secret_value(SecretId="acme-ml/github")["SecretString"].strip() == "hunter2"
