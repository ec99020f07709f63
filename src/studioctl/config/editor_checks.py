"""Checks of values in [editor] and [secrets], which end up in a shell script and in other tools' files."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from studioctl.config.secrets_in_clear import words_for_key
from studioctl.config.text import Location, Violation, quote

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
# Variables that SageMaker and the script set, or that make every program start with somebody else's code.
SYSTEM_VARIABLES = frozenset(
    {"PATH", "HOME", "USER", "SHELL", "BASH_ENV", "ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "IFS"}
)
# Variables that bash keeps to itself: some cannot be set, and bash changes or ignores the others.
# https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html
SHELL_VARIABLES = frozenset(
    {
        "_",
        "BASH",
        "BASHOPTS",
        "BASHPID",
        "BASH_ALIASES",
        "BASH_COMPAT",
        "BASH_ARGC",
        "BASH_ARGV",
        "BASH_ARGV0",
        "BASH_CMDS",
    }
    | {"BASH_COMMAND", "BASH_EXECUTION_STRING", "BASH_LINENO", "BASH_LOADABLES_PATH", "BASH_REMATCH", "BASH_SOURCE"}
    | {
        "BASH_SUBSHELL",
        "BASH_VERSINFO",
        "BASH_VERSION",
        "BASH_XTRACEFD",
        "COMP_WORDBREAKS",
        "DIRSTACK",
        "EPOCHREALTIME",
    }
    | {
        "EPOCHSECONDS",
        "EUID",
        "EXECIGNORE",
        "FUNCNAME",
        "FUNCNEST",
        "GLOBIGNORE",
        "GROUPS",
        "HISTCMD",
        "HOSTNAME",
        "LINENO",
        "MAPFILE",
        "OLDPWD",
        "OPTARG",
    }
    | {
        "OPTERR",
        "OPTIND",
        "PIPESTATUS",
        "POSIXLY_CORRECT",
        "PPID",
        "PWD",
        "RANDOM",
        "READLINE_LINE",
        "REPLY",
        "SECONDS",
    }
    | {"SHELLOPTS", "SHLVL", "SRANDOM", "UID"}
)
# Variables with which no Python of the image would start as it should, or no Git find its repository.
# https://docs.python.org/3/using/cmdline.html#environment-variables, https://git-scm.com/docs/git#_the_git_repository
BREAKING_VARIABLES = frozenset(
    {"PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "PYTHONINSPECT"}
    | {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
)
OWN_PREFIX = "STUDIOCTL_"
# https://packaging.python.org/en/latest/specifications/dependency-specifiers/ without URLs and markers
_VERSIONS = r"((===?|~=|!=|<=?|>=?)[A-Za-z0-9][A-Za-z0-9.*+!_-]*(,(===?|~=|!=|<=?|>=?)[A-Za-z0-9][A-Za-z0-9.*+!_-]*)*)?"
TOOL = rf"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[A-Za-z0-9,._-]+\])?{_VERSIONS}$"
# https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-search.html
CONDA_PACKAGE = r"^([A-Za-z0-9][A-Za-z0-9._/-]*::)?[A-Za-z0-9_][A-Za-z0-9._-]*([=<>!~]+[A-Za-z0-9.*+!_|,=<>~-]+)?$"
CONDA_KEY = r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)*$"
# https://git-scm.com/docs/git-config#_syntax
GIT_KEY = r"^[A-Za-z0-9-]+\.(.+\.)?[A-Za-z][A-Za-z0-9-]*$"
DEEPEST = 50  # far beyond any real setting, and far from where programs that read JSON give up

# Settings of the editor whose name has no dot and whose value is an object.
PLAIN_OBJECT_SETTINGS = frozenset({"launch", "tasks", "mcp"})


def printable(value: str) -> str:
    """Some text on one line, or none."""
    if not value.isprintable():
        raise ValueError("contains a character that does not print; write plain text")
    return value


def tool(value: str) -> str:
    """A package of PyPI, with or without versions."""
    if not re.fullmatch(TOOL, value):
        raise ValueError(f'{quote(value)} is not a package of PyPI; write a name, such as "uv" or "poetry==2.1.0"')
    return value


def conda_package(value: str) -> str:
    """A conda package, with or without channel and version."""
    if not re.fullmatch(CONDA_PACKAGE, value):
        raise ValueError(f'{quote(value)} is not a conda package; write a name, such as "tree" or "python=3.12"')
    return value


def git_violations(values: Mapping[str, Any]) -> Iterable[Violation]:
    """Check the keys and values of Git's configuration."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield (key,), _quote_the_key(key, value)
        elif not re.fullmatch(GIT_KEY, key) or not key.isprintable():
            yield (key,), 'is not a key of Git; write section.key in quotes, such as "init.defaultBranch"'
        elif isinstance(value, str) and not value.isprintable():
            yield (key,), "contains a character that does not print; write plain text"


