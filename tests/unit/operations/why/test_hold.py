"""The key behind a hold: the limit that was reached."""

from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import guard
from studioctl.operations import holds
from studioctl.operations.why.permission import _reason
from tests.environments import environment

OWN, ALL = {"monthly_usd_per_user": 50.0}, {"monthly_usd": 500.0}


@pytest.mark.parametrize(
    ("limits", "held", "key"),
    [
        (OWN, (), "limits.monthly_usd_per_user"),
        (ALL, (), "limits.monthly_usd"),
        (OWN | ALL, ("acme-ml-execution-ada",), "limits.monthly_usd_per_user"),
        (OWN | ALL, ("acme-ml-execution", "acme-ml-execution-ada"), "limits.monthly_usd"),
    ],
)
def test_a_hold_is_because_of_the_limit_that_was_reached(
    limits: dict[str, Any], held: tuple[str, ...], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "held", lambda *_: held)
    monkeypatch.setattr(holds, "policy_arn", lambda _: "arn:aws:iam::123456789012:policy/acme-ml-hold")
    account: Any = SimpleNamespace(config=environment(iam={"per_user_roles": True}, limits=limits), session=None)
    assert _reason(account, "acme-ml-hold (StartNothingUntilTheMonthEnds)", "*")[1] == key
