"""Into a space over ssh: the real ssh, scp and rsync through `ssh-proxy`, to a real server."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.functional.conftest import Done, Shell
from tests.functional.living import Living, living
from tests.functional.machine import Machine, machine, program
from tests.generated import ROOT

PLUGIN = "session-manager-plugin"
VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
ALIAS = "ada-editor.acme-ml.local"
# Whatever else is in the user's file: an odd name, a first line for every host, and rules that would catch our host.
THEIRS = b"""\
# my hosts \xff
IdentityFile {key}
Host *
    User somebody
    ProxyCommand none
    ForwardAgent yes
Match host *
    Port 2222"""


@dataclass(frozen=True)
class Remote:
    """An environment, the machine behind its space, and a person's ssh configuration."""

    home: Living
    machine: Machine
    config: Path

    def run(self, *arguments: str, expect: int | None = 0) -> Done:
        return self.home.run(*arguments, expect=expect)

    @property
    def status(self) -> str:
        """Of the space's app."""
        return str(self.home.app("ada-editor")["Status"])

    def ssh(self, *words: str, expect: int = 0) -> Done:
        """`studioctl ssh --local ...`"""
        return self.home.shell.studioctl("ssh", "--local", *words, expect=expect)

    def system(self, *command: str | Path, expect: int = 0) -> Done:
        """A program as the person runs it."""
        done = subprocess.run(
            command,
            cwd=self.home.shell.directory,
            env=self.home.shell.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    # Odd characters in every path that goes through ssh's configuration and a shell.
    directory = tmp_path_factory.mktemp('ada\'s "100%" $HOME #1')
    with (
        machine(tmp_path_factory.mktemp("machine")) as made,
        living(directory, users={"ada": ("ada-editor",)}, registration_seconds=0) as home,
    ):
        path = os.pathsep.join((str(made.programs), os.environ["PATH"]))
        home.shell.variables["PATH"] = path  # type: ignore[index]
        config = directory / ".ssh" / "config"
        config.parent.mkdir(mode=0o700)
        config.write_bytes(THEIRS.replace(b"{key}", str(made.key).encode()))
        config.chmod(0o600)
        (made.directory / "ssh_config").symlink_to(config)  # for those who cannot read an odd path, such as rsync
        yield Remote(home, made, config)


@pytest.fixture
def connected(remote: Remote) -> Remote:
    """The space runs, lets ssh in, and has its name in the file."""
    remote.home.faults()
    remote.machine.plugin()
    if f"Host {ALIAS}\n".encode() not in remote.config.read_bytes() or remote.status != "InService":
        remote.run("connect", "--yes", "--instance-type", "ml.t3.large")
    return remote


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_what_is_missing_is_said_and_nothing_is_changed(remote: Remote) -> None:
    before = remote.config.read_bytes()
    again = "studioctl connect --local ada-editor --editor none --instance-type ml.t3.large"

    check = remote.run("connect", "--check", "--editor", "none", expect=1)
    refused = remote.run("connect", "--yes", "--editor", "none", expect=1)

    ssh, plugin = (line.split(None, 2)[2] for line in check.out.splitlines() if line.split()[1] in {"ssh", PLUGIN})
    assert (
        check.out
        == f"""\
  ! remote-access  'ada-editor' does not allow it yet
      AWS lets no local editor in.
      do: {again}
  ✗ instance-type  ml.t3.medium has less than 8 GB of memory, and AWS refuses remote access on it
      at: studio.toml: studio.instance_type
      The editor in the browser works on it.
      do: {again}
  ✓ image  sagemaker-distribution, the newest version
  ! app  Code Editor in 'ada-editor' is stopped
      There is nothing to connect to until it runs.
      do: {again}
  ! session  not tried: the space is not ready
      The connection goes through one, and AWS alone knows whether the space is registered for it.
      do: {again}
  ✓ ssh  {ssh}
  ✓ session-manager-plugin  {plugin}
  ✓ ssh-config  '{ALIAS}' will be added to {remote.config}
"""
    )
    assert refused.err == (
        f"Error: ml.t3.medium has less than 8 GB of memory, and AWS refuses remote access on it.\nNext:  {again}\n"
    )
    assert remote.config.read_bytes() == before
    details = remote.home.studio.sagemaker.describe_space(DomainId=remote.home.domain_id, SpaceName="ada-editor")
    assert "RemoteAccess" not in details["SpaceSettings"]
    apps = remote.home.studio.sagemaker.list_apps(DomainIdEquals=remote.home.domain_id)["Apps"]
    assert apps == []


def test_nothing_is_started_unasked(remote: Remote) -> None:
    done = remote.run("connect", "--editor", "none", "--instance-type", "ml.t3.large", expect=4)

    assert "There is no terminal to ask on. Nothing was changed." in done.err
    assert "studioctl" not in remote.config.read_bytes().decode(errors="replace")


def test_the_first_connection_and_the_way_back(remote: Remote) -> None:
    before = remote.config.read_bytes()
    remote.run("start", "ada-editor")  # on too small an instance, and before remote access was allowed

    done = remote.run("connect", "--yes", "--instance-type", "ml.t3.large")

    assert [line.split("  ")[1] for line in done.err.splitlines() if line.startswith("  ✓")] == [
        "✓ stopped CodeEditor in 'ada-editor'",
        "✓ allowed remote access",
        "✓ started 'ada-editor'",
        "✓ opened session with 'ada-editor'",
    ]
    assert (
        "This is the emulator: nothing runs behind a space. On AWS, the editor would open now:"
        f" code --remote ssh-remote+{ALIAS} /home/sagemaker-user\n"
    ) in done.err
    assert remote.home.app("ada-editor")["ResourceSpec"]["InstanceType"] == "ml.t3.large"
    after = remote.config.read_bytes()
    assert after.endswith(b"# <<< studioctl: spaces <<<\n" + before)
    assert (remote.config.stat().st_mode & 0o777) == 0o600
    assert remote.config.with_name("config.before-studioctl").read_bytes() == before
    assert remote.run("connect", "--remove").err == f"Taken out of {remote.config}: {ALIAS}.\n"
    assert remote.config.read_bytes() == before


def test_a_second_connection_changes_nothing(connected: Remote) -> None:
    before, app = connected.config.read_bytes(), connected.home.app("ada-editor")["CreationTime"]

    done = connected.run("connect", "--editor", "none")  # nothing to agree to

    assert connected.config.read_bytes() == before
    assert connected.home.app("ada-editor")["CreationTime"] == app
    assert f"'ada-editor' can be reached as '{ALIAS}', which is in {connected.config}." in done.err
    found = json.loads(connected.run("connect", "--check", "--json", "--editor", "none").out)
    assert (found["host"], found["ready"]) == (ALIAS, True)
    assert {finding["status"] for finding in found["findings"]} == {"ok"}


def test_ssh_passes_on_words_and_exit_codes(connected: Remote) -> None:
    assert connected.ssh("--", "pwd").out == f"{connected.machine.home}\n"
    assert connected.ssh("ada-editor", "--", "printf", "%s\n", "a  b", "--debug").out == "a  b\n--debug\n"
    assert connected.ssh("--", "echo $USER; exit 7", expect=7).out == "sagemaker-user\n"


def test_ssh_scp_and_rsync_know_the_name(connected: Remote) -> None:
    """100 MB each way, and the same bytes at the end."""
    here, there = connected.home.shell.directory / "data", connected.machine.home / "data"
    here.mkdir()
    with (here / "large").open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(1 << 20))
    config = connected.machine.directory / "ssh_config"

    assert connected.system("ssh", "-F", config, ALIAS, "echo $USER").out == "sagemaker-user\n"
    connected.system("scp", "-F", config, here / "large", f"{ALIAS}:by scp")
    assert digest(connected.machine.home / "by scp") == digest(here / "large")
    connected.system("rsync", "-a", "-e", f"ssh -F {config}", f"{here}/", f"{ALIAS}:data/")
    assert digest(there / "large") == digest(here / "large")
    connected.system("rsync", "-a", "-e", f"ssh -F {config}", f"{ALIAS}:data/large", here / "back")
    assert digest(here / "back") == digest(here / "large")
    shutil.rmtree(here)
    shutil.rmtree(there)


