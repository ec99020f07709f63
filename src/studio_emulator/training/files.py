"""A job's files: what comes into its container from S3, and what goes out of it.

Its program makes what it likes in its container, also while files are read here: so links are not followed, and nothing
but regular files is opened.
"""

import contextlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

PIECE = 1 << 20


class TransferError(Exception):
    """S3 refused, or holds nothing there. Its text is AWS's, as far as it is known."""


@dataclass(frozen=True)
class Place:
    """A bucket, and the beginning of keys in it."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, uri: str) -> "Place":
        """Read a place from `s3://bucket/prefix`."""
        parts = urlsplit(uri)
        return cls(parts.netloc, parts.path.lstrip("/"))

    def below(self, *names: str) -> "Place":
        """A place further down."""
        return Place(self.bucket, "/".join(filter(None, (self.prefix.rstrip("/"), *names))))

    @property
    def uri(self) -> str:
        """The URI of requests."""
        return f"s3://{self.bucket}/{self.prefix}"


def relative_name(key: str, prefix: str) -> str:
    """The name of an object in the directory of its channel; "" for what is no file.

    Where a prefix ends within a name, the name counts from its last slash: that is assumed.
    """
    rest = key.removeprefix(prefix)
    if not prefix.endswith("/") and rest and not rest.startswith("/"):
        rest = key[prefix.rfind("/") + 1 :]
    name = rest.lstrip("/") or (key.rpartition("/")[2] if key == prefix else "")
    parts = PurePosixPath(name).parts
    return "" if name.endswith("/") or ".." in parts else name


def download(client: Any, source: Place, directory: Path, *, keys: Iterator[str] | None = None) -> int:
    """All objects below a place, or those with these keys, into a directory; how many there were.

    Raises:
        TransferError: S3 refuses one of them.
    """
    count = 0
    with _told("Data download failed:"):
        for key in list_keys(client, source) if keys is None else keys:
            name = relative_name(key, source.prefix)
            if not name:
                continue
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as written:
                for piece in client.get_object(Bucket=source.bucket, Key=key)["Body"].iter_chunks(PIECE):
                    written.write(piece)
            count += 1
    return count


def close_to_writing(directory: Path) -> None:
    """Make what was downloaded readable only, as what FastFile shows is: API reference, TrainingInputMode."""
    for place in (*directory.rglob("*"), directory):
        place.chmod(0o555 if place.is_dir() else 0o444)


def list_keys(client: Any, source: Place) -> Iterator[str]:
    """Every key that begins so."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=source.bucket, Prefix=source.prefix)
    for page in pages:
        yield from (each["Key"] for each in page.get("Contents", ()))


def below(root: Path, place: str) -> Iterator[tuple[str, os.stat_result, int]]:
    """The regular files below a directory of a container: name, state, and an open file's number, which is closed."""
    try:
        top = _open_directory(root, place)
    except OSError:  # the program has taken it away, or put something else there
        return
    try:
        for directory, _, names, number in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            for name in sorted(names):
                opened = _open_file(name, number)
                if opened is None:
                    continue
                try:
                    state = os.fstat(opened)
                    if stat.S_ISREG(state.st_mode):
                        yield os.path.normpath(f"{directory}/{name}"), state, opened
                finally:
                    os.close(opened)
    finally:
        os.close(top)


def read_text(root: Path, place: str, most: int) -> str | None:
    """The beginning of a file of a container; None where there is none."""
    directory, _, wanted = place.rpartition("/")
    for name, _, number in below(root, directory):
        if name == wanted:
            return os.read(number, most).decode(errors="replace")
    return None


def _open_directory(root: Path, place: str) -> int:
    number = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in PurePosixPath(place.lstrip("/")).parts:
        try:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=number)
        finally:
            os.close(number)
        number = inner
    return number


def _open_file(name: str, directory: int) -> int | None:
    with contextlib.suppress(OSError):
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    return None


@contextlib.contextmanager
def packed(roots: Iterable[Path], place: str) -> Iterator[IO[bytes] | None]:
    """A tar.gz of the files in a directory of several containers; None where there is none.

    Of a file that is in several of them, the first one is taken, which is assumed.
    """
    with tempfile.TemporaryFile() as file:
        names = set[str]()
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            for name, state, number in (each for root in roots for each in below(root, place)):
                if name in names:
                    continue
                names.add(name)
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime, entry.mode = state.st_size, state.st_mtime, state.st_mode & 0o777
                with os.fdopen(os.dup(number), "rb") as content:
                    archive.addfile(entry, content)
        file.seek(0)
        yield file if names else None


def upload(client: Any, place: Place, content: IO[bytes] | bytes, key_id: str | None) -> None:
    """One object, encrypted with the key if one is named. Raises TransferError."""
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
    with _told("Artifact upload failed:"):
        client.put_object(Bucket=place.bucket, Key=place.prefix, Body=content, **encryption)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """AWS's form of what S3 refuses: "Error 7: AccessDenied (403): Access Denied"; the number is assumed for others."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        raise TransferError(f"{what}Error 7: {said['Code']} ({status}): {said['Message']}") from None
    except BotoCoreError as error:
        raise TransferError(f"{what}{error}") from None


def delete(client: Any, place: Place) -> None:
    """One object. Raises TransferError."""
    with _told("Artifact upload failed:"):
        client.delete_object(Bucket=place.bucket, Key=place.prefix)
