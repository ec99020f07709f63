"""The end of the guard's work before it goes, if its ledger cannot be read."""

from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError
from studioctl.events import Noted, Stage
from studioctl.guard.ledger import UnreadableError
from studioctl.infrastructure.database import CLUSTER
from studioctl.operations import limits
from studioctl.operations.data import databases
from tests.environments import environment

KEY = "User: ada is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnreadableError("it is no JSON, or only a part of it"), "cannot be read: it is no JSON"),
        (DeniedError("GetObject", KEY), "kms:Decrypt"),
    ],
)
def test_a_ledger_that_cannot_be_read_keeps_nothing_from_going(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def reading(*_: object) -> None:
        raise error

    def addresses() -> list[tuple[str, Any]]:
        return [(limits.HOLD, {}), (CLUSTER, {})]

    monkeypatch.setattr(guard, "quiet", lambda *_: None)
    monkeypatch.setattr(guard, "release", lambda *_: ("acme-ml-execution",))
    monkeypatch.setattr(guard, "reading", reading)
    monkeypatch.setattr(limits, "Estate", lambda _: SimpleNamespace(addresses=addresses))
    monkeypatch.setattr(databases, "awake", lambda _: iter((Stage("Starting the database"),)))
    file = environment(
        limits={"monthly_usd": 10.0}, network={"access": "vpc-only"}, tuning={"database": "aurora-postgresql"}
    )
    identity = SimpleNamespace(account_id="123456789012", partition="aws")
    terraform = SimpleNamespace(state=lambda: None)
    here: Any = SimpleNamespace(config=file, session=SimpleNamespace(identity=identity), terraform=terraform)

    released, told, starting = limits.release(here)
    assert released == Noted("These may start apps again: acme-ml-execution.")
    assert isinstance(told, Noted)
    assert told.message.startswith("Whether the guard has stopped the database is not known: a stopped one starts.")
    assert said in told.message
    assert starting == Stage("Starting the database")
