"""The apps that a space may be for: as the file names them, as AWS does, and as people do."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

App: TypeAlias = Literal["code-editor", "jupyterlab"]
CODE_EDITOR: App = "code-editor"
JUPYTERLAB: App = "jupyterlab"
TYPES: Mapping[App, str] = {CODE_EDITOR: "CodeEditor", JUPYTERLAB: "JupyterLab"}
"""Each one's AppType at AWS."""
TITLES: Mapping[str, str] = {"CodeEditor": "Code Editor", "JupyterLab": "JupyterLab"}
"""The name that people know, by AppType."""


def in_file(app_type: str) -> str | None:
    """The file's name of an app of this AppType; None where no space of the file can be for it."""
    return next((app for app, known in TYPES.items() if known == app_type), None)


def title(app_type: str) -> str:
    """The name that people know for an app of this AppType."""
    return TITLES.get(app_type, app_type)
