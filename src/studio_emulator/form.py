"""Whether a request is one of its service's, as AWS's own model of the service has it, which botocore ships.

moto trusts its clients in this and stumbles. Checked are the operation, the types, and that nothing required is
missing; of some services also lengths, ranges, patterns and enumerations, which AWS checks in the same words for all.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from moto.core.utils import get_service_model

from studio_emulator import ec2_tags, s3_form
from studio_emulator.calls import SERVICES, Call
from studio_emulator.framing import BAD_ESCAPE
from studio_emulator.signatures import Refused
from studio_emulator.studio.exceptions import SerializationException
from studio_emulator.studio.validation import check_types, small, told, violations

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = frozenset({"true", "false"})
_CAN_BE_JSON = frozenset({"json", "smithy-rpc-v2-cbor"})
# Services whose values are held to the model. ECR has other words for this; Secrets Manager and Systems Manager have
# other codes for some of it, which moto knows.
_HELD_TO_MODEL = frozenset({"iam", "kms", "logs", "resourcegroupstaggingapi"})


def check(environ: Mapping[str, Any], call: Call, body: bytes) -> None:
    """Raises Refused. Services that the emulator does not care for are moto's alone."""
    if call.service not in SERVICES:
        return
    model = get_service_model(call.service)
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    match str(model.metadata["protocol"]):
        case "rest-xml":
            s3_form.check(environ, call, model, body)
            if call.action:
                _check_numbers(environ, model.operation_model(call.action))
        case "rest-json":
            _check_rest(environ, call, model, body)
        case "query" | "ec2" as protocol:
            _check_query(environ, model, body, is_ec2=protocol == "ec2")
        case _ if form:  # CloudWatch has had three protocols
            _check_query(environ, model, body, is_ec2=False)
        case protocol if protocol in _CAN_BE_JSON and environ.get("PATH_INFO", "/") == "/":
            _check_json(environ, model, body)


def _check_json(environ: Mapping[str, Any], model: ServiceModel, body: bytes) -> None:
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if not target or environ["REQUEST_METHOD"] != "POST":
        raise Refused("no action")
    prefix, _, action = target.rpartition(".")
    if prefix != model.metadata.get("targetPrefix") or action not in model.operation_names:
        raise Refused("unknown action", f"'{target}' is no operation of this service.")  # text assumed
    given = _json(body)
    if model.service_name != "sagemaker":  # Studio checks all of its requests, with all that the model says
        shape = model.operation_model(action).input_shape
        _check_members(shape, given)
        if shape is not None and model.service_name in _HELD_TO_MODEL:
            _check_values(violations(shape, given, ""))


def _check_rest(environ: Mapping[str, Any], call: Call, model: ServiceModel, body: bytes) -> None:
    if not call.action:
        raise Refused("unknown action", f"'{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}' is no operation.")
    operation = model.operation_model(call.action)
    _check_numbers(environ, operation)
    shape = operation.input_shape
    inside = {name for name, m in shape.members.items() if "location" not in m.serialization} if shape else set()
    if shape is not None and inside:
        _check_members(shape, _json(body), inside)


def _check_numbers(environ: Mapping[str, Any], operation: OperationModel) -> None:
    """Refuse a query value that is not a number where the model has one."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    shape = operation.input_shape
    for member in shape.members.values() if shape else ():
        where = member.serialization
        if where.get("location") == "querystring" and member.type_name in {"integer", "long"}:
            value = query.get(where["name"], "0")
            if not _INTEGER.fullmatch(value) or not 0 <= int(value) < 2**31:
                raise Refused("wrong type", f"Argument {where['name']} must be an integer between 0 and 2147483647")


def _json(body: bytes) -> Any:
    """No body is an empty object, as for AWS."""
    try:
        given = json.loads(body.decode() or "{}", parse_constant=_no_constant)
        if b"\\ud" in body.lower():  # half of a pair of surrogates is no character
            json.dumps(given, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused(
            "not readable", "The request's body is not well-formed JSON, or nested too deeply."
        ) from None  # text assumed
    if given is None:
        raise Refused("not readable", "null can not be converted to Structure at ''")
    return given


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _check_members(shape: StructureShape | None, given: Any, inside: set[str] | None = None) -> None:
    if shape is None:
        return
    try:
        check_types(shape, given, "", strict=False)
    except SerializationException as error:
        raise Refused("wrong type", str(error.message)) from None
    for path in _absent(shape, given, "", inside):
        raise Refused("missing member", f"Value null at '{path}' failed to satisfy constraint: Member must not be null")


def _absent(shape: Shape, value: Any, path: str, inside: set[str] | None = None) -> Iterator[str]:
    """The paths of what is required and not there."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            where = f"{path}.{small(name)}" if path else small(name)
            if inside is not None and name not in inside:
                continue
            if value.get(name) is not None:
                yield from _absent(member, value[name], where)
            elif name in shape.required_members:
                yield where
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            there = f"{path}.{number}.member"
            yield from _absent(shape.member, item, there) if item is not None else (there,)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _absent(shape.value, item, f"{path}.{key}.member") if item is not None else ()


