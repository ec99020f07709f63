"""US dollars as people read them."""

import pytest

from studioctl.presentation.money import in_cents


@pytest.mark.parametrize(
    "amounts",
    [(0.125, 0.075), (0.333, 0.333, 0.334), (0.004,) * 7, (12.346, 0.0, 7.999, 0.001), ()],
    ids=["halves", "thirds", "less than cents", "nothing between", "none"],
)
def test_parts_make_the_sum_and_each_is_off_by_less_than_a_cent(amounts: tuple[float, ...]) -> None:
    shown = [each or 0.0 for each in in_cents(amounts)]

    assert f"{sum(shown):.2f}" == f"{sum(amounts):.2f}"
    assert all(abs(one - other) < 0.01 and one == round(one, 2) for one, other in zip(shown, amounts, strict=True))


def test_what_is_unknown_stays_unknown() -> None:
    assert list(in_cents([0.126, None, 0.126])) == [0.13, None, 0.12]
