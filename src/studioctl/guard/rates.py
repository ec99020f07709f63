"""Prices of hours, by the table that came with the guard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum

from studioctl.guard.spans import TRAINING, Span

FREE = "system"
"""The instance type of Studio Classic's JupyterServer, which AWS does not charge."""


@dataclass(frozen=True)
class Rates:
    """US dollars for an hour, by instance type, and by kind and instance type where that differs."""

    usd: Mapping[str, float] = field(default_factory=dict)

    def per_hour(self, span: Span) -> float | None:
        """US dollars for an hour of one instance; None where it is not known."""
        if span.instance_type == FREE or span.prepaid:
            return 0.0
        of_kind = self.usd.get(f"{span.kind} {span.instance_type}")
        return of_kind if of_kind is not None or span.kind == TRAINING else self.usd.get(span.instance_type)

    @staticmethod
    def is_paid(span: Span) -> bool:
        """Whether AWS charges for it, whatever that may be."""
        return span.instance_type != FREE

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
