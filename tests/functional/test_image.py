"""Images for real: an engine of Debian's builds one and pushes it to the registry behind the emulator's ECR."""

import json
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.functional.conftest import Shell
from tests.functional.eavesdropper import files_with, listening
from tests.unit.emulator.emulated import client
from tests.unit.emulator.pushing import Registry, digest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.containers.credentials import Login
from studioctl.containers.engine import find

FILE = 'name = "acme-ml" # ours\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'
REGION = "us-east-1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell with buildah or podman, whose images stay below its own directory, and an empty repository."""
    engine = next((name for name in ("buildah", "podman") if shutil.which(name)), None)
    assert engine, "make prerequisites"
    directory = tmp_path_factory.mktemp("image")
    storage = directory / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{directory}/storage"\nrunroot = "{directory}/run"\n', encoding="utf-8"
    )
    variables = {
        "STUDIOCTL_EMULATOR_DIR": str(directory / "emulator"),
        "CONTAINERS_STORAGE_CONF": str(storage),
        "BUILDAH_ISOLATION": "chroot",  # works in a container too
        "ENGINE": engine,
        "TMPDIR": str(directory / "tmp"),
    }
    (directory / "tmp").mkdir()
    shell = Shell(directory, variables)
    shell.write(FILE)
    context = directory / "context"
    context.mkdir()
    (context / "hello").write_text("hello")
    (context / "Dockerfile").write_text("FROM scratch\nCOPY hello /hello\n")
    server.start(state_dir=directory / "emulator")
    client(emulator(shell), "ecr", REGION).create_repository(repositoryName="acme-ml")
    yield shell
    server.stop(directory / "emulator")


def emulator(shell: Shell) -> RunningEmulator:
    running = server.find(Path(shell.variables["STUDIOCTL_EMULATOR_DIR"]))
    assert running
    return running


def image(shell: Shell, *arguments: str, expect: int = 0) -> str:
    done = shell.studioctl("image", *arguments, expect=expect)
    return done.out + done.err


@pytest.fixture(scope="module")
def pushed(world: Shell) -> str:
    """The digest that `push` printed."""
    engine = world.variables["ENGINE"]
    said = image(world, "build", "context", "--tag", "torch-1", "--engine", engine)
    assert "Built acme-ml:torch-1 for linux/amd64.\n" in said
    assert said.endswith("\nNext:\n  studioctl image push torch-1  put it into the repository\n")
    done = world.studioctl("image", "push", "torch-1", "--local", "--engine", engine)
    assert "\nPushed 127.0.0.1:" in done.err
    return done.out.strip()


def test_the_digest_that_is_listed_is_the_registrys(world: Shell, pushed: str) -> None:
    listed = json.loads(image(world, "list", "--local", "--json"))
    manifest = Registry.of(emulator(world), REGION).ask("GET", "/v2/acme-ml/manifests/torch-1")

    (found,) = listed["images"]
    assert found["image"]["digest"] == digest(manifest.body) == manifest.headers["Docker-Content-Digest"] == pushed
    assert found["image"]["tags"] == ["torch-1"]
    assert found["image"]["size_bytes"] == sum(
        part["size"] for part in [*json.loads(manifest.body)["layers"], json.loads(manifest.body)["config"]]
    )
    assert (found["attached_as"], found["expiry"]) == (None, None)


def test_the_registrys_password_is_seen_by_nobody(world: Shell, pushed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine pushes with a password that this test knows, and that opens nothing in its hands but the registry."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", world.variables["TMPDIR"])
    running = emulator(world)
    token = client(running, "ecr", REGION).get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = b64decode(token).decode().partition(":")[2]
    place = f"127.0.0.1:{running.port}"
    engine = find(world.variables["ENGINE"])
    with listening() as heard:
        work = engine.push("acme-ml:torch-1", f"{place}/acme-ml:again", Login(place, "AWS", SecretStr(password), True))
        left = [found for _ in work for found in files_with(password, world.directory)]

    assert Registry.of(running, REGION).ask("GET", "/v2/acme-ml/manifests/again").status == 200
    assert heard.with_text(f"{engine.name} push")
    assert heard.with_text(password, token) == []
    assert [text for text in heard.environments if password in text or token in text] == []
    assert left + files_with(password, world.directory) + files_with(token, world.directory) == []
    assert list(Path(world.variables["TMPDIR"]).glob("studioctl-*")) == []
    client(running, "ecr", REGION).batch_delete_image(repositoryName="acme-ml", imageIds=[{"imageTag": "again"}])


