"""The provider's package as `terraform init` installed it, and whether it is what the lock file says.

Terraform reads the whole package, 700 MB, before each of its runs. Here it is read once, and then again only when a
file of it has changed: when its size, its inode or one of its times is another. Only who may write to the file can
change it, and nobody but the system sets the time of a file's last change of any kind (ctime).
"""

import base64
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studioctl import disk
from studioctl.terraform import records

_HASHES = re.compile(r'"(h1:[A-Za-z0-9+/]{43}=)"')


@dataclass(frozen=True)
class Package:
    """A provider's package: one directory.

    Args:
        program: The provider itself.
        hash: Of all its files, as the lock file has it: "h1:...".
    """

    program: Path
    hash: str


def locked(directory: Path, lock_file: Path, *, cache: Path | None) -> Package | None:
    """The package in a directory, if the lock file names its hash and it holds one provider.

    Args:
        directory: Its directory; may be a link.
        lock_file: `.terraform.lock.hcl`.
        cache: The directory in which hashes are remembered; None for none.
    """
    found = package(directory, cache=cache)
    with contextlib.suppress(OSError, ValueError):
        if found and found.hash in _HASHES.findall(lock_file.read_text(encoding="utf-8")):
            return found
    return None


def package(directory: Path, *, cache: Path | None) -> Package | None:
    """The package in a directory, if it holds one provider; see `locked`."""
    try:
        files = sorted(path for path in directory.resolve().rglob("*") if not path.is_dir())
        programs = [path for path in files if path.name.startswith("terraform-provider-")]
        if len(programs) != 1 or not os.access(programs[0], os.X_OK):
            return None
        return Package(programs[0], _remembered(directory.resolve(), files, cache))
    except OSError:
        return None


def _remembered(directory: Path, files: Iterable[Path], cache: Path | None) -> str:
    memory = cache / "packages.json" if cache else None
    identity = [[str(path), s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns] for path, s in _stats(files)]
    known = _known(memory)
    entry = known.get(str(directory))
    if isinstance(entry, dict) and entry.get("files") == identity and isinstance(entry.get("hash"), str):
        return str(entry["hash"])
    found = _hash(directory, files)
    if memory:
        with contextlib.suppress(OSError):
            memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = {**known, str(directory): {"files": identity, "hash": found}}
            disk.replace(memory, json.dumps(content), mode=0o600)
    return found


def _stats(files: Iterable[Path]) -> Iterable[tuple[Path, os.stat_result]]:
    return ((path, path.stat()) for path in files)


def _known(memory: Path | None) -> dict[str, object]:
    try:
        return dict(records.mapping(memory)) if memory else {}
    except OSError:
        return {}


def _hash(directory: Path, files: Iterable[Path]) -> str:
    """Hash 1 of https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash."""
    lines = []
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append((path.relative_to(directory).as_posix(), digest))
    listing = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines))
    return "h1:" + base64.b64encode(hashlib.sha256(listing.encode()).digest()).decode()
