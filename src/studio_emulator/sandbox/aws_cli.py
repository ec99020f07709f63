"""This machine's AWS CLI, as a room runs it.

A script that pip installed names its Python by an absolute path, which can be one of the room's own. So it is not
started by its first line: its environment's Python is told where the packages are.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from studio_emulator.sandbox import machine

MAIN = "import site, sys; site.addsitedir(sys.argv.pop(1)); from awscli.clidriver import main; sys.exit(main())"


@dataclass(frozen=True)
class AwsCli:
    """An AWS CLI that the room can show without showing more: the system's, or one in a separate environment.

    Args:
        command: The command that starts it in the room.
        places: The directories of this machine, beside /usr, that it needs in the room.
    """

    command: tuple[str, ...]
    places: tuple[Path, ...] = ()


def find() -> AwsCli | None:
    """The first on PATH; None where there is none, or where it shares its directory with other programs."""
    found = shutil.which("aws")
    if found is None:
        return None
    program = Path(found).resolve()
    root = program.parents[1]
    if (root / "pyvenv.cfg").exists():
        return _in_environment(root)
    if program.is_relative_to("/usr"):
        return AwsCli((machine.shown(program),))
    is_its_own = program.is_relative_to("/opt") and root != Path("/opt")
    return AwsCli((machine.shown(program),), (root,)) if is_its_own else None


def _in_environment(root: Path) -> AwsCli | None:
    packages = next(root.glob("lib/python*/site-packages/awscli"), None)
    if packages is None:
        return None
    python = (root / "bin/python").resolve()
    prefix = () if python.is_relative_to("/usr") else (python.parents[1],)
    command = (machine.shown(python), "-I", "-S", "-c", MAIN, machine.shown(packages.parent))
    return AwsCli(command, (packages.parent, *prefix))  # the environment may lie in a project, or be a home
