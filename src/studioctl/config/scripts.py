"""Scripts that the file names: read when it is loaded, so that everything after that works on values."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from studioctl.config.text import Location, Violation, kind, quote
from studioctl.disk import open_regular
from studioctl.errors import ConfigError

# Keys of [editor] whose value is the path of a script.
SCRIPT_KEYS = {"extra_script", "script"}
LARGEST_SCRIPT = 64 * 1024


class ScriptFile(BaseModel):
    """A script beside the file.

    Args:
        path: As the file names it.
        text: Its content, with Unix line ends.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str
    text: str


def read_scripts(data: dict[str, Any], directory: Path) -> tuple[dict[str, Any], list[Violation]]:
    """The data with each script in place of its path, and what is wrong with those that cannot be read.

    Args:
        data: The file as plain dicts and lists.
        directory: The file's directory.
    """
    problems: list[Violation] = []
    read = dict(data)
    if isinstance(editor := data.get("editor"), dict):
        read["editor"] = _with_script(editor, directory, ("editor",), problems)
    if isinstance(users := data.get("users"), list):
        read["users"] = [_read_in(user, directory, ("users", index), problems) for index, user in enumerate(users)]
    if isinstance(groups := data.get("groups"), dict):
        read["groups"] = {
            name: _read_in(group, directory, ("groups", name), problems) for name, group in groups.items()
        }
    return read, problems


def _read_in(owner: Any, directory: Path, place: Location, problems: list[Violation]) -> Any:
    """A user or a group, with the scripts that its `editor` names."""
    if not isinstance(owner, dict) or not isinstance(owner.get("editor"), dict):
        return owner
    return {**owner, "editor": _with_script(owner["editor"], directory, (*place, "editor"), problems)}


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


def read_lifecycle_script(file: Path) -> str:
    """The text of a lifecycle script that a person names, wherever it is.

    Raises:
        ConfigError: It cannot be read, or is no script.
    """
    try:
        with open_regular(file) as stream:
            return _text(stream.read(LARGEST_SCRIPT + 1), str(file)) + "\n"
    except FileNotFoundError:
        reason = f"there is no file {quote(str(file))}; write the path of a script"
    except OSError as error:
        reason = f"{quote(str(file))} cannot be read: {error.strerror}; name a file that can"
    except ValueError as error:
        reason = str(error)
    raise ConfigError(reason[0].upper() + reason[1:], hint="studioctl editor test --script FILE")


def _read(path: Any, directory: Path) -> str:
    """A script below the directory of studio.toml: everybody in the environment can read it once it is stored."""
    if not isinstance(path, str):
        raise ValueError(f'is {kind(path)} and must be text; write the path of a script, such as "setup.sh"')  # noqa: TRY004
    try:
        stored = "a script is stored where every user can read it"
        with open_regular(below(directory, path, because=stored)) as stream:
            content = stream.read(LARGEST_SCRIPT + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"there is no file {quote(path)} beside this one; write the path of a script") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{quote(path)} cannot be read: {reason}; name a file that can") from None
    except ValueError as error:
        if "null byte" in str(error):
            raise ValueError(f"{quote(path)} is no path of a file") from None
        raise
    return _text(content, path)


def below(directory: Path, path: str, *, because: str) -> Path:
    """The file itself, past all links, of one that studio.toml names.

    Raises:
        OSError, RuntimeError: There is none.
        ValueError: It is outside of the directory, which may not be, `because`.
    """
    there = (directory / path).resolve(strict=True)
    if not there.is_relative_to(directory.resolve()):
        raise ValueError(
            f"{quote(path)} is outside the directory of this file, and {because}; copy it into that directory"
        )
    return there


def _text(content: bytes, path: str) -> str:
    if len(content) > LARGEST_SCRIPT:
        raise ValueError(f"{quote(path)} is larger than 64 KB; have it fetch what is large")
    try:
        text = content.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        raise ValueError(f"{quote(path)} is not UTF-8; save it as UTF-8") from None
    if not text.strip() or "\0" in text:
        raise ValueError(f"{quote(path)} holds no script; write one, or delete this line")
    return text
