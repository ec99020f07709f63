"""Rare events, and the remedies that are printed then: each is run as printed."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

from studio_emulator import asking, server
from studio_emulator.sandbox.image import Image
from studioctl.aws.registry import Registry
from studioctl.cli import confirm
from tests.functional.living import REGION, Living
from tests.remedies import claimed
from tests.unit.emulator.emulated import eventually
from tests.walking import COMMAND, InProcess, remedy

HERE = "tests/unit/cli/test_seldom.py"
RULES = "studioctl.operations.doctor"
TWICE = """#!{python}
import http.client, sys, urllib.parse
place = urllib.parse.urlsplit(sys.argv[1])
visits = [http.client.HTTPConnection(place.netloc) for _ in range(2)]
for visit in visits:  # both before the first is answered: then the page goes
    visit.connect()
for visit in visits:
    visit.request("GET", place.path)
(refused,) = [answer.reason for visit in visits if (answer := visit.getresponse()).status == 410]
open({file!r}, "w").write(refused)
"""


def test_the_emulator(walk: InProcess, tmp_path: Path) -> None:
    """Somebody else starts it, another version runs, its port is taken."""
    home = server.default_state_dir()
    home.mkdir(parents=True, mode=0o700)
    before = server.START_SECONDS
    walk.patch.setattr(server, "START_SECONDS", 0.1)
    with FileLock(home / "start.lock"):
        printed = walk.printed(walk.studioctl("emulator", "start"), of="studio_emulator.server")
        assert walk.run(printed).out == "not running\n"
    walk.patch.setattr(server, "START_SECONDS", before)

    ask = asking.ask

    def knows_no_settings(port: int, method: str, path: str, **more: Any) -> Any:
        if path.endswith("/settings"):
            raise asking.RefusedError("no such path")
        return ask(port, method, path, **more)

    walk.patch.setattr(server, "ask", knows_no_settings)
    printed = walk.printed(walk.studioctl("emulator", "start"), of="studio_emulator.server")
    walk.patch.setattr(server, "ask", ask)
    assert walk.run(printed, "studioctl emulator start").code == 0

    running = server.find()
    assert running is not None
    walk.patch.setenv("STUDIOCTL_EMULATOR_DIR", str(tmp_path / "another"))
    refused = walk.studioctl("emulator", "start", "--port", str(running.port))
    log = walk.printed(refused, of="studio_emulator.server").removeprefix("Read its log: ")
    assert "in use" in walk.shell(log).out
    server.stop(home)

    assert claimed(f"{HERE}::test_the_emulator") == walk.walked


def test_a_layout_that_is_not_known(walk: InProcess) -> None:
    assert walk.studioctl("init", "--defaults", "--user", "ada").code == 0
    printed = walk.printed(walk.studioctl("editor", "test", "--image", "0.1"), of="studio_emulator.sandbox.image")
    assert str(Image.of(printed.split()[-1])) == "4.0"

    assert claimed(f"{HERE}::test_a_layout_that_is_not_known") == walk.walked


def test_an_image_that_goes_meanwhile(inside: InProcess, home: Living) -> None:
    walk = inside
    home.client("ecr").create_repository(repositoryName="acme-ml")
    from tests.unit.emulator.pushing import Registry as Pushing

    Pushing.of(home.emulator, REGION).push("acme-ml", "torch-1")
    listed = Registry.images

    def then_gone(registry: Registry, repository: str) -> Any:
        found = listed(registry, repository)
        home.client("ecr").batch_delete_image(
            repositoryName=repository, imageIds=[{"imageDigest": each.digest} for each in found]
        )
        return found

    walk.patch.setattr(Registry, "images", then_gone)
    printed = walk.printed(walk.studioctl("image", "attach", "torch-1", "--local"), of="studioctl.aws.registry")
    walk.patch.setattr(Registry, "images", listed)
    assert "is empty" in walk.run(printed).err
    home.client("ecr").delete_repository(repositoryName="acme-ml", force=True)

    assert claimed(f"{HERE}::test_an_image_that_goes_meanwhile") == walk.walked


def test_a_page_that_is_asked_for_twice(inside: InProcess, tmp_path: Path) -> None:
    walk = inside
    browser, said = tmp_path / "browser", tmp_path / "said"
    browser.write_text(TWICE.format(python=sys.executable, file=str(said)))
    browser.chmod(0o700)
    walk.patch.setenv("BROWSER", f"{browser} %s")
    assert walk.studioctl("open", "--yes", "--local").code == 0
    text = eventually(lambda: said.read_text() if said.exists() else "", lambda found: found.startswith("This page"))
    walk.note(text, of="studioctl.remote.browser")
    assert walk.studioctl(*text.rpartition("Run studioctl ")[2].removesuffix(" again").split(), "--local").code == 0

    assert claimed(f"{HERE}::test_a_page_that_is_asked_for_twice") == walk.walked


def test_a_space_that_cannot_be_changed(inside: InProcess, home: Living) -> None:
    """AWS accepts the change, and does not make it."""
    walk, connect = inside, ("connect", "--editor", "none", "--instance-type", "ml.t3.large", "--yes", "--local")
    failing = {"kind": "failed", "action": "UpdateSpace", "message": "odd", "times": 1}
    server.set_faults(home.emulator, {"faults": [failing]})
    walk.printed(walk.studioctl(*connect), of="studioctl.operations.spaces.remote_access")
    assert walk.studioctl(*connect).code == 0

    assert claimed(f"{HERE}::test_a_space_that_cannot_be_changed") == walk.walked


def test_what_the_doctor_finds_of_spaces_and_tokens(inside: InProcess, home: Living) -> None:
    walk, file = inside, Path("studio.toml")
    before = file.read_text()
    sagemaker, space = home.studio.sagemaker, {"DomainId": home.domain_id, "SpaceName": "ada-editor"}
    sagemaker.update_space(**space, SpaceSettings={"RemoteAccess": "DISABLED"})
    eventually(lambda: sagemaker.describe_space(**space)["Status"], lambda status: status == "InService")
    (closed,) = (each for each in _findings(walk, "--local") if each["id"] == "DRF009")
    more = "--yes --editor none"
    assert walk.run(f"{walk.note(closed['remedy'], of=f'{RULES}.drift')} {more}").code == 0
    assert not [each for each in _findings(walk, "--local") if each["id"] == "DRF009"]

    _takes_it_for_aws(walk, home)
    secrets = home.client("secretsmanager")
    secrets.create_secret(Name="acme-ml/ada/github", SecretString="none")
    secrets.delete_secret(SecretId="acme-ml/ada/github", RecoveryWindowInDays=7)
    own = before.replace('name = "ada"', 'name = "ada"\ngithub = { username = "ada" }', 1)
    file.write_text(f"{own}\n[iam]\nper_user_roles = true\n")
    (leaving,) = (each for each in _findings(walk) if each["id"] == "NAM003")
    asked = walk.note(leaving["remedy"], of=f"{RULES}.names")
    walk.note(asked, of="studioctl.operations.provisioning.names")
    assert walk.run(remedy(walk.run(asked))).code == 0
    assert not [each for each in _findings(walk) if each["id"] == "NAM003"]
    secrets.delete_secret(SecretId="acme-ml/ada/github", ForceDeleteWithoutRecovery=True)
    file.write_text(before)

    assert claimed(f"{HERE}::test_what_the_doctor_finds_of_spaces_and_tokens") == walk.walked


def _takes_it_for_aws(walk: InProcess, home: Living) -> None:
    for name, value in server.environment(home.emulator, REGION).items():
        walk.patch.setenv(name, value)


def _findings(walk: InProcess, *where: str) -> list[dict[str, str]]:
    found = json.loads(walk.studioctl("doctor", "--json", *where).out)["findings"]
    return [each for each in found if each["severity"] != "ok"]


def test_a_state_that_somebody_left(inside: InProcess, home: Living) -> None:
    """Every command refuses it until its owner has looked; one that changes meanwhile is looked at again."""
    walk, vetting = inside, "studioctl.terraform.vetting"
    _takes_it_for_aws(walk, home)
    file = Path(".studioctl/acme-ml/aws/terraform.tfstate")
    file.parent.mkdir(parents=True, exist_ok=True)
    bucket = {
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "data",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{"schema_version": 0, "attributes": {"id": "acme-precious", "bucket": "acme-precious"}}],
    }
    content = {"version": 4, "terraform_version": "1.11.0", "serial": 3, "lineage": "theirs", "resources": [bucket]}
    file.write_text(json.dumps(content))

    (strange,) = (each for each in _findings(walk) if each["id"] == "STA003")
    to_look = walk.note(strange["remedy"], of=f"{RULES}.file")
    assert walk.printed(walk.studioctl("plan"), of=vetting).startswith(to_look)

    def meanwhile(*_: Any, **__: Any) -> None:
        file.write_text(json.dumps({**content, "serial": 4}))

    asked = confirm.agreed
    walk.patch.setattr(confirm, "agreed", meanwhile)
    again = walk.printed(walk.run(to_look), of=vetting)
    walk.patch.setattr(confirm, "agreed", asked)
    assert walk.run(f"{COMMAND.findall(again)[0]} --yes").code == 0
    assert not [each for each in _findings(walk) if each["id"] == "STA003"]
    shutil.rmtree(".studioctl")

    assert claimed(f"{HERE}::test_a_state_that_somebody_left") == walk.walked


def test_states_in_s3(inside: InProcess, home: Living) -> None:
    """A lock that somebody else takes meanwhile, and a state of another environment."""
    walk, file, s3 = inside, Path("studio.toml"), home.client("s3")
    before = file.read_text()
    file.write_text(f'{before}\n[state]\nbackend = "s3"\nbucket = "acme-seldom-tfstate"\n')
    assert walk.studioctl("state", "bucket", "create", "--local").code == 0
    held = {"ID": "0f8fad5b-d9cb-469f-a165-70867728950e", "Operation": "apply", "Who": "bob@den", "Created": "today"}
    place = {"Bucket": "acme-seldom-tfstate", "Key": "acme-ml/terraform.tfstate.tflock"}
    s3.put_object(**place, Body=json.dumps(held).encode())
    another = {**held, "ID": held["ID"].replace("0", "1")}
    asked = confirm.agreed
    walk.patch.setattr(confirm, "agreed", lambda *_, **__: s3.put_object(**place, Body=json.dumps(another).encode()))
    unlike = walk.studioctl("state", "unlock", "acme-ml", "--local")
    assert (unlike.code, "'acme-ml' is no lock's id" in unlike.err) == (64, True)
    assert held["ID"] in walk.run(walk.printed(unlike, of="studioctl.cli.state")).err
    refused = walk.studioctl("state", "unlock", held["ID"], "--local")
    walk.patch.setattr(confirm, "agreed", asked)
    shown = walk.run(walk.printed(refused, of="studioctl.operations.state"))
    assert walk.run(f"{COMMAND.findall(remedy(shown))[0]} --yes").code == 0
    assert walk.studioctl("state", "unlock", "--local").err == "The state is not locked.\n"

    for serial, lineage in ((1, "theirs"), (2, "ours")):
        state = {"version": 4, "terraform_version": "1.11.0", "serial": serial, "lineage": lineage, "resources": []}
        s3.put_object(Bucket="acme-seldom-tfstate", Key="acme-ml/terraform.tfstate", Body=json.dumps(state).encode())
    refused = walk.studioctl("state", "restore", "1", "--yes", "--local")
    assert walk.run(walk.printed(refused, of="studioctl.operations.state")).code == 0
    file.write_text(before)

    assert claimed(f"{HERE}::test_states_in_s3") == walk.walked
