"""Apps that run their lifecycle configurations: what the log says, what becomes of the app, and what is left."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.fakes.processes import nap, napping
from tests.unit.emulator.emulated import REGION, client, eventually, gone, new_studio, refusal
from tests.unit.emulator.starting import GROUP, Editor

SETTINGS = EmulatorSettings(transition_seconds=0.05, run_lifecycle=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("running")
    yield server.start(settings=SETTINGS, state_dir=home)
    server.stop(home)


def test_the_scripts_run_with_the_built_in_one_first_and_the_home_stays(running: RunningEmulator) -> None:
    selected = 'echo "selected $(ls -x $HOME)"; touch $HOME/mine; sudo touch /opt/system; echo >&2 problem'
    editor = Editor(running, f"#!/bin/bash\n{selected}\n", "echo built-in; ls /opt/amazon\n")
    assert editor.start()["Status"] == "InService"
    assert editor.log() == [
        "built-in",
        "sagemaker",
        "selected sagemaker-code-editor-server-data  user-default-efs",
        "problem",
    ]
    # what the editor has made before
    extensions = editor.home / "sagemaker-code-editor-server-data/extensions"
    assert sum(link.is_symlink() for link in extensions.iterdir()) == 3

    editor.stop()
    assert editor.start()["Status"] == "InService"
    second = editor.log()[4:]
    assert second == [
        "built-in",
        "sagemaker",
        "selected mine  sagemaker-code-editor-server-data  user-default-efs",
        "problem",
    ]
    editor.stop()
    editor.studio.sagemaker.delete_space(DomainId=editor.domain_id, SpaceName="editor")
    gone(lambda: editor.studio.sagemaker.describe_space(DomainId=editor.domain_id, SpaceName="editor"))
    assert not editor.volume.exists()


def test_the_app_is_pending_and_the_log_grows_while_the_script_runs(running: RunningEmulator) -> None:
    editor = Editor(running, "echo began\nwhile [ ! -e $HOME/go ]; do sleep 0.05; done\necho ended\n")
    editor.create()
    eventually(lambda: (editor.app(), _group_has(running, editor.domain_id))[1], bool)
    assert editor.log() == ["began"]
    assert editor.app()["Status"] == "Pending"
    (editor.home / "go").touch()
    assert eventually(editor.app, lambda app: app["Status"] != "Pending")["Status"] == "InService"
    assert editor.log() == ["began", "ended"]


def _group_has(running: RunningEmulator, domain_id: str) -> bool:
    groups = client(running, "logs", REGION).describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    if not groups:
        return False
    streams = client(running, "logs", REGION).describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=domain_id)
    return bool(streams["logStreams"])


def test_a_script_that_fails_fails_the_app_and_leaves_nothing_running(running: RunningEmulator) -> None:
    seconds = nap()
    editor = Editor(running, f"setsid sleep {seconds} &\necho no >&2\nexit 3\n")
    app = editor.start()
    assert app["Status"] == "Failed"
    assert app["FailureReason"] == (
        f"ConfigurationError: LifecycleConfig execution failed with non zero exit code 3 for script: {editor.script}"
    )
    assert editor.log() == ["no"]
    assert not napping(seconds)
    assert refusal(lambda: editor.studio.sagemaker.delete_app(**editor.key)) == (
        "ValidationException",
        f"App [{app['AppArn']}] previously failed and was automatically deleted",
    )
    # the disk is still there, and another start finds it
    assert editor.start()["Status"] == "Failed"


@pytest.mark.parametrize(("kind", "reason"), [("capacity", "EC2InsufficientCapacityError"), ("failed", "")])
def test_an_app_that_is_told_to_fail_runs_no_script(running: RunningEmulator, kind: str, reason: str) -> None:
    editor = Editor(running, "echo selected\n")
    server.set_faults(running, {"faults": [{"kind": kind, "action": "CreateApp", "times": 1}]})
    try:
        app = editor.start()
    finally:
        server.set_faults(running, {"faults": []})
    assert app["Status"] == "Failed"
    assert reason in app["FailureReason"]
    assert not _group_has(running, editor.domain_id)
    assert editor.start()["Status"] == "InService"


def test_a_built_in_script_that_fails_keeps_the_other_one_from_running(running: RunningEmulator) -> None:
    editor = Editor(running, "echo selected\n", "exit 1\n")
    assert editor.start()["FailureReason"].endswith(f"code 1 for script: {editor.script.replace('setup', 'built-in')}")
    assert not _group_has(running, editor.domain_id)


def test_a_script_that_takes_too_long_fails_the_app(home: Path) -> None:
    seconds = nap()
    hasty = server.start(settings=replace(SETTINGS, lifecycle_seconds=2), state_dir=home)
    editor = Editor(hasty, f"setsid sleep {seconds} &\ntrap '' TERM INT HUP\nwhile true; do sleep 1; done\n")
    began = time.monotonic()
    app = editor.start()
    assert time.monotonic() - began >= 2
    assert app["Status"] == "Failed"
    assert app["FailureReason"] == (
        f"ConfigurationError: LifecycleConfig execution timed out after 2 seconds for script: {editor.script}"
    )
    assert not napping(seconds)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep NAP\n", id="while the script runs"),
        pytest.param("(trap '' HUP; exec setsid sleep NAP) &\n", id="with work in the background"),
    ],
)
def test_deleting_the_app_kills_what_runs_in_it(running: RunningEmulator, script: str) -> None:
    seconds = nap()
    editor = Editor(running, script.replace("NAP", seconds))
    editor.create()
    eventually(lambda: napping(seconds), bool)
    if "setsid" in script:
        eventually(editor.app, lambda app: app["Status"] == "InService")
        assert napping(seconds)
    editor.stop()
    assert not napping(seconds)


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_no_process_outlives_the_emulator(home: Path, signal: str) -> None:
    emulator = server.start(settings=SETTINGS, state_dir=home)
    one, other = nap(), nap()
    Editor(emulator, f"sleep {one}\n").create()
    assert Editor(emulator, f"setsid sleep {other} &\n").start()["Status"] == "InService"
    eventually(lambda: napping(one) and napping(other), bool)
    subprocess.run(["kill", f"-{signal}", str(emulator.pid)], check=True)
    eventually(lambda: napping(one) or napping(other), lambda left: not left)
    if signal == "TERM":
        eventually((home / "spaces").exists, lambda there: not there)
    else:
        assert server.start(state_dir=home).pid != emulator.pid
        assert not (home / "spaces").exists()


def test_aws_in_the_space_is_the_emulator(running: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    name = new_studio(running).tag
    client(running, "secretsmanager").create_secret(Name=name, SecretString="open sesame")
    editor = Editor(
        running,
        f"aws secretsmanager get-secret-value --secret-id {name} --query SecretString --output text\n"
        "aws secretsmanager get-secret-value --secret-id none --region eu-west-1 2>&1 | tail -n 1\n"
        "env | grep -E '^AWS_|_proxy' | sort; cat /opt/ml/metadata/resource-metadata.json\n",
    )
    assert editor.start()["Status"] == "InService"
    log = editor.log()
    arn = f"arn:aws:sagemaker:{REGION}:123456789012:app"
    assert log == [
        "open sesame",
        (
            "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: "
            "Secrets Manager can't find the specified secret."
        ),
        f"AWS_ACCESS_KEY_ID={running.key[0]}",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/_sagemaker-instance-credentials/rehearsal",
        f"AWS_DEFAULT_REGION={REGION}",
        f"AWS_ENDPOINT_URL={running.endpoint_url}",
        f"AWS_REGION={REGION}",
        f"AWS_SECRET_ACCESS_KEY={running.key[1]}",
        *(f"{name}=http://127.0.0.1:3128" for name in ("http_proxy", "https_proxy")),
        "no_proxy=127.0.0.1",
        json.dumps(
            {
                "AppType": "CodeEditor",
                "DomainId": editor.domain_id,
                "SpaceName": "editor",
                "ResourceName": "default",
                "ResourceArn": f"{arn}/{editor.domain_id}/editor/codeeditor/default",
            }
        ),
    ]


def test_the_log_group_of_studio_is_nobodys(running: RunningEmulator) -> None:
    """`down` leaves it as it is on AWS, so it is no difference between two inventories."""
    editor = Editor(running, "echo one\n")
    before = server.inventory(running)["log_groups"]
    editor.start()
    assert editor.log() == ["one"]
    assert server.inventory(running)["log_groups"] == before
    client(running, "logs", REGION).create_log_group(logGroupName=f"/own/{editor.studio.tag}")
    assert len(server.inventory(running)["log_groups"]) == len(before) + 1


def test_the_built_in_script_must_exist_and_cannot_go(running: RunningEmulator) -> None:
    editor = Editor(running, "true\n", "true\n")
    name = f"built-in-{editor.studio.tag}"
    delete = editor.studio.sagemaker.delete_studio_lifecycle_config
    assert refusal(lambda: delete(StudioLifecycleConfigName=name))[0] == "ResourceInUse"
    missing = editor.script.replace("setup", "missing")
    settings: Any = {"CodeEditorAppSettings": {"BuiltInLifecycleConfigArn": missing}}
    assert refusal(
        lambda: editor.studio.sagemaker.update_domain(DomainId=editor.domain_id, DefaultUserSettings=settings)
    ) == ("ValidationException", f"The lifecycle configuration '{missing}' does not exist")


def test_unless_it_is_told_to_the_emulator_runs_nothing(emulator: RunningEmulator) -> None:
    editor = Editor(emulator, "exit 1\n")
    assert editor.start()["Status"] == "InService"
    assert not editor.volume.exists()
