"""A list of people as CSV: what spreadsheets and directories export."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.config.scripts import below
from studioctl.config.syntax import BOOLEANS
from studioctl.config.text import Elsewhere, Location, Violation, count, listed, nearest, quote
from studioctl.disk import open_regular

LARGEST_LIST = 4 * 1024 * 1024
# Column -> what it is for. Each is the key of the same name below a [[users]].
COLUMNS: Mapping[str, str] = {
    "name": "the user profile's name",
    "group": "the group whose values hold",
    "instance_type": "instance type of the user's spaces",
    "image": "version of AWS's image that their editors start",
    "volume_gb": "size of their volumes, in GB",
    "push_images": "true or false",
    "github": "user name on github.com, for a token that is the user's alone",
    "sso_user": "the user's name in IAM Identity Center",
}


@dataclass(frozen=True)
class Row:
    """A person in a list.

    Args:
        place: The list's name, and the line.
        values: By key of a [[users]] table.
    """

    place: Location
    values: dict[str, Any] = field(default_factory=dict)


def beside(directory: Path, name: str) -> tuple[list[Row], list[Violation]]:
    """The people in a list below the directory of studio.toml, and what is wrong with it.

    Raises:
        ValueError: The list cannot be read.
    """
    try:
        with open_regular(below(directory, name, because="messages quote what is in it")) as stream:
            content = stream.read(LARGEST_LIST + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"there is no file {quote(name)} beside this one; write the path of a CSV file") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{quote(name)} cannot be read: {reason}; name a file that can") from None
    return read(content, named(directory, name))


def named(directory: Path, name: str) -> str:
    """The name in messages of a list beside studio.toml."""
    return str(directory / name) if directory != Path() else name


def read(content: bytes, name: str) -> tuple[list[Row], list[Violation]]:
    """The people in a list, and what is wrong with it.

    Args:
        content: The file. A spreadsheet's byte order mark, and semicolons in place of commas, are as good.
        name: The list's name in messages.
    """
    file = Elsewhere(name)
    if len(content) > LARGEST_LIST:
        return [], [((file, 0), "is larger than 4 MB; divide it")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [((file, 0), "is not UTF-8; save it as CSV UTF-8")]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        records = [(reader.line_num, [cell.strip() for cell in record]) for record in reader]
    except csv.Error as error:
        return [], [((file, reader.line_num), f"is no CSV: {error}")]
    if "name" not in header:
        there = [quote(cell)[1:-1] for cell in header if cell]
        known = f"its columns are: {listed(there)}" if there else f"write: {','.join(COLUMNS)}, or fewer"
        return [], [((file, 1), f'has no column "name"; {known}')]
    problems = list(_of_header(file, header))
    rows = []
    for line, record in records:
        if any(record):
            values, wrong = _values((file, line), header, record)
            problems += wrong
            if "name" in values:
                rows.append(Row((file, line), values))
            else:
                problems.append(((file, line), "has no name; write one, or delete the line"))
    return rows, problems


def without(text: str, line: int) -> str:
    """A list without the record that ends in this line; every other byte stays.

    Args:
        text: A list that can be read.
        line: The line, from 1, as `read` gives it.
    """
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines, delimiter=_delimiter(text), strict=True)
    begins = 0
    for _ in reader:
        if reader.line_num == line:
            return "".join(lines[:begins] + lines[line:])
        begins = reader.line_num
    return text


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if ";" in first and "," not in first else ","


def _of_header(name: Elsewhere, header: list[str]) -> Iterator[Violation]:
    for number, column in enumerate(header):
        if column not in COLUMNS:
            meant = nearest(column, COLUMNS)
            known = f"did you mean {meant}?" if meant else f"write one of: {', '.join(COLUMNS)}"
            yield (name, 1), f"{quote(column)} is not a column; {known}"
        elif column in header[:number]:
            yield (name, 1), f"{quote(column)} is a column twice; delete one"


def _values(place: Location, header: list[str], record: list[str]) -> tuple[dict[str, Any], list[Violation]]:
    values: dict[str, Any] = {}
    problems: list[Violation] = []
    if len(record) > len(header):
        words = f"has {count(len(record), 'cell')}, and the first line {len(header)}; put a text with commas in quotes"
        problems.append((place, words))
    for column, cell in zip(header, record, strict=False):
        if cell and column in COLUMNS:
            try:
                values[column] = _value(column, cell)
            except ValueError as error:
                problems.append(((*place, column), str(error)))
    return values, problems


def _value(column: str, cell: str) -> Any:
    if column == "volume_gb":
        if not (cell.isascii() and cell.isdigit() and len(cell) < 10):
            raise ValueError(f"{quote(cell)} is not a whole number; write digits, such as 50")
        return int(cell)
    if column == "push_images":
        word = BOOLEANS.get(cell.lower(), cell.lower())
        if word not in {"true", "false"}:
            raise ValueError(f"{quote(cell)} is neither true nor false; write one of them")
        return word == "true"
    return {"username": cell} if column == "github" else cell
