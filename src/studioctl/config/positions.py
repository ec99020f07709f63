"""On which line everything in a TOML file stands. Loaded only when there is something to complain about."""

import tomllib
from collections.abc import Container, Iterator
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from studioctl.config.text import Location


def lines(text: str) -> dict[Location, int]:
    """The line, from 1, of every key, table and list entry of a valid TOML text, in the order of the text."""
    parser = Parser(Language(tree_sitter_toml.language()))
    first: dict[Location, int] = {}
    for place, line in _document(parser.parse(text.encode()).root_node):
        first.setdefault(place, line)
    return first


def nearest_place(location: Location, known: Container[Location]) -> Location | None:
    """The place itself, or the nearest thing around it that stands in the file."""
    while location and location not in known:
        location = location[:-1]
    return location or None


def _document(root: Node) -> Iterator[tuple[Location, int]]:
    entries: dict[Location, int] = {}  # how many tables each [[list of tables]] has so far
    for node in root.named_children:
        if node.type == "pair":
            yield from _pair(node, ())
        elif node.type in {"table", "table_array_element"}:
            place = _header(_keys(node.named_children[0]), entries, is_entry=node.type == "table_array_element")
            yield from ((place[:depth], _line(node)) for depth in range(1, len(place) + 1))
            for child in node.named_children[1:]:
                if child.type == "pair":
                    yield from _pair(child, place)


def _header(keys: tuple[str, ...], entries: dict[Location, int], *, is_entry: bool) -> Location:
    place: Location = ()
    for depth, key in enumerate(keys, start=1):
        place = (*place, key)
        if is_entry and depth == len(keys):
            entries[place] = entries.get(place, 0) + 1
        if place in entries:
            place = (*place, entries[place] - 1)
    return place


def _pair(node: Node, table: Location) -> Iterator[tuple[Location, int]]:
    place = table
    for key in _keys(node.named_children[0]):
        place = (*place, key)
        yield place, _line(node)
    yield from _value(node.named_children[-1], place)


def _value(node: Node, place: Location) -> Iterator[tuple[Location, int]]:
    if node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                yield from _pair(child, place)
    elif node.type == "array":
        items = [child for child in node.named_children if child.type != "comment"]
        for index, child in enumerate(items):
            yield (*place, index), _line(child)
            yield from _value(child, (*place, index))


def _keys(node: Node) -> tuple[str, ...]:
    written = (node.text or b"").decode()
    if node.type == "bare_key":
        return (written,)
    # The standard library knows how quotes and escapes in keys read.
    keys: list[str] = []
    inner: Any = tomllib.loads(f"{written} = 0")
    while isinstance(inner, dict):
        key, inner = next(iter(inner.items()))
        keys.append(key)
    return tuple(keys)


def _line(node: Node) -> int:
    return node.start_point.row + 1
