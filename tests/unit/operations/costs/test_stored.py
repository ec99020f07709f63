"""Storage of a month: from when on each thing was there."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import contents
from studioctl.aws.contents import Dated
from studioctl.aws.errors import DeniedError
from studioctl.aws.values import Domain, Space
from studioctl.catalog.prices import GIGABYTE, prices
from studioctl.guard.spans import Span
from studioctl.operations.costs import stored
from studioctl.operations.costs.past import BOOK, Past
from studioctl.operations.costs.stored import Counted, Stored
from studioctl.target import Target
from tests.environments import environment

PRICES = prices("us-east-1")


def day(number: int, month: int = 11) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


NOVEMBER = Counted(day(1), day(1, 12), day(1, 12))


def account(**of_studio: Any) -> Any:
    session = SimpleNamespace(identity=SimpleNamespace(account_id="123456789012"))
    return SimpleNamespace(
        target=Target("us-east-1"), config=environment(), session=session, studio=SimpleNamespace(**of_studio)
    )


@pytest.mark.parametrize(
    ("since", "until", "part"),
    [
        (day(1, 6), day(1, 12), 1.0),
        (day(16), day(1, 12), 0.5),
        (day(1, 6), day(16), 0.5),
        (day(10), day(16), 0.2),
        (day(2, 12), day(1, 12), 0.0),
    ],
    ids=["long there", "made in the middle", "until the middle", "both", "made later"],
)
def test_a_thing_costs_from_when_on_it_is_there(since: datetime, until: datetime, part: float) -> None:
    assert Counted(day(1), day(1, 12), until).part(since) == pytest.approx(part)


@pytest.mark.parametrize(
    ("told_since", "usd"),
    [(day(1, 10), 20 * 0.112 / 3), (day(18), 20 * 0.112 / 2), (day(1, 12), 20 * 0.112 / 2)],
    ids=["its first start is known", "it may have started before", "nothing is known"],
)
def test_a_volume_is_there_from_the_first_start_on_where_somebody_saw_it(told_since: datetime, usd: float) -> None:
    space = Space("d-1", "ada-editor", "ada", "InService", "CodeEditor", 20, day(16), remote_access=False)
    began = day(21).timestamp()
    span = Span("CodeEditor", "ada", "ada-editor", "default", "ml.t3.medium", began, began + 3600)
    here = account(spaces=lambda _: (space,), apps=lambda _: ())
    (found,) = stored.volumes(here, "d-1", Past((span,), BOOK, told_since), PRICES.usd("volume"), NOVEMBER)
    assert found.usd == pytest.approx(usd, abs=1e-4)
    assert stored.together((found,), PRICES) == Stored("volumes of spaces", 20.0, found.usd)


def test_objects_images_and_homes_cost_from_when_on_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = (Dated(10 * GIGABYTE, day(1, 6)), Dated(10 * GIGABYTE, day(16)), Dated(90 * GIGABYTE, day(5, 12)))
    monkeypatch.setattr(contents, "dated_objects", lambda *_: objects)
    monkeypatch.setattr(contents, "dated_images", lambda *_: (Dated(3 * GIGABYTE, day(5, 12)),))
    monkeypatch.setattr(contents, "dated_home", lambda *_: (Dated(4 * GIGABYTE, day(16)),))
    domain = Domain("d-1", "arn", "acme-ml", "InService", "https://studio", "fs-1", 60)
    assert list(stored.others(account(), domain, PRICES, NOVEMBER)) == [
        Stored("home file system", 4.0, 0.6),
        Stored("bucket", 110.0, 0.345),
        Stored("repository", 3.0, 0.0),
    ]


def test_what_may_not_be_looked_at_or_is_too_much_to_list_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise DeniedError("DescribeImages", "no")

    monkeypatch.setattr(contents, "dated_objects", lambda *_: None)
    monkeypatch.setattr(contents, "dated_images", denied)
    domain = Domain("d-1", "arn", "acme-ml", "InService", "https://studio", None, 60)
    assert list(stored.others(account(), domain, PRICES, NOVEMBER)) == [
        Stored("bucket", None, None),
        Stored("repository", None, None),
    ]
