"""Find the signer of a request and verify the signature: AWS checks it before it looks at anything else.

Sources: the IAM User Guide's "Troubleshoot Signature Version 4", the S3 User Guide's "Authenticating Requests"
(headers, query parameters, chunked uploads) and, for what each error is called, the pages that `REFUSALS` belongs to.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from studio_emulator import signature_v2
from studio_emulator.sigv4 import ALGORITHM, EMPTY, MOMENT, Scope, Signable, same, signature, signed

_SCOPE = re.compile(r"([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_FIELD = re.compile(r"(\w+)=([^,\s]+)")
_HEX = re.compile(r"[0-9a-f]{64}")
_CHUNK = re.compile(rb"([0-9a-fA-F]+)(?:;chunk-signature=([0-9a-f]{64}))?\r\n")
UNSIGNED = "UNSIGNED-PAYLOAD"
LONGEST = 7 * 24 * 3600  # of a presigned address: S3 User Guide, "Limiting presigned URL capabilities"
SKEW = {"s3": timedelta(minutes=15)}  # how far the two clocks may differ; 5 minutes elsewhere


@dataclass(frozen=True)
class Secret:
    """The secret of an access key and, for a session, the token that requests must contain."""

    key: str
    token: str = ""


class Refused(Exception):  # noqa: N818 - an answer to a client, not our error
    """A request is refused. The first argument is the reason, a key of `refusals.REFUSALS`; the second adds details."""

    def __init__(self, why: str, more: str = "") -> None:
        super().__init__(why, more)
        self.why, self.more = why, more


def verify(
    environ: Mapping[str, Any], body: bytes, secret_of: Callable[[str], Secret | None], *, now: datetime | None = None
) -> None:
    """Check the signature of a request, of its body, and of its date.

    Args:
        environ: The request, as WSGI has it.
        body: All of its body.
        secret_of: Returns what is known about an access key; None if there is no such key.
        now: The time, unless it is the clock's.

    Raises:
        Refused: Nobody signed it, or somebody whom the emulator does not know, or it is not what was signed.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if header.startswith("AWS ") or (not header and "AWSAccessKeyId" in query):
        _verify_version_2(environ, query, secret_of)
    else:
        _verify(_given(environ, header, query), environ, body, secret_of, now or datetime.now(UTC))