def _check_values(broken: Iterator[str]) -> None:
    if said := told(list(broken)):
        raise Refused("bad value", said)


def _check_query(environ: Mapping[str, Any], model: ServiceModel, body: bytes, *, is_ec2: bool) -> None:
    given = _parameters(environ, body)
    action = given.get("Action", "")
    if not action:
        raise Refused("no action")
    if action not in model.operation_names:
        raise Refused("unknown action", action if is_ec2 else f"{action} for version {model.api_version}")
    shape = model.operation_model(action).input_shape
    if shape is None:
        return
    for name in shape.required_members:
        key = _key(name, shape.members[name], is_ec2=is_ec2)
        if not any(known == key or known.startswith(f"{key}.") for known in given):
            said = f"Value null at '{small(name)}' failed to satisfy constraint: Member must not be null"
            raise Refused("missing member", f"The request must contain the parameter {key}" if is_ec2 else said)
    leaves = {key: leaf for key in given if (leaf := _leaf(shape, key.split("."), is_ec2=is_ec2)) is not None}
    for key, leaf in leaves.items():
        if not _fits(leaf, given[key]):
            raise Refused("wrong type", f"Value ({given[key][:100]}) for parameter {key} is invalid.")
    if is_ec2:
        ec2_tags.check(given)
    if model.service_name in _HELD_TO_MODEL:
        _check_values(violation for key, leaf in leaves.items() for violation in _broken(key, leaf, given[key]))


def _broken(key: str, leaf: Shape, value: str) -> Iterator[str]:
    """The constraints that a value of a query breaks. AWS writes "tags.1.member.key" for "Tags.member.1.Key"."""
    path = ".".join(map(small, re.sub(r"\bmember\.(\d+)", r"\1.member", key).split(".")))
    match leaf.type_name:
        case "string":
            yield from violations(leaf, value, path)
        case "integer" | "long":
            yield from violations(leaf, int(value), path)


def _parameters(environ: Mapping[str, Any], body: bytes) -> dict[str, str]:
    try:
        text = body.decode()
        if BAD_ESCAPE.search(text):
            raise Refused("not readable")
        given = parse_qsl(f"{environ.get('QUERY_STRING', '')}&{text}", keep_blank_values=True, errors="strict")
        return dict(reversed(given))  # of two the first one counts, for moto too
    except ValueError:
        raise Refused("not readable") from None


def _key(name: str, member: Shape, *, is_ec2: bool) -> str:
    """Return a member's name in a query, by the rules of botocore's serializers."""
    where = member.serialization
    called = str(where.get("name", name))
    return str(where.get("queryName") or called[:1].upper() + called[1:]) if is_ec2 else called


def _leaf(shape: Shape, words: Sequence[str], *, is_ec2: bool) -> Shape | None:
    """The value that a parameter's name leads to; None where it leads nowhere, which AWS passes by."""
    match shape:
        case _ if not words:
            return shape
        case StructureShape():
            found = (m for name, m in shape.members.items() if _key(name, m, is_ec2=is_ec2) == words[0])
            member = next(found, None)
            return _leaf(member, words[1:], is_ec2=is_ec2) if member else None
        case ListShape():
            flat = is_ec2 or shape.serialization.get("flattened")
            rest = words if flat else words[1:]
            return _leaf(shape.member, rest[1:], is_ec2=is_ec2) if rest and rest[0].isdecimal() else None
        case _:
            return None


def _fits(shape: Shape, value: str) -> bool:
    match shape.type_name:
        case "integer" | "long":
            return _INTEGER.fullmatch(value) is not None
        case "float" | "double":
            return _NUMBER.fullmatch(value) is not None
        case "boolean":
            return value.lower() in _BOOLEANS
        case _:
            return True
