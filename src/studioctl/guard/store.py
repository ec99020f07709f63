"""The guard's objects in the environment's bucket. Each is written only over the version that was read."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from studioctl.guard.ledger import (
    GRANTS,
    LEDGER,
    Grants,
    Ledger,
    UnreadableError,
    archive_key,
    begun,
    granted,
    unreadable_key,
)
from studioctl.guard.limits import month_of

TRIES = 8
OTHERS_WROTE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "404", "NoSuchKey"})


def read(s3: Any, bucket: str, key: str = LEDGER) -> tuple[Ledger | None, str]:
    """The ledger and its version; None where there is none yet.

    Raises:
        UnreadableError: It is none that this guard can read.
    """
    body, version = _get(s3, bucket, key)
    return (None if body is None else Ledger.of(body)), version


def read_or_renew(s3: Any, bucket: str, at: float) -> tuple[Ledger | None, str]:
    """The same; one that cannot be read is kept under another name, and a new one begins with the month before.

    Or one month earlier, where the ledger was lost before it had kept that. The new one is written at once, so that
    each look which counts anew is kept.
    """
    body, version = _get(s3, bucket, LEDGER)
    if body is None:
        return None, version
    try:
        return Ledger.of(body), version
    except UnreadableError:
        put(s3, bucket, unreadable_key(hashlib.sha256(body).hexdigest()), body)
        before, earlier = begun(at)
        is_kept = _get(s3, bucket, archive_key(month_of(before - 1)[0]))[0] is not None
        write(s3, bucket, Ledger.anew(before if is_kept else earlier, body), version)
        return read(s3, bucket)


def write(s3: Any, bucket: str, ledger: Ledger, version: str) -> bool:
    """Writes it over the version that was read. False: somebody else has written."""
    return put(s3, bucket, LEDGER, ledger.to_text(), version)


def change(s3: Any, bucket: str, changed: Callable[[Ledger], Ledger]) -> bool:
    """Whether the ledger could be changed: it was there, and others did not write it each time in between."""
    for _ in range(TRIES):
        ledger, version = read(s3, bucket)
        if ledger is None:
            return False
        if write(s3, bucket, changed(ledger), version):
            return True
    return False


def archive(s3: Any, bucket: str, ledger: Ledger, kept: Ledger) -> None:
    """Months that leave the ledger get an object each, which is written before they leave, and only once."""
    for month in ledger.leaving(kept):
        put(s3, bucket, archive_key(month), replace(ledger, spans=ledger.of_month(month)).to_text())


def grants_of(s3: Any, bucket: str) -> tuple[Grants, str]:
    """US dollars that were granted, by month and user; and the version of the object.

    Raises:
        UnreadableError: They are none.
    """
    body, version = _get(s3, bucket, GRANTS)
    return ({} if body is None else granted(body)), version


def put(s3: Any, bucket: str, key: str, content: str | bytes, version: str = "") -> bool:
    """Writes an object over this version, "" for none. False: there is another."""
    body = content.encode() if isinstance(content, str) else content
    condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
    except s3.exceptions.ClientError as error:
        if code_of(error) in OTHERS_WROTE:
            return False
        raise
    return True


def code_of(error: Any) -> str:
    """AWS's error code; "" for any other error."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _get(s3: Any, bucket: str, key: str) -> tuple[bytes | None, str]:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if code_of(error) in {"NoSuchKey", "404"}:
            return None, ""
        raise
    return found["Body"].read(), found["ETag"]
