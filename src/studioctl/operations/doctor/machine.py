"""The helper programs on this machine."""

import shutil
from collections.abc import Iterator

from studioctl import programs
from studioctl.containers import engine
from studioctl.containers.engine import NAMES
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor.check import Check, Group
from studioctl.operations.doctor.patient import Patient
from studioctl.programs import Program
from studioctl.remote import editors, plugin, ssh
from studioctl.remote.editors import Editor

GIT = Rule(
    "PRG001",
    Severity.INFO,
    "git is not installed",
    "studio.toml and its history belong in a repository; studioctl itself does not need it.",
    "{install}",
    "https://git-scm.com/downloads",
)
SSH = Rule(
    "PRG002",
    Severity.WARNING,
    "The OpenSSH client is not installed",
    "Local editors connect to spaces through it.",
    "{install}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html",
)
PLUGIN = Rule(
    "PRG003",
    Severity.WARNING,
    "session-manager-plugin is not installed",
    "Local editors connect to spaces through it.",
    "install it as AWS's page says for your system: {page}",
    plugin.INSTALL,
)
OLD_PLUGIN = Rule(
    "PRG008",
    Severity.WARNING,
    "session-manager-plugin is too old",
    "AWS will stop supporting it, and studioctl never starts one that takes the session's token from its command line.",
    "install {version} or newer: {page}",
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/plugin-version-history.html",
)
CONTAINERS = Rule(
    "PRG004",
    Severity.INFO,
    "docker, podman, buildah or finch is not installed",
    "This machine cannot build container images for the environment's repository.",
    "{install}",
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html",
)
EDITOR = Rule(
    "PRG005",
    Severity.WARNING,
    "No local editor that can connect to a space is installed",
    "You can still use the browser and ssh.",
    "install VS Code, and in it run 'Shell Command: Install code command in PATH'",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html",
)
OLD_EDITOR = Rule(
    "PRG006",
    Severity.WARNING,
    "The local editor is too old to connect to a space",
    "AWS Toolkit does not connect from older versions.",
    "update {editor} to {version} or newer",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html",
)
AWS_CLI = Rule(
    "PRG007",
    Severity.INFO,
    "The AWS CLI is not installed",
    "Many remedies on this page are `aws` commands, and it is the usual way to sign in.",
    "install it as AWS's page says for your system: "
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
)

NAMESPACES = Rule(
    "PRG009",
    Severity.INFO,
    "Lifecycle scripts cannot be rehearsed on this machine",
    "`editor test` and `emulator start --run-lifecycle` run scripts only in separate namespaces.",
    "{remedy}",
    "https://github.com/containers/bubblewrap",
)


def _lacking(patient: Patient, rule: Rule, message: str, **fields: object) -> Finding:
    """Report a missing requirement of remote access: as a warning only if the file asks for remote access."""
    asked = patient.config is not None and "remote_access" in patient.config.studio.model_fields_set
    if asked and patient.wanted.studio.remote_access:
        return rule.broken(message, at=("studio", "remote_access"), **fields)  # type: ignore[arg-type]
    return rule.broken(message, severity=Severity.INFO, **fields)  # type: ignore[arg-type]


def _install(patient: Patient, debian: str, homebrew: str = "", fedora: str = "") -> str:
    """This system's command to install a package, whose name may differ from system to system."""
    for installer, package in (("brew", homebrew), ("apt-get", ""), ("dnf", fedora)):
        if shutil.which(installer, path=patient.environ.get("PATH")):
            return f"{'' if installer == 'brew' else 'sudo '}{installer} install {package or debian}"
    return f"install {debian} as your system does"


def _git(patient: Patient) -> Iterator[Finding]:
    found = programs.find("git", patient.environ)
    yield GIT.ok(str(found)) if found else GIT.broken("git was not found on PATH", install=_install(patient, "git"))


def _ssh(patient: Patient) -> Iterator[Finding]:
    found = ssh.find(patient.environ)
    if found:
        yield SSH.ok(str(found))
    else:
        install = _install(patient, "openssh-client", "openssh", "openssh-clients")
        yield _lacking(patient, SSH, "ssh was not found on PATH", install=install)


def _plugin(patient: Patient) -> Iterator[Finding]:
    found = plugin.find(patient.environ)
    if found is None:
        yield _lacking(patient, PLUGIN, f"{plugin.NAME} was not found", page=plugin.INSTALL)
    elif found.is_older_than(plugin.SUPPORTED):
        message = f"{found} is older than {plugin.SUPPORTED}"
        yield _lacking(patient, OLD_PLUGIN, message, version=plugin.SUPPORTED, page=plugin.INSTALL)
    else:
        yield PLUGIN.ok(str(found))


def _containers(patient: Patient) -> Iterator[Finding]:
    found = [(name, program) for name in NAMES if (program := programs.find(name, patient.environ))]
    ready = (each for name, each in found if engine.answers(name, str(each.path), patient.environ))
    if program := next(ready, None):
        yield CONTAINERS.ok(str(program))
    elif found:
        name, program = found[0]
        yield CONTAINERS.broken(f"{program} does not answer: its daemon does not run", install=_starting(patient, name))
    else:
        missing = f"None of {', '.join(NAMES)} was found on PATH"
        yield CONTAINERS.broken(missing, install=_install(patient, "podman"))


def _starting(patient: Patient, engine_name: str) -> str:
    """This system's command to start the service that the engine's program needs."""
    if engine_name == "finch":
        return "finch vm start"
    return (
        "sudo systemctl start docker"
        if shutil.which("systemctl", path=patient.environ.get("PATH"))
        else ("start Docker Desktop, or dockerd")
    )


def _editors(patient: Patient) -> Iterator[Finding]:
    found = [(editor, program) for editor in editors.EDITORS if (program := editor.find(patient.environ))]
    if not found:
        missing = f"None of {', '.join(editor.command for editor in editors.EDITORS)} was found on PATH"
        yield _lacking(patient, EDITOR, missing)
    yield from (_editor(patient, editor, program) for editor, program in found)


def _editor(patient: Patient, editor: Editor, program: Program) -> Finding:
    if program.is_older_than(editor.minimum):
        message = f"{program} is older than {editor.minimum}"
        return _lacking(patient, OLD_EDITOR, message, editor=editor.command, version=editor.minimum)
    return EDITOR.ok(str(program))


def _aws_cli(patient: Patient) -> Iterator[Finding]:
    found = programs.find("aws", patient.environ)
    yield AWS_CLI.ok(str(found)) if found else AWS_CLI.broken("aws was not found on PATH")


def _namespaces(patient: Patient) -> Iterator[Finding]:
    missing = patient.rehearsal
    if missing is None:
        yield NAMESPACES.ok("a lifecycle script can be rehearsed here")
    else:
        yield NAMESPACES.broken(missing.message, remedy=missing.hint)


GROUP = Group(
    "This machine",
    (
        Check("git", _git, (GIT,)),
        Check("ssh", _ssh, (SSH,)),
        Check("session-manager-plugin", _plugin, (PLUGIN, OLD_PLUGIN)),
        Check("container programs", _containers, (CONTAINERS,)),
        Check("local editors", _editors, (EDITOR, OLD_EDITOR)),
        Check("the AWS CLI", _aws_cli, (AWS_CLI,)),
        Check("rehearsals of scripts", _namespaces, (NAMESPACES,)),
    ),
)
