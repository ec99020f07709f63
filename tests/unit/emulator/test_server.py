"""Starting, finding and stopping; who may talk to it; and that it talks to nobody."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studio_emulator.state_file import State
from tests.unit.emulator.emulated import client, new_studio, refusal


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.mark.usefixtures("fresh_emulators")
def test_start_find_stop(home: Path) -> None:
    assert server.find(home) is None
    running = server.start(state_dir=home)
    assert server.find(home) == running == server.start(state_dir=home)
    status, text = get(running.port, "/health")
    health = json.loads(text)
    assert status == 200
    assert {key: health[key] for key in ("ok", "pid", "instance_id")} == {
        "ok": True,
        "pid": running.pid,
        "instance_id": running.instance_id,
    }
    said = {"ok", "version", "pid", "instance_id", "runs_lifecycle", "accepts_any_key", "started"}
    assert health.keys() == said
    assert server.stop(home) is True
    assert server.find(home) is None
    assert server.stop(home) is False
    assert not (home / "state.json").exists()


def test_two_starts_at_once_start_one(home: Path) -> None:
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: server.start(state_dir=home), range(2))
    assert first == second


@pytest.mark.usefixtures("fresh_emulators")
def test_two_programs_at_once_start_one(home: Path) -> None:
    code = "import sys, pathlib; from studio_emulator import server\n"
    code += "print(server.start(state_dir=pathlib.Path(sys.argv[1])).instance_id)"
    programs = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = {program.communicate()[0] for program in programs}
    assert len(said) == 1
    running = server.find(home)  # it has survived both
    assert running is not None
    assert said == {f"{running.instance_id}\n"}


def test_a_killed_one_is_not_found_and_is_replaced(home: Path) -> None:
    first = server.start(state_dir=home)
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.find(home) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    second = server.start(state_dir=home)
    assert second.instance_id != first.instance_id


def test_one_that_hangs_is_not_taken_for_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a second one would be started beside it, and all that is in it would be lost."""
    running = server.start(state_dir=home)
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.3)
    os.kill(running.pid, signal.SIGSTOP)
    for command in (server.find, server.stop, lambda state_dir: server.start(state_dir=state_dir)):
        with pytest.raises(EmulatorError, match=rf"process {running.pid}\) lives, and did not answer") as refused:
            command(home)
        assert refused.value.hint.endswith(f"kill -9 {running.pid}")
    os.kill(running.pid, signal.SIGCONT)
    monkeypatch.undo()
    assert server.find(home) == running


def test_another_process_on_the_port_is_neither_found_nor_stopped(home: Path, emulator: RunningEmulator) -> None:
    State(pid=os.getpid(), port=emulator.port, instance_id=emulator.instance_id).write(home)
    assert server.find(home) is None
    assert server.stop(home) is False
    State(pid=emulator.pid, port=emulator.port, instance_id="another").write(home)
    assert server.stop(home) is False
    assert get(emulator.port, "/health")[0] == 200
    (home / "state.json").write_text("{")
    assert server.find(home) is None


def test_a_taken_port_names_the_log(home: Path, emulator: RunningEmulator) -> None:
    with pytest.raises(EmulatorError) as caught:
        server.start(port=emulator.port, state_dir=home)
    assert str(emulator.port) in caught.value.message
    assert caught.value.hint == f"Read its log: less '{home / 'emulator.log'}'"


@pytest.mark.usefixtures("fresh_emulators")
def test_without_moto(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in {"moto", "flask"} else name)
    with pytest.raises(EmulatorError) as caught:
        server.start(state_dir=home)
    assert caught.value.message == "The emulator needs moto, which is not installed."
    assert caught.value.hint == f"{sys.executable} -m pip install 'studioctl[local]'"


