"""US dollars as text."""

from collections.abc import Iterable, Iterator


def dollars_a_month(cost: float) -> str:
    """A monthly cost as far as sizes and prices are known: "about 2.30 USD a month"."""
    return "less than 0.01 USD a month" if cost < 0.005 else f"about {cost:,.2f} USD a month"


def in_cents(amounts: Iterable[float | None]) -> Iterator[float | None]:
    """Amounts to two decimals, so that they make the sum to two decimals: each is off by less than a cent.

    Args:
        amounts: In the order in which they are shown; None, which is unknown, stays so.
    """
    so_far = shown = 0.0
    for each in amounts:
        if each is None:
            yield None
            continue
        so_far += each
        yield round(round(so_far, 2) - shown, 2)
        shown = round(so_far, 2)


def dollars(price: float) -> str:
    """A price with all of its digits, and at least cents: "0.05", "0.7364", "1.40"."""
    whole, _, digits = f"{price:.6f}".partition(".")
    return f"{whole}.{digits.rstrip('0'):0<2}"
