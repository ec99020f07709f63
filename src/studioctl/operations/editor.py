"""A lifecycle script, rehearsed on this machine: a first start in an empty home, and a second one."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studio_emulator.sandbox import trees
from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.namespaces import require
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import HOME, App, Room
from studio_emulator.sandbox.run import AWS_SECONDS, Run, start_editor
from studioctl.events import Failed, Finished, Progressed, Stage, Started, Work
from studioctl.lifecycle.script import LINE

BACKGROUND_SECONDS = 900.0
"""The wait for what a start left in the background, in seconds."""

SUMMARY = "summary"
STATE = ".local/state/studioctl"
LOG_LINES = 10
# What curl draws while it works, and what it says in the same line when it fails.
HEAD = re.compile(r"\s*%\s+Total\s+%.*|\s*Dload\s+Upload\b.*")
METER = re.compile(r"[\s\d.:kMGTP-]*:[\d-]{2}[\s\d.kMGTP]*")
BEFORE_ERROR = re.compile(r"^[\s\d.:kMGTP-]*(?=curl: \()")
OWNERS = (
    "chown was rehearsed as a permission to write: all files of the rehearsal have one owner, so ls -l and stat show"
    " another owner and mode than on AWS"
)


@dataclass(frozen=True)
class StepReport:
    """The report of one step of the script.

    Args:
        name: Such as "tools".
        state: "done", "unchanged", "skipped", "background" or "failed".
        seconds: The time that it took.
        detail: The change that it made, or the reason why it failed.
        log: The last lines of its log, if it failed.
    """

    name: str
    state: str
    seconds: float
    detail: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Start:
    """One start of the app.

    Args:
        seconds: The delay of the app by the script.
        exit_code: The script's; None when its time was up.
        steps: In the order in which they ended. What went on in the background has the state that it ended with.
        output: Other output of the script.
    """

    seconds: float
    exit_code: int | None
    steps: tuple[StepReport, ...]
    output: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the script or one of its steps failed, or something is still not ready."""
        return self.exit_code != 0 or any(step.state not in {"done", "unchanged", "skipped"} for step in self.steps)


@dataclass(frozen=True)
class Rehearsal:
    """Both starts.

    Args:
        image: The image whose layout was used.
        root: The directory with the image's root; None if it was removed.
        cold: The first start.
        warm: The second.
        notes: Differences from AWS.
    """

    image: str
    root: str | None
    cold: Start
    warm: Start
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether one of the two failed."""
        return self.cold.failed or self.warm.failed


def rehearse(
    script: str,
    image: Image,
    *,
    app_type: str = "CodeEditor",
    reach: Reach | None = None,
    keep: bool = False,
    editor_first: bool = True,
) -> Work[Rehearsal]:
    """Run the script twice in a throw-away root with the image's layout, the second time with the home of the first.

    Args:
        script: Its text.
        image: The image whose layout is used.
        app_type: The app that starts: "CodeEditor", or "JupyterLab", which makes no directories.
        reach: The network that it may reach; the internet by default.
        keep: Leave the root.
        editor_first: Whether the editor has made its directories when the script begins. AWS does not say.

    Raises:
        SandboxError: It cannot be run on this machine.
    """
    require()
    reach = Reach.the_internet(os.environ) if reach is None else reach
    with contextlib.ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="studioctl-editor-"))
        room = Room(place / "root", image, App(type=app_type))
        if not keep:
            stack.callback(trees.remove, place)
        yield Stage(f"First start on image {image}, in an empty home")
        cold, notes = yield from _start(room, script, reach, editor_first=editor_first)
        yield Stage("Second start, in the home of the first")
        warm, more = yield from _start(room, script, reach, editor_first=editor_first)
    return Rehearsal(str(image), str(room.root) if keep else None, cold, warm, tuple(dict.fromkeys((*notes, *more))))


def _start(room: Room, script: str, reach: Reach, *, editor_first: bool) -> Work[tuple[Start, list[str]]]:
    room.lay_out()
    if editor_first:
        start_editor(room)
    steps: dict[str, StepReport] = {}
    output: list[str] = []
    with Run(room, script, room.environment(), reach=reach, seconds=AWS_SECONDS) as run:
        yield Started("the script", "run")
        for lines in run.glances():
            for text in (line.text for line in lines):
                report = _read(text)
                if report is None:
                    output += _without_meter(text)
                elif report.name != SUMMARY:
                    steps[report.name] = report
                    yield _event(report)
            yield Progressed("the script", "run", run.seconds)
        yield _end("the script", "run", run.elapsed, failed=run.exit_code != 0)
        if not editor_first:
            start_editor(room)
        yield from _background(room, run, steps)
    ended = tuple(replace(step, log=_log(room, step)) for step in steps.values())
    notes = [OWNERS] if any(call.tool == "chown" for call in room.calls()) else []
    return Start(round(run.elapsed, 3), run.exit_code, ended, tuple(output)), notes


def _log(room: Room, step: StepReport) -> tuple[str, ...]:
    if step.state != "failed" or "/" in step.name:
        return ()
    text = room.read(f"{HOME}/{STATE}/logs/{step.name}.log") or ""
    last = [line for text in text.splitlines() for line in _without_meter(text)][-LOG_LINES:]
    return tuple("".join(filter(str.isprintable, line)) for line in last)  # it may hold what moves a terminal's cursor


def _without_meter(text: str) -> list[str]:
    """The lines that a terminal would show, without what curl draws while it works."""
    lines = [BEFORE_ERROR.sub("", line) for line in text.split("\r") if line or text == line]
    return [line for line in lines if not HEAD.fullmatch(line) and not METER.fullmatch(line)]


def _background(room: Room, run: Run, steps: dict[str, StepReport]) -> Work[None]:
    """Wait for what the script left to be done, and take down how it ended."""
    waiting = [name for name, step in steps.items() if step.state == "background"]
    if not waiting:
        return
    subject = ", ".join(waiting)
    yield Started(subject, "background")
    while not run.wait_for_background(0.5) and run.seconds < run.elapsed + BACKGROUND_SECONDS:
        yield Progressed(subject, "background", run.seconds - run.elapsed)
    ended = {report.name: report for report in _read_all(room) if report.name in waiting}
    for name in waiting:
        steps[name] = ended.get(name, steps[name])
        if steps[name].state == "started":
            steps[name] = replace(steps[name], state="background")
        yield _event(steps[name])
    yield _end(subject, "background", run.seconds - run.elapsed, failed=False)


def _read(text: str) -> StepReport | None:
    found = LINE.fullmatch(text.rstrip())
    return StepReport(found["name"], found["state"], float(found["seconds"]), found["detail"] or "") if found else None


def _read_all(room: Room) -> Iterator[StepReport]:
    text = room.read(f"{HOME}/{STATE}/status") or ""
    return (report for line in text.splitlines() if (report := _read(line)))


def _event(report: StepReport) -> Finished | Failed:
    if report.state == "failed":
        return Failed(f"{report.name} ({report.detail})" if report.detail else report.name, "run", report.seconds)
    return Finished(report.name, report.state, report.seconds, report.detail)


def _end(subject: str, action: str, seconds: float, *, failed: bool) -> Finished | Failed:
    return Failed(subject, action, seconds) if failed else Finished(subject, action, seconds)