def test_a_token_is_in_no_command_line_and_in_no_file(connected: Remote) -> None:
    already = len(connected.machine.sessions)
    connected.ssh("--", "true")
    connected.system("ssh", "-F", connected.config, ALIAS, "true")

    sessions, seen = connected.machine.sessions[already:], connected.machine.command_lines[already:]
    assert len(sessions) == 2
    for session, command_lines in zip(sessions, seen, strict=True):
        assert session["arguments"] == [VARIABLE, "us-east-1", "StartSession", ""]
        assert VARIABLE in command_lines  # the test looks at the right moment
        assert ALIAS in command_lines
        assert session["token"] not in command_lines
    tokens = [session["token"].encode() for session in connected.machine.sessions]
    roots = (connected.home.shell.directory, connected.machine.directory)
    files = [file for root in roots for file in root.rglob("*") if file.is_file()]
    assert any("emulator" in str(file) and file.suffix == ".log" for file in files)
    assert [file for file in files if any(token in file.read_bytes() for token in tokens)] == []


def test_on_the_emulator_the_plugin_gets_no_way_to_aws(connected: Remote) -> None:
    connected.home.shell.variables["AWS_PROFILE"] = "acme-admin"  # type: ignore[index]
    try:
        connected.ssh("--", "true")
    finally:
        del connected.home.shell.variables["AWS_PROFILE"]  # type: ignore[attr-defined]

    assert connected.machine.sessions[-1]["aws"] == [
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SHARED_CREDENTIALS_FILE",
        VARIABLE,
    ]


