"""Each space as the page tells it: pure functions of what AWS said and of what a click began."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from studioctl.operations.status import AppStatus, SpaceStatus, Status
from studioctl.presentation.status import UNKNOWN, ago, hourly
from studioctl.ui.jobs import Job

Kind = Literal["running", "busy", "failed", "stopped"]
# AWS's words for an app, and ours.
WORDS: Mapping[str, tuple[str, Kind]] = {
    "InService": ("running", "running"),
    "Pending": ("starting", "busy"),
    "Deleting": ("stopping", "busy"),
    "Failed": ("failed", "failed"),
    "Stopped": ("stopped", "stopped"),
}
EDITORS = {"CodeEditor", "JupyterLab"}
FILTERS = ("all", "running", "stopped", "failed")


@dataclass(frozen=True)
class Row:
    """A space as the page shows it.

    Args:
        name: Its name.
        owner: The owner.
        word: Its state in a word.
        kind: Of which kind that state is.
        instance: The instance type.
        idle: When it is stopped because nobody works in it.
        cost: The price of an hour while it runs.
        since: The time that it has run.
        volume: The size of its volume.
        job: The number of the work that is being done to it, or failed.
        trouble: Why that failed.
        can: The possible actions: "start", "stop", "open", "connect", "logs".
    """

    name: str
    owner: str
    word: str
    kind: Kind
    instance: str
    idle: str
    cost: str
    since: str
    volume: str
    job: int | None
    trouble: str
    can: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its element on the page."""
        return f"space-{self.name}"


@dataclass(frozen=True)
class Filter:
    """The spaces to show.

    Args:
        text: A part of the space's or its owner's name.
        state: "all", "running", "stopped" or "failed".
    """

    text: str = ""
    state: str = "all"

    def lets(self, row: Row) -> bool:
        """Whether it shows this one. What is starting or stopping counts as running: it is paid for."""
        text = self.text.lower()
        kind = "running" if row.kind == "busy" else row.kind
        return (self.state in {"all", kind}) and (text in row.name.lower() or text in row.owner.lower())


def rows(found: Status, jobs: Mapping[str, Job], moment: float) -> list[Row]:
    """A row for each space, by name.

    Args:
        found: AWS's answer.
        jobs: By name of the space: the latest work on it.
        moment: The time, in seconds since 1970.
    """
    now = datetime.fromtimestamp(moment, UTC)
    return [_row(space, jobs.get(space.name), now) for space in sorted(found.spaces, key=lambda each: each.name)]


def _row(space: SpaceStatus, job: Job | None, now: datetime) -> Row:
    status = space.app_status if space.status == "InService" else space.status
    word, kind = WORDS.get(status, (status.lower().replace("_", " "), "busy"))
    if kind == "busy" and status.endswith("_Failed"):
        kind = "failed"
    if job and not job.is_over:
        word, kind = job.verb, "busy"
    failed = job if job and job.error and kind != "running" else None
    is_paid = space.is_paid_for
    return Row(
        name=space.name,
        owner=space.owner or "shared",
        word=f"{word}, recovery" if space.in_recovery and kind == "running" else word,
        kind=kind,
        instance=(space.instance_type or "") if is_paid else "",
        idle=_idle(space, now) if is_paid else "",
        cost=(UNKNOWN if space.usd_per_hour is None else hourly(space.usd_per_hour)) if is_paid else "",
        since=ago(space.since, now) if space.since and is_paid else "",
        volume=space.volume,
        job=job.id if job and (failed or not job.is_over) else None,
        trouble=failed.error.message if failed and failed.error else "",
        can=_can(space, word),
    )


def _idle(space: SpaceStatus, now: datetime) -> str:
    """The time of AWS's stop. AWS does not tell when somebody last worked in it: only the earliest moment is known."""
    if not space.idle_timeout_minutes:
        return "never"
    after = f"after {space.idle_timeout_minutes}m idle"
    left = (space.since + timedelta(minutes=space.idle_timeout_minutes) - now) if space.since else timedelta()
    minutes = int(left.total_seconds() // 60)
    return f"{after}, in {minutes}m at the earliest" if minutes > 0 else after


def _can(space: SpaceStatus, word: str) -> tuple[str, ...]:
    if space.app_type not in EDITORS or space.status not in {"InService", "Update_Failed"}:
        return ()
    match word:
        case "running":
            return ("open", "connect", "stop", "logs")
        case "stopped" | "failed" | "update failed":
            return ("start", "open", "connect", "logs")
        case _:
            return ("logs",)


def others(found: Status) -> list[tuple[str, str, str, str]]:
    """Apps that run besides the spaces' editors: what, whose, on what, and the cost of an hour."""
    return [_other(app) for app in found.apps]


def _other(app: AppStatus) -> tuple[str, str, str, str]:
    cost = UNKNOWN if app.usd_per_hour is None else hourly(app.usd_per_hour)
    return app.type, app.space or app.user or "", app.instance_type or "", cost


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Changes since then, for those who listen: "ada-editor: running".

    Args:
        before: By name of the space: its state in a word.
        after: The same now.
    """
    news = [f"{name}: {word}" for name, word in after.items() if before.get(name, word) != word]
    return f"{len(news)} spaces changed" if len(news) > 3 else ", ".join(news)
