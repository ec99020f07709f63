"""Stopping apps, while others stop them too."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from studioctl.aws.errors import DeniedError, InUseError
from studioctl.aws.studio import Studio
from studioctl.aws.values import App, ResourceSpec
from studioctl.operations.studio.stop_apps import stop_apps
from tests.fakes.studio import MOMENT
from tests.fakes.work import done

RUNNING = App("default", "CodeEditor", "ada-editor", None, "InService", MOMENT, ResourceSpec())


@dataclass
class Refusing:
    """A Studio that refuses to stop an app, whose status is one after the other of these."""

    statuses: Iterator[str | None]
    asked: list[App] = field(default_factory=list)

    def app_status(self, domain_id: str, app: App) -> str | None:
        return next(self.statuses)

    def delete_app(self, domain_id: str, app: App) -> None:
        self.asked.append(app)
        raise InUseError("AWS refused DeleteApp: its status is Deleting (ResourceInUse)", hint="")


@pytest.mark.parametrize("after", [["Deleting", "Deleted"], ["Deleted"], [None]])
def test_an_app_that_somebody_stops_at_the_same_moment_is_waited_for(after: list[str | None]) -> None:
    studio = Refusing(iter(["InService", *after, after[-1]]))

    done(stop_apps(cast("Studio", studio), "d-abc", [RUNNING]))

    assert studio.asked == [RUNNING]


def test_a_refusal_of_one_that_runs_on_is_told() -> None:
    studio = Refusing(iter(["InService", "InService"]))

    with pytest.raises(InUseError):
        done(stop_apps(cast("Studio", studio), "d-abc", [RUNNING]))


class Limited:
    """A Studio in which the caller may stop ada's apps alone."""

    def __init__(self) -> None:
        self.stopped: list[str | None] = []

    def app_status(self, domain_id: str, app: App) -> str | None:
        return "Deleted" if app.space in self.stopped else "InService"

    def delete_app(self, domain_id: str, app: App) -> None:
        if not str(app.space).startswith("ada"):
            raise DeniedError("DeleteApp", f"you may not stop {app.space}")
        self.stopped.append(app.space)


def test_what_the_caller_may_not_stop_keeps_nothing_else_running() -> None:
    studio = Limited()
    apps = [replace(RUNNING, space=space) for space in ("ada-editor", "abe-editor", "bob-editor", "ada-lab")]

    with pytest.raises(DeniedError, match="you may not stop abe-editor"):
        done(stop_apps(cast("Studio", studio), "d-abc", apps))

    assert studio.stopped == ["ada-editor", "ada-lab"]
