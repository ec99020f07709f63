"""Output on streams whose encoding cannot hold every character."""

import codecs
import io
import sys

READABLE = {"✓": "+", "✗": "x", "…": "..."}


def accept_every_character() -> None:
    """Let stdout and stderr write what they can in place of what they cannot, instead of failing.

    Our own signs have a likeness in ASCII; any other character is written as JSON escapes it. Bytes of a file's name
    that are no text in this encoding leave as they came.
    """
    codecs.register_error("studioctl", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="studioctl")


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - nothing is read from these streams
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return READABLE.get(character) or _escaped(character), error.start + 1


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
