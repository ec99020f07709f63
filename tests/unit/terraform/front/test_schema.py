"""The provider's schema, cut down."""

import pytest

from studioctl.terraform.front import schema

from .messages import entry, field, number_field, schema_of


def test_only_the_types_in_use_are_left() -> None:
    whole = schema_of("aws_vpc", "aws_subnet", "aws_instance", data=("aws_partition", "aws_ami"))
    expected = schema_of("aws_vpc", "aws_subnet", data=("aws_partition",))
    assert schema.only(whole, {"aws_vpc", "aws_subnet", "aws_partition", "aws_unknown"}) == expected


def test_everything_else_stays_as_it_is() -> None:
    whole = schema_of()
    assert schema.only(whole, ()) == whole
    numbers = number_field(15, 2**40) + bytes([13 << 3 | 1]) + bytes(8) + bytes([12 << 3 | 5]) + bytes(4)
    assert schema.only(numbers, ()) == numbers


def test_diagnostics_are_seen() -> None:
    assert not schema.has_diagnostics(schema_of("aws_vpc"))
    assert schema.has_diagnostics(schema_of("aws_vpc") + field(4, b"out of order"))


@pytest.mark.parametrize("torn", [b"\x12", b"\x12\x05ab", b"\x80", b"\x0b", field(2, entry("a", b"b"))[:-1]])
def test_what_is_no_message_is_refused(torn: bytes) -> None:
    with pytest.raises(ValueError, match=r"ends after the message|know nothing"):
        schema.only(torn, ())
