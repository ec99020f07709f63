"""S3's older signature, Version 2, which boto3 still makes for presigned addresses.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import HmacV1Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from studio_emulator.sigv4 import same


class _Signer(HmacV1Auth):
    """Signs with the date that the request has: botocore would put in its own."""

    def __init__(self, credentials: Credentials, date: str) -> None:
        super().__init__(credentials)
        self._date = date

    def _get_date(self) -> str:
        return self._date


@dataclass(frozen=True)
class Signed:
    """A request that is signed so.

    Args:
        access_key: The access key that signed it.
        signature: As it came.
        token: Of a session; "" without one.
        date: The date that is signed; of an address, the time of its expiry.
        expires: That moment, in seconds since 1970; None for a request that is signed in its header.
        method: Of HTTP.
        address: Path and query as they were sent.
        places: The paths that may be meant: the bucket stands in the path, or in the host's name.
        headers: The signed part of the headers.
    """

    access_key: str
    signature: str
    token: str
    date: str
    expires: float | None
    method: str
    address: str
    places: tuple[str, ...]
    headers: Mapping[str, str]

    def is_made_with(self, secret: str) -> bool:
        """Whether this secret makes the same signature."""
        signer = _Signer(Credentials(self.access_key, secret), self.date)
        return any(same(self._made_by(signer, place), self.signature) for place in self.places)

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires < datetime.now(UTC).timestamp()

    def _made_by(self, signer: _Signer, place: str) -> str:
        headers: Any = HTTPHeaders.from_dict(dict(self.headers))
        text = signer.canonical_string(self.method, urlsplit(self.address), headers, auth_path=place)
        return str(signer.sign_string(text))


def of(environ: Mapping[str, Any], query: Mapping[str, list[str]]) -> Signed:
    """The signature of a request that has one of this kind."""
    given = {name: values[0] for name, values in query.items()}
    header = environ.get("HTTP_AUTHORIZATION", "").removeprefix("AWS ")
    access_key, _, signature = header.rpartition(":")
    headers = {
        name: str(value)
        for name in ("content-md5", "content-type")
        if (value := given.get(name) or environ.get(f"HTTP_{_key(name)}") or environ.get(_key(name)))
    }
    headers |= {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_X_AMZ_")
    }
    headers |= {name: value for name, value in given.items() if name.startswith("x-amz-")}
    expires = "" if header else given.get("Expires", "")
    dated = "" if "x-amz-date" in headers else environ.get("HTTP_DATE", "")
    address = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/")
    path, (bucket, virtual, _) = urlsplit(address).path, environ.get("HTTP_HOST", "").partition(".localhost")
    return Signed(
        access_key=access_key if header else given.get("AWSAccessKeyId", ""),
        signature=signature if header else given.get("Signature", ""),
        token=headers.get("x-amz-security-token", ""),
        date=dated if header else expires,
        expires=None if header else (float(expires) if expires.isascii() and expires.isdecimal() else 0),
        method=environ["REQUEST_METHOD"],
        address=address,
        places=(path, f"/{bucket}{path}") if virtual else (path,),
        headers=headers,
    )


def _key(name: str) -> str:
    return name.upper().replace("-", "_")
