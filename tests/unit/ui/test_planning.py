"""The plan on the page: what is shown is what is applied, or nothing is."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.config.load import load
from studioctl.config.source import Source
from studioctl.errors import RefusedError
from studioctl.events import Expected, Finished, Stage, Work
from studioctl.operations import shortages
from studioctl.operations.costs import change
from studioctl.operations.costs.change import PlannedCosts
from studioctl.operations.costs.estimate import estimate
from studioctl.operations.provisioning import durations, meeting
from studioctl.operations.provisioning import up as provision
from studioctl.operations.provisioning.durations import Expectation
from studioctl.presentation import costs
from studioctl.review.now import Now
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.ui.ways import OfFile
from tests.unit.ui.house import House, house
from tests.unit.ui.test_spaces import text_of

FILE = 'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n'
PLAN = "/e/acme-ml/plan"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "studio.toml"
    made.write_text(FILE)
    return made


LOCAL = SimpleNamespace(is_local=True, region="us-east-1", name="local", endpoint=None)


@pytest.fixture
def applied() -> list[tuple[Any, ...]]:
    """The plans that were applied."""
    return []


@pytest.fixture
def home(file: Path, applied: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A page whose plan creates a bucket, while an app is in the way."""
    config = load(file)
    bucket = ResourceChange("aws_s3_bucket.data", "aws_s3_bucket", "data", "storage", "create")
    summary = PlanSummary((bucket,), (), (), destroy=False, has_changes=True, file=file)

    def environment() -> Any:
        terraform = SimpleNamespace(blueprint=None)
        source = Source(str(file), file.read_text())
        return SimpleNamespace(
            config=config, source=source, terraform=terraform, target=LOCAL, place="us-east-1 on the emulator"
        )

    def plan(_: Any) -> Work[PlanSummary]:
        yield Stage("Planning")
        return summary

    def cleared(_: Any, __: Any, *, stop_apps: bool, met: Any = None) -> tuple[str, ...]:
        if not stop_apps:
            raise RefusedError("An app is in the way.", hint="studioctl up --stop-apps")
        return ("an app that ran when it was planned",) if met else ("an app",)

    def apply(_: Any, shown: PlanSummary, *, stop: Any) -> Work[None]:
        yield Expected(1, 60.0)
        yield Finished("bucket", "create", 1.0)
        applied.append((shown, stop))

    monkeypatch.setattr(provision, "plan", plan)
    monkeypatch.setattr(provision, "cleared", cleared)
    monkeypatch.setattr(provision, "apply", apply)
    monkeypatch.setattr(change, "of_environment", lambda *_: PlannedCosts(estimate(config), ()))
    monkeypatch.setattr(meeting, "all_of", lambda *_: meeting.Met(meeting.Apps(), {}))
    monkeypatch.setattr(meeting, "look", lambda *_: Now(flags=("--stop-apps",)))
    monkeypatch.setattr(durations, "of", lambda *_, stops: Expectation(65.0, stops))
    monkeypatch.setattr(shortages, "shortages", lambda *_: None)
    nothing: Any = None
    with house("ada-editor", of_file=OfFile(file, environment, nothing, nothing)) as made:
        made.enter()
        yield made


def planned(home: House) -> str:
    """The page of a plan that was just made."""
    assert home.post(PLAN).headers["location"].startswith("/jobs/")
    home.finished()
    return str(home.client.get(PLAN).text)


def apply(home: House, **form: str) -> Any:
    return home.client.post(f"{PLAN}/apply", data=form, headers={"origin": home.keys.address}, follow_redirects=False)


def number(page: str) -> str:
    return str(re.findall(r'name="plan" value="(\d+)"', page)[0])


def test_nothing_is_planned_by_looking(home: House) -> None:
    said = text_of(home.client.get(PLAN).text)
    assert "Compares the file with AWS, and shows what would change. Nothing is changed." in said
    assert "Apply" not in said
    assert home.desk.jobs.of("acme-ml", None) is None


