"""[editor]: what the lifecycle script sets up."""

from typing import Any

from pydantic import Field, StrictBool

from studioctl.config.closed import Model
from studioctl.config.values import CondaPackage, EditorText, Extension, ExtraScript, Keybinding, RepositoryUrl, Tool


class Editor(Model):
    """Programs and settings of an editor. The lifecycle script sets them up when the editor starts."""

    conda_packages: tuple[CondaPackage, ...] = Field(
        (),
        description="conda packages for terminals. They are in a separate environment in the home, which comes"
        " after base on PATH.",
        examples=[["tree", "ripgrep=14"]],
    )
    tools: tuple[Tool, ...] = Field(
        (),
        description="Command-line tools from PyPI, such as uv, poetry and pdm, each in a separate environment. A tool"
        " without a version is installed once and not upgraded.",
        examples=[["uv", "poetry==2.1.1", "pdm"]],
    )
    extensions: tuple[Extension, ...] = Field(
        (),
        description="Editor extensions from Open VSX, publisher.name or publisher.name@version, or a VSIX file's"
        " https URL.",
        examples=[["eamodio.gitlens", "charliermarsh.ruff@2024.32.0"]],
    )
    settings: dict[str, Any] = Field(
        {},
        description="Editor settings, as in settings.json. Users' own changes stay.",
        examples=[{"files.insertFinalNewline": True}],
    )
    keybindings: tuple[Keybinding, ...] = Field(
        (),
        description="Keyboard shortcuts, as in keybindings.json. Users' own changes stay.",
        examples=[[{"key": "cmd+enter", "command": "jupyter.execSelectionInteractive"}]],
    )
    git: dict[str, str] = Field(
        {},
        description="Global Git configuration, including the identity. Users' own changes stay.",
        examples=[{"init.defaultBranch": "main", "user.name": "Ada Lovelace"}],
    )
    conda: dict[str, Any] = Field(
        {},
        description="conda configuration, as in .condarc. Users' own changes stay.",
        examples=[{"auto_activate_base": False}],
    )
    repositories: tuple[RepositoryUrl, ...] = Field(
        (),
        description="Git repositories to clone once into the home directory, with an optional branch after a `#`."
        " Private ones need [secrets] github.",
        examples=[["https://github.com/acme/models.git", "https://github.com/acme/data.git#dev"]],
    )
    environment: dict[str, EditorText] = Field(
        {},
        description="Environment variables for terminals and for the steps of the script. Never a secret.",
        examples=[{"AWS_DEFAULT_OUTPUT": "json"}],
    )
    extra_script: ExtraScript | None = Field(
        None,
        description="Your own script, a file beside this one. It runs last at each start of the space.",
        examples=["setup.sh"],
    )
    script: ExtraScript | None = Field(
        None,
        description="Your own script instead of all other keys: a file beside this one, which becomes the lifecycle"
        " configuration unchanged.",
        examples=["setup_code_editor.sh"],
    )
    strict: StrictBool = Field(
        False, description="Whether the app fails if a step fails. Otherwise the failure is only reported."
    )
