"""A command that a message tells to run is run as printed; what was refused is then done.

tests/remedies.toml says which remedies are walked here.
"""

import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studioctl.containers.credentials import Login
from studioctl.events import Stage, Work
from tests.functional.living import REGION, Living
from tests.remedies import claimed
from tests.unit.emulator.emulated import eventually
from tests.unit.emulator.pushing import Registry
from tests.walking import COMMAND, TO_ADD, InProcess, remedy

HERE = "tests/unit/cli/test_remedies.py"
LOCK = {"ID": "0f8fad5b-d9cb-469f-a165-70867728950e", "Operation": "apply", "Who": "bob@den", "Created": "2026-11-29"}


def test_command_lines(walk: InProcess, tmp_path: Path) -> None:
    """From the documentation to a file, and what is wrong with command lines."""
    walk.alone("docs", "live-in-itt", of="studioctl.manual")
    walk.alone("docs", "zzzz", of="studioctl.manual")
    walk.alone("docs", "perm", of="studioctl.manual")
    walk.alone("up", "--nope", of="studioctl.cli.main")
    walk.alone("--nope", of="studioctl.cli.main")

    # No file, no terminal: each message leads one step on, with the file's name in it.
    printed = walk.printed(walk.studioctl("validate", "-c", "lab.toml"), of="studioctl.config.load")
    printed = walk.printed(walk.run(printed), of="studioctl.cli.init")
    assert walk.run(printed).code == 0
    assert walk.studioctl("validate", "-c", "lab.toml").code == 0
    assert not Path("studio.toml").exists()

    walk.with_more("init", "-c", "lab.toml", "--defaults", of="studioctl.cli.init")
    walk.with_more("validate", "-c", "lub.toml", of="studioctl.config.load")
    walk.then_again("init", "-c", "my lab/studio.toml", "--defaults", of="studioctl.cli.init")
    walk.alone("-c", "lab.toml", "validate", of="studioctl.cli.group")

    assert walk.studioctl("init", "--defaults", "--user", "ada").code == 0
    walk.alone("editor", "script", "--user", "bob", of="studioctl.cli.context")
    walk.alone("secret", "set", "gitlab", of="studioctl.cli.secret", ends=None)
    Path("below").mkdir()
    walk.patch.chdir(tmp_path / "below")
    walk.with_more("validate", of="studioctl.config.load")
    walk.then_again("validate", of="studioctl.config.load")
    assert Path.cwd() == tmp_path

    assert claimed(f"{HERE}::test_command_lines") == walk.walked


def test_words_with_blanks_are_printed_in_quotes(walk: InProcess) -> None:
    """Or the shell would take them apart."""
    refused = walk.studioctl("init", "--name", "my lab")
    assert "--name 'my lab'" in refused.err
    assert "studioctl stop 'my lab'\n" in walk.studioctl("stop", "my lab", "--all").err
    assert "studioctl connect 'my lab' --check --json\n" in walk.studioctl("connect", "my lab", "--json").err


def test_the_emulator(walk: InProcess, tmp_path: Path) -> None:
    """It is another one than was asked for, has ended, or does not end."""
    walk.patch.setenv("STUDIOCTL_EMULATOR_DIR", "emulator")
    walk.then_again("emulator", "inventory", of="studio_emulator.server")
    walk.then_again("emulator", "start", "--transition-seconds", "0.1", of="studioctl.cli.emulator")
    assert server.settings_of(_running()).transition_seconds == 0.1
    walk.alone("emulator", "env", "--as", "nobody", of="studio_emulator.server")
    misspelt = ("throttling", "--service", "sagemaker", "--action", "CreatApp")
    walk.alone("emulator", "faults", "set", *misspelt, of="studio_emulator.server")

    ended = _running()
    os.kill(ended.pid, signal.SIGKILL)
    for look in (lambda: server.settings_of(ended), lambda: ended.key):
        with pytest.raises(EmulatorError) as refused:
            look()
        walk.run(walk.note(refused.value.hint, of="studio_emulator.server"))
        assert _running().pid != ended.pid

    walk.patch.setattr(server, "STOP_SECONDS", 0)  # it has not ended yet
    walk.run(walk.printed(walk.studioctl("emulator", "stop"), of="studio_emulator.server"))
    eventually(server.find, lambda found: found is None)
    assert walk.studioctl("emulator", "status").out == "not running\n"

    assert claimed(f"{HERE}::test_the_emulator") == walk.walked


