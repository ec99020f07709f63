"""The provider's schema, cut down to the types that are in use. Pure: bytes to bytes.

The AWS provider describes some 1,500 types in 5 MB; an environment has a few dozen. Terraform decodes all that it is
told, in each of its processes, so what it has no use for is left out. The answer is a message of protocol buffers, in
which each type is one entry; entries are copied as they are and never decoded.
https://protobuf.dev/programming-guides/encoding/, and `GetProviderSchema` in
https://github.com/hashicorp/terraform/blob/v1.11.4/docs/plugin-protocol/tfplugin5.9.proto
"""

from collections.abc import Collection, Iterator

# Fields of `GetProviderSchema.Response`.
_BY_TYPE = (2, 3)  # maps by type: resources and data sources
_DIAGNOSTICS = 4
_KEY = 1  # of an entry of a map
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # how a field is written


def only(answer: bytes, types: Collection[str]) -> bytes:
    """The same answer without the resources and data sources of other types.

    Args:
        answer: The provider's answer.
        types: Those to keep, such as "aws_vpc".

    Raises:
        ValueError: It is no such message.
    """
    kept = {name.encode() for name in types}
    return b"".join(
        answer[start:end]
        for number, start, value, end in _fields(answer)
        if number not in _BY_TYPE or _key(answer[value:end]) in kept
    )


def has_diagnostics(answer: bytes) -> bool:
    """Whether the provider complains.

    Raises:
        ValueError: It is no such message.
    """
    return any(number == _DIAGNOSTICS for number, *_ in _fields(answer))


def _key(entry: bytes) -> bytes:
    return next((entry[value:end] for number, _, value, end in _fields(entry) if number == _KEY), b"")


def _fields(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each field's number, and where it, its value and the next field begin."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in {_FIXED64, _FIXED32}:
            length = 8 if kind == _FIXED64 else 4
        elif kind == _VARINT:
            length = _varint(message, at)[1] - at
        else:
            raise ValueError(f"field {number} is written in a way of which protocol buffers know nothing: {kind}")
        if at + length > len(message):
            raise ValueError(f"field {number} ends after the message")
        yield number, start, at, at + length
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of which each byte holds seven bits, the lowest first; and where the next value begins."""
    number = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # the last one
            return number, at
        shift += 7
    raise ValueError("a number ends after the message")
