"""Scripts that the file names: read when it is loaded, so that everything after that works on values."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from studioctl.config.text import Location, Violation, kind, quote

# Keys of [editor] whose value is the path of a script.
SCRIPT_KEYS = {"extra_script", "script"}
LARGEST_SCRIPT = 64 * 1024


class ScriptFile(BaseModel):
    """A script beside the file.

    Args:
        path: As the file names it.
        text: What it holds, with Unix line ends.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str
    text: str


def read_scripts(data: dict[str, Any], directory: Path) -> tuple[dict[str, Any], list[Violation]]:
    """The data with each script in place of its path, and what is wrong with those that cannot be read.

    Args:
        data: The file as plain dicts and lists.
        directory: Where the file is.
    """
    problems: list[Violation] = []
    read = dict(data)
    if isinstance(editor := data.get("editor"), dict):
        read["editor"] = _with_script(editor, directory, ("editor",), problems)
    if isinstance(users := data.get("users"), list):
        read["users"] = [
            {**user, "editor": _with_script(user["editor"], directory, ("users", index, "editor"), problems)}
            if isinstance(user, dict) and isinstance(user.get("editor"), dict)
            else user
            for index, user in enumerate(users)
        ]
    return read, problems


def _with_script(editor: dict[str, Any], directory: Path, place: Location, problems: list[Violation]) -> dict[str, Any]:
    read = {}
    for key in SCRIPT_KEYS & editor.keys():
        try:
            text = _read(editor[key], directory)
        except ValueError as error:
            problems.append(((*place, key), str(error)))
            text = "#!-"
        read[key] = {"path": str(editor[key]), "text": text}
    return {**editor, **read}


def _read(path: Any, directory: Path) -> str:
    if not isinstance(path, str):
        raise ValueError(f'is {kind(path)} and must be text; write the path of a script, such as "setup.sh"')  # noqa: TRY004
    try:
        with (directory / path).open("rb") as stream:
            content = stream.read(LARGEST_SCRIPT + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"there is no file {quote(path)} beside this one; write the path of a script") from None
    except OSError as error:
        raise ValueError(f"{quote(path)} cannot be read: {error.strerror}; name a file that can") from None
    except ValueError:  # a null byte
        raise ValueError(f"{quote(path)} is no path of a file") from None
    if len(content) > LARGEST_SCRIPT:
        raise ValueError(f"{quote(path)} is larger than 64 KB; have it fetch what is large")
    try:
        text = content.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        raise ValueError(f"{quote(path)} is not UTF-8; save it as UTF-8") from None
    if not text.strip() or "\0" in text:
        raise ValueError(f"{quote(path)} holds no script; write one, or delete this line")
    return text
