"""HTTP/2's frames, against a library that knows all of it."""

import hpack
import pytest

from studioctl.terraform.front import http2


def test_frames_are_found_however_they_arrive() -> None:
    sent = [
        http2.frame(http2.SETTINGS, 0, 0, b"\0\4\0\1\0\0"),
        http2.frame(http2.DATA, http2.END_STREAM, 3, b"data" * 5000),
        http2.opened(2**31 - 1, 7),
        http2.frame(http2.SETTINGS, http2.ACK, 0, b""),
    ]
    received, found = bytearray(), []
    for byte in b"".join(sent):
        received.append(byte)
        found += http2.frames(received)
    assert [frame.raw for frame in found] == sent
    assert [frame.stream for frame in found] == [0, 3, 2**31 - 1, 0]
    assert found[0].setting(http2.INITIAL_WINDOW_SIZE) == 65_536
    assert found[0].setting(1) is None
    assert found[1].content == b"data" * 5000
    assert found[2].increment == 7
    assert received == b""


def test_padding_and_priority_are_no_content() -> None:
    (data,) = http2.frames(bytearray(http2.frame(http2.DATA, http2.PADDED, 1, b"\3abc\0\0\0")))
    assert (data.content, data.length) == (b"abc", 7)
    flags = http2.PADDED | http2.PRIORITY
    (headers,) = http2.frames(bytearray(http2.frame(http2.HEADERS, flags, 1, b"\1" + bytes(5) + b"block\0")))
    assert headers.content == b"block"


FIELDS = ((b":status", b"200"), (b"grpc-message", b"m" * 126), (b"a", b"b" * 127), (b"c", b"d" * 16_000), (b"e", b""))


def test_headers_are_what_the_library_reads() -> None:
    frames = http2.frames(bytearray(http2.headers(5, FIELDS, http2.END_STREAM | http2.PRIORITY)))
    assert [(frame.kind, frame.flags, frame.stream) for frame in frames] == [(http2.HEADERS, http2.END_STREAM | 4, 5)]
    assert tuple(hpack.Decoder().decode(frames[0].payload, raw=True)) == FIELDS


def test_long_ones_are_divided() -> None:
    fields = ((b"grpc-message", b"x" * 40_000), (b"a", b"b"))
    frames = http2.frames(bytearray(http2.headers(5, fields, http2.END_STREAM)))
    assert [(frame.kind, frame.flags) for frame in frames] == [
        (http2.HEADERS, http2.END_STREAM),
        (http2.CONTINUATION, 0),
        (http2.CONTINUATION, http2.END_HEADERS),
    ]
    reading = http2.Headers()
    assert [reading.fields(frame) for frame in frames] == [None, None, (fields, http2.END_STREAM)]


def test_each_block_is_unpacked_with_the_table_of_those_before() -> None:
    encoder, reading = hpack.Encoder(), http2.Headers()
    blocks = [encoder.encode(FIELDS[:3], huffman=True) for _ in range(3)]
    assert len(blocks[2]) < 10
    for block in blocks:
        (frame,) = http2.frames(bytearray(http2.frame(http2.HEADERS, http2.END_HEADERS, 1, block)))
        assert reading.fields(frame) == (FIELDS[:3], http2.END_HEADERS)


def test_a_message_of_grpc() -> None:
    assert http2.unpacked(http2.packed(b"message")) == b"message"
    assert http2.packed(b"") == bytes(5)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"\0\0\0\0\2a", b"\0\0\0\0\1ab", b"\1\0\0\0\1a"])
def test_what_is_compressed_or_not_whole_is_none(data: bytes) -> None:
    assert http2.unpacked(data) is None
