"""Whether a request is one of S3's: its method, its key, its digest, its XML and its policy."""

import hashlib
import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from studio_emulator.calls import Call
from studio_emulator.signatures import Refused

LONGEST_KEY = 1024  # bytes of UTF-8: S3 User Guide, "Naming Amazon S3 objects"
CONTROL = "/v20180820/"  # S3 Control, another service that signs as S3
# The service checks these values itself and has specific errors for them.
_OWN_ERRORS = frozenset({"BucketLocationConstraint", "Event"})
_SCALARS = {
    "integer": re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII),
    "boolean": re.compile(r"\s*(true|false|1|0)\s*", re.IGNORECASE),
}


def check(environ: Mapping[str, Any], call: Call, model: ServiceModel, body: bytes) -> None:
    """Raises Refused."""
    path = str(environ.get("PATH_INFO", "/"))
    if environ["REQUEST_METHOD"] == "OPTIONS" or path.startswith(CONTROL):
        return
    if not call.action:
        raise Refused("unknown action")
    if len(path.split("/", 2)[-1].encode("latin-1", "replace")) > LONGEST_KEY:
        raise Refused("long key")
    _check_digest(environ.get("HTTP_CONTENT_MD5"), body)
    if "/" not in str(environ.get("HTTP_X_AMZ_COPY_SOURCE", "/")).lstrip("/") and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        raise Refused("wrong type", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    shape = model.operation_model(call.action).input_shape
    payload = shape.members[shape.serialization["payload"]] if shape and "payload" in shape.serialization else None
    if call.action == "PutBucketPolicy":
        _check_policy(body)
    elif shape is not None and isinstance(payload, StructureShape):
        _check_xml(payload, body, required=shape.serialization["payload"] in shape.required_members)


def _check_digest(stated: str | None, body: bytes) -> None:
    if stated is None:
        return
    try:
        digest = b64decode(stated, validate=True)
    except NotBase64:
        digest = b""
    if len(digest) != 16:
        raise Refused("bad digest")
    if digest != hashlib.md5(body, usedforsecurity=False).digest():
        raise Refused("other digest")


def _check_policy(body: bytes) -> None:
    try:
        policy = json.loads(body.decode())
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise Refused("bad policy")


def _check_xml(shape: StructureShape, body: bytes, *, required: bool) -> None:
    if not body:
        if required:
            raise Refused("no xml")
        return
    try:
        text = body.decode()
        if "<!DOCTYPE" in text:  # entities could be anything
            raise Refused("bad xml")
        root = Xml.fromstring(text)  # noqa: S314 - no document type, no entities
    except (ValueError, Xml.ParseError):
        raise Refused("bad xml") from None
    if _name(root) != shape.serialization.get("name", shape.name) or not _conforms(shape, root):
        raise Refused("bad xml")


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]


def _conforms(shape: Shape, element: Xml.Element) -> bool:
    """Whether an element has what the model of S3 has, and all that it requires."""
    if isinstance(shape, StructureShape):
        return _has_members(shape, element)
    if isinstance(shape, ListShape):
        return all(_conforms(shape.member, child) for child in element)
    text = element.text or ""
    if shape.type_name in _SCALARS:
        return _SCALARS[shape.type_name].fullmatch(text) is not None
    allowed = shape.metadata.get("enum")
    return not allowed or text in allowed or shape.name in _OWN_ERRORS


def _has_members(shape: StructureShape, element: Xml.Element) -> bool:
    inside = {name: m for name, m in shape.members.items() if not m.serialization.get("xmlAttribute")}
    by_name = {m.serialization.get("name", name): (name, m) for name, m in inside.items()}
    seen = set()
    for child in element:
        if _name(child) not in by_name:
            return False
        name, member = by_name[_name(child)]
        seen.add(name)
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            member = member.member
        if not _conforms(member, child):
            return False
    return not (set(shape.required_members) & set(inside)) - seen
