"""Known answers of a provider, kept from run to run: its schema, and which of its settings it finds right.

Both depend on nothing but the provider's program, so they are kept by its hash. A second or two of work is saved by the
first, five by the second: the provider examines its whole schema before it looks at its settings, each time anew.
Of settings only a hash is kept, which tells nothing of them.
"""

import contextlib
import hashlib
import re
from pathlib import Path

from studioctl import disk

# The emulator's port, which differs from run to run. Whether an address is one does not depend on it.
_PORT = re.compile(rb"(?<=://127\.0\.0\.1:)\d+")
_HASH_BYTES = hashlib.sha256().digest_size


class Answers:
    """Answers of one provider.

    Args:
        directory: The directory to keep them in; None to keep them for as long as the process lives.
        program: The provider's hash.
    """

    def __init__(self, directory: Path | None, program: str) -> None:
        self._program = program.encode()
        self._directory = directory if directory is not None and _is_ours(directory) else None
        self._schema: bytes | None = None
        self._right: set[str] = set()

    def schema(self) -> bytes | None:
        """The provider's whole answer to `GetProviderSchema`, if it is known and whole."""
        if self._schema is None and (file := self._file(b"schema")):
            with contextlib.suppress(OSError):
                content = file.read_bytes()
                body = content[_HASH_BYTES:]
                if hashlib.sha256(body).digest() == content[:_HASH_BYTES]:
                    self._schema = body
        return self._schema

    def keep_schema(self, answer: bytes) -> None:
        """Remember it."""
        self._schema = answer
        if file := self._file(b"schema"):
            _store(file, hashlib.sha256(answer).digest() + answer)

    def finds_right(self, settings: bytes) -> bool:
        """Whether the provider has found these settings right before."""
        name = self._name(settings)
        file = self._directory / name if self._directory else None
        return name in self._right or (file is not None and file.is_file())

    def keep_right(self, settings: bytes) -> None:
        """Remember that it does."""
        name = self._name(settings)
        self._right.add(name)
        if self._directory:
            _store(self._directory / name, b"")

    def _name(self, settings: bytes) -> str:
        return self._hash(b"right", _PORT.sub(b"0", settings))

    def _file(self, what: bytes) -> Path | None:
        return self._directory / self._hash(what) if self._directory else None

    def _hash(self, *parts: bytes) -> str:
        return hashlib.sha256(b"\0".join((self._program, *parts))).hexdigest()


def _is_ours(directory: Path) -> bool:
    """Whether we alone can write there: what others put there would be told to Terraform."""
    with contextlib.suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return disk.is_ours(directory, closed=0o022)


def _store(file: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):  # a full disk only costs the next run its knowledge
        disk.replace(file, content, mode=0o600)
