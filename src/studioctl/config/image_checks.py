"""The version of AWS's image that a file asks for."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from studioctl.catalog.images import VERSION, has_place, newest, parsed, support
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Location, Violation, quote

# AWS stops idle editors from this version on:
# https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown-setup.html
OLDEST = (2, 0)


def version(value: str) -> str:
    """A version of SageMaker Distribution such as "4", "4.3" or "4.3.1"."""
    if not re.fullmatch(VERSION, value):
        raise ValueError(f'{quote(value)} is no version of SageMaker Distribution; write one such as "{newest()}"')
    if parsed(value)[:2] < OLDEST[: len(parsed(value))]:
        raise ValueError(f'{quote(value)} is too old: AWS would not stop idle editors; write one such as "{newest()}"')
    if not support().is_known(value):
        raise ValueError(
            f'{quote(value)} does not exist: SageMaker Distribution skipped it; write one such as "{newest()}"'
        )
    return value


def violations(
    data: Mapping[str, Any], users: Iterable[tuple[Location, Mapping[str, Any], str]]
) -> Iterator[Violation]:
    """A version where nobody knows which account AWS keeps its images in."""
    region = data.get("region")
    if not isinstance(region, str) or has_place(region):
        return
    places: list[tuple[Location, Mapping[str, Any]]] = [(("studio",), table_in(data, "studio"))]
    for place, user, _ in users:
        places.append((place, user))
        for index, space in enumerate(list_in(user, "spaces")):
            places += [((*place, "spaces", index), space)] if isinstance(space, dict) else []
    for place, table in places:
        if table.get("image") is not None:
            yield (
                (*place, "image"),
                f"cannot be pinned in {region}: AWS does not say in which account its images are there; delete it",
            )
