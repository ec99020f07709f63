"""The list of what clicks began."""

from studioctl.cli.main import as_ours
from studioctl.events import Work
from studioctl.ui.jobs import Jobs


def nothing() -> Work[str]:
    yield from ()
    return ""


def test_a_job_may_begin_while_another_is_looked_for() -> None:
    jobs = Jobs(as_ours)
    first = jobs.begin(nothing(), title="first", environment="acme-ml", verb="planning")

    class Meanwhile(str):
        """The name of an environment; while it is compared, somebody else clicks."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            jobs.begin(nothing(), title="second", environment="other", verb="planning", space=f"s{len(jobs._jobs)}")
            return str(self) == other

    assert jobs.of(Meanwhile("acme-ml"), None) is first
