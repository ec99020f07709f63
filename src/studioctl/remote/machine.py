"""Checks this machine's requirements for a remote session: programs, versions, a readable ssh configuration."""

from collections.abc import Iterator, Mapping

from studioctl.errors import StudioctlError
from studioctl.findings import Finding, Rule, Severity
from studioctl.remote import plugin, ssh
from studioctl.remote.editors import Editor
from studioctl.remote.host import Host, config_path
from studioctl.remote.ssh_config import SshConfig

REFERENCE = "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html"
_WHY = "The connection goes through it."
SSH = Rule("ssh", Severity.ERROR, "The OpenSSH client is not installed", _WHY, ssh.INSTALL, REFERENCE)
PLUGIN = Rule(
    plugin.NAME,
    Severity.ERROR,
    f"{plugin.NAME} is not there, or too old",
    "It carries the connection.",
    "{remedy}",
    plugin.INSTALL,
)
EDITOR = Rule(
    "editor",
    Severity.ERROR,
    "The editor is not there, or too old to connect",
    "AWS Toolkit does not connect from older versions.",
    "{remedy}",
    REFERENCE,
)
EXTENSION = Rule(
    "editor-extension",
    Severity.ERROR,
    "The editor has no extension for ssh",
    "It opens spaces by ssh.",
    "{remedy}",
    REFERENCE,
)
SSH_CONFIG = Rule(
    "ssh-config",
    Severity.ERROR,
    "ssh's configuration cannot be changed, or overrules what is written there",
    "The editor finds the space by its name in that file.",
    "{remedy}",
    REFERENCE,
)
CREDENTIALS = Rule(
    "credentials",
    Severity.WARNING,
    "The credentials are in environment variables",
    "An editor that is open already does not see them, and the connection needs them.",
    "name a profile in the file (profile = ...), or close the editor first",
    REFERENCE,
    key=("profile",),
)


def findings(editor: Editor | None, host: Host, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that `studioctl connect` needs here; no editor means that only ssh is wanted."""
    yield _ssh(environ)
    yield _plugin(environ)
    if editor is not None:
        yield from _editor(editor, environ)
    yield _configuration(host, environ)
    if not host.local and not host.profile and environ.get("AWS_ACCESS_KEY_ID"):
        message = "your credentials come from environment variables, which an editor that is open already does not see"
        yield CREDENTIALS.broken(message)


def _ssh(environ: Mapping[str, str]) -> Finding:
    found = ssh.find(environ)
    return SSH.ok(str(found)) if found else SSH.broken("ssh was not found")


def _plugin(environ: Mapping[str, str]) -> Finding:
    try:
        found = plugin.require(environ)
    except StudioctlError as error:
        return PLUGIN.broken(error.message, remedy=error.hint)
    if found.is_older_than(plugin.SUPPORTED):
        why = f"{found}: AWS supports {plugin.SUPPORTED} and newer"
        return PLUGIN.broken(why, severity=Severity.WARNING, remedy=f"install a newer one: {plugin.INSTALL}")
    return PLUGIN.ok(str(found))


def _editor(editor: Editor, environ: Mapping[str, str]) -> Iterator[Finding]:
    found = editor.find(environ)
    if found is None:
        remedy = f"install {editor.title} {editor.minimum} or newer with its command, or take --editor none"
        yield EDITOR.broken(f"{editor.title} was not found: there is no '{editor.command}' on PATH", remedy=remedy)
        return
    if found.is_older_than(editor.minimum):
        why = f"{found}: AWS wants {editor.minimum} or newer"
        yield EDITOR.broken(why, remedy=f"update {editor.title}")
    else:
        yield EDITOR.ok(str(found))
    if editor.has_extension(found, environ) is False:
        install = f"{editor.command} --install-extension {editor.extensions[0]}"
        yield EXTENSION.broken(f"{editor.title} has no extension for ssh", remedy=install)


def _configuration(host: Host, environ: Mapping[str, str]) -> Finding:
    """Whether the user's ssh configuration can take our block, and lets it count where it is there."""
    path = config_path()
    try:
        present = host.alias in SshConfig(path).hosts()
    except StudioctlError as error:
        return SSH_CONFIG.broken(error.message, remedy=error.hint)
    except OSError as error:
        return SSH_CONFIG.broken(f"{path} cannot be read: {error.strerror}", remedy=f"make {path} readable")
    if not present:
        return SSH_CONFIG.ok(f"'{host.alias}' will be added to {path}")
    program = ssh.find(environ)
    problem = ssh.disagreement(program, host, environ) if program else None
    if problem:
        remedy = "move studioctl's block to the top of that file"
        return SSH_CONFIG.broken(f"{path}: {problem}", severity=Severity.WARNING, remedy=remedy)
    return SSH_CONFIG.ok(f"'{host.alias}' is in {path}")
