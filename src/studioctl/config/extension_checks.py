"""Rules for editor extensions. Code Editor installs from Open VSX, which lacks some of Microsoft's and GitHub's own."""

import re

from studioctl.config.text import quote

EXTENSION = (
    r"^([A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9][A-Za-z0-9._-]*(@[0-9][A-Za-z0-9.+-]*)?"
    r"|https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/%+?=&-]+)$"
)
# Extensions whose licences tie them to Microsoft's own builds, so that Open VSX does not have them:
# https://github.com/EclipseFdn/publish-extensions/issues/530, https://github.com/microsoft/pylance-release/issues/746,
# https://github.com/microsoft/live-share/issues/4873, https://github.com/EclipseFdn/publish-extensions/issues/476.
# With each, what does the same work there, where there is something.
NOT_ON_OPEN_VSX = {
    "github.codespaces": "",
    "github.copilot": "",
    "github.copilot-chat": "",
    "github.remotehub": "",
    "ms-dotnettools.csdevkit": "muhammad-sammy.csharp",
    "ms-dotnettools.csharp": "muhammad-sammy.csharp",
    "ms-dotnettools.vscodeintellicode-csharp": "",
    "ms-python.vscode-pylance": "detachhead.basedpyright",
    "ms-vscode.cpptools": "llvm-vs-code-extensions.vscode-clangd",
    "ms-vscode.cpptools-extension-pack": "llvm-vs-code-extensions.vscode-clangd",
    "ms-vscode.remote-explorer": "",
    "ms-vscode.remote-repositories": "",
    "ms-vscode.remote-server": "",
    "ms-vscode.vscode-speech": "",
    "ms-vsliveshare.vsliveshare": "",
    "visualstudioexptteam.vscodeintellicode": "",
}
# Of these publishers Open VSX has nothing: they are about reaching other machines from Microsoft's editor.
PUBLISHERS_NOT_ON_OPEN_VSX = frozenset({"ms-vscode-remote", "ms-vsliveshare"})


def extension(value: str) -> str:
    """The identifier of an extension that Open VSX has, or the URL of a VSIX file."""
    if not re.fullmatch(EXTENSION, value):
        raise ValueError(f'{quote(value)} is not an extension; write publisher.name, such as "ms-python.python"')
    if value.startswith("https://"):
        return value
    identifier = value.partition("@")[0].casefold()
    if identifier in NOT_ON_OPEN_VSX or identifier.partition(".")[0] in PUBLISHERS_NOT_ON_OPEN_VSX:
        substitute = NOT_ON_OPEN_VSX.get(identifier)
        instead = f"write {quote(substitute)}" if substitute else "delete it"
        raise ValueError(
            f"{quote(value)} is only for Microsoft's own editors, and Open VSX, from which Code Editor installs, does"
            f" not have it; {instead}, or write the https URL of a VSIX file"
        )
    return value
