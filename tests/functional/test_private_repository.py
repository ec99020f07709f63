"""A private repository is cloned when the editor starts, and the token is nowhere afterwards."""

import base64
import contextlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.git_server import GitServer, git_server
from tests.unit.emulator.emulated import client, eventually
from tests.unit.emulator.starting import Editor

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings
from studioctl.config.load import load
from studioctl.infrastructure import editor_scripts
from studioctl.infrastructure.naming import Naming

REGION = "eu-west-1"
TOKEN = "ghp_SecretSecretSecret0123456789"
GIT = (b"git-remote-https", b"git\0remote-https")
STUDIO = """\
name = "acme-ml"
region = "{region}"
users = [{{ name = "ada" }}]
studio = {{ docker = false }}
secrets = {{ github = {{ username = "ada", host = "{host}" }} }}
editor = {{ repositories = ["{url}"] }}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path, username="ada", token=TOKEN) as running:
        running.make("models.git", {"README.md": "our models\n"})
        yield running


@contextmanager
def watched_processes() -> Iterator[set[bytes]]:
    """Every command line and environment that any process of this machine shows while the block lasts, as they come."""
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    seen.update(((process / "cmdline").read_bytes(), (process / "environ").read_bytes()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def were_seen(shown: set[bytes], *words: bytes) -> bool:
    """Whether one of them was seen so far."""
    return any(word in text for text in list(shown) for word in words)


def traces(token: str) -> tuple[bytes, ...]:
    """The token, and as it goes over the wire."""
    return token.encode(), base64.b64encode(f"ada:{token}".encode())


def holding(root: Path, wanted: tuple[bytes, ...]) -> list[Path]:
    """The files below a directory that hold one of these."""
    files = (file for file in root.rglob("*") if file.is_file() and not file.is_symlink())
    return [file for file in files if any(trace in file.read_bytes() for trace in wanted)]


def start(home: Path, hub: GitServer) -> tuple[Editor, str]:
    """An emulator with a space whose script clones the repository, not started yet; and the secret's name."""
    file = home / "studio.toml"
    file.parent.mkdir()
    file.write_text(STUDIO.format(region=REGION, host=hub.host, url=hub.url("models.git")))
    script = editor_scripts.build(load(file)).of("ada").text
    emulator = server.start(
        settings=EmulatorSettings(run_lifecycle=True, lifecycle_allow=(hub.host,)), state_dir=home / "emulator"
    )
    editor = Editor(emulator, script)
    return editor, Naming("acme-ml").github_secret


def test_the_token_goes_from_the_secret_to_git_and_nowhere_else(
    tmp_path: Path, hub: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(hub.authority))
    home = tmp_path / "home"
    try:
        editor, secret = start(home, hub)
        secrets = client(editor.emulator, "secretsmanager", REGION)
        secrets.create_secret(Name=secret, SecretString=TOKEN)
        with watched_processes() as shown:
            hub.before = lambda: eventually(lambda: were_seen(shown, *GIT), bool)  # it runs until it is answered
            assert editor.start()["Status"] == "InService"
        hub.before = None
        log = "\n".join(editor.log())
        assert "[studioctl] repositories   done" in log, log

        clone = editor.home / "models"
        assert (clone / "README.md").read_text() == "our models\n"
        assert hub.refused, "the server did not ask"
        assert were_seen(shown, *GIT), "nothing was watched"
        # the search itself: it finds what is there
        (tmp_path / "planted").mkdir()
        (tmp_path / "planted/file").write_bytes(b"x" + traces(TOKEN)[1])
        assert holding(tmp_path / "planted", traces(TOKEN)) == [tmp_path / "planted/file"]

        assert holding(home, traces(TOKEN)) == []
        assert [text for text in shown if any(trace in text for trace in traces(TOKEN))] == []
        assert TOKEN not in log
        git = ["git", "-c", "safe.directory=*", "-C", str(clone)]  # it is the room's, not ours
        told = subprocess.check_output([*git, "remote", "-v"], text=True)
        assert told.splitlines()[0] == f"origin\t{hub.url('models.git')} (fetch)"
        assert TOKEN not in told + subprocess.check_output([*git, "config", "--list"], text=True)

        # a token that was changed is taken at the next start; one that is wrong is told and takes nothing away
        editor.stop()
        hub.token = "ghp_Another"
        subprocess.run(["rm", "-r", str(clone), str(editor.home / ".local/share/studioctl/cloned")], check=True)
        assert editor.start()["Status"] == "InService"
        failed = [line for line in editor.log() if "repositories" in line and "failed" in line]
        assert failed, editor.log()
        assert not clone.exists()
        assert holding(home, traces(TOKEN)) == []
        editor.stop()
        secrets.put_secret_value(SecretId=secret, SecretString=hub.token)
        assert editor.start()["Status"] == "InService"
        eventually((clone / "README.md").exists, bool)
        assert holding(home, traces(hub.token)) == []
    finally:
        server.stop(home / "emulator")


def test_the_watching_sees_a_token_in_a_command_line() -> None:
    with watched_processes() as shown, subprocess.Popen(["sleep", "600"], env={"LEAK": TOKEN}) as sleeping:
        try:
            eventually(lambda: were_seen(shown, TOKEN.encode()), bool)
        finally:
            sleeping.kill()
