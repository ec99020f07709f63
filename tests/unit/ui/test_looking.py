"""Network, permissions, money, findings and logs, as the page shows them."""

import html
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from studioctl import programs
from studioctl.audit.examination import Audit
from studioctl.config.load import load
from studioctl.config.source import Source
from studioctl.findings import Place
from studioctl.infrastructure import blueprint
from studioctl.operations.costs.month import Capacity, Day, Month, Used
from studioctl.operations.costs.stored import Stored
from studioctl.operations.doctor.diagnosis import Diagnosis
from studioctl.operations.spaces import logs
from studioctl.operations.spaces.logs import LogLine
from studioctl.ui import looking
from studioctl.ui.charts import bars, columns
from studioctl.ui.ways import OfFile
from tests.fakes.findings import rule
from tests.unit.ui.house import House, house
from tests.unit.ui.test_spaces import text_of

FILE = 'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n[[users]]\nname = "grace"\n'
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><g><text x="1">ada &amp; co</text></g></svg>'
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def never() -> Any:
    raise AssertionError("nothing here may be asked for")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A page of an environment with a file, which a browser has entered."""
    file = tmp_path / "studio.toml"
    file.write_text(FILE)

    def audit(*, offline: bool) -> Audit:
        config = load(file)
        return Audit(config, Source("studio.toml", FILE), blueprint.build(config), None, {})

    def laid_out(graph: str, _: Mapping[str, str]) -> str:
        return SVG if "digraph" in graph else ""

    monkeypatch.setattr(programs, "laid_out", laid_out)
    with house("ada-editor", of_file=OfFile(file, never, audit, never)) as made:
        made.enter()
        yield made


def test_the_network_is_drawn_and_told_and_who_may_do_what(home: House) -> None:
    page = home.client.get("/e/acme-ml/network").text
    assert 'role="img" aria-label="2 users with 2 spaces. ' in page
    assert '<text x="1">ada &amp; co</text>' in page
    assert "alert(1)" not in page
    assert "read others' files in the bucket" in text_of(page)
    assert "encrypted with kept by down" in text_of(page)


def test_without_graphviz_the_network_is_told(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "laid_out", lambda *_: "")
    said = text_of(home.client.get("/e/acme-ml/network").text)
    assert "The picture needs Graphviz: its program dot, or the extra ui." in said


def test_the_estimate_is_a_chart_and_a_table(home: House) -> None:
    page = home.client.get("/e/acme-ml/costs").text
    assert '<rect class="bar" width="100.0" height="12"/>' in page
    assert "USD a month with no app running at 8 h a working day if nobody stops apps ada " in text_of(page)
    assert " in all " in text_of(page)


def test_a_chart_is_as_long_as_its_longest_bar() -> None:
    assert [bar.percent for bar in bars([("a", "1", 1.0), ("b", "4", 4.0), ("c", "0", 0.0)])] == [100.0, 25.0, 0.0]
    assert [bar.percent for bar in bars([("a", "unknown", 0.0)])] == [0.0]
    assert bars([]) == []


DAYS = (Day("2026-11-01", 0.0, 0.0), Day("2026-11-02", 12.0, 0.6), Day("2026-11-03", 0.5, 0.025))


def test_a_month_by_day_is_as_high_as_its_most_expensive_day() -> None:
    found = columns("2026-11", DAYS)
    assert [(day.number, day.x, day.height, day.usd) for day in found.days] == [
        (1, 0, 0.0, "0.00"),
        (2, 20, 100.0, "0.60"),
        (3, 40, 4.17, "0.03"),
    ]
    assert (found.width, found.highest, found.middle) == (600, "0.60", "0.30")
    assert [day.number for day in columns("2026-02", DAYS * 9).days if day.is_named] == [1, 8, 15, 22]
    assert columns("2026-02", DAYS[:1]).highest == ""
    assert columns("2026-12", ()).width == 620
    small = columns("2026-11", [Day("2026-11-01", 0.1, 0.0134)])
    assert (small.highest, small.middle) == ("0.0134", "0.0067")


def test_what_was_used_in_a_month(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    used = Used("ada", "ada-editor", "CodeEditor", "ml.t3.medium", 12.5, 0.625, 0.0, running=True)
    first, stored = NOW.replace(day=1, hour=0), (Stored("volumes", 20.0, None),)
    found = Month("acme-ml", "us-east-1", "2026-11", NOW, first, "CloudTrail", (used,), stored, DAYS)
    found = replace(found, database=Capacity(10.0, 1.2, "CloudWatch"), is_over=True)
    asked: list[str] = []

    def month(_: Any, text: str) -> Month:
        asked.append(text)
        return found

    monkeypatch.setattr(looking, "month", month)
    said = text_of(home.client.get("/e/acme-ml/costs/last").text)
    assert "2026-11, until 2026-11-24 09:00 UTC" in said
    assert "ada: ada-editor (runs now) 0.62 USD, 12.5 h on ml.t3.medium" in said
    assert "volumes unknown USD" in said
    assert "database of studies 1.20 USD, 10.00 ACU hours" in said
    assert "what was deleted after the month is not known" in said
    assert "2026-11-02 12.00 0.60 2026-11-03 0.50 0.02" in said
    assert asked == ["last"]
    page = home.client.get("/e/acme-ml/costs/last").text
    assert 'aria-label="0.62 USD in 2026-11, at most 0.60 on a day; see the table."' in page
    assert "<title>2026-11-02: 0.60 USD, 12.0 h</title>" in page
    assert page.count('class="place"') == 3
    home.client.get("/e/acme-ml/costs/../../etc")
    home.client.get("/e/acme-ml/costs/1999-01")
    assert asked[2:] == ["this"]


def test_what_an_audit_finds_with_its_lines(home: House) -> None:
    assert "Looking…" in home.client.get("/e/acme-ml/findings").text
    said = text_of(home.client.get("/e/acme-ml/findings/audit").text)
    assert "medium STUDIO-091 An engine could not run" in said
    assert "at studio.toml: iam.per_user_roles" in said
    assert "Accepted (17)" in said


def test_what_the_doctor_finds(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = rule("QUO001", why="Nothing starts: `up` <fails>.", remedy="ask for more").broken("none <left>")
    bad = replace(broken, place=Place("studio.toml", 4, "users"))
    good = rule("PRG001").ok("ssh is there")
    found = Diagnosis("acme-ml", "us-east-1", "local", None, (good, bad))
    monkeypatch.setattr(looking, "examine", lambda *_: found)
    file = home.desk.ways.of_file
    assert file is not None
    monkeypatch.setitem(vars(file), "patient", lambda: None)
    page = home.client.get("/e/acme-ml/findings/doctor").text
    told = "✗ error QUO001 none <left> at studio.toml:4: users Nothing starts: up <fails>. do ask for more"
    assert f"1 error, 1 ok {told}" in text_of(page)
    assert html.escape("none <left>") in page
    assert "<code>up</code> &lt;fails&gt;" in page


def test_the_log_comes_line_by_line(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [(LogLine(NOW, "app", "<b>first"),), (LogLine(NOW, "lifecycle", "second\x1b[2J"),)]

    def looks(*_: Any, lines: int) -> Iterator[tuple[LogLine, ...]]:
        yield from pieces
        home.desk.stopping.set()
        yield ()

    monkeypatch.setattr(logs, "looks", looks)
    monkeypatch.setattr(looking, "LOOK", 0.05)
    assert "Asking AWS" in home.client.get("/e/acme-ml/spaces/ada-editor/logs").text
    first, second = home.client.get("/e/acme-ml/spaces/ada-editor/logs/events").text.split('hx-target="#log"')[1:]
    assert 'hx-swap="innerHTML"' in first
    assert "app       &lt;b&gt;first" in first
    assert 'hx-swap="beforeend"' in second
    assert "lifecycle second</span>" in second


def test_a_log_that_cannot_be_read_says_why(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "LOOK", 0.05)
    threading.Timer(0.5, home.desk.stopping.set).start()
    text = home.client.get("/e/acme-ml/spaces/nobody/logs/events").text
    assert 'hx-target="#trouble"' in text
    assert "There is no space &#39;nobody&#39;" in text


def test_pages_of_the_file_need_it() -> None:
    with house("ada-editor") as home:
        home.enter()
        for page in ("network", "findings", "plan"):
            answer = home.client.get(f"/e/acme-ml/{page}")
            assert answer.status_code == 409
            assert "The file of 'acme-ml' is not known here." in text_of(answer.text)
            assert f'href="/e/acme-ml/{page}"' not in home.client.get("/e/acme-ml/").text
        assert home.client.get("/e/acme-ml/costs").status_code == 200
