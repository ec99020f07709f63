"""The editor's script, rehearsed on this machine: a first start in an empty home, and a second one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.room import Room, reach
from studio_emulator.sandbox.run import AWS_SECONDS, Run
from studioctl.events import Failed, Finished, Progressed, Stage, Started, Work
from studioctl.lifecycle.script import LINE

BACKGROUND_SECONDS = 900.0
"""How long what a start left in the background is waited for."""

SUMMARY = "summary"
STATE = ".local/state/studioctl"
LOG_LINES = 10


@dataclass(frozen=True)
class StepReport:
    """What a step of the script said about itself.

    Args:
        name: Such as "tools".
        state: "done", "unchanged", "skipped", "background" or "failed".
        seconds: How long it took.
        detail: What it changed, or why it failed.
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
        seconds: How long the script held up the app.
        exit_code: The script's; None when its time was up.
        steps: In the order in which they ended. What went on in the background has the state that it ended with.
        output: What the script wrote besides.
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
    """Both starts. `root` is where the image's root was laid out; None when it was removed."""

    image: str
    root: str | None
    cold: Start
    warm: Start

    @property
    def failed(self) -> bool:
        """Whether one of the two failed."""
        return self.cold.failed or self.warm.failed


def rehearse(script: str, image: Image, *, keep: bool = False) -> Work[Rehearsal]:
    """Run the script twice in a throw-away root with the image's layout, the second time with the home of the first.

    Args:
        script: Its text.
        image: Whose layout.
        keep: Leave the root.

    Raises:
        StudioctlError: It cannot be run on this machine.
    """
    with contextlib.ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="studioctl-editor-"))
        if not keep:
            stack.callback(shutil.rmtree, place, ignore_errors=True)
        room = Room(place / "root", image)
        yield Stage(f"First start on image {image}, in an empty home")
        cold = yield from _start(room, script)
        yield Stage("Second start, in the home of the first")
        warm = yield from _start(room, script)
    return Rehearsal(str(image), str(room.root) if keep else None, cold, warm)


def _start(room: Room, script: str) -> Work[Start]:
    room.lay_out()
    steps: dict[str, StepReport] = {}
    output: list[str] = []
    with Run(room, script, room.environment(reach(os.environ)), seconds=AWS_SECONDS) as run:
        yield Started("the script", "run")
        for lines in run.glances():
            for text in (line.text for line in lines):
                report = _read(text)
                if report is None:
                    output.append(text)
                elif report.name != SUMMARY:
                    steps[report.name] = report
                    yield _event(report)
            yield Progressed("the script", "run", run.seconds)
        yield _end("the script", "run", run.elapsed, failed=run.exit_code != 0)
        room.start_editor()
        yield from _background(room, run, steps)
    ended = tuple(replace(step, log=_log(room, step)) for step in steps.values())
    return Start(round(run.elapsed, 3), run.exit_code, ended, tuple(output))


def _log(room: Room, step: StepReport) -> tuple[str, ...]:
    file = room.home / STATE / "logs" / f"{step.name}.log"
    if step.state != "failed" or not file.exists():
        return ()
    last = file.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return tuple("".join(filter(str.isprintable, line)) for line in last)  # it may hold what moves a terminal's cursor


def _background(room: Room, run: Run, steps: dict[str, StepReport]) -> Work[None]:
    """Wait for what the script left to be done, and take down how it ended."""
    waiting = [name for name, step in steps.items() if step.state == "background"]
    if not waiting:
        return
    subject = ", ".join(waiting)
    yield Started(subject, "background")
    while not run.wait_for_background(0.5) and run.seconds < run.elapsed + BACKGROUND_SECONDS:
        yield Progressed(subject, "background", run.seconds - run.elapsed)
    ended = {report.name: report for report in _read_all(room.home / STATE / "status") if report.name in waiting}
    for name in waiting:
        steps[name] = ended.get(name, steps[name])
        if steps[name].state == "started":
            steps[name] = replace(steps[name], state="background")
        yield _event(steps[name])
    yield _end(subject, "background", run.seconds - run.elapsed, failed=False)


def _read(text: str) -> StepReport | None:
    found = LINE.fullmatch(text.rstrip())
    return StepReport(found["name"], found["state"], float(found["seconds"]), found["detail"] or "") if found else None


def _read_all(file: Path) -> Iterator[StepReport]:
    lines: Iterable[str] = file.read_text(errors="replace").splitlines() if file.exists() else ()
    return (report for line in lines if (report := _read(line)))


def _event(report: StepReport) -> Finished | Failed:
    if report.state == "failed":
        return Failed(f"{report.name} ({report.detail})" if report.detail else report.name, "run", report.seconds)
    return Finished(report.name, report.state, report.seconds, report.detail)


def _end(subject: str, action: str, seconds: float, *, failed: bool) -> Finished | Failed:
    return Failed(subject, action, seconds) if failed else Finished(subject, action, seconds)
