"""Prices of hours, by the table that came with the guard."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum

from studioctl.guard.spans import TRAINING, Span

FREE = "system"
"""The instance type of Studio Classic's JupyterServer, which AWS does not charge. Canvas has it, too."""
BY_THEMSELVES = frozenset({"Canvas"})
"""App types that AWS charges by the hour, whatever instance type they have. Each is an item by that name."""


def item_of(priced: Container[str], kind: str, instance_type: str) -> str | None:
    """The item that an hour of an app or a training job is paid as; None where no item for it has a price."""
    if kind in BY_THEMSELVES:
        return kind if kind in priced else None
    items = (f"{kind} {instance_type}", *(() if kind == TRAINING else (instance_type,)))
    return next((item for item in items if item in priced), None)


def is_free(kind: str, instance_type: str) -> bool:
    """Whether AWS charges nothing for it, whatever prices are known."""
    return instance_type == FREE and kind not in BY_THEMSELVES


@dataclass(frozen=True)
class Rates:
    """US dollars for an hour, by instance type, and by kind and instance type where that differs."""

    usd: Mapping[str, float] = field(default_factory=dict)

    def per_hour(self, span: Span) -> float | None:
        """US dollars for an hour of one instance; None where it is not known."""
        if is_free(span.kind, span.instance_type) or span.prepaid:
            return 0.0
        item = item_of(self.usd, span.kind, span.instance_type)
        return None if item is None else self.usd[item]

    @staticmethod
    def is_paid(span: Span) -> bool:
        """Whether AWS charges for it, whatever that may be."""
        return not is_free(span.kind, span.instance_type)

    def has_no_price(self, span: Span) -> bool:
        """Whether its type is known and nothing says what that costs."""
        return bool(span.instance_type) and self._nearest(span) is None

    def at_most(self, span: Span) -> float:
        """The same; of an unknown price the highest there is, so that nothing runs free for want of a price."""
        known = self._nearest(span)
        return max(self.usd.values(), default=0.0) if known is None else known

    def _nearest(self, span: Span) -> float | None:
        """Its price, or that of other things on the same type: AWS charges training and apps about the same."""
        known = self.per_hour(span)
        if known is not None or not span.instance_type:
            return known
        same = [usd for item, usd in self.usd.items() if item.rpartition(" ")[2] == span.instance_type]
        return max(same, default=None)

    def cost(self, spans: Iterable[Span], start: float, until: float) -> float:
        """US dollars for what ran between two moments."""
        return fsum(span.hours(start, until) * self.at_most(span) for span in spans)
