"""US dollars as text."""


def dollars_a_month(cost: float) -> str:
    """A monthly cost as far as sizes and prices are known: "about 2.30 USD a month"."""
    return "less than 0.01 USD a month" if cost < 0.005 else f"about {cost:,.2f} USD a month"


def dollars(price: float) -> str:
    """A price with all of its digits, and at least cents: "0.05", "0.7364", "1.40"."""
    whole, _, digits = f"{price:.6f}".partition(".")
    return f"{whole}.{digits.rstrip('0'):0<2}"