def _running() -> server.RunningEmulator:
    found = server.find()
    assert found is not None
    return found


def test_a_day(inside: InProcess, home: Living) -> None:
    """Spaces that are named wrongly, run already, do not start, or fail."""
    walk = inside
    walk.alone("stop", "ada-editor", "--all", "--local", of="studioctl.cli.stop")
    printed = walk.printed(walk.studioctl("start", "adda", "--local"), of="studioctl.operations.spaces.start_stop")
    assert walk.studioctl("start", printed.removeprefix("name one of: "), "--local").code == 0
    walk.alone("start", "--instance-type", "ml.c5.large", "--local", of="studioctl.operations.spaces.start_stop")
    assert home.app("ada-editor")["ResourceSpec"]["InstanceType"] == "ml.c5.large"
    walk.alone("connect", "ada-editor", "--json", "--local", of="studioctl.cli.connect", ends=None)

    home.stop_everything()
    printed = walk.printed(walk.studioctl("open", "--print", "--local"), of="studioctl.cli.confirm")
    assert walk.studioctl("open", "--print", "--local", TO_ADD.findall(printed)[0]).out.startswith("http")
    walk.patch.setenv("BROWSER", "/bin/false")
    assert walk.alone("open", "--local", of="studioctl.cli.open").out.startswith("http")

    home.stop_everything()
    assert walk.studioctl("emulator", "faults", "set", "capacity", "--times", "1").code == 0
    printed = walk.printed(walk.studioctl("start", "--local"), of="studioctl.operations.spaces.diagnose_start")
    other = COMMAND.findall(walk.note(printed.rpartition(": ")[2], of="studioctl.operations.spaces.diagnose_start"))
    assert walk.shell(other[0]).code == 0
    assert home.app("ada-editor")["ResourceSpec"]["InstanceType"] != "ml.t3.medium"

    home.stop_everything()
    failing = ("--action", "CreateApp", "--message", "InternalFailure: odd", "--times", "1")
    assert walk.studioctl("emulator", "faults", "set", "failed", *failing).code == 0
    printed = walk.printed(walk.studioctl("start", "--local"), of="studioctl.operations.spaces.diagnose_start")
    logs, again = COMMAND.findall(printed)
    assert walk.shell(logs).code == 0
    assert walk.shell(again).code == 0
    assert home.app("ada-editor")["Status"] == "InService"

    assert claimed(f"{HERE}::test_a_day") == walk.walked


