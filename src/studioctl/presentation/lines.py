"""Break lines for a terminal: between words, and never inside text that a person copies."""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

_PROGRAMS = (
    r"studioctl|aws|pipx?|uv|git|ssh|gh|terraform|tofu|sudo|apt|make|mkdir|cd|less|kill|export|unset|\S*/python\S*"
)
# A loop of the shell; a command, up to the sentence that goes on after it; a key of TOML with its value.
_COPIED = re.compile(
    r"\bfor \w+ in .*? done\b"
    rf"|(?<!\S)(?:{_PROGRAMS}) .+?(?=[,;:.]?(?: (?:or|and|then|to|for|which)\b|$)|[,;:.] | {{2,}})"
    r"""|(?<!\S)[\w."'-]+ = (?:\{.*?\}+|\[.*?\]+|"[^"]*")"""
)
_COLUMNS = re.compile(r"\s*\S.*? {2,}(?=\S)")  # a name, and after a gap what belongs to it


def broken(text: Text, width: int) -> Text:
    """The text, with line breaks where its lines are too long.

    What is longer than a line is left to the terminal: copied from there, it is in one piece.

    Args:
        text: Any number of lines.
        width: Of the terminal, in cells.
    """
    return Text("\n").join(_broken(line, width) for line in text.split("\n", allow_blank=True))


def _broken(line: Text, width: int) -> Text:
    plain = line.plain
    if cell_len(plain) <= width:
        return line
    hanging = _hanging(plain, width)
    result, begin, column, last = Text(), 0, 0, 0
    for start, end in _atoms(plain):
        needed, gap = cell_len(plain[last:end]), cell_len(plain[last:start])
        if column + needed > width and column + gap > hanging:
            result.append_text(line[begin:last]).append("\n" + " " * hanging)
            begin, column, needed = start, hanging, cell_len(plain[start:end])
        column, last = column + needed, end
    return result.append_text(line[begin:])


def _hanging(line: str, width: int) -> int:
    """The indent of continuation lines: the second column if there is one, else deeper than the line itself."""
    columns = _COLUMNS.match(line)
    if columns and cell_len(columns[0]) <= width // 2:
        return cell_len(columns[0])
    indented = len(line) - len(line.lstrip(" "))
    return indented + 2 if 0 < indented <= width // 2 else 0


def _atoms(line: str) -> Iterator[tuple[int, int]]:
    """The start and the end of each piece that stays whole."""
    copied = [match.span() for match in _COPIED.finditer(line)]
    for word in re.finditer(r"\S+", line):
        around = next((span for span in copied if span[0] <= word.start() < span[1]), None)
        if around is None:
            yield word.span()
        elif around[0] == word.start():
            yield around[0], around[1] + len(line[around[1] :].split(" ", 1)[0])  # with the comma behind it
