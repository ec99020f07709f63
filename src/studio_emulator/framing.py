"""The bytes of a request before anybody asks what they mean: its address, its headers, and where its body ends.

werkzeug takes a wrong length for none, and breaks or waits for good at chunks that are none. AWS refuses these.
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from studio_emulator.signatures import Refused

LARGEST = 5 * 2**30  # S3 User Guide, "Uploading objects": the most that one PUT takes
LARGEST_ELSEWHERE = 64 * 2**20  # more than any other service takes; and of S3 from those whom nobody knows yet
PATIENCE = 2**20  # what is read before anybody asks whose it is
HEADERS_OF_S3 = 8 * 2**10  # API reference, PutObject
METADATA_OF_S3 = 2 * 2**10  # S3 User Guide, "Working with object metadata"
_PIECE = 2**20
_LINE = 4096
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


def check_address(environ: Mapping[str, Any]) -> None:
    """Path and query are percent-encoded UTF-8. Raises Refused."""
    address = str(environ.get("RAW_URI") or "/")
    if not address.isascii() or BAD_ESCAPE.search(address):
        raise Refused("bad address")
    try:
        unquote_to_bytes(address).decode()
    except UnicodeDecodeError:
        raise Refused("bad address") from None


def check_headers(environ: Mapping[str, Any], service: str) -> None:
    """S3 takes 8 KB of headers, and 2 KB of metadata in them. Raises Refused."""
    if service != "s3":
        return
    sizes = {name: len(name) + len(str(value)) for name, value in environ.items() if name.startswith("HTTP_")}
    if sum(sizes.values()) > HEADERS_OF_S3:
        raise Refused("large headers")
    prefix = "HTTP_X_AMZ_META_"
    if sum(size - len(prefix) for name, size in sizes.items() if name.startswith(prefix)) > METADATA_OF_S3:
        raise Refused("large metadata")


def is_large(environ: Mapping[str, Any]) -> bool:
    """Whether a body is announced that is more than a moment's, or without a length."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    return "HTTP_TRANSFER_ENCODING" in environ or (length.isdecimal() and len(length) < 20 and int(length) > PATIENCE)


def read(environ: Mapping[str, Any], largest: int = LARGEST) -> bytes:
    """The whole body. Raises Refused for one that is no body, that is cut short, or that does not come."""
    length, coding = str(environ.get("CONTENT_LENGTH") or ""), environ.get("HTTP_TRANSFER_ENCODING")
    try:
        if coding is not None:
            return _in_chunks(environ["wsgi.input"], str(coding), length, largest)
        if length and not (length.isascii() and length.isdecimal()):
            raise Refused("bad framing", f"Content-Length must be one number, not '{length[:40]}'.")
        if len(length) > len(str(largest)) or int(length or 0) > largest:
            raise Refused("large body")
        return b"".join(_exactly(environ["wsgi.input"], int(length or 0)))
    except TimeoutError:
        raise Refused("slow body") from None


def _in_chunks(source: IO[bytes], coding: str, length: str, largest: int) -> bytes:
    if coding.strip().lower() != "chunked":
        raise Refused("unknown coding")
    if length:  # two lengths: servers that believe different ones can be played off against each other
        raise Refused("bad framing", "A request has Content-Length or Transfer-Encoding, not both.")
    body = bytearray()
    while size := _size(source.readline(_LINE)):
        if len(body) + size > largest:
            raise Refused("large body")
        for piece in _exactly(source, size):
            body += piece
        if source.readline(2) not in {b"\r\n", b"\n"}:
            raise Refused("bad framing", "A chunk of the body is longer than it says.")
    for _ in range(100):  # trailers, which nobody here needs
        if not source.readline(_LINE).strip():
            break
    return bytes(body)


def _size(line: bytes) -> int:
    if not line:
        raise Refused("short body")
    found = _CHUNK.fullmatch(line)
    if found is None:
        raise Refused("bad framing", "A chunk of the body does not begin with its size.")
    return int(found[1], 16)


def _exactly(source: IO[bytes], size: int) -> Iterator[bytes]:
    """Read a body in pieces, as the announced size need not come."""
    while size:
        piece = source.read(min(size, _PIECE))
        if not piece:
            raise Refused("short body")
        size -= len(piece)
        yield piece
