"""Uploads by an HTML form: what is signed is a policy, and the policy says what the form may hold.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html and the pages below it; for Version 2
https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html.
"""

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from studio_emulator.calls import FORM, Signature, bucket_and_key
from studio_emulator.signatures import Refused, Secret, known, scope_of
from studio_emulator.sigv4 import ALGORITHM, same, signed

_VERSION_4 = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
_VERSION_2 = ("awsaccesskeyid", "signature")
_UNCONDITIONED = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "policy", "file"})
_LACKS = "Bucket POST must contain a field named '{}'.  If it is specified, please check the order of the fields."


@dataclass(frozen=True)
class Form:
    """A form as it came: fields by names in lower case, the size and the name of the file, and the bucket."""

    bucket: str
    fields: Mapping[str, str]
    size: int
    file_name: str

    @property
    def key(self) -> str:
        """The key under which the file is stored."""
        return self.fields.get("key", "").replace("${filename}", self.file_name)


def admit(environ: dict[str, Any], body: bytes, secret_of: Callable[[str], Secret | None]) -> bool:
    """Let a form in as its signer's upload of an object; False for every other request.

    Raises:
        Refused: It is no form, or nobody signed it whom the emulator knows, or its policy does not allow it.
    """
    kind, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
    bucket, key = bucket_and_key(environ)
    is_form = environ["REQUEST_METHOD"] == "POST" and kind == "multipart/form-data" and bucket and not key
    if not is_form or "HTTP_AUTHORIZATION" in environ or environ.get("QUERY_STRING"):
        return False
    form = _read(bucket, body, options)
    signature = _signer(form, secret_of)
    _check(form)
    environ[FORM] = signature, f"/{bucket}/{form.key}"
    return True


def _read(bucket: str, body: bytes, options: dict[str, str]) -> Form:
    try:
        _, fields, files = FormDataParser(silent=False).parse(
            io.BytesIO(body), "multipart/form-data", len(body), options
        )
    except (ValueError, HTTPException):
        raise Refused("bad form") from None
    named = {name.lower(): value for name, value in fields.items()}
    uploads = [(each.filename or "", len(each.read())) for each in files.getlist("file")]
    if "file" in named:
        uploads.append(("", len(named["file"].encode())))
    if len(uploads) != 1:
        raise Refused("bad form field", "POST requires exactly one file upload per request.")
    if "key" not in named:
        raise Refused("bad form field", _LACKS.format("key"))
    return Form(bucket, named, uploads[0][1], uploads[0][0])


def _signer(form: Form, secret_of: Callable[[str], Secret | None]) -> Signature:
    fields = form.fields
    if "policy" not in fields:
        raise Refused("missing")
    token = fields.get("x-amz-security-token", "")
    if "awsaccesskeyid" in fields:
        _demand(fields, _VERSION_2)
        secret = known(fields["awsaccesskeyid"], token, secret_of)
        made = hmac.new(secret.key.encode(), fields["policy"].encode(), hashlib.sha1).digest()
        if not same(base64.b64encode(made).decode(), fields["signature"]):
            raise Refused("wrong signature")
        return Signature(fields["awsaccesskeyid"], "us-east-1", "s3")
    _demand(fields, _VERSION_4)
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise Refused("bad form field", f"X-Amz-Algorithm only supports '{ALGORITHM}'.")  # text assumed
    access_key, scope = scope_of(fields["x-amz-credential"])
    secret = known(access_key, token, secret_of)
    right = same(signed(secret.key, scope, fields["policy"]), fields["x-amz-signature"])
    if not right or not fields["x-amz-date"].startswith(scope.date):
        raise Refused("wrong signature")
    return Signature(access_key, scope.region, scope.service)


def _demand(fields: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in fields:
            raise Refused("bad form field", _LACKS.format(name))


def _check(form: Form) -> None:
    """Everything that the policy wants holds, and the form has nothing that the policy does not name."""
    try:
        policy = json.loads(base64.b64decode(form.fields["policy"], validate=True).decode())
        expiration, conditions = policy["expiration"], list(_conditions(policy["conditions"]))
        until = datetime.fromisoformat(expiration)
        if until < datetime.now(UTC):
            raise Refused("not by policy", "Policy expired.")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("bad form policy", "Invalid JSON.") from None
    named = set()
    for operator, field, value in conditions:
        if operator == "content-length-range":
            _check_size(form, field, value)
            continue
        named.add(field)
        if not _holds(operator, _value(form, field), value):
            told = json.dumps([operator, f"${field}", value])
            raise Refused("not by policy", f"Policy Condition failed: {told}")
    extra = {name for name in form.fields if not name.startswith("x-ignore-")} - _UNCONDITIONED - named
    if extra:
        raise Refused("not by policy", f"Extra input fields: {', '.join(sorted(extra))}")


def _conditions(listed: Any) -> Iterator[tuple[str, Any, Any]]:
    """Operator, field and value of each; of a range of sizes, both ends. Raises ValueError or TypeError."""
    if not isinstance(listed, list):
        raise TypeError
    for each in listed:
        if isinstance(each, dict):
            yield from (("eq", name.lower(), _text(value)) for name, value in each.items())
            continue
        operator, first, second = each
        match str(operator).lower():
            case "content-length-range":
                yield "content-length-range", int(first), int(second)
            case "eq" | "starts-with" as word if _text(first).startswith("$"):
                yield word, first[1:].lower(), _text(second)
            case _:
                raise ValueError(operator)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _value(form: Form, field: str) -> str | None:
    match field:
        case "bucket":
            return form.bucket
        case "key":
            return form.key
        case _:
            return form.fields.get(field)


def _holds(operator: str, given: str | None, wanted: str) -> bool:
    if given is None:
        return operator == "starts-with" and not wanted
    return given == wanted if operator == "eq" else given.startswith(wanted)


def _check_size(form: Form, least: int, most: int) -> None:
    if form.size > most:
        raise Refused("too large for policy")
    if form.size < least:
        raise Refused("too small for policy")
