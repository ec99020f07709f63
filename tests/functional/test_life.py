"""A whole life of an environment, with everything going wrong that a person's day brings.

All of it happens in a hostile environment: real-looking credentials, profiles, endpoints and proxies that lead to a
trap. Whatever reached it would have reached AWS.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.functional.conftest import SMALL, STUDIOCTL, Shell, wait_for
from tests.functional.machine import Machine, machine

pytestmark = pytest.mark.life

NAME = "acme-life"


@dataclass
class Trap:
    """Stands where AWS, its proxies and its credential helpers would be, and remembers who called."""

    url: str
    helper_ran: Path
    calls: list[bytes] = field(default_factory=list)


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Trap(f"http://127.0.0.1:{server.getsockname()[1]}", tmp_path / "credential-helper-ran")

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    made.calls.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def hostile(tmp_path: Path, trap: Trap) -> dict[str, str]:
    config = tmp_path / "aws-config"
    config.write_text(
        f"[profile prod]\nregion = eu-west-1\nendpoint_url = {trap.url}\ncredential_process = touch {trap.helper_ran}\n"
    )
    services = ("", "_S3", "_STS", "_IAM", "_EC2", "_SAGEMAKER", "_ECR", "_EFS", "_SECRETS_MANAGER")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    return {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7REALKEY",
        "AWS_SECRET_ACCESS_KEY": "a-real-looking-secret-key",
        "AWS_SESSION_TOKEN": "a-real-looking-token",
        "AWS_PROFILE": "prod",
        "AWS_CONFIG_FILE": str(config),
        **{f"AWS_ENDPOINT_URL{service}": trap.url for service in services},
        **dict.fromkeys(proxies, trap.url),
    }


@pytest.fixture
def life(tmp_path: Path, hostile: dict[str, str]) -> Iterator[Shell]:
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator"), **hostile})
    shell.write(SMALL.format(name=NAME))
    shell.studioctl("emulator", "start")
    yield shell
    shell.studioctl("emulator", "stop")


@pytest.fixture
def inside(tmp_path_factory: pytest.TempPathFactory, life: Shell) -> Iterator[Machine]:
    """The machine behind the space, to which ssh finds its way."""
    with machine(tmp_path_factory.mktemp("machine")) as made:
        config = life.directory / ".ssh" / "config"
        config.parent.mkdir(mode=0o700)
        config.write_text(f"IdentityFile {made.key}\n")
        path = os.pathsep.join((str(made.programs), os.environ["PATH"]))
        life.variables["PATH"] = path  # type: ignore[index]
        yield made


def start_editor(shell: Shell, domain_id: str) -> None:
    """Starts the space's app with the lifecycle configuration that the space has selected."""
    sagemaker = shell.client("sagemaker")
    space = sagemaker.describe_space(DomainId=domain_id, SpaceName="ada-editor")
    spec = space["SpaceSettings"]["CodeEditorAppSettings"]["DefaultResourceSpec"]
    sagemaker.create_app(
        DomainId=domain_id, SpaceName="ada-editor", AppType="CodeEditor", AppName="default", ResourceSpec=spec
    )


def test_the_life_of_an_environment(life: Shell, trap: Trap, inside: Machine) -> None:
    before = life.inventory()

    interrupted_up_is_finished_by_the_next(life)
    domain_id = json.loads(life.studioctl("outputs", "--local", "--json").out)["domain_id"]
    start_editor(life, domain_id)
    a_running_app_is_not_stopped_without_a_word(life)
    start_editor(life, domain_id)
    jupyterlab_lives_beside_code_editor(life, domain_id)
    data_goes_only_with_the_word_for_it(life)
    volumes_and_homes_are_copied_before_all_goes(life, inside)

    nothing_secret_is_on_disk(life)
    assert life.inventory() == before
    assert life.studioctl("down", "--local", "--yes").err.endswith(f"There is nothing of '{NAME}' to remove.\n")
    assert trap.calls == []
    assert not trap.helper_ran.exists()
    life.studioctl("status", expect=1)  # without --local
    assert trap.calls != []  # so the trap does catch what is meant for AWS