def conda_violations(values: Mapping[str, Any]) -> Iterable[Violation]:
    """Check the keys and values of `.condarc`."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield (key,), "is a table; write text, a number, true or false, or a list"
        elif not re.fullmatch(CONDA_KEY, key):
            yield (key,), "is not a key of conda; write one such as auto_activate_base"
        else:
            yield from _not_json((key,), value)


def environment_violations(values: Mapping[str, Any]) -> Iterable[Violation]:
    """Check the names of variables. Another check finds values that look like secrets."""
    for name in values:
        if not re.fullmatch(VARIABLE, name):
            yield (name,), "is not the name of a variable; write letters, digits and underscores"
        elif name in SYSTEM_VARIABLES:
            yield (name,), "is set by the system; set it in extra_script if you must"
        elif name in SHELL_VARIABLES or name.startswith("BASH_FUNC"):
            yield (name,), "is a variable that bash keeps to itself; delete it, or write another name"
        elif name in BREAKING_VARIABLES:
            yield (name,), f"would break {'Git' if name.startswith('GIT') else 'Python'} in the space; delete it"
        elif name.startswith(OWN_PREFIX):
            yield (name,), f"begins with {OWN_PREFIX}, which the script keeps to itself; write another name"
        elif words := words_for_key(name):
            yield (name,), words


def settings_violations(values: Mapping[str, Any]) -> Iterable[Violation]:
    """Check the keys and values of settings.json."""
    for key, value in values.items():
        dotted = "." in key or key.startswith("[") or key in PLAIN_OBJECT_SETTINGS
        if isinstance(value, dict) and not dotted:
            yield (key,), _quote_the_key(key, value)
        else:
            yield from _not_json((key,), value)


def keybinding_violations(value: Mapping[str, Any]) -> Iterable[Violation]:
    """Check one entry of keybindings.json."""
    for key in ("key", "command"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            yield (), f'has no {key}; write {{ key = "cmd+enter", command = "..." }}'
    yield from _not_json((), value)


def _quote_the_key(key: str, value: Mapping[str, Any]) -> str:
    # TOML reads `init.defaultBranch = "main"` as a table in a table.
    inner = next(iter(value), "name")
    return f"is a table, because its dots are not in quotes; write {quote(f'{key}.{inner}')} = ..."


def _not_json(location: Location, value: Any) -> Iterable[Violation]:
    # TOML has dates, times, inf and nan, the files that these values end up in do not.
    if len(location) > DEEPEST:
        yield location[:1], f"is nested too deeply; write at most {DEEPEST} levels"
        return
    match value:
        case dict():
            for key, item in value.items():
                yield from _not_json((*location, key), item)
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _not_json((*location, index), item)
        case date() | time():
            yield location, "is a date or time, which JSON does not have; write it in quotes"
        case float() if not math.isfinite(value):
            yield location, "is not a finite number, which JSON does not have; write a number"
        case _:
            pass
