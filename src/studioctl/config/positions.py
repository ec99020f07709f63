"""The position of everything in a TOML file. Loaded only to report a problem or to change the file."""

import tomllib
from collections.abc import Container, Iterator
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from studioctl.config.text import Location


def tree(text: bytes) -> Node:
    """The syntax of a TOML text, with the place of each comment and comma in it."""
    return Parser(Language(tree_sitter_toml.language())).parse(text).root_node


def lines(text: str) -> dict[Location, int]:
    """The line, from 1, of every key, table and list entry of a valid TOML text, in the order of the text."""
    first: dict[Location, int] = {}
    for place, node in nodes(tree(text.encode())):
        first.setdefault(place, node.start_point.row + 1)
    return first


def nearest_place(location: Location, known: Container[Location]) -> Location | None:
    """The place itself, or the nearest thing around it that stands in the file."""
    while location and location not in known:
        location = location[:-1]
    return location or None


def nodes(root: Node) -> Iterator[tuple[Location, Node]]:
    """Every key with its pair, every table with each header that names it, and every list entry, in the text's order.

    A header comes once for each of its keys, the whole of it last.
    """
    entries: dict[Location, int] = {}  # how many tables each [[list of tables]] has so far
    for node in root.named_children:
        if node.type == "pair":
            yield from _pair(node, ())
        elif node.type in {"table", "table_array_element"}:
            place = _header(_keys(node.named_children[0]), entries, is_entry=node.type == "table_array_element")
            yield from ((place[:depth], node) for depth in range(1, len(place) + 1))
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


def _pair(node: Node, table: Location) -> Iterator[tuple[Location, Node]]:
    place = table
    for key in _keys(node.named_children[0]):
        place = (*place, key)
        yield place, node
    yield from _value(value_of(node), place)


def value_of(pair: Node) -> Node:
    """The value in a pair of key and value."""
    return [child for child in pair.named_children if child.type != "comment"][-1]


def items_of(array: Node) -> list[Node]:
    """The entries of a list, without its comments."""
    return [child for child in array.named_children if child.type != "comment"]


def _value(node: Node, place: Location) -> Iterator[tuple[Location, Node]]:
    if node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                yield from _pair(child, place)
    elif node.type == "array":
        for index, child in enumerate(items_of(node)):
            yield (*place, index), child
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
