"""The parts of this machine that the room shows read-only: its libraries and its Python."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox.programs import HOST

# Below /usr, what programs look for: a directory in the room, with a link for each entry of this machine's.
SHOWN = ("lib", "lib32", "lib64", "libx32", "libexec", "include", "share", "local/lib", "local/lib64", "local/share")
TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SETTINGS = ("alternatives", "ssl", "ca-certificates", "pki", "fonts")
"""Below /etc: what names programs and authorities."""
SHELF = "/usr/lib/room-pip"


def lay_libraries(root: Path) -> None:
    """Links to this machine's libraries and what else its programs read."""
    for name in SHOWN:
        there = Path("/usr", name)
        if there.is_symlink() or not there.is_dir():
            continue
        here = root / "usr" / name
        here.mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(there):
            if not os.path.lexists(place := f"{here}/{entry.name}"):
                os.symlink(f"{HOST}/usr/{name}/{entry.name}", place)  # noqa: PTH211 - hundreds, and pathlib is slow
    for name in TOP:
        if (Path("/") / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    cache_of_libraries = Path("/etc/ld.so.cache")
    if cache_of_libraries.exists():
        shutil.copyfile(cache_of_libraries, root / "etc/ld.so.cache")


def lay_base(root: Path) -> None:
    """conda's base: an environment of this machine's Python, so that what is installed there stays there."""
    base, python = root / "opt/conda", Path(interpreter())
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = base / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (base / "bin").mkdir(exist_ok=True)
    (base / "conda-meta").mkdir()
    for name in ("python", "python3", version):
        (base / "bin" / name).symlink_to(python)
    settings = f"home = {python.parent}\ninclude-system-site-packages = false\n"
    (base / "pyvenv.cfg").write_text(settings)
    # Beside base, not in it: pip never touches what is outside of its environment.
    (packages / "pip.pth").write_text(f"{_pip_in_the_room()}\n")
    for name in ("pip", "pip3"):
        program = base / "bin" / name
        program.write_text('#!/bin/sh\nexec /opt/conda/bin/python3 -m pip "$@"\n')
        program.chmod(0o755)


def binds() -> Iterator[tuple[str, str]]:
    """Each place in the room, and what of this machine is to be seen there."""
    yield f"{HOST}/usr", "/usr"
    for name in TOP:
        there = Path("/") / name
        if there.is_dir() and not there.is_symlink():
            yield str(there), str(there)
    for name in SETTINGS:
        if Path("/etc", name).is_dir():
            yield f"/etc/{name}", f"/etc/{name}"
    prefix = _prefix()
    if prefix is not None:
        yield shown(prefix), str(prefix)
    for part in _own_pip():
        yield f"{SHELF}/{part.name}", str(part)


def interpreter() -> str:
    """This machine's own Python, as the room finds it."""
    return shown(_python())


def _python() -> Path:
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def _prefix() -> Path | None:
    """Return the directory that Python needs in the room beside /usr, if any."""
    prefix = Path(sys.base_prefix).resolve()
    return None if prefix.is_relative_to("/usr") else prefix


def shown(path: Path) -> str:
    """The room's path for a path of this machine: the same, unless the room has its own there."""
    own = ("/usr", "/opt/conda", "/opt/amazon", "/home/sagemaker-user", "/tmp", "/var", "/etc", "/run")  # noqa: S108
    return f"{HOST}{path}" if any(path.is_relative_to(place) for place in own) else str(path)


def _own_pip() -> list[Path]:
    """The pip that came with this Python or its environment, ready to run; nothing where there is none."""
    for place in (Path(entry) for entry in sys.path if entry):
        if (place / "pip/__main__.py").is_file():
            return [place / "pip", *place.glob("pip-*.dist-info")]
    return []


def _pip_in_the_room() -> str:
    """The path of the pip that base uses: this machine's, or else the one that comes with Python."""
    if _own_pip():
        return SHELF
    library = Path(os.__file__).resolve().parent
    for place in (library / "ensurepip/_bundled", Path("/usr/share/python-wheels")):
        for wheel in sorted(place.glob("pip-*.whl")):
            return shown(wheel)
    raise SandboxError(
        f"There is no pip in {_python()} and none that comes with it, so the image's base cannot be rehearsed.",
        hint="install Python's module venv (Debian's python3-venv), then run the same command again",
    )
