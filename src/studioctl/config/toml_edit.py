"""Changes of a TOML text, as the few bytes that they replace: all else stays as it was, by construction.

Comments belong to what they touch: those on the lines directly above a table or a list entry, and those on the lines
directly below a table's last key. What stands alone between blank lines belongs to nobody, and stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from studioctl.config.positions import items_of, nodes, tree, value_of
from studioctl.config.text import Location

Rows = tuple[int, int]  # the first and the last


class UneditableError(Exception):
    """The text has a form that cannot be changed without doubt about what else the change would touch."""


@dataclass(frozen=True)
class Splice:
    """Bytes that take the place of others: from `start` up to `end`."""

    start: int
    end: int
    text: bytes = b""


class Document:
    """A valid TOML text that is about to be changed."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        self._root = tree(self._bytes)
        if self._root.has_error:
            raise UneditableError
        self._rows = self._bytes.splitlines(keepends=True)
        self._offsets = [0]
        for row in self._rows:
            self._offsets.append(self._offsets[-1] + len(row))
        self._end = b"\r\n" if b"\r\n" in self._bytes else b"\n"
        self._pairs: dict[Location, Node] = {}
        self._tables: dict[int, tuple[Location, Node]] = {}
        for place, node in nodes(self._root):
            if node.type in {"table", "table_array_element"}:
                self._tables[node.id] = place, node  # the whole header comes last
            else:
                self._pairs[place] = node

    def applied(self, *splices: Splice) -> str:
        """The text with these changes, which do not overlap."""
        changed = self._bytes
        for splice in sorted(splices, key=lambda splice: splice.start, reverse=True):
            changed = changed[: splice.start] + splice.text + changed[splice.end :]
        return changed.decode()

    def has(self, place: Location) -> bool:
        """Whether a key of this place is written as `key = value`, or a list there has this entry."""
        return place in self._pairs

    def value(self, place: Location, written: str) -> Splice:
        """Another value for a key."""
        node = value_of(self._pairs[place])
        return Splice(node.start_byte, node.end_byte, written.encode())

    def key_in_line(self, place: Location, key: str, written: str) -> Splice:
        """One more key in a table that is written `{ ... }`."""
        table = value_of(self._pairs[place])
        pairs = [child for child in table.named_children if child.type == "pair"]
        if table.type != "inline_table":
            raise UneditableError
        if not pairs:
            return Splice(table.start_byte, table.end_byte, f"{{ {key} = {written} }}".encode())
        return Splice(pairs[-1].end_byte, pairs[-1].end_byte, f", {key} = {written}".encode())

    def beside(self, place: Location, key: str, written: str) -> Splice:
        """One more key in the table of another one, after it."""
        pair, text = self._pairs[place], f"{key} = {written}".encode()
        if pair.parent is not None and pair.parent.type == "inline_table":
            return Splice(pair.end_byte, pair.end_byte, b", " + text)
        row = pair.end_point.row + 1
        begun = b"" if self._rows[row - 1].endswith(b"\n") else self._end
        return Splice(self._offsets[row], self._offsets[row], begun + text + self._end)

    def tables(self, place: Location) -> list[Node]:
        """The tables with a header that begins with this place, in the text's order."""
        return [node for header, node in self._tables.values() if header[: len(place)] == place]

    def without_tables(self, place: Location) -> list[Splice]:
        """The text without the tables of this place, their comments, and the blank lines that set them apart."""
        ranges: list[Rows] = []
        for first, last in (self._rows_of(node) for node in self.tables(place)):
            if ranges and all(self._is_blank(row) for row in range(ranges[-1][1] + 1, first)):
                ranges[-1] = ranges[-1][0], last
            else:
                ranges.append((first, last))
        return [self._without_rows(*self._with_blanks(rows)) for rows in ranges]

    def after_tables(self, place: Location, block: list[str]) -> Splice:
        """A paragraph below the last table of this place; without one, at the end of the text."""
        found = self.tables(place)
        row = self._rows_of(found[-1])[1] + 1 if found else len(self._rows)
        while not found and row and self._is_blank(row - 1):
            row -= 1
        before = b"" if not row or self._rows[row - 1].endswith(b"\n") else self._end
        after = self._end if row < len(self._rows) and not self._is_blank(row) else b""
        text = self._end.join(line.encode() for line in ["", *block, ""]) if row else b""
        rest = self._offsets[row] if found else len(self._bytes)
        return Splice(self._offsets[row], rest, before + text + after)

    def with_item(self, place: Location, written: list[str]) -> list[Splice]:
        """Add entries at the end of a list: each on a line, if the last one is."""
        array = self._array(place)
        items = items_of(array)
        new = [item.encode() for item in written]
        if not items:
            return [Splice(array.start_byte + 1, array.start_byte + 1, b", ".join(new))]
        last = items[-1]
        if last.end_point.row == array.end_point.row:
            return [Splice(last.end_byte, last.end_byte, b"".join(b", " + item for item in new))]
        comma = _comma_after(last)
        row = (comma or last).end_point.row + 1
        if row > array.end_point.row:
            raise UneditableError
        first = self._rows[last.start_point.row]
        margin = first[: len(first) - len(first.lstrip())]
        added = b"".join(margin + item + b"," + self._end for item in new)
        at = self._offsets[row]
        return [*([] if comma else [Splice(last.end_byte, last.end_byte, b",")]), Splice(at, at, added)]

    def without_item(self, place: Location, index: int) -> Splice:
        """A list without one of its entries, and without the comments directly above it."""
        items = items_of(self._array(place))
        item, comma = items[index], _comma_after(items[index])
        end = comma.end_byte if comma else item.end_byte
        first, last = item.start_point.row, (comma or item).end_point.row
        before = self._bytes[self._offsets[first] : item.start_byte]
        after = self._bytes[end : self._offsets[last + 1]].strip()
        if not before.strip() and (not after or after.startswith(b"#")):
            return self._without_rows(self._first_comment(first), last)
        if comma is None and index:
            return Splice(items[index - 1].end_byte, end)
        while self._bytes[end : end + 1] in {b" ", b"\t"} and comma:
            end += 1
        return Splice(item.start_byte, end)

    def _array(self, place: Location) -> Node:
        node = self._pairs.get(place)
        array = value_of(node) if node is not None and node.type == "pair" else node
        if array is None or array.type != "array":
            raise UneditableError
        return array

    def _rows_of(self, table: Node) -> Rows:
        """The rows of a table with the comments that belong to it."""
        last = [child for child in table.children if child.type != "comment"][-1].end_point.row
        below = last + 1
        while self._is_comment(below):
            below += 1
        # Comments that touch the next header are about what follows.
        is_next = below < len(self._rows) and not self._is_blank(below)
        return self._first_comment(table.start_point.row), last if is_next else below - 1

    def _first_comment(self, row: int) -> int:
        while row and self._is_comment(row - 1):
            row -= 1
        return row

    def _with_blanks(self, rows: Rows) -> Rows:
        first, last = rows
        if first == 0 or self._is_blank(first - 1):
            while last + 1 < len(self._rows) and self._is_blank(last + 1):
                last += 1
        while last + 1 == len(self._rows) and first and self._is_blank(first - 1):
            first -= 1
        return first, last

    def _without_rows(self, first: int, last: int) -> Splice:
        return Splice(self._offsets[first], self._offsets[last + 1])

    def _is_blank(self, row: int) -> bool:
        return not self._rows[row].strip()

    def _is_comment(self, row: int) -> bool:
        if row >= len(self._rows) or not self._rows[row].lstrip().startswith(b"#"):
            return False
        column = len(self._rows[row]) - len(self._rows[row].lstrip())
        found = self._root.descendant_for_point_range((row, column), (row, column))
        return found is not None and found.type == "comment"  # and no line of a long text


def _comma_after(item: Node) -> Node | None:
    return next((node for node in _following(item) if node.type != "comment" and node.type == ","), None)


def _following(item: Node) -> Iterator[Node]:
    node = item.next_sibling
    while node is not None and node.type in {"comment", ","}:
        yield node
        if node.type == ",":
            return
        node = node.next_sibling