def test_the_doctor(inside: InProcess, home: Living) -> None:
    """Its commands, on an account in the emulator that it takes for a real one, and on the rehearsal."""
    walk, file = inside, Path("studio.toml")
    before = file.read_text()
    _real(walk, home)

    file.write_text(f"{before}\nusers = 1\n")
    assert walk.run(_told(walk, "FIL001", of="studioctl.operations.doctor.file")).code == 3
    _told(walk, "DOC002", of="studioctl.operations.doctor.examination")
    file.write_text(f'{before}\n[state]\nbackend = "s3"\nbucket = "acme-doctor-tfstate"\n')
    assert walk.run(_told(walk, "STA001", of="studioctl.operations.doctor.file")).code == 0
    assert not _found(walk, "STA001")
    file.write_text(f'{before}\n[editor]\nrepositories = ["git@github.com:acme/a.git"]\n')
    assert "is cloned by ssh" in walk.run(_told(walk, "FIL002", of="studioctl.operations.doctor.file")).err
    file.unlink()
    assert walk.run(f"{_told(walk, 'DOC002', of='studioctl.operations.doctor.examination')} --defaults").code == 0
    assert not [each for each in _found(walk, "DOC002") if "there is no" in each["message"]]
    file.write_text(before)

    walk.patch.setenv("AWS_REGION", "eu-central-1")
    assert walk.run(_told(walk, "AWS006", of="studioctl.operations.doctor.account")).code == 0
    assert not _found(walk, "AWS006")
    walk.patch.setenv("TF_PLUGIN_CACHE_DIR", "relative")
    assert walk.run(_told(walk, "TF003", of="studioctl.operations.doctor.engine")).code == 0
    assert "TF_PLUGIN_CACHE_DIR" not in os.environ

    home.client("secretsmanager").create_secret(Name="acme-ml/github", SecretString="none")
    home.client("secretsmanager").delete_secret(SecretId="acme-ml/github", RecoveryWindowInDays=7)
    file.write_text(f'{before}\n[secrets]\ngithub = {{ username = "ada" }}\n')
    asked = remedy(walk.run(_told(walk, "NAM003", of="studioctl.operations.doctor.names")))
    assert walk.run(asked).code == 0
    assert not _found(walk, "NAM003")
    home.client("secretsmanager").delete_secret(SecretId="acme-ml/github", ForceDeleteWithoutRecovery=True)
    file.write_text(before)

    home.run("start", "--instance-type", "ml.t3.xlarge")
    assert walk.run(_told(walk, "DRF002", of="studioctl.operations.doctor.drift")).code == 0
    assert home.app("ada-editor")["ResourceSpec"]["InstanceType"] == "ml.t3.medium"

    assert claimed(f"{HERE}::test_the_doctor") == walk.walked


def _real(walk: InProcess, home: Living) -> None:
    """Whatever names no endpoint acts on the emulator."""
    for name, value in server.environment(home.emulator, REGION).items():
        walk.patch.setenv(name, value)


def _found(walk: InProcess, rule_id: str) -> list[dict[str, str]]:
    found = json.loads(walk.studioctl("doctor", "--json").out)["findings"]
    return [each for each in found if each["id"] == rule_id and each["severity"] != "ok"]


def _told(walk: InProcess, rule_id: str, *, of: str) -> str:
    """The remedy of the one finding."""
    (finding,) = _found(walk, rule_id)
    return walk.note(finding["remedy"], of=of)


def test_a_token(inside: InProcess, home: Living) -> None:
    """There is no value, no terminal, and then the secret is leaving."""
    walk, secrets = inside, home.client("secretsmanager")
    file = Path("studio.toml")
    before = file.read_text()
    file.write_text(f'{before}\n[secrets]\ngithub = {{ username = "ada" }}\n')
    secrets.create_secret(Name="acme-ml/github")

    for leaving in (False, True):
        if leaving:
            secrets.delete_secret(SecretId="acme-ml/github", RecoveryWindowInDays=7)
        printed = walk.printed(walk.studioctl("secret", "get", "github", "--local"), of="studioctl.operations.secrets")
        printed = walk.printed(walk.run(printed), of="studioctl.cli.secret")
        assert walk.run(printed).code == 0
        assert walk.studioctl("secret", "get", "github", "--local").out.startswith("ghp_")

    secrets.delete_secret(SecretId="acme-ml/github", ForceDeleteWithoutRecovery=True)
    file.write_text(before)

    assert claimed(f"{HERE}::test_a_token") == walk.walked


def test_a_state_in_s3(inside: InProcess, home: Living) -> None:
    """The bucket is not named, then not there; then somebody holds the state, then nobody."""
    walk, file = inside, Path("studio.toml")
    before = file.read_text()
    file.write_text(f'{before}\n[state]\nbackend = "s3"\n')
    printed = walk.printed(walk.studioctl("state", "bucket", "create", "--local"), of="studioctl.cli.context")
    assert walk.run(printed.replace("NAME", "acme-walk-tfstate")).code == 0
    file.write_text(f'{before}\n[state]\nbackend = "s3"\nbucket = "acme-walk-tfstate"\n')
    place = {"Bucket": "acme-walk-tfstate", "Key": "acme-ml/terraform.tfstate.tflock"}
    home.client("s3").put_object(**place, Body=json.dumps(LOCK).encode())

    printed = walk.printed(walk.studioctl("state", "unlock", "--local"), of="studioctl.cli.state")
    more = remedy(walk.run(printed))
    assert walk.run(f"{COMMAND.findall(printed)[0]} {TO_ADD.findall(more)[0]}").code == 0
    assert walk.studioctl("state", "unlock", "--local").err == "The state is not locked.\n"
    walk.alone("state", "restore", "99", "--yes", "--local", of="studioctl.operations.state")
    file.write_text(before)

    assert claimed(f"{HERE}::test_a_state_in_s3") == walk.walked