@pytest.mark.usefixtures("fresh_emulators")
def test_with_half_of_moto(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "openapi_spec_validator.py").write_text("raise ModuleNotFoundError(\"No module named 'x'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EmulatorError) as caught:
        server.start(state_dir=home)
    said = "The emulator needs packages that are not installed: ModuleNotFoundError: No module named 'x'"
    assert (caught.value.message, caught.value.hint) == (said, f"{sys.executable} -m pip install 'studioctl[local]'")


def test_importing_the_server_imports_no_moto() -> None:
    code = "import sys, studio_emulator.server; print({'moto', 'boto3', 'botocore'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


@pytest.mark.usefixtures("fresh_emulators")
@pytest.mark.parametrize("runs_jobs", [False, True])
def test_it_inherits_no_credentials(home: Path, monkeypatch: pytest.MonkeyPatch, *, runs_jobs: bool) -> None:
    """And a proxy only for programs of training jobs, which install packages as their user does."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-secret")
    monkeypatch.setenv("AWS_PROFILE", "acme-admin")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    running = server.start(state_dir=home, settings=EmulatorSettings(run_training=runs_jobs))
    inherited = Path(f"/proc/{running.pid}/environ").read_text()
    assert "a-real-secret" not in inherited
    assert "acme-admin" not in inherited
    assert ("proxy.example.com" in inherited) == runs_jobs


def test_only_loopback_listens(emulator: RunningEmulator) -> None:
    """127.0.0.2 is this machine too, but another address: a server that listened on all would answer."""
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", emulator.port), timeout=5):
        pass


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com", "10.0.0.1", ""])
def test_other_names_are_refused(emulator: RunningEmulator, host: str) -> None:
    status, text = get(emulator.port, "/health", Host=host)
    assert (status, text) == (403, f"The emulator answers only to this machine's own names, not to {host!r}.\n")


def test_a_host_or_origin_that_is_none_is_refused_and_breaks_nothing(emulator: RunningEmulator) -> None:
    assert get(emulator.port, "/health", Host="[::1")[0] == 403
    assert get(emulator.port, "/health", Origin="http://[::1")[0] == 403
    assert get(emulator.port, "/health", Origin="null")[0] == 403


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff"])
def test_json_that_cannot_be_read_is_refused_in_the_words_of_aws(emulator: RunningEmulator, body: bytes) -> None:
    sagemaker = client(emulator, "sagemaker")

    def replace(request: Any, **_: object) -> None:
        request.data = body

    sagemaker.meta.events.register("before-sign.sagemaker.ListDomains", replace)
    try:
        assert refusal(sagemaker.list_domains)[0] == "SerializationException"
    finally:
        sagemaker.meta.events.unregister("before-sign.sagemaker.ListDomains", replace)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:80", "bucket.localhost"])
def test_own_names_are_served(emulator: RunningEmulator, host: str) -> None:
    assert get(emulator.port, "/health", Host=host)[0] == 200


def test_pages_of_others_are_refused(emulator: RunningEmulator) -> None:
    assert get(emulator.port, "/health", Origin="https://evil.example.com")[0] == 403
    assert get(emulator.port, "/health", Origin=emulator.endpoint_url)[0] == 200


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=5)", "192.0.2.1"),
        ("socket.create_connection(('example.com', 80), timeout=5)", "example.com"),
        ("urllib.request.urlopen('http://example.com')", "example.com"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", "192.0.2.1"),
    ],
)
def test_nothing_leaves_this_machine(attempt: str, told: str) -> None:
    code = "import socket, urllib.request\nfrom studio_emulator.guard import keep_to_loopback\n"
    code += f"keep_to_loopback()\ntry:\n    {attempt}\nexcept OSError as error:\n    print(error)\n"
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "The emulator sends nothing beyond this machine" in said
    assert told in said


def test_loopback_stays_open_to_it(emulator: RunningEmulator) -> None:
    code = "import urllib.request\nfrom studio_emulator.guard import keep_to_loopback\nkeep_to_loopback()\n"
    code += f"print(urllib.request.urlopen('{emulator.endpoint_url}/health').status)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "200\n"


def test_many_at_once(emulator: RunningEmulator) -> None:
    studio = new_studio(emulator)
    domain_id = studio.domain()
    studio.profile(domain_id)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: studio.space(domain_id, f"space-{number}"), range(24)))
    pages = studio.sagemaker.get_paginator("list_spaces").paginate(DomainIdEquals=domain_id)
    assert sorted(space["SpaceName"] for page in pages for space in page["Spaces"]) == sorted(
        f"space-{number}" for number in range(24)
    )


def test_the_variables_for_others(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet.example.com")
    assert server.environment(emulator, "eu-west-3") == {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{emulator.port}",
        "AWS_ACCESS_KEY_ID": emulator.key[0],
        "AWS_SECRET_ACCESS_KEY": emulator.key[1],
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": "eu-west-3",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "NO_PROXY": "intranet.example.com,127.0.0.1,localhost",
        "no_proxy": "intranet.example.com,127.0.0.1,localhost",
    }


def test_the_aws_cli_is_just_another_client(emulator: RunningEmulator) -> None:
    aws = shutil.which("aws", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert aws is not None
    variables = {"PATH": os.environ["PATH"], **server.environment(emulator, "eu-west-3")}

    def run(*arguments: str) -> dict[str, object]:
        output = subprocess.check_output([aws, *arguments, "--output", "json"], env=variables, text=True)
        answer: dict[str, object] = json.loads(output or "{}")
        return answer

    assert run("sagemaker", "list-domains") == {"Domains": []}
    assert run("sts", "get-caller-identity")["Account"] == "123456789012"
    run(
        "s3api",
        "create-bucket",
        "--bucket",
        "cli-bucket",
        "--create-bucket-configuration",
        "LocationConstraint=eu-west-3",
    )
    subprocess.run([aws, "s3", "cp", "-", "s3://cli-bucket/key"], input=b"x" * 100, env=variables, check=True)
    assert server.inventory(emulator)["buckets"]["cli-bucket"] == ["key@null"]
    failed = subprocess.run(
        [aws, "sagemaker", "describe-domain", "--domain-id", "d-none"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        "(ResourceNotFound) when calling the DescribeDomain operation: Domain [d-none] does not exist." in failed.stderr
    )


@pytest.mark.usefixtures("fresh_emulators")
def test_settings_reach_the_process(home: Path) -> None:
    running = server.start(state_dir=home, settings=EmulatorSettings(maximum_apps=0))
    with Path(f"/proc/{running.pid}/cmdline").open("rb") as file:
        assert b'"maximum_apps": 0' in file.read()
