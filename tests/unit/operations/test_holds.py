"""Whoever starts an app for somebody who has reached a limit learns that the guard will stop it."""

from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError
from studioctl.errors import AwsError
from studioctl.events import Noted
from studioctl.operations import holds
from tests.environments import environment

IDENTITY = SimpleNamespace(partition="aws", account_id="111122223333")
SAID = (
    "'ada' has reached a limit of this month: the guard stops this app at its next look, unless an administrator grants"
    " more before."
)


def told(patch: pytest.MonkeyPatch, held: tuple[str, ...] | AwsError, user: str = "ada", **sections: Any) -> list[str]:
    def looked(_: object, policy_arn: str) -> tuple[str, ...]:
        assert policy_arn == "arn:aws:iam::111122223333:policy/acme-ml-hold"
        if isinstance(held, AwsError):
            raise held
        return held

    patch.setattr(guard, "held", looked)
    account: Any = SimpleNamespace(config=environment(**sections), session=SimpleNamespace(identity=IDENTITY))
    return [each.message for each in holds.told(account, user) if isinstance(each, Noted)]


def test_it_is_told_of_the_role_that_starts_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    each: dict[str, Any] = {
        "limits": {"monthly_usd_per_user": 9.0},
        "iam": {"per_user_roles": True},
        "users": [{"name": "ada"}, {"name": "bob"}],
    }
    assert told(monkeypatch, ("acme-ml-execution-ada",), **each) == [SAID]
    assert told(monkeypatch, ("acme-ml-execution-ada",), user="bob", **each) == []
    assert told(monkeypatch, ("acme-ml-execution",), limits={"monthly_usd": 9.0}) == [SAID]


def test_nothing_is_asked_without_a_sum_and_nothing_told_to_whom_it_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, ("acme-ml-execution",), limits={"max_hours_per_start": 9.0}) == []
    assert told(monkeypatch, DeniedError("ListEntitiesForPolicy", "no"), limits={"monthly_usd": 9.0}) == []


def test_an_app_that_starts_does_not_fail_for_what_is_only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    throttled = AwsError("Rate exceeded", hint="Wait.")
    assert told(monkeypatch, throttled, limits={"monthly_usd": 9.0}) == []
