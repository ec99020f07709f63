"""Messages of the plugin protocol, as far as the tests need them."""


def field(number: int, value: bytes) -> bytes:
    """A field that holds bytes: text, or another message."""
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def number_field(number: int, value: int) -> bytes:
    return bytes([number << 3]) + varint(value)


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def entry(name: str, schema: bytes) -> bytes:
    """An entry of a map from names to schemas."""
    return field(1, name.encode()) + field(2, schema)


def schema_of(*types: str, data: tuple[str, ...] = ()) -> bytes:
    """An answer to `GetProviderSchema`, with schemas of different lengths."""
    return (
        field(1, b"the provider's own")
        + b"".join(field(2, entry(name, name.encode() * 60)) for name in types)
        + b"".join(field(3, entry(name, b"data")) for name in data)
        + field(5, b"meta")
        + field(6, number_field(1, 1))
        + field(7, entry("a_function", b"f"))
    )