def test_a_plan_in_the_words_of_the_file(home: House) -> None:
    said = text_of(planned(home))
    assert "Data and encryption + storage.bucket : A bucket is created." in said
    assert "up refuses this as it stands. To do it now:" in said
    assert "studioctl up --stop-apps" in said
    assert "In AWS: 1 to create (a bucket)." in said
    assert "This takes about 1m 05s, including stopping apps, judging by earlier runs." in said
    assert "Note: AWS did not tell the account's quotas" in said
    assert "studioctl up refuses this plan. An app is in the way. Next: studioctl up --stop-apps --local" in said
    assert "In us-east-1 on the emulator." in said


def test_a_large_rise_of_the_costs_comes_first(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "dearer", lambda *_: "20.00 USD a month more")
    assert "Look at this first ! COSTS MORE: 20.00 USD a month more" in text_of(planned(home))


def test_what_was_shown_is_applied_once(home: House, applied: list[tuple[Any, ...]]) -> None:
    shown = number(planned(home))
    begun = apply(home, plan=shown, stop_apps="yes")
    home.finished()
    job = text_of(home.client.get(begun.headers["location"]).text)
    assert "'acme-ml' is as the file says." in job
    assert "Look at the spaces" in job
    assert [(summary.count("create"), stop) for summary, stop in applied] == [(1, ("an app",))]
    assert apply(home, plan=shown, stop_apps="yes").status_code == 409
    assert len(applied) == 1


def test_a_refusal_stands_without_the_word(home: House, applied: list[tuple[Any, ...]]) -> None:
    begun = apply(home, plan=number(planned(home)))
    home.finished()
    assert "An app is in the way." in text_of(home.client.get(begun.headers["location"]).text)
    assert applied == []


def test_no_button_is_there_that_could_only_be_refused(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def cleared(*_: Any, **__: Any) -> tuple[str, ...]:
        raise RefusedError("The plan destroys these.", hint="studioctl up --delete-data")

    monkeypatch.setattr(provision, "cleared", cleared)
    monkeypatch.setattr(meeting, "look", lambda *_: Now(flags=("--stop-apps", "--delete-data")))
    page = planned(home)

    assert "Apply this plan" not in page
    assert "Stop running apps" not in page
    said = text_of(page)
    assert "studioctl up --stop-apps --delete-data" in said
    assert "This page cannot apply the plan. Do what is said above, then plan again." in said


@pytest.mark.parametrize("form", [{}, {"plan": "0"}, {"plan": "x"}])
def test_another_plan_is_not_applied(home: House, applied: list[tuple[Any, ...]], form: dict[str, str]) -> None:
    planned(home)
    answer = apply(home, **form, stop_apps="yes")
    assert answer.status_code == 409
    assert "There is another plan by now, or none. Nothing was changed." in text_of(answer.text)
    assert applied == []


def test_a_file_that_has_changed_since_is_planned_again(
    home: House, file: Path, applied: list[tuple[Any, ...]]
) -> None:
    shown = number(planned(home))
    file.write_text(FILE.replace("ada", "grace"))
    begun = apply(home, plan=shown, stop_apps="yes")
    home.finished()
    said = text_of(home.client.get(begun.headers["location"]).text)
    assert "has changed since this plan. Nothing was changed." in said
    assert applied == []
    again = number(planned(home))
    assert again != shown
    apply(home, plan=again, stop_apps="yes")
    home.finished()
    assert len(applied) == 1


def test_a_plan_that_fails_says_why(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> Work[PlanSummary]:
        yield Stage("Planning")
        raise RefusedError("Another runs.", hint="wait")

    monkeypatch.setattr(provision, "plan", broken)
    said = text_of(planned(home))
    assert "Apply" not in said
    assert "Another runs. Next: wait" in text_of(home.client.get("/jobs/1").text)