def test_listing_shows_the_rule_that_will_expire_an_image(world: Shell, pushed: str) -> None:
    ecr = client(emulator(world), "ecr", REGION)
    policy = {
        "rules": [
            {
                "rulePriority": 7,
                "selection": {
                    "tagStatus": "any",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 3,
                },
                "action": {"type": "expire"},
            }
        ]
    }
    ecr.put_lifecycle_policy(repositoryName="acme-ml", lifecyclePolicyText=json.dumps(policy))
    try:
        (row,) = [line.split() for line in image(world, "list", "--local").splitlines() if "torch-1" in line]
        (found,) = json.loads(image(world, "list", "--local", "--json"))["images"]
    finally:
        ecr.delete_lifecycle_policy(repositoryName="acme-ml")

    assert [*row[:2], *row[-4:]] == ["torch-1", pushed, "in", "2d", "(rule", "7)"]
    assert (found["expiry"]["rule"], found["expiry"]["action"], found["expiry"]["after_pushes"]) == (7, "expire", None)


def test_attaching_writes_the_digest_into_the_file_and_nothing_else(world: Shell, pushed: str) -> None:
    said = image(world, "attach", "torch-1", "--name", "torch", "--local")

    assert (world.directory / "studio.toml").read_text() == (
        f'{FILE}\n[[images.custom]]\nname = "torch"\ndigest = "{pushed}"\n'
    )
    assert said.startswith(f"studio.toml offers {pushed[:19]} as 'torch' (")
    assert said.endswith("\nNext:\n  studioctl up --local  make it selectable in Code Editor\n")
    assert "studio.toml offered already" in image(world, "attach", pushed, "--name", "torch", "--local")
    both = image(world, "attach", pushed, "--name", "torch", "--app", "code-editor", "--app", "jupyterlab", "--local")
    assert "make it selectable in Code Editor and JupyterLab" in both
    assert 'apps = ["code-editor", "jupyterlab"]\n' in (world.directory / "studio.toml").read_text()
    (found,) = json.loads(image(world, "list", "--local", "--json"))["images"]
    assert found["attached_as"] == "torch"
    world.write(FILE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("push", "torch-2", "--local"),
            "has no image 'acme-ml:torch-2'.\nNext:  studioctl image build --tag torch-2\n",
        ),
        (("build", "emulator"), "'emulator' has no Dockerfile."),
        (("build", "context", "--tag", "a b"), "'a b' is not a tag"),
        (("build", "context", "--engine", "lxc"), "'lxc' is not an engine that studioctl knows."),
        (("attach", "torch-2", "--local"), "has no image 'torch-2'.\nNext:  studioctl image list --local\n"),
    ],
)
def test_what_cannot_be_done_changes_nothing(world: Shell, arguments: tuple[str, ...], said: str) -> None:
    engine = () if "--engine" in arguments or arguments[0] == "attach" else ("--engine", world.variables["ENGINE"])
    assert said in image(world, *arguments, *engine, expect=1)
    assert (world.directory / "studio.toml").read_text() == FILE


def test_a_build_that_fails_says_why(world: Shell) -> None:
    (world.directory / "broken").mkdir()
    (world.directory / "broken" / "Dockerfile").write_text("FROM scratch\nCOPY nowhere /\n")
    said = image(world, "build", "broken", "--engine", world.variables["ENGINE"], expect=1)

    assert "could not build image acme-ml:latest (exit code" in said
    assert "nowhere" in said.rpartition("Error: ")[2]
