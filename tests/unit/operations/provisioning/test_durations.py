"""The expected duration of a plan follows from what earlier runs noted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.errors import TerraformError
from studioctl.events import Event, Finished, Started, Work
from studioctl.infrastructure.blueprint import build
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import durations
from studioctl.operations.provisioning.durations import Expectation
from studioctl.terraform.plan import PlanSummary
from tests.environments import environment
from tests.unit.review.planned import between

CONFIG = environment()
FIRST = between(None, CONFIG)
BESIDES = {durations.BESIDES: 10.0}


@dataclass(frozen=True)
class Place:
    """An environment with a working directory, and nothing else."""

    directory: Path
    terraform: Any = field(init=False)

    def __post_init__(self) -> None:
        workspace = SimpleNamespace(directory=self.directory)
        object.__setattr__(self, "terraform", SimpleNamespace(workspace=workspace, blueprint=build(CONFIG)))


@pytest.fixture
def place(tmp_path: Path) -> Environment:
    return cast("Environment", Place(tmp_path))


@dataclass
class Clock:
    """The time that a run takes is what a test says."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(durations, "time", made)
    return made


def every(seconds: float, summary: PlanSummary = FIRST) -> dict[str, float]:
    return {f"create {change.type}": seconds for change in summary.changes}


def test_a_plan_takes_as_long_as_its_longest_chain_and_what_is_spent_besides() -> None:
    known = {**every(0.0), **BESIDES, "create aws_sagemaker_domain": 180, "create aws_sagemaker_space": 20}
    known |= {"create aws_sagemaker_user_profile": 5, "create aws_ecr_repository": 3}

    # The domain waits for the role's policies, one of which names the repository.
    assert durations.expected(build(CONFIG), FIRST, known) == Expectation(10 + 3 + 180 + 5 + 20)


def test_many_people_take_as_long_as_ten_at_a_time() -> None:
    many = environment(users=[{"name": f"user-{number}"} for number in range(61)])
    more = between(CONFIG.model_copy(update={"users": many.users[:1]}), many)
    known = every(0, more) | BESIDES | {"create aws_sagemaker_user_profile": 4, "create aws_sagemaker_space": 2}

    assert durations.expected(build(many), more, known) == Expectation(60 * (4 + 2) / 10 + 10)


@pytest.mark.parametrize("unknown", ["create aws_vpc", durations.BESIDES])
def test_nothing_is_promised_where_a_kind_was_never_seen(unknown: str) -> None:
    known = {**every(1.0), **BESIDES}
    del known[unknown]

    assert durations.expected(build(CONFIG), FIRST, known) is None


def test_a_change_that_only_the_api_makes_is_counted_and_has_no_time_of_terraforms() -> None:
    change = between(CONFIG, environment(studio={"volume_gb": 50}))
    assert durations.things(change) == 3
    assert durations.things(FIRST) == len(FIRST.changes)


def work(*events: Event, error: Exception | None = None) -> Work[str]:
    yield from events
    if error:
        raise error
    return "done"


def drained(of: Iterator[Event]) -> tuple[list[Event], Any]:
    seen = []
    while True:
        try:
            seen.append(next(of))
        except StopIteration as stop:
            return seen, stop.value


def test_a_run_notes_how_long_each_kind_took_and_passes_everything_on(place: Environment) -> None:
    events = (
        Started("aws_subnet.a", "create"),
        Finished("aws_subnet.a", "create", 2),
        Finished("aws_subnet.b", "create", 4),
        Finished("data.aws_partition.current", "read", 9),
    )
    assert drained(durations.noted(place, FIRST, work(*events))) == (list(events), "done")
    assert durations.known(place) == {"create aws_subnet": 4}

    drained(durations.noted(place, FIRST, work(Finished("aws_subnet.a", "create", 8))))
    assert durations.known(place) == {"create aws_subnet": 6}


def test_what_took_long_before_a_failure_is_noted_too(place: Environment) -> None:
    failing = work(Finished("aws_vpc.studio", "create", 3), error=TerraformError("no", hint="no"))
    with pytest.raises(TerraformError):
        drained(durations.noted(place, FIRST, failing))

    assert durations.known(place) == {"create aws_vpc": 3}


def test_the_second_run_of_a_kind_knows_how_long_it_takes(place: Environment, clock: Clock) -> None:
    def working() -> Work[str]:
        clock.now += 12
        return (yield from work(*(Finished(change.address, "create", 1) for change in FIRST.changes)))

    drained(durations.noted(place, FIRST, working()))

    told = durations.expected(build(CONFIG), FIRST, durations.known(place))
    assert told is not None
    assert told.seconds == 12  # those of the longest chain, and the rest besides
    assert told.counts_stopping is None


def test_the_time_in_which_apps_stop_is_noted_apart(place: Environment, clock: Clock) -> None:
    def stopping() -> Work[str]:
        clock.now += 0.3
        yield Finished("ada-editor", "stop", 0.3)
        return (yield from work(*(Finished(change.address, "create", 1) for change in FIRST.changes)))

    drained(durations.noted(place, FIRST, work(*(Finished(change.address, "create", 1) for change in FIRST.changes))))
    never, quiet = durations.of(place, FIRST, stops=True), durations.of(place, FIRST)
    drained(durations.noted(place, FIRST, stopping()))
    once, besides = durations.of(place, FIRST, stops=True), durations.of(place, FIRST)

    assert quiet is not None
    assert never == replace(quiet, counts_stopping=False)
    assert besides == quiet
    assert once is not None
    assert once.counts_stopping is True
    assert once.seconds == pytest.approx(quiet.seconds + 0.3)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"create aws_vpc": "1"}', '{"create aws_vpc": true}', '{"create aws_vpc": -1}', "1e999"]
)
def test_a_record_that_says_nothing_is_made_anew(place: Environment, text: str) -> None:
    (place.terraform.workspace.directory / durations.RECORD).write_text(text)
    assert durations.known(place) == {}

    drained(durations.noted(place, FIRST, work(Finished("aws_vpc.studio", "create", 3))))
    assert durations.known(place) == {"create aws_vpc": 3}
