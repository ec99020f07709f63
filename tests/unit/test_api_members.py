"""Every member of the calls that make what is in Studio is offered, or stands in the table with the reason why not."""

import pytest

from tests import api_members
from tests.api_members import CALLS, KINDS, members, pattern_of, reasons, sent


def silent(call: str) -> list[str]:
    """The members that are neither offered nor in the table."""
    return [path for path in api_members.members(call) if path not in sent(call) and pattern_of(call, path) is None]


@pytest.mark.parametrize("call", CALLS)
def test_no_member_is_passed_over(call: str) -> None:
    assert silent(call) == [], "offer it, or say in tests/api_members.toml why not"


@pytest.mark.parametrize("call", CALLS)
def test_what_is_sent_is_a_member(call: str) -> None:
    assert set(sent(call)) - set(members(call)) == set()


@pytest.mark.parametrize("call", CALLS)
def test_each_reason_is_about_something_that_is_not_offered(call: str) -> None:
    in_use = {pattern_of(call, path) for path in members(call) if path not in sent(call)}

    assert set(reasons(call)) - in_use == set(), "it is offered now, or AWS no longer has it: delete the line"
    assert [why for why in reasons(call).values() if not why.startswith(tuple(f"{kind}: " for kind in KINDS))] == []


@pytest.mark.parametrize("call", CALLS)
def test_a_member_that_botocore_brings_is_noticed(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = api_members.members(call)
    monkeypatch.setattr(api_members, "members", lambda _: (*known, "Accelerator", "ResourceSpec.Accelerator"))

    assert silent(call) == ["Accelerator", "ResourceSpec.Accelerator"]