def test_a_space_that_has_not_registered_yet_is_waited_for(connected: Remote) -> None:
    connected.home.faults({"action": "StartSession", "code": "InternalFailure", "message": "Not yet.", "times": 2})

    assert connected.ssh("--", "echo here").out == "here\n"


def test_a_refusal_is_one_line_beside_the_stream(connected: Remote) -> None:
    arn = connected.home.studio.sagemaker.describe_space(DomainId=connected.home.domain_id, SpaceName="ada-editor")[
        "SpaceArn"
    ]
    connected.home.faults({"action": "StartSession", "code": "AccessDeniedException", "message": "No.", "times": None})

    proxy = connected.run("ssh-proxy", arn, expect=1)
    ssh = connected.ssh("--", "true", expect=255)

    assert (proxy.out, proxy.err.count("\n")) == ("", 1)
    assert proxy.err.startswith(
        f"studioctl: AWS refused StartSession: Your identity may not sagemaker:StartSession on {arn}"
    )
    assert f'{{ "Effect": "Allow", "Action": "sagemaker:StartSession", "Resource": "{arn}" }}' in proxy.err
    assert ssh.err.startswith(proxy.err)


def test_an_old_plugin_is_refused_before_there_is_a_token(connected: Remote) -> None:
    connected.machine.plugin("1.2.497.0")
    already = len(connected.machine.sessions)
    program = connected.machine.programs / PLUGIN

    done = connected.ssh("--", "true", expect=1)

    assert done.err.startswith(
        f"Error: session-manager-plugin 1.2.497.0 ({program}) takes the session's token from its command line, where"
        " everybody on this machine can read it.\nNext:  install 1.2.764.0 or newer: https://docs.aws.amazon.com/"
    )
    assert connected.system("ssh", "-F", connected.config, ALIAS, "true", expect=255).err.startswith("studioctl: ")
    assert len(connected.machine.sessions) == already


def test_a_stopped_space_is_started_again(connected: Remote) -> None:
    connected.run("stop", "ada-editor")

    refused = connected.ssh("--", "true", expect=1)
    connected.run("connect", "--yes", "--editor", "none", "--instance-type", "ml.t3.large")

    assert refused.err.splitlines()[-1] == (
        "Next:  studioctl connect --local ada-editor --editor none --instance-type ml.t3.large"
    )
    assert connected.ssh("--", "echo here").out == "here\n"


