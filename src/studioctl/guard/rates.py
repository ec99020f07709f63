"""Prices of hours, by the table that came with the guard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from studioctl.guard.spans import Span

FREE = "system"
"""The instance type of Studio Classic's JupyterServer, which AWS does not charge."""


@dataclass(frozen=True)
class Rates:
    """US dollars for an hour, by instance type, and by kind and instance type where that differs."""

    usd: Mapping[str, float] = field(default_factory=dict)

    def per_hour(self, span: Span) -> float | None:
        """US dollars for an hour of one instance; None where it is not known."""
        if span.instance_type == FREE:
            return 0.0
        of_kind = self.usd.get(f"{span.kind} {span.instance_type}")
        return of_kind if of_kind is not None or span.kind == "training" else self.usd.get(span.instance_type)

    def at_most(self, span: Span) -> float:
        """The same; of an unknown price the highest there is, so that nothing runs free for want of a price."""
        known = self.per_hour(span)
        return max(self.usd.values(), default=0.0) if known is None else known

    def cost(self, spans: Iterable[Span], start: float, until: float) -> float:
        """US dollars for what ran between two moments."""
        return sum(span.hours(start, until) * self.at_most(span) for span in spans)