def test_a_bucket_for_copies(inside: InProcess, home: Living) -> None:
    """It is not there; then it is."""
    walk, of = inside, "studioctl.aws.copies"
    printed = walk.printed(walk.studioctl("backup", "s3://acme-walk-copies", "--local"), of=of)
    to_make = COMMAND.findall(printed)[0]
    walk.note(to_make, of=of)
    assert walk.shell(to_make).code == 0
    assert "There is no bucket" not in walk.studioctl("backup", "s3://acme-walk-copies", "--local").err
    assert home.client("s3").head_bucket(Bucket="acme-walk-copies")

    assert claimed(f"{HERE}::test_a_bucket_for_copies") == walk.walked


@dataclass
class FakeEngine:
    """A container engine that builds at once; what it pushes is in the emulator's registry, unless it gets lost."""

    registry: Registry
    loses: bool = False
    name: str = "podman"
    built: set[str] = field(default_factory=set)

    def has(self, image: str) -> bool:
        return image in self.built

    def build(self, _: Path, image: str, **__: object) -> Work[None]:
        yield Stage(f"Building {image}")
        self.built.add(image)

    def push(self, image: str, place: str, _: Login) -> Work[None]:
        yield Stage(f"Pushing {image}")
        if not self.loses:
            self.registry.push("acme-ml", place.rpartition(":")[2], layer=place.encode())
        self.loses = False


def test_images(inside: InProcess, home: Living) -> None:
    """Not built, without a Dockerfile, with a tag that is none or is taken, for another processor."""
    walk, file, of = inside, Path("studio.toml"), "studioctl.operations.images.images"
    before = file.read_text()
    engine = FakeEngine(Registry.of(home.emulator, REGION))
    walk.patch.setattr("studioctl.containers.engine.find", lambda _: engine)
    home.client("ecr").create_repository(repositoryName="acme-ml")

    to_build = walk.printed(walk.studioctl("image", "push", "a b", "--local"), of=of)
    to_build = walk.printed(walk.run(to_build), of=of)
    in_another = walk.printed(walk.run(to_build), of=of)
    Path("image").mkdir()
    Path("image/Dockerfile").write_text("FROM scratch\n")
    assert walk.run(in_another.replace("DIR", "image")).code == 0
    walk.patch.chdir("image")
    walk.patch.setenv("STUDIOCTL_CONFIG", str(Path("../studio.toml").resolve()))
    walk.alone("image", "build", "--tag", "a b", of=of)
    engine.built.clear()
    walk.then_again("image", "push", "torch-7", "--local", of=of)

    engine.loses = True
    walk.shell("studioctl image build --tag torch-2")
    walk.alone("image", "push", "torch-2", "--local", of=of)
    walk.alone("image", "attach", "nope", "--local", of=of)
    engine.registry.push("acme-ml", "arm", architecture="arm64")
    assert walk.run(walk.printed(walk.studioctl("image", "attach", "arm", "--local"), of=of)).code == 0
    assert walk.shell("studioctl image push latest --local && studioctl image attach latest --local").code == 0

    file = Path("../studio.toml")
    file.write_text(f"{before}\n[images]\nimmutable_tags = true\n")
    longest = "t" * 128
    assert walk.shell(f"studioctl image build --tag {longest} && studioctl image push {longest} --local").code == 0
    printed = walk.printed(walk.studioctl("image", "push", longest, "--local"), of=of)
    assert walk.run(printed, f"studioctl image push {COMMAND.findall(printed)[0].split()[-1]} --local").code == 0
    file.write_text(before)

    assert claimed(f"{HERE}::test_images") == walk.walked
