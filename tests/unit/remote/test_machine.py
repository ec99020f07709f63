"""The programs that this machine lacks, reported by those that a test puts there."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from studioctl.errors import StudioctlError
from studioctl.findings import Finding
from studioctl.remote import editors, machine, plugin
from studioctl.remote.host import Host, config_path
from studioctl.remote.ssh_config import SshConfig

CODE = editors.of("code")


class Programs:
    """A PATH with nothing on it but what a test puts there."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self.environ: Mapping[str, str] = {"PATH": f"{directory}:/usr/bin:/bin", "HOME": str(directory.parent)}

    def put(self, name: str, version: str, extensions: str = "") -> Path:
        path = self.directory / name
        path.write_text(f'#!/bin/sh\n[ "$1" = --list-extensions ] && echo "{extensions}" || echo "{version}"\n')
        path.chmod(0o755)
        return path


@pytest.fixture
def programs(home: Path) -> Programs:
    return Programs(home / "bin")


def by_id(host: Host, programs: Programs, editor: editors.Editor | None = CODE) -> dict[str, Finding]:
    return {found.id: found for found in machine.findings(editor, host, programs.environ)}


def test_all_is_well(programs: Programs, host: Host) -> None:
    plugin_path = programs.put("session-manager-plugin", "1.2.764.0")
    code = programs.put("code", "1.95.3\nabcdef\nx64", "MS-vscode-remote.remote-ssh\nms-python.python")

    found = by_id(host, programs)

    assert {finding.severity.word for finding in found.values()} == {"ok"}
    assert found["session-manager-plugin"].message == f"session-manager-plugin 1.2.764.0 ({plugin_path})"
    assert found["editor"].message == f"code 1.95.3 ({code})"
    assert found["ssh"].message.startswith("ssh ")


def test_everything_is_missing(programs: Programs, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "PLACES", ())
    programs.environ = {"PATH": str(programs.directory), "AWS_ACCESS_KEY_ID": "AKIA"}

    found = by_id(host, programs)

    assert {name: (finding.severity.word, finding.message) for name, finding in found.items()} == {
        "ssh": ("error", "ssh was not found"),
        "session-manager-plugin": ("error", "session-manager-plugin was not found on PATH."),
        "editor": ("error", "Visual Studio Code was not found: there is no 'code' on PATH"),
        "ssh-config": ("ok", f"'{host.alias}' will be added to {config_path()}"),
        "credentials": (
            "warning",
            "your credentials come from environment variables, which an editor that is open already does not see",
        ),
    }
    assert all(finding.remedy for finding in found.values() if finding.severity.word != "ok")


@pytest.mark.parametrize(
    ("editor", "old", "new"),
    [("code", "1.89.1", "1.90.0"), ("cursor", "2.6.17", "2.6.18"), ("kiro", "0.10.77", "0.11.0")],
)
def test_versions_that_aws_wants(programs: Programs, host: Host, editor: str, old: str, new: str) -> None:
    chosen = editors.of(editor)
    for version, status in ((old, "error"), (new, "ok")):
        programs.put(editor, version, chosen.extensions[0])
        assert by_id(host, programs, chosen)["editor"].severity.word == status


def test_an_editor_without_the_extension(programs: Programs, host: Host) -> None:
    programs.put("code", "1.95.3", "ms-python.python")

    assert by_id(host, programs)["editor-extension"].remedy == "code --install-extension ms-vscode-remote.remote-ssh"


@pytest.mark.parametrize(
    ("version", "status"), [("1.2.497.0", "error"), ("1.2.536.0", "warning"), ("1.2.896.0", "ok"), ("unknown", "ok")]
)
def test_versions_of_the_plugin(programs: Programs, host: Host, version: str, status: str) -> None:
    programs.put("session-manager-plugin", version)

    assert by_id(host, programs)["session-manager-plugin"].severity.word == status


def test_a_damaged_configuration_is_told(programs: Programs, host: Host) -> None:
    path = config_path()
    path.parent.mkdir()
    path.write_text("# <<< studioctl: spaces <<<\n")
    assert by_id(host, programs)["ssh-config"].severity.word == "error"


def test_somebody_elses_rule_before_ours_is_told(programs: Programs, host: Host) -> None:
    path = config_path()
    SshConfig(path).put(host)
    path.write_text("Host *\n  User bob\n" + path.read_text())

    found = by_id(host, programs)["ssh-config"]

    assert (found.severity.word, found.message) == ("warning", f"{path}: for '{host.alias}' it takes User bob")


def test_opening_an_editor_that_fails(programs: Programs) -> None:
    code = programs.put("code", "")
    code.write_text("#!/bin/sh\nexit 3\n")

    with pytest.raises(StudioctlError) as caught:
        CODE.open("ada-editor.acme-ml", programs.environ)

    assert caught.value.message == f"{code} ended with 3."
    assert caught.value.hint == "open it yourself: code --remote ssh-remote+ada-editor.acme-ml /home/sagemaker-user"
