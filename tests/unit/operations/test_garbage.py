"""Commands where every record is garbage at once. Terraform is played by a recording that has nothing to do."""

import shlex
import sys
from pathlib import Path

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.cli import main
from tests.unit.terraform import test_garbage as records

NAMES = (
    "exists",
    "documents.json",
    "emulator",
    "initialised.json",
    ".lock.json",
    "runs.json",
    ".engine",
    "terraform.tfstate",
    "errored.tfstate",
    "history/20261128T190336.164092Z.tfstate",
    ".terraform/terraform.tfstate",
    ".terraform.lock.hcl",
    "terraform.rc",
    "plan.tfplan",
    "vpc.tf.json",
)
FAKE = Path(records.__file__).with_name("fake_terraform.py")
PLAYED = """\
#!/bin/sh
if [ "$1" = version ]; then echo '{"terraform_version": "1.11.4"}'; exit; fi
exec %s %s %s "$@"
"""


@pytest.mark.parametrize("kind", ["empty", "no UTF-8", "null", "wrong types inside"])
def test_garbage_everywhere(
    kind: str,
    tmp_path: Path,
    emulator: RunningEmulator,
    emulator_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = tmp_path / "terraform"
    words = (sys.executable, str(FAKE), str(FAKE.with_name("recordings") / "unchanged"))
    program.write_text(PLAYED % tuple(map(shlex.quote, words)))
    program.chmod(0o755)
    for variable, value in {
        "STUDIOCTL_EMULATOR_DIR": emulator_dir,
        "STUDIOCTL_TERRAFORM": program,
        "HOME": tmp_path,
        "XDG_CACHE_HOME": tmp_path / "cache",
        "XDG_DATA_HOME": tmp_path / "data",
    }.items():
        monkeypatch.setenv(variable, str(value))
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_text('name = "acme-torn"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n')
    place = tmp_path / ".studioctl/acme-torn/local"
    main.run(["state", "history", "--local"])  # makes the directory the user's own
    for name in NAMES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(records.GARBAGE[kind])
    (tmp_path / "cache/studioctl").mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache/studioctl/engines.json").write_bytes(records.GARBAGE[kind])

    codes = [
        main.run(words.split())
        for words in ("state history --local", "plan --local", "outputs --local", "plan --local")
    ]

    said = capsys.readouterr().err
    assert "has a bug" not in said
    assert codes == [0, 0, 0, 0], said
