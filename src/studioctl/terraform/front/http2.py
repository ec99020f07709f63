"""HTTP/2's frames, as far as a relay has to know them. Pure: bytes to values and back.

https://www.rfc-editor.org/rfc/rfc9113.html#section-4 and #section-6, and for calls of gRPC
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.

A block of headers is compressed with a table that each block changes, so one that is left out would make the next ones
mean something else. Each is therefore unpacked, with the kept library for that, and written plainly.
"""

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import hpack

PREFACE = 24  # bytes that a client sends before its first frame
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0x0, 0x1, 0x3, 0x4, 0x6, 0x8, 0x9
END_STREAM, END_HEADERS, PADDED, PRIORITY, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
INITIAL_WINDOW_SIZE = 0x4  # a setting
WINDOW = 65_535  # bytes of data that may be under way, of a stream and of all together, unless somebody says otherwise
LARGEST = 16_384  # bytes of a frame's payload, likewise
_HEADER = 9
_MESSAGE_HEADER = 5  # of gRPC: whether it is compressed, and its length
_OK = ((b"grpc-status", b"0"),)
_BEGINNING = ((b":status", b"200"), (b"content-type", b"application/grpc"))

Fields = tuple[tuple[bytes, bytes], ...]


class Frame(NamedTuple):
    """One frame; `raw` is all of it."""

    kind: int
    flags: int
    stream: int
    raw: bytes

    @property
    def payload(self) -> bytes:
        """The frame without its header."""
        return self.raw[_HEADER:]

    @property
    def length(self) -> int:
        """The bytes that the frame takes of a window."""
        return len(self.raw) - _HEADER

    @property
    def content(self) -> bytes:
        """The payload of DATA or HEADERS without padding and priority."""
        start = 1 if self.flags & PADDED else 0
        end = self.length - (self.payload[0] if start else 0)
        if self.kind == HEADERS and self.flags & PRIORITY:
            start += 5
        return self.payload[start:end]

    @property
    def increment(self) -> int:
        """The number of bytes by which a WINDOW_UPDATE opens the window."""
        return int(struct.unpack(">I", self.payload[:4])[0]) & 0x7FFF_FFFF

    def setting(self, name: int) -> int | None:
        """The value of a setting that this frame changes; None for the others."""
        pairs = struct.iter_unpack(">HI", self.payload[: self.length // 6 * 6])
        return next((value for key, value in pairs if key == name), None)


def frames(received: bytearray) -> list[Frame]:
    """The whole frames at the beginning of what was received; they are taken out of it."""
    found, at = [], 0
    while len(received) - at >= _HEADER:
        length = int.from_bytes(received[at : at + 3])
        end = at + _HEADER + length
        if len(received) < end:
            break
        stream = int.from_bytes(received[at + 5 : at + 9]) & 0x7FFF_FFFF
        found.append(Frame(received[at + 3], received[at + 4], stream, bytes(received[at:end])))
        at = end
    del received[:at]
    return found


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame as it is sent."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def opened(stream: int, by: int) -> bytes:
    """A window that is opened; stream 0 is that of all together."""
    return frame(WINDOW_UPDATE, 0, stream, by.to_bytes(4)) if by else b""


def answer_begins(stream: int) -> bytes:
    """The headers of an answer of gRPC."""
    return headers(stream, _BEGINNING, 0)


def answer_ends(stream: int) -> bytes:
    """The trailers of an answer without an error."""
    return headers(stream, _OK, END_STREAM)


def headers(stream: int, fields: Fields, flags: int) -> bytes:
    """The frames of a block of headers."""
    block = _block(fields)
    pieces = [block[at : at + LARGEST] for at in range(0, len(block), LARGEST)] or [b""]
    kinds = [HEADERS, *[CONTINUATION] * (len(pieces) - 1)]
    ends = [0] * (len(pieces) - 1) + [END_HEADERS]
    first = [flags & END_STREAM] + [0] * (len(pieces) - 1)
    return b"".join(map(frame, kinds, map(int.__or__, ends, first), [stream] * len(pieces), pieces))


@lru_cache(1024)
def _block(fields: Fields) -> bytes:
    """Each field with its name, for no table: https://www.rfc-editor.org/rfc/rfc7541.html#section-6.2.2."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def _text(text: bytes) -> bytes:
    """A text and its length: seven bits, or as many bytes more as it takes."""
    if len(text) < 0x7F:
        return bytes([len(text)]) + text
    rest, length = len(text) - 0x7F, b"\x7f"
    while rest >= 0x80:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return length + bytes([rest]) + text


class Headers:
    """Unpacks the blocks of headers that come from one side, in their order."""

    def __init__(self) -> None:
        # How large the table may be is between the two sides; we keep as much as they agree on.
        self._decoder = hpack.Decoder(max_header_list_size=2**24)
        self._decoder.max_allowed_table_size = 2**24
        self._block, self._flags = b"", 0

    def fields(self, frame: Frame) -> tuple[Fields, int] | None:
        """The fields of the block that ends with this frame, and its flags; None where it goes on.

        Args:
            frame: The next one of HEADERS or CONTINUATION.
        """
        if frame.kind == HEADERS:
            self._block, self._flags = frame.content, frame.flags
        else:
            self._block += frame.payload
        if not frame.flags & END_HEADERS:
            return None
        decoded: Iterable[tuple[bytes, bytes]] = self._decoder.decode(self._block, raw=True)
        return tuple((bytes(name), bytes(value)) for name, value in decoded), self._flags


def packed(message: bytes) -> bytes:
    """A message of gRPC as it is in DATA."""
    return b"\0" + len(message).to_bytes(4) + message


def unpacked(data: bytes | bytearray) -> bytes | None:
    """The one message of gRPC in this; None where it is compressed, not whole or not alone."""
    if len(data) < _MESSAGE_HEADER or data[0] or int.from_bytes(data[1:5]) != len(data) - _MESSAGE_HEADER:
        return None
    return bytes(data[_MESSAGE_HEADER:])
