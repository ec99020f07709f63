"""Prices that the file gives: what nobody else knows, or what you have agreed with AWS."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StrictFloat, WithJsonSchema

from studioctl.catalog.prices import INSTANCE, TRAINING, items
from studioctl.config.aws_tables import INSTANCE_TYPES
from studioctl.config.closed import Model
from studioctl.config.plain import table_in
from studioctl.config.text import Violation, nearest, quote

HIGHEST = 10_000  # US dollars for one of anything: against slips of the keyboard
KINDS = ("CodeEditor", "JupyterLab")  # of apps, whose hours may cost different amounts

Dollars: TypeAlias = Annotated[StrictFloat, WithJsonSchema({"type": "number", "minimum": 0, "maximum": HIGHEST})]


class Cost(Model):
    """Settings of studioctl's cost estimates."""

    prices: dict[str, Dollars] = Field(
        {},
        description="Prices in US dollars that take the place of the table's, by what they are for: an instance type's"
        ' hour, "training ml.m5.large" for an hour of a training job, or another item of `studioctl cost --prices`.',
        examples=[{"ml.g5.2xlarge": 1.52, "volume": 0.112}],
    )


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """The entries of `[cost] prices` that are for nothing, or no price."""
    for name, usd in table_in(table_in(data, "cost"), "prices").items():
        if (wrong := _unknown(name)) is not None:
            yield ("cost", "prices", name), wrong
        elif isinstance(usd, int | float) and not isinstance(usd, bool) and not 0 <= usd <= HIGHEST:
            yield ("cost", "prices", name), f"must be from 0 to {HIGHEST:,} US dollars"


def _unknown(name: str) -> str | None:
    if name in items():
        return None
    kind, _, instance_type = name.rpartition(" ")
    if instance_type in INSTANCE_TYPES and INSTANCE.fullmatch(name) and kind in {"", TRAINING.strip(), *KINDS}:
        return None
    prefix = f"{kind} " if kind in {TRAINING.strip(), *KINDS} else ""
    known = (*items(), *(prefix + each for each in INSTANCE_TYPES))
    meant = nearest(name, known)
    hint = f"did you mean {quote(meant)}?" if meant else "see what there is with: studioctl cost --prices"
    return f"{quote(name)} is nothing that has a price; {hint}"