def test_on_aws_the_editor_is_opened(connected: Remote) -> None:
    """The same commands without `--local`: an endpoint and keys from the environment, as for any other program."""
    told = connected.machine.directory / "code-was-told"
    program(
        connected.machine.programs / "code",
        f"""#!/bin/sh
case "$1" in
--version) echo 1.95.3 ;;
--list-extensions) echo ms-vscode-remote.remote-ssh ;;
*) printf '%s\\n' "$@" > {told} ;;
esac
""",
    )
    shell = connected.home.shell
    emulator = connected.home.emulator
    keys = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), emulator.key, strict=True))
    variables = {**shell.variables, **keys, "AWS_ENDPOINT_URL": emulator.endpoint_url}
    aws = Shell(shell.directory, variables)

    done = aws.studioctl("connect", "--yes")

    assert told.read_text().splitlines() == ["--remote", "ssh-remote+ada-editor.acme-ml", "/home/sagemaker-user"]
    assert "This is the emulator" not in done.err
    assert aws.studioctl("ssh", "--", "echo here").out == "here\n"
    assert "AWS_CONFIG_FILE" not in connected.machine.sessions[-1]["aws"]
    shown = aws.studioctl("connect", "--print").out
    assert shown.splitlines()[0] == "Host ada-editor.acme-ml"
    assert shown.splitlines()[-1] == "# then: code --remote ssh-remote+ada-editor.acme-ml /home/sagemaker-user"
    assert connected.config.read_text(errors="replace").count("\nHost ada-editor.acme-ml") == 2
    connected.run("connect", "--remove")  # a rehearsal takes out what a rehearsal wrote
    assert aws.studioctl("connect", "--remove").err.endswith(": ada-editor.acme-ml.\n")
    assert aws.studioctl("connect", "--remove").err.startswith("There is nothing of studioctl's")


def test_the_how_to_rehearses_it(remote: Remote) -> None:
    remote.machine.plugin()
    page = (ROOT / "docs/how-to/connect-vs-code.md").read_text()
    commands = [line for line in page.splitlines() if line.startswith("studioctl connect --local")]
    assert len(commands) == 4
    for command in commands:
        remote.home.shell.studioctl(*shlex.split(command)[1:])

    _, shown = page.split("# >>> studioctl: spaces >>>\n")
    settings = [line.split()[0] for line in shown.split("Host *\n")[0].splitlines() if line.startswith("    ")]
    printed = remote.run("connect", "--print").out
    assert settings == [line.split()[0] for line in printed.splitlines() if line.startswith("    ")]


def test_a_copy_of_what_is_in_a_space(connected: Remote) -> None:
    """Running apps keep running; the bucket is looked at before anything else."""
    s3 = connected.home.client("s3")
    s3.create_bucket(Bucket="acme-copies")
    (connected.machine.home / "model.bin").write_bytes(os.urandom(1 << 20))

    refused = connected.run("backup", "s3://acme-nowhere", expect=4)
    done = connected.run("backup", "s3://acme-copies/late", "--json")

    assert refused.err.startswith(
        "Error: There is no bucket 'acme-nowhere'. Nothing was changed.\nNext:  name another, or make it: studioctl"
    )
    (copy,) = json.loads(done.out)
    lines = [" ".join(line.split()) for line in done.err.splitlines()]
    assert lines[:2] == ["Copied to s3://acme-copies/late:", "what is in 'ada-editor', and the home directory of 'ada'"]
    assert "note: the home directory of 'ada' is not mounted in 'ada-editor': it was not copied, and is kept" in lines
    stored = s3.get_object(Bucket="acme-copies", Key=copy["key"])["Body"].read()
    assert (copy["bytes"], copy["sha256"]) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert connected.status == "InService"
    (connected.machine.home / "model.bin").unlink()
