"""Terraform's documents held against a provider's schema, without the provider."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION_6 = Path(__file__).with_name("provider_6_69_1.txt")
# Terraform's own, in any block of a resource: https://developer.hashicorp.com/terraform/language/meta-arguments
META = {"//", "depends_on", "lifecycle", "count", "for_each", "provider", "provisioner", "connection"}
_KINDS: Mapping[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}
_REFERENCE = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class Argument:
    """The type of an argument: "string", "array<string>", "map<string>", "block", "array<block>" and their like."""

    type: str
    is_required: bool


Schema = Mapping[str, Mapping[str, Argument]]


def read(file: Path = VERSION_6) -> Schema:
    """Type of a resource, or "data." and that of a data source -> path of an argument -> what it takes."""
    schema: dict[str, dict[str, Argument]] = {}
    current: dict[str, Argument] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            current = schema.setdefault(line, {})
            continue
        path, kind, *required = line.split()
        current[path] = Argument(kind, bool(required))
    return schema


def violations(documents: Mapping[str, Mapping[str, Any]], schema: Schema) -> Iterator[str]:
    """The arguments in these documents that the provider would refuse, by file name."""
    for name, document in documents.items():
        for kind, prefix in (("resource", ""), ("data", "data.")):
            for type_, blocks in document.get(kind, {}).items():
                for label, arguments in blocks.items():
                    address = f"{name}: {prefix}{type_}.{label}"
                    if (known := schema.get(f"{prefix}{type_}")) is None:
                        yield f"{address}: the schema has no such type"
                    else:
                        yield from _block(address, "", {k: v for k, v in arguments.items() if k not in META}, known)


def _block(address: str, path: str, given: Mapping[str, Any], known: Mapping[str, Argument]) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    here = {key.removeprefix(prefix): argument for key, argument in known.items() if key.startswith(prefix)}
    children = {key: argument for key, argument in here.items() if "." not in key}
    for key, argument in children.items():
        if argument.is_required and key not in given:
            yield f"{address}: {prefix}{key} is required"
    for key, value in given.items():
        if key == "//":
            continue
        if (wanted := children.get(key)) is None:
            yield f"{address}: {prefix}{key} is unknown"
        elif wanted.type in {"block", "array<block>"}:
            yield from _inner(address, f"{prefix}{key}", value, wanted, known)
        elif not _is(value, wanted.type):
            yield f"{address}: {prefix}{key} must be {wanted.type}, is {value!r}"


def _inner(address: str, path: str, value: Any, wanted: Argument, known: Mapping[str, Argument]) -> Iterator[str]:
    blocks = value if isinstance(value, list) else [value]
    if wanted.type == "block" and len(blocks) > 1:
        yield f"{address}: {path} is given {len(blocks)} times, and may be once"
    for block in blocks:
        if isinstance(block, Mapping):
            yield from _block(address, path, block, known)
        else:
            yield f"{address}: {path} must be a block, is {block!r}"


def _is(value: Any, kind: str) -> bool:
    if value is None or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return True  # not set, or a reference whose type the other block's schema knows
    if kind.startswith("array<"):
        return isinstance(value, list) and all(_is(item, kind[6:-1]) for item in value)
    if kind.startswith("map<"):
        return isinstance(value, Mapping) and all(_is(item, kind[4:-1]) for item in value.values())
    if kind != "boolean" and isinstance(value, bool):
        return False
    return isinstance(value, _KINDS[kind])
