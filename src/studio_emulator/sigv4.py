"""AWS's Signature Version 4: what is signed, and how. Both ends use it; it imports nothing but the standard library.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
MOMENT = "%Y%m%dT%H%M%SZ"
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Scope:
    """The scope of a signature: day, region and service."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        """The scope as the signed text has it."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    def key(self, secret: str) -> bytes:
        """The key that signs in this scope."""
        key = b"AWS4" + secret.encode()
        for part in (self.date, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


@dataclass(frozen=True)
class Signable:
    """The parts of a request that a signature covers.

    Args:
        method: Of HTTP.
        path: As it is sent, percent-encoded.
        query: As it is sent, without the question mark.
        headers: Those that are signed, names in lower case.
        payload: The digest of the body, or the words that stand in its place.
    """

    method: str
    path: str
    query: str
    headers: Iterable[tuple[str, str]]
    payload: str

    def canonical(self, service: str) -> str:
        """The canonical request."""
        headers = sorted((name, " ".join(value.split())) for name, value in self.headers)
        return "\n".join(
            (
                self.method,
                _path(self.path, service),
                _query(self.query),
                *(f"{name}:{value}" for name, value in headers),
                "",
                ";".join(name for name, _ in headers),
                self.payload,
            )
        )


def signature(secret: str, scope: Scope, moment: str, request: Signable) -> str:
    """The signature of a request that is dated `moment`."""
    digest = hashlib.sha256(request.canonical(scope.service).encode("latin-1", "replace")).hexdigest()
    return signed(secret, scope, "\n".join((ALGORITHM, moment, str(scope), digest)))


def signed(secret: str, scope: Scope, text: str) -> str:
    """The signature of a text."""
    return hmac.new(scope.key(secret), text.encode(), "sha256").hexdigest()


def same(made: str, given: str) -> bool:
    """Whether two signatures are the same, in a time that does not depend on where they differ."""
    return hmac.compare_digest(made.encode(), given.encode())


def headers(
    key: tuple[str, str], method: str, host: str, path: str, body: bytes = b"", *, service: str = "studioctl"
) -> dict[str, str]:
    """Return the headers of a request from us to the emulator. The path has no query and no percent-encoding."""
    moment = datetime.now(UTC).strftime(MOMENT)
    scope = Scope(moment[:8], "us-east-1", service)
    request = Signable(method, path, "", (("host", host), ("x-amz-date", moment)), hashlib.sha256(body).hexdigest())
    made = signature(key[1], scope, moment, request)
    credential = f"Credential={key[0]}/{scope}, SignedHeaders=host;x-amz-date, Signature={made}"
    return {"Host": host, "X-Amz-Date": moment, "Authorization": f"{ALGORITHM} {credential}"}


def _path(path: str, service: str) -> str:
    """S3 takes a path as it is, as keys may have any dots and slashes; the others normalize it and encode it twice."""
    once = quote(unquote_to_bytes(path), safe="/-_.~")
    if service == "s3":
        return once or "/"
    normal = posixpath.normpath(once) if once else "/"
    normal = f"/{normal.lstrip('/')}" + ("/" if once.endswith("/") and normal.strip("/") else "")
    return quote(normal, safe="/-_.~")


def _query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _encoded(word: str) -> str:
    return quote(unquote_to_bytes(word), safe="-_.~")
