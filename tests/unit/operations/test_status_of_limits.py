"""Of the month so far, `status` forgives a ledger that is broken, and nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError
from studioctl.errors import AwsError
from studioctl.guard.ledger import UnreadableError
from studioctl.operations import limits, status
from tests.environments import environment


def raising(error: Exception) -> Any:
    def month_so_far(_: object) -> None:
        raise error

    return month_so_far


def test_a_broken_ledger_is_told_and_a_failure_of_aws_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    here: Any = None
    monkeypatch.setattr(limits, "month_so_far", raising(limits.BrokenLedgerError("It is none.", hint="wait")))
    assert status._month(here) == (None, "It is none.  To put it right: wait")
    monkeypatch.setattr(limits, "month_so_far", raising(DeniedError("GetObject", "not authorized")))
    assert status._month(here) == (None, "")
    monkeypatch.setattr(limits, "month_so_far", raising(AwsError("AWS cannot be reached.", hint="the network")))
    with pytest.raises(AwsError, match="cannot be reached"):
        status._month(here)


def test_the_remedy_of_broken_grants_is_about_the_same_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(*_: object) -> None:
        raise UnreadableError("it is no JSON")

    monkeypatch.setattr(guard, "reading", reading)
    session: Any = SimpleNamespace(identity=SimpleNamespace(account_id="123456789012"))
    with pytest.raises(limits.BrokenLedgerError) as broken:
        limits.granted(session, environment(limits={"monthly_usd": 10.0}), " --region us-east-1", " --local")
    assert broken.value.hint.endswith(
        "--region us-east-1   (then grant again: studioctl limits grant --local USER USD)"
    )
