"""The files that a script finds in a room, and those that it does not find."""

import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach, passed_on
from studio_emulator.sandbox.room import App, Room
from studio_emulator.sandbox.run import Run, start_editor
from tests.unit.sandbox.conftest import Say


def test_the_environment_is_the_images_alone(room: Room, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "PYTHONPATH", "BASH_ENV"):
        monkeypatch.setenv(name, "leak")
    told = dict(line.split("=", 1) for line in say("env"))
    assert "leak" not in told.values()
    assert told["PATH"].startswith("/opt/conda/bin:/opt/conda/condabin:/usr/local/sbin:/usr/local/bin:")
    assert (told["HOME"], told["PWD"]) == ("/home/sagemaker-user", "/home/sagemaker-user")
    assert told["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
    assert not any("proxy" in name.lower() for name in told)


def test_a_proxy_and_its_password_stay_outside(room: Room) -> None:
    environ = {
        "PIP_INDEX_URL": "https://pypi.example.com/simple",
        "HTTPS_PROXY": "http://ada:secret@proxy.example.com:3128",
        "NO_PROXY": "example.org",
    }
    reach = Reach.the_internet(environ)
    with Run(room, "env", room.environment(), reach=reach) as run:
        told = dict(line.text.split("=", 1) for line in run.lines())
    assert told["PIP_INDEX_URL"] == "https://pypi.example.com/simple"
    assert {told[name] for name in ("http_proxy", "https_proxy", "HTTPS_PROXY")} == {"http://127.0.0.1:3128"}
    assert told["no_proxy"] == "127.0.0.1"
    assert (reach.upstream, reach.direct) == ({"https": environ["HTTPS_PROXY"]}, "example.org")
    assert reach.hosts == ("pypi.example.com:443", "proxy.example.com:3128")


def test_what_a_person_has_besides_stays_with_them() -> None:
    assert passed_on({"AWS_PROFILE": "x", "NETRC": "x", "PATH": "/bin"}) == {}
    assert passed_on({"PIP_TARGET": "/x", "PIP_CACHE_DIR": "/x", "UV_PUBLISH_TOKEN": "x", "UV_CACHE_DIR": "/x"}) == {}
    assert passed_on({"no_proxy": "a"}) == {}
    assert passed_on({"no_proxy": "a", "https_proxy": "p"}) == {"https_proxy": "p", "no_proxy": "a"}


def test_files_that_settings_name_are_shown_as_they_are(room: Room, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (tmp_path / "pip.conf").write_text(f"[global]\nfind-links = {wheels}\n")
    (tmp_path / "pip.conf").chmod(0o600)
    reach = Reach.the_internet({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    script = "pip config get global.find-links; ls -d $(pip config get global.find-links); touch $PIP_CONFIG_FILE"
    with Run(room, script, room.environment(), reach=reach) as run:
        said = [line.text for line in run.lines()]
    assert said[:2] == [str(wheels), str(wheels)]
    assert "cannot touch '/run/reach/PIP_CONFIG_FILE.conf'" in said[2]


def test_pips_own_configuration_is_what_pip_needs(tmp_path: Path) -> None:
    for number, place in enumerate((".pip/pip.conf", ".config/pip/pip.conf", "own")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"[global]\nindex-url = https://{number}.example.com\n")
        environ = {"HOME": str(tmp_path)} | ({"PIP_CONFIG_FILE": str(tmp_path / place)} if place == "own" else {})
        wanted = {"PIP_CONFIG_FILE": str(tmp_path / place), "PIP_INDEX_URL": f"https://{number}.example.com"}
        assert passed_on(environ) == wanted
    assert passed_on({"HOME": str(tmp_path), "PIP_INDEX_URL": "https://mine"})["PIP_INDEX_URL"] == "https://mine"
    (tmp_path / ".config/pip/pip.conf").write_text("no configuration")
    assert passed_on({"HOME": str(tmp_path)})["PIP_CONFIG_FILE"] == str(tmp_path / ".config/pip/pip.conf")


def test_settings_of_pip_that_are_no_files_or_name_none_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".pip").mkdir()
    os.mkfifo(tmp_path / ".pip/pip.conf")
    config = tmp_path / "own.conf"
    config.write_bytes(b"[global]\nfind-links = /no/packages /a\0b/c\n")
    reach = Reach.the_internet({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)})
    assert reach.directories == ()


def test_without_a_pip_of_its_own_base_gets_one(room: Room, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    room.lay_out()
    assert say("python3 -m pip --version")[0].startswith("pip ")


def test_python_is_of_this_machine_and_installs_into_the_room(room: Room, say: Say) -> None:
    lines = say("python3 -c 'import sys; print(sys.prefix)'; command -v pip; python3 -m pip --version")
    assert lines[:2] == ["/opt/conda", "/opt/conda/bin/pip"]
    assert lines[2].startswith("pip ")
    assert say("python3 -c 'import studioctl'")[-1] == "ModuleNotFoundError: No module named 'studioctl'"


def test_programs_that_change_a_machine_are_not_its_own(room: Room, say: Say) -> None:
    found = say(
        "for name in sudo apt-get conda micromamba aws docker systemctl sagemaker-code-editor git bash; do\n"
        'command -v "$name" || echo "no $name"; done'
    )
    assert found == [
        "/usr/bin/sudo",
        "/usr/bin/apt-get",
        "/opt/conda/bin/conda",
        "/usr/local/bin/micromamba",
        "/usr/local/bin/aws",
        "no docker",
        "no systemctl",
        "/opt/conda/bin/sagemaker-code-editor",
        "/usr/bin/git",
        "/usr/bin/bash",
    ]


def test_the_home_persists_and_the_rest_is_new(room: Room, say: Say) -> None:
    say("touch $HOME/mine /var/tmp/theirs; sudo touch /usr/bin/theirs; sudo apt-get install -y cowsay")
    assert room.calls()
    room.lay_out()
    assert (room.home / "mine").exists()
    assert not (room.root / "var/tmp/theirs").exists()
    assert not (room.root / "usr/bin/theirs").exists()
    assert not (room.root / "usr/bin/cowsay").exists()
    assert room.calls() == []


def test_laying_out_follows_no_link_out_of_the_room(room: Room, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").touch()
    (room.root / "opt/conda/link").symlink_to(tmp_path / "precious")
    (room.home / "link").symlink_to(tmp_path / "precious")
    room.lay_out()
    assert (tmp_path / "precious/file").exists()
    assert not (room.root / "opt/conda/link").is_symlink()
    room.remove()
    assert (tmp_path / "precious/file").exists()


DEEP = """
cd $HOME
python3 - <<'PYTHON'
import os
for name in ("a" * 200, "b"):
    os.chdir(os.environ["HOME"])
    for _ in range(1500):
        os.mkdir(name)
        os.chdir(name)
PYTHON
mkfifo pipe
mkdir -p closed/more && chmod 000 closed
sudo mkdir roots && sudo touch roots/file
"""


def test_a_home_as_deep_as_a_script_made_it_is_used_again_and_removed(room: Room, say: Say) -> None:
    """Deeper than Python recurses, and longer than a path may be."""
    assert say(DEEP) == []
    room.lay_out()
    assert say("ls $HOME") == ["a" * 200, "b", "closed", "pipe", "roots"]
    room.remove()
    assert not room.root.exists()


def test_what_a_script_wrote_into_the_record_of_calls_is_no_call(room: Room, say: Say) -> None:
    lines = "\n".join(["garbage", "[1, 2]", '"a"', "{}", "[]", "null", "[" * 20_000])
    say(f"cat >> /var/lib/room/calls.jsonl <<'END'\n{lines}\nEND\nsudo true")
    assert [call.tool for call in room.calls()] == ["sudo"]


def test_the_metadata_is_what_the_app_is(tmp_path: Path) -> None:
    room = Room(tmp_path / "root", Image(2, 7), App("d-abc", "ada-editor", "eu-west-1", "210987654321"))
    room.lay_out()
    assert json.loads((room.root / "opt/ml/metadata/resource-metadata.json").read_text()) == {
        "AppType": "CodeEditor",
        "DomainId": "d-abc",
        "SpaceName": "ada-editor",
        "ResourceName": "default",
        "ResourceArn": "arn:aws:sagemaker:eu-west-1:210987654321:app/d-abc/ada-editor/codeeditor/default",
    }


@pytest.mark.parametrize(
    ("version", "in_home"), [("2.0", (False, False)), ("2.4", (True, False)), ("3.2", (True, True))]
)
def test_the_editor_gives_the_home_what_its_version_does(
    tmp_path: Path, version: str, in_home: tuple[bool, bool]
) -> None:
    room = Room(tmp_path / "root", Image.of(version))
    room.lay_out()
    start_editor(room)
    data = room.home / "sagemaker-code-editor-server-data"
    assert ((data / "data/User/settings.json").exists(), (data / "extensions").exists()) == in_home
    assert room.extensions.is_dir()
    assert (room.server_data / "data/User/settings.json").is_file()
    started = (room.root / "usr/local/bin/start-code-editor").read_text()
    assert f"--extensions-dir /{room.image.extensions}\n" in started


def test_the_editor_leaves_what_is_there(room: Room) -> None:
    """The trap: whoever makes the extensions' directory first loses the bundled ones."""
    room.extensions.mkdir(parents=True)
    settings = room.server_data / "data/User/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text("{}")
    start_editor(room)
    assert list(room.extensions.iterdir()) == []
    assert settings.read_text() == "{}"


def test_a_missing_program_is_missing(room: Room, say: Say) -> None:
    room.without("curl")
    assert say("curl --version")[-1].endswith("curl: command not found")
    room.add_program("curl", "#!/bin/sh\necho mine\n")
    assert say("curl") == ["mine"]


def test_a_stand_in_can_be_told_to_fail(room: Room, say: Say) -> None:
    room.misbehave("conda", exit_code=3, message="CondaHTTPError")
    assert say("conda install tree; echo $?; mamba --version") == ["CondaHTTPError", "3", "conda 24.11.3"]


def test_no_account_is_reached_without_an_emulator(room: Room, say: Say) -> None:
    with Run(room, "aws sts get-caller-identity\necho $?", room.environment()) as run:
        said = [line.text for line in run.lines()]
    assert said == ["There is no AWS account here: this is a rehearsal without an emulator.", "253"]
    beyond = room.environment({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com"})
    with Run(room, "aws sts get-caller-identity\necho $?", beyond) as run:
        assert [line.text for line in run.lines()][1] == "253"


def test_an_aws_cli_in_a_directory_that_the_room_has_itself(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/cli/bin{os.pathsep}{os.environ['PATH']}")
    package = tmp_path / "cli/lib/python3/site-packages/awscli"
    for file, text in (
        (tmp_path / "cli/pyvenv.cfg", ""),
        (tmp_path / "cli/bin/aws", f"#!{tmp_path}/cli/bin/python\n"),
        (package / "__init__.py", ""),
        (package / "clidriver.py", "import sys\ndef main(): print('ours', *sys.argv[1:]); return 3\n"),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    (tmp_path / "cli/bin/python").symlink_to(sys.executable)
    (tmp_path / "cli/.env").write_text("TOKEN=secret")  # the environment may have been made in a project
    room.lay_out()
    account = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    script = f"aws s3 ls\necho $?\ncat {tmp_path}/cli/.env /.host{tmp_path}/cli/.env 2> /dev/null"
    with Run(room, script, room.environment(account)) as run:
        assert [line.text for line in run.lines()] == ["ours s3 ls", "3"]


def test_the_real_aws_cli_talks_to_the_emulator_only(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}")
    room.lay_out()
    account = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_MAX_ATTEMPTS": "1",
    }
    elsewhere = "aws sts get-caller-identity --endpoint-url"
    script = f"aws sts get-caller-identity\n{elsewhere} https://192.0.2.1\n{elsewhere} http://192.0.2.1"
    with Run(room, script, room.environment(account)) as run:
        said = [line.text for line in run.lines() if line.text]
    assert len(said) == 3
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in said[0]
    assert all('Failed to connect to proxy URL: "http://127.0.0.1:9"' in line for line in said[1:])
