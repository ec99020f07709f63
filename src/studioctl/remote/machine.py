"""What this machine needs for a remote session: programs, their versions, a readable ssh configuration."""

from collections.abc import Iterator, Mapping

from studioctl.errors import StudioctlError
from studioctl.remote import plugin, ssh
from studioctl.remote.editors import Editor
from studioctl.remote.finding import Finding
from studioctl.remote.host import Host, config_path
from studioctl.remote.ssh_config import SshConfig


def findings(editor: Editor | None, host: Host, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that `studioctl connect` needs here; no editor means that only ssh is wanted."""
    yield _ssh(environ)
    yield _plugin(environ)
    if editor is not None:
        yield from _editor(editor, environ)
    yield _configuration(host, environ)
    if not host.local and not host.profile and environ.get("AWS_ACCESS_KEY_ID"):
        yield Finding(
            "credentials",
            "warning",
            "your credentials come from environment variables, which an editor that is open already does not see",
            "name a profile in the file (profile = ...), or close the editor first",
        )


def _ssh(environ: Mapping[str, str]) -> Finding:
    found = ssh.find(environ)
    return Finding("ssh", "ok", str(found)) if found else Finding("ssh", "error", "ssh was not found", ssh.INSTALL)


def _plugin(environ: Mapping[str, str]) -> Finding:
    try:
        found = plugin.require(environ)
    except StudioctlError as error:
        return Finding(plugin.NAME, "error", error.message, error.hint, plugin.INSTALL)
    if found.is_older_than(plugin.SUPPORTED):
        why = f"{found}: AWS supports {plugin.SUPPORTED} and newer"
        return Finding(plugin.NAME, "warning", why, f"install a newer one: {plugin.INSTALL}", plugin.INSTALL)
    return Finding(plugin.NAME, "ok", str(found), reference=plugin.INSTALL)


def _editor(editor: Editor, environ: Mapping[str, str]) -> Iterator[Finding]:
    found = editor.find(environ)
    if found is None:
        remedy = f"install {editor.title} {editor.minimum} or newer with its command, or take --editor none"
        yield Finding(
            "editor", "error", f"{editor.title} was not found: there is no '{editor.command}' on PATH", remedy
        )
        return
    if found.is_older_than(editor.minimum):
        why = f"{found}: AWS wants {editor.minimum} or newer"
        yield Finding("editor", "error", why, f"update {editor.title}")
    else:
        yield Finding("editor", "ok", str(found))
    if editor.has_extension(found, environ) is False:
        install = f"{editor.command} --install-extension {editor.extensions[0]}"
        yield Finding("editor-extension", "error", f"{editor.title} has no extension for ssh", install)


def _configuration(host: Host, environ: Mapping[str, str]) -> Finding:
    """Whether the user's ssh configuration can take our block, and lets it count where it is there."""
    path = config_path()
    try:
        present = host.alias in SshConfig(path).hosts()
    except StudioctlError as error:
        return Finding("ssh-config", "error", error.message, error.hint)
    except OSError as error:
        return Finding("ssh-config", "error", f"{path} cannot be read: {error.strerror}", f"make {path} readable")
    if not present:
        return Finding("ssh-config", "ok", f"'{host.alias}' will be added to {path}")
    program = ssh.find(environ)
    problem = ssh.disagreement(program, host, environ) if program else None
    if problem:
        return Finding("ssh-config", "warning", f"{path}: {problem}", "move studioctl's block to the top of that file")
    return Finding("ssh-config", "ok", f"'{host.alias}' is in {path}")
