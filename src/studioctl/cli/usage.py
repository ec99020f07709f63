"""Wrong values of options and arguments, told in plain words in place of pydantic's."""

import re

from studioctl.cli.hints import value_of

_WORDS = (
    (r"Input should be a valid integer\b.*", "must be a whole number"),
    (r"Input should be a valid number\b.*", "must be a number"),
    (r"Input should be less than or equal to (\S+)", r"must be at most \1"),
    (r"Input should be greater than or equal to (\S+)", r"must be at least \1"),
    (r"Input should be less than (\S+)", r"must be less than \1"),
    (r"Input should be greater than (\S+)", r"must be more than \1"),
    (r"Value error, ", ""),
)


def in_words(message: str, typed: list[str]) -> str:
    """A message of typer's in plain words, with the number that was probably meant.

    Args:
        message: Such as "Invalid value for '--volume-gb': Input should be a valid integer, unable to parse ...".
        typed: The command line, in which the value is found.
    """
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    options = re.findall(r"'(--?[\w-]+)'", message.partition(":")[0])
    if message.endswith("must be a whole number") and options:
        from studioctl.config import quantities  # a mistake may take longer than a start

        given = value_of(typed, options)
        number = quantities.meant(given, options[0].strip("-").replace("-", "_"))
        message += "" if number is None else f"; write {number}"
    return message
