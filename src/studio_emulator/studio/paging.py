"""List operations: sorted, cut into pages of MaxResults, with a token that survives a deletion between two pages."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from studio_emulator.studio.exceptions import ValidationException
from studio_emulator.studio.resource import Resource, Settings

DEFAULT_PAGE = 10
R = TypeVar("R", bound=Resource)


def page(
    items: Iterable[R],
    request: Settings,
    *,
    name: Callable[[R], str],
    by: str | None = None,
) -> tuple[list[R], str | None]:
    """One page of `items`, and the token of the next one.

    Args:
        items: All that pass the request's filters.
        request: MaxResults (10 when left out), NextToken, SortBy, SortOrder (Ascending when left out).
        name: Returns the name by which two items differ, and by which SortBy=Name sorts.
        by: Overrides SortBy.
    """
    sort_by = by or request.get("SortBy", "CreationTime")
    descending = request.get("SortOrder") == "Descending"

    def key(item: R) -> list[str]:
        moment = item.last_modified_time if sort_by == "LastModifiedTime" else item.creation_time
        return [name(item)] if sort_by == "Name" else [moment.isoformat(timespec="microseconds"), name(item)]

    ordered = sorted(items, key=key, reverse=descending)
    if token := request.get("NextToken"):
        last = _read(token)
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    size = request.get("MaxResults", DEFAULT_PAGE)
    shown = ordered[:size]
    return shown, _write(key(shown[-1])) if len(ordered) > size else None


def between(moment: datetime, request: Settings, field: str) -> bool:
    """Whether a time passes the filters `<field>After` and `<field>Before`, which moto reads without a zone."""
    after, before = (_in_utc(request.get(f"{field}{side}")) for side in ("After", "Before"))
    return (after is None or moment > after) and (before is None or moment < before)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _write(key: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(token: str) -> list[str]:
    try:
        key = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        raise ValidationException("Invalid NextToken.")  # text assumed
    return key