def interrupted_up_is_finished_by_the_next(life: Shell) -> None:
    process = subprocess.Popen(
        [STUDIOCTL, "up", "--local", "--yes"],
        cwd=life.directory,
        env=life.warm,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(process, "created role execution")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "Stopping: Terraform finishes what it has begun." in rest
    assert "Error: Stopped cleanly; " in rest
    assert rest.endswith("Next:  studioctl up --local --yes   (continues from here)\n")
    life.studioctl("up", "--local", "--yes")


def a_running_app_is_not_stopped_without_a_word(life: Shell) -> None:
    """One change of everything that can change in place; only the script, which cannot, is replaced."""
    life.edit(
        '[[users]]\nname = "ada"',
        '[[users]]\nname = "ada"\nspaces = [{ name = "ada-editor" }, { name = "ada-lab", app = "jupyterlab" }]',
    )
    life.edit('tools = ["uv"]', 'tools = ["uv", "pdm"]\n\n[studio]\nvolume_gb = 30\nmax_volume_gb = 60\ndocker = false')
    refused = life.studioctl("up", "--local", "--yes", expect=4)

    assert refused.err.endswith(
        "Error: These running apps block the plan. AWS deletes a space, a profile, a lifecycle configuration, an image"
        " or a subnet only when no running app uses it, and changes a domain's network, or whether CloudTrail names"
        " users, only when none runs:\n  CodeEditor in 'ada-editor'\n"
        "Next:  studioctl up --local --stop-apps   (stops them first; their files are kept)\n"
    )
    done = life.studioctl("up", "--local", "--yes", "--stop-apps")
    assert "✓ stopped CodeEditor in 'ada-editor'" in done.err
    replaced = re.findall(r"✓ (?:destroyed|replaced) (lifecycle script \w+)(?: \(old\))?  ", done.err)
    assert sorted(replaced) == ["lifecycle script editor", "lifecycle script lab"]
    assert life.studioctl("plan", "--local").out == "No changes: everything is as the file says.\n"


def jupyterlab_lives_beside_code_editor(life: Shell, domain_id: str) -> None:
    """A day with both, as a transcript; and neither can become the other."""
    started = life.studioctl("start", "ada-lab", "--local")
    both = life.studioctl("status", "--local")
    address = life.studioctl("open", "ada-lab", "--local", "--print").out.strip()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as page:
        opened = page.read().decode()
    life.edit('name = "ada-editor" }', 'name = "ada-editor", app = "jupyterlab" }')
    refused = life.studioctl("up", "--local", "--yes", expect=4)
    life.edit('name = "ada-editor", app = "jupyterlab" }', 'name = "ada-editor" }')
    stopped = life.studioctl("stop", "--all", "--local")

    assert "'ada-lab' is running on ml.t3.medium, 0.05 USD an hour.\n" in started.err
    spaces = [line.split() for line in both.out.splitlines() if line.startswith("ada-")]
    assert [(words[0], words[2], words[3]) for words in spaces] == [
        ("ada-editor", "CodeEditor", "InService"),
        ("ada-lab", "JupyterLab", "InService"),
    ]
    assert all("60m" in words for words in spaces), "each is stopped when it is idle"
    assert "2 running: $0.10 per hour" in both.out
    assert "JupyterLab is <b>InService</b>" in opened
    assert "app:JupyterLab:" in opened
    assert "AWS cannot change space 'ada-editor' from Code Editor to JupyterLab" in refused.err
    assert "Error: studio.toml:6" in refused.err
    assert "'ada-editor', 'ada-lab' stopped." in stopped.err
    sagemaker = life.client("sagemaker")
    (script,) = sagemaker.list_studio_lifecycle_configs(AppTypeEquals="JupyterLab")["StudioLifecycleConfigs"]
    app = sagemaker.describe_app(DomainId=domain_id, SpaceName="ada-lab", AppType="JupyterLab", AppName="default")
    assert app["ResourceSpec"]["LifecycleConfigArn"] == script["StudioLifecycleConfigArn"]
    assert script["StudioLifecycleConfigName"].startswith(f"{NAME}-editor-lab-")


def data_goes_only_with_the_word_for_it(life: Shell) -> None:
    bucket = f"{NAME}-data-123456789012"
    s3 = life.client("s3")
    for body in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="data.csv", Body=body)
    s3.delete_object(Bucket=bucket, Key="data.csv")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    life.client("ecr").put_image(repositoryName=NAME, imageManifest=manifest, imageTag="latest")
    life.client("secretsmanager").put_secret_value(SecretId=f"{NAME}/github", SecretString="t0ken")

    refused = life.studioctl("down", "--local", "--yes", expect=4)
    asked = life.studioctl("down", "--local", "--delete-data=spaces", expect=4)  # there is no terminal to ask on
    assert "  space 'ada-editor': a volume of 30 GB\n" in refused.err
    assert f"  bucket '{bucket}': 2 old versions, 11 bytes  (less than 0.01 USD a month)\n" in asked.err