def verify_before_body(
    environ: Mapping[str, Any], secret_of: Callable[[str], Secret | None], *, now: datetime | None = None
) -> None:
    """Check what can be told before the body is here, so that nobody unknown can make us keep gigabytes.

    S3's headers tell the body's digest, so that all but the digest can be checked; elsewhere it is whose key it is.
    Raises as `verify` does, in the same order.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if header.startswith("AWS ") or (not header and "AWSAccessKeyId" in query):
        _verify_version_2(environ, query, secret_of)
        return
    given = _given(environ, header, query)
    secret = known(given.access_key, given.token, secret_of)
    if given.scope.service == "s3":
        _check_head(given, environ, _payload(given, environ, b""), secret, now or datetime.now(UTC))


def _verify_version_2(
    environ: Mapping[str, Any], query: Mapping[str, list[str]], secret_of: Callable[[str], Secret | None]
) -> None:
    given = signature_v2.of(environ, query)
    secret = known(given.access_key, given.token, secret_of)
    if not given.is_made_with(secret.key):
        raise Refused("wrong signature")
    if given.is_over:
        raise Refused("expired address")


@dataclass(frozen=True)
class Signed:
    """A signature, as a header or a presigned address carries it; `seconds` is how long the latter is good for."""

    access_key: str
    scope: Scope
    names: tuple[str, ...]
    signature: str
    moment: str
    token: str
    seconds: int | None = None


def _given(environ: Mapping[str, Any], header: str, query: Mapping[str, list[str]]) -> Signed:
    if header:
        return _of_header(environ, header)
    if "X-Amz-Signature" in query or "X-Amz-Credential" in query:
        return _of_query({name: values[0] for name, values in query.items()})
    raise Refused("missing")


def _of_header(environ: Mapping[str, Any], header: str) -> Signed:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise Refused("incomplete", f"Unsupported AWS 'algorithm': '{algorithm}'.")
    fields = dict(_FIELD.findall(rest))
    for name in ("Credential", "Signature", "SignedHeaders"):
        if name not in fields:
            raise Refused("incomplete", f"Authorization header requires '{name}' parameter.")
    moment = environ.get("HTTP_X_AMZ_DATE", "")
    if len(fields) != len(_FIELD.findall(rest)):
        raise Refused("incomplete", "Authorization header has a parameter twice.")
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    return _signed(fields["Credential"], fields["SignedHeaders"], fields["Signature"], moment, token)


def _of_query(query: Mapping[str, str]) -> Signed:
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise Refused("incomplete", "X-Amz-Algorithm only supports 'AWS4-HMAC-SHA256'.")
    for name in ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"):
        if not query.get(name):
            raise Refused("incomplete", f"AWS query-string parameters must include '{name}'.")
    seconds = query["X-Amz-Expires"]
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 9 and 1 <= int(seconds) <= LONGEST):
        raise Refused("incomplete", f"X-Amz-Expires must be between 1 and {LONGEST} seconds.")
    token = query.get("X-Amz-Security-Token", "")
    names = (query["X-Amz-Credential"], query["X-Amz-SignedHeaders"], query["X-Amz-Signature"], query["X-Amz-Date"])
    return _signed(*names, token, int(seconds))


def scope_of(credential: str) -> tuple[str, Scope]:
    """The access key and the scope that a credential names. Raises Refused."""
    found = _SCOPE.fullmatch(credential)
    if found is None:
        raise Refused("incomplete", f"Credential must have exactly 5 slash-delimited elements, got '{credential}'.")
    return found[1], Scope(found[2], found[3], found[4])


def _signed(credential: str, names: str, made: str, moment: str, token: str, seconds: int | None = None) -> Signed:
    access_key, scope = scope_of(credential)
    signed_names = tuple(names.split(";"))
    if "host" not in signed_names:
        raise Refused("incomplete", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    return Signed(access_key, scope, signed_names, made, moment, token, seconds)


def _verify(
    given: Signed,
    environ: Mapping[str, Any],
    body: bytes,
    secret_of: Callable[[str], Secret | None],
    now: datetime,
) -> None:
    secret = known(given.access_key, given.token, secret_of)
    payload = _payload(given, environ, body)
    _check_head(given, environ, payload, secret, now)
    _check_body(given, payload, body, secret.key)


def _check_head(given: Signed, environ: Mapping[str, Any], payload: str, secret: Secret, now: datetime) -> None:
    headers = [(name, _header(environ, name)) for name in given.names]
    path, _, query = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/").partition("?")
    request = Signable(environ["REQUEST_METHOD"], path, query, headers, payload)
    expected = signature(secret.key, given.scope, given.moment, request)
    if not same(expected, given.signature) or given.moment[:8] != given.scope.date:
        raise Refused("wrong signature")
    _check_date(given, now)


def known(access_key: str, token: str, secret_of: Callable[[str], Secret | None]) -> Secret:
    """Return the secret of an access key. Raises Refused for an unknown key, or for a wrong token."""
    secret = secret_of(access_key)
    if secret is None or (secret.token and not token):
        raise Refused("unknown key")
    if not same(secret.token, token):
        raise Refused("wrong token")
    return secret


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return str(environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", ""))


def _payload(given: Signed, environ: Mapping[str, Any], body: bytes) -> str:
    """Return the signed digest of the body. Only S3 accepts requests that are signed without the body."""
    named = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if given.scope.service == "s3":
        if named or given.seconds is not None:
            return named or UNSIGNED
        raise Refused("incomplete", "Missing required header for this request: x-amz-content-sha256")
    if given.seconds is not None:
        return named or EMPTY
    return hashlib.sha256(body).hexdigest()


def _check_date(given: Signed, now: datetime) -> None:
    try:
        moment = datetime.strptime(given.moment, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise Refused("incomplete", f"Date must be in ISO-8601 'basic format'. Got '{given.moment}'.") from None
    skew = SKEW.get(given.scope.service, timedelta(minutes=5))
    if moment - now > skew:
        raise Refused("too early", f"{moment:{MOMENT}} is still later than {now:{MOMENT}}")
    if now - moment > (skew if given.seconds is None else timedelta(seconds=given.seconds)):
        why = "too late" if given.seconds is None else "expired address"
        raise Refused(why, f"{moment:{MOMENT}} is now earlier than {now:{MOMENT}}")


def _check_body(given: Signed, payload: str, body: bytes, secret: str) -> None:
    match payload:
        case "UNSIGNED-PAYLOAD" | "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
            return
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
            _check_chunks(given, body, secret, trailer=payload.endswith("TRAILER"))
        case _ if given.seconds is not None and given.scope.service != "s3":
            return  # a presigned call of another service is signed without its body
        case _ if not _HEX.fullmatch(payload):
            raise Refused("incomplete", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value.")
        case _ if hashlib.sha256(body).hexdigest() != payload:
            raise Refused("wrong digest")


def _check_chunks(given: Signed, body: bytes, secret: str, *, trailer: bool) -> None:
    """Each chunk is signed together with the signature before it; so is what comes after the last one.

    Source: S3 API Reference, "Signature calculations ... multiple chunks" and "... including trailing headers".
    """
    before = given.signature
    rest = body
    for chunk, made, rest in _chunks(body):  # noqa: B007 - what is left after the last one is used below
        text = ("AWS4-HMAC-SHA256-PAYLOAD", given.moment, str(given.scope), before, EMPTY, _digest(chunk))
        before = signed(secret, given.scope, "\n".join(text))
        if not same(before, made.decode()):
            raise Refused("wrong signature")
    if trailer:
        lines, _, made = rest.partition(b"x-amz-trailer-signature:")
        plain = lines.replace(b"\r\n", b"\n").lstrip(b"\n")
        last = ("AWS4-HMAC-SHA256-TRAILER", given.moment, str(given.scope), before, _digest(plain))
        if not same(signed(secret, given.scope, "\n".join(last)), made.strip().decode("latin-1")):
            raise Refused("wrong signature")


def _chunks(body: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Each chunk with its signature, and what follows it. The last one is empty."""
    place = 0
    while True:
        found = _CHUNK.match(body, place)
        if found is None:
            raise Refused("incomplete", "The body is not well-formed: a chunk is missing.")
        size = int(found[1], 16)
        end = found.end() + size
        place = end + 2 if size else end
        if end > len(body):
            raise Refused("incomplete", "The body is not well-formed: a chunk is cut short.")
        yield body[found.end() : end], found[2] or b"", body[place:]
        if not size:
            return


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
