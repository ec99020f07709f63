"""Each engine is told what to do in its own words, and never a password. The engines are scripts that write down what
they were told; the real ones are in tests/functional/test_image.py.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from studioctl.containers.credentials import Login, lent
from studioctl.containers.engine import find
from studioctl.errors import StudioctlError
from studioctl.events import Finished, Said, Started
from tests.fakes.work import done

PASSWORD = "not-to-be-seen-" + "x" * 30
ECR = Login("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "AWS", SecretStr(PASSWORD))
HERE = Login("127.0.0.1:4711", "AWS", SecretStr(PASSWORD), is_plain_http=True)
# Writes down its arguments, what stands behind the password, and what it reads; `context` and `info` answer.
SCRIPT = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$TOLD"
case "$*" in
  "context inspect"*) echo unix:///run/users-own.sock ;;
  *push*) [ -n "$DOCKER_CONFIG" ] && echo host | docker-credential-studioctl get > "$TOLD.got"
          echo "DOCKER_HOST=$DOCKER_HOST" >> "$TOLD"; echo pushed ;;
  *login*) cat > "$TOLD.got" ;;
  *fail*) echo out of space; exit 3 ;;
esac
"""


class Told:
    """A place with engines in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def install(self, *names: str) -> None:
        for name in names:
            (self.directory / name).write_text(SCRIPT)
            (self.directory / name).chmod(0o755)

    @property
    def commands(self) -> list[str]:
        return (self.directory / "told").read_text().splitlines()

    @property
    def got(self) -> str:
        return (self.directory / "told.got").read_text()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("basename", "cat"):  # what the scripts need, and no engine of this machine's
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path), str(tools))))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    for name in ("DOCKER_HOST", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return Told(tmp_path)


@pytest.mark.parametrize(
    ("name", "login", "commands"),
    [
        ("podman", ECR, [f"podman push acme:1 docker://{ECR.registry}/acme:1", "DOCKER_HOST="]),
        ("buildah", ECR, [f"buildah push acme:1 docker://{ECR.registry}/acme:1", "DOCKER_HOST="]),
        ("buildah", HERE, ["buildah push --tls-verify=false acme:1 docker://127.0.0.1:4711/acme:1", "DOCKER_HOST="]),
        (
            "docker",
            ECR,
            [
                f"docker tag acme:1 {ECR.registry}/acme:1",
                f"docker push {ECR.registry}/acme:1",
                "DOCKER_HOST=unix:///run/users-own.sock",  # our configuration hides the context: it is looked up before
            ],
        ),
    ],
)
def test_an_engine_asks_for_the_password_and_is_not_told_it(
    told: Told, name: str, login: Login, commands: list[str]
) -> None:
    told.install(name)
    engine = find()
    (told.directory / "told").write_text("")
    done(engine.push("acme:1", f"{login.registry}/acme:1", login))

    assert told.commands == commands
    assert json.loads(told.got) == {"ServerURL": login.registry, "Username": "AWS", "Secret": PASSWORD}


def test_finch_is_signed_in_through_stdin_and_out_again(told: Told) -> None:
    told.install("finch")
    engine = find()
    (told.directory / "told").write_text("")
    done(engine.push("acme:1", f"{ECR.registry}/acme:1", ECR))

    assert told.got == PASSWORD
    assert [line for line in told.commands if line.startswith("finch")] == [
        f"finch login --username AWS --password-stdin {ECR.registry}",
        f"finch tag acme:1 {ECR.registry}/acme:1",
        f"finch push {ECR.registry}/acme:1",
        f"finch logout {ECR.registry}",
    ]


def test_finch_is_signed_out_also_when_it_fails(told: Told) -> None:
    told.install("finch")
    with pytest.raises(StudioctlError):
        done(find().push("acme:1", f"{ECR.registry}/fail:1", ECR))

    assert told.commands[-1] == f"finch logout {ECR.registry}"


def test_building_passes_on_what_the_engine_says(told: Told, tmp_path: Path) -> None:
    told.install("podman")
    events = list(find().build(tmp_path, "acme:1", dockerfile=Path("other")))

    assert told.commands[-1] == f"podman build --platform linux/amd64 --tag acme:1 --file other {tmp_path}"
    assert [type(event) for event in events] == [Started, Finished]


def test_a_failure_tells_the_last_lines(told: Told, tmp_path: Path) -> None:
    told.install("podman")
    work = find().build(tmp_path, "fail:1")
    said = []
    with pytest.raises(StudioctlError) as failed:
        said += [event.line for event in work if isinstance(event, Said)]

    assert failed.value.message == (f"{tmp_path}/podman could not build image fail:1 (exit code 3):\n  out of space")


def test_the_first_that_answers_is_taken(told: Told) -> None:
    told.install("podman", "docker", "finch")
    assert find().name == "docker"
    (told.directory / "docker").write_text("#!/bin/sh\nexit 1\n")  # its daemon does not run
    assert find().name == "podman"
    assert find("finch").name == "finch"


@pytest.mark.parametrize(("wanted", "said"), [(None, "docker, podman, buildah, finch"), ("docker", "docker")])
def test_without_an_engine_it_says_what_to_install(told: Told, wanted: str | None, said: str) -> None:
    with pytest.raises(StudioctlError) as refused:
        find(wanted)

    assert refused.value.message == f"No container engine answers: looked for {said}."
    assert refused.value.hint.startswith("install Docker, Podman or Finch")


def test_the_password_is_lent_for_as_long_as_the_block_lasts() -> None:
    with lent(ECR) as variables:
        directory = Path(variables["DOCKER_CONFIG"])
        held = {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}
        helper = directory / "docker-credential-studioctl"
        asked = [_ask(helper, question) for question in ("get", "get", "store", "list")]

    assert [json.loads(answer)["Secret"] for answer in asked[:2]] == [PASSWORD, PASSWORD]
    assert asked[2:] == ["", ""]
    assert held.keys() == {"ask.py", "config.json", "docker-credential-studioctl"}
    assert PASSWORD not in str(held)
    assert PASSWORD not in str(variables)
    assert not directory.exists()


def test_nobody_else_may_enter_where_the_answer_is() -> None:
    with lent(ECR) as variables:
        assert Path(variables["DOCKER_CONFIG"]).stat().st_mode & 0o777 == 0o700


def _ask(helper: Path, question: str) -> str:
    return subprocess.run([helper, question], input="host", capture_output=True, text=True, check=True).stdout