def volumes_and_homes_are_copied_before_all_goes(life: Shell, inside: Machine) -> None:
    s3 = life.client("s3")
    s3.create_bucket(Bucket="acme-life-copies")
    (inside.home / "model.bin").write_bytes(os.urandom(100_000))
    (inside.home / "user-default-efs").mkdir()
    down = ("down", "--local", "--delete-data", "--yes")
    before = life.inventory()

    doomed = life.studioctl(*down, f"--backup=s3://{NAME}-data-123456789012", expect=4)
    inside.plugin(cut_after=50_000)
    cut = life.studioctl(*down, "--backup=s3://acme-life-copies/late", expect=1)

    assert "is to be deleted itself, and the copies with it. Nothing was changed.\n" in doomed.err
    assert "Error: Reading 'ada-editor' was cut off: ssh ended with 255" in cut.err
    after = life.inventory()
    before["buckets"].pop("acme-life-copies")
    whole = after["buckets"].pop("acme-life-copies")
    assert all(f"late/{NAME}/homes/ada-" in copy for copy in whole)  # it is read first; of the volume there is nothing
    assert {kind for kind in after if after[kind] != before[kind]} <= {"apps", "spaces"}  # it was started and stopped

    inside.plugin()
    done = life.studioctl(*down, "--backup=s3://acme-life-copies/late")
    assert "! space 'ada-editor' is copied first: a volume of 30 GB\n" in done.err
    lines = [" ".join(line.split()) for line in done.err.splitlines()]
    assert any(line.startswith("✓ copied volume of 'ada-editor'") for line in lines)
    assert any(line.startswith("✓ copied home directory of 'ada'") for line in lines)
    assert done.err.endswith(f"'{NAME}' is gone: 0 left.\n")
    copies = [found["Key"] for found in s3.list_objects_v2(Bucket="acme-life-copies")["Contents"]]
    assert {key.split("-20")[0] for key in copies} == {
        f"late/{NAME}/{place}" for place in ("ada-editor", "ada-lab", "homes/ada")
    }
    for key in copies:
        s3.delete_object(Bucket="acme-life-copies", Key=key)
    s3.delete_bucket(Bucket="acme-life-copies")


def nothing_secret_is_on_disk(life: Shell) -> None:
    """Neither the keys that the environment holds nor what a user put into the secret."""
    places = (life.directory / ".studioctl", life.directory / "emulator")
    files = [file for place in places for file in place.rglob("*") if file.is_file() and ".terraform" not in file.parts]

    assert len(files) > 20
    for file in files:
        for secret in (b"AKIAIOSFODNN7REALKEY", b"a-real-looking-secret-key", b"a-real-looking-token", b"t0ken"):
            assert secret not in file.read_bytes(), file
