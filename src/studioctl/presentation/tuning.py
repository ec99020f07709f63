"""Show a study: live while it runs, and as a status, a best trial, or a list."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from studioctl.events import Noted
from studioctl.presentation.console import Terminal
from studioctl.presentation.json import line
from studioctl.presentation.tables import listing

if TYPE_CHECKING:
    from studioctl.operations.tuning.jobs import Estimate
    from studioctl.operations.tuning.workers import Estimate as WorkersEstimate
    from studioctl.tuning.controller import Looked, TrialEnded
    from studioctl.tuning.package import Package
    from studioctl.tuning.records import StudyStatus, TrialRecord
    from studioctl.tuning.runs import RunResult, Settings

MOST_PARAMS = 6  # more do not fit into a line


def follow(work: "Generator[TrialEnded | Looked | Noted, None, RunResult]", terminal: Terminal) -> "RunResult":
    """Shows a run to its end, on stderr: a table that is redrawn on a terminal, a line for each trial in a pipe."""
    with ExitStack() as stack:
        live: Live | None = None
        while True:
            try:
                event = next(work)
            except StopIteration as stop:
                result: RunResult = stop.value
                return result
            except KeyboardInterrupt as stop:
                work.throw(stop)
                raise
            if isinstance(event, Noted):
                terminal.say(event.message)
            elif terminal.err.is_terminal:
                live = live or stack.enter_context(Live(console=terminal.err, auto_refresh=False, transient=True))
                live.update(_table(event.status), refresh=True)
            elif (trial := getattr(event, "trial", None)) is not None:
                terminal.say(_ended_line(trial, event.status))


def show_workers(
    most: "WorkersEstimate", package: "Package", settings: "Settings", place: str, terminal: Terminal
) -> None:
    """Tells which size was chosen, which files a run with workers sends, its highest cost, and what it needs."""
    terminal.say(
        f"Workers: {settings.workers} training jobs at a time in {place}, each for many trials; they share the study in"
        f" the database '{most.database}' of [tuning]."
    )
    jobs = most.jobs
    _say_files(package, terminal)
    if most.usd is None or jobs.usd is None:
        terminal.say(f"Cost: not known here{f'; did you mean {jobs.meant}?' if jobs.meant else '.'}")
    else:
        terminal.say(
            f"Cost: ${most.usd:.2f} at most: ${jobs.usd:.2f} for {jobs.jobs} jobs (each worker {most.jobs_each} times)"
            f" of {jobs.longest_minutes} minutes at ${jobs.usd_per_hour:.4g} an hour ({jobs.source}), and"
            f" ${most.database_usd:.2f} for all {most.acu:g} ACU of the database in that time. A worker ends as soon as"
            " nothing is left to do."
        )
    _say_quota(jobs, settings, terminal)
    terminal.say(f"Connections: up to {most.connections} of the database's {most.most_connections:,}.")


def show_estimate(most: "Estimate", package: "Package", settings: "Settings", place: str, terminal: Terminal) -> None:
    """Tells which files a run with jobs sends, its highest cost, and the quota that it needs."""
    terminal.say(f"Jobs: one for each trial, {settings.workers} at a time, in {place}.")
    _say_files(package, terminal)
    if most.usd is None:
        meant = f"; did you mean {most.meant}?" if most.meant else "."
        terminal.say(f"Cost: the price of a training job on this instance type is not known here{meant}")
    else:
        terminal.say(
            f"Cost: ${most.usd:.2f} at most, for {most.jobs} jobs (each trial {1 + settings.retries} times) of"
            f" {most.longest_minutes} minutes at ${most.usd_per_hour:.4g} an hour ({most.source})."
        )
    _say_quota(most, settings, terminal)


def _say_files(package: "Package", terminal: Terminal) -> None:
    terminal.say(
        f"Files: the {package.files} in {package.directory} that are not hidden ({package.size / 1000:.0f} kB) go to"
        " the environment's bucket."
    )


def _say_quota(most: "Estimate", settings: "Settings", terminal: Terminal) -> None:
    has = "what the account has is not known" if most.quota is None else f"the account has {most.quota}"
    fewer = " Trials beyond that wait." if most.quota is not None and most.quota < settings.workers else ""
    if most.quota == 0:
        fewer = " On AWS nothing would start."
    terminal.say(f"Quota: {settings.workers} of '{most.quota_name}', and {has}.{fewer}")


def _ended_line(trial: "TrialRecord", status: "StudyStatus") -> str:
    how = {"complete": _values(trial), "pruned": "pruned"}.get(trial.state, f"failed: {trial.error}")
    best = f"   best {_values(status.best[0])} (trial {status.best[0].number})" if len(status.best) == 1 else ""
    return f"trial {trial.number}: {how}   {status.finished} of {status.wanted}{best}"


def ended(result: "RunResult", terminal: Terminal, *, flags: str) -> None:
    """Says how a run ended, and what to do next."""
    status = result.status
    reasons = {
        "finished": "has",
        "timeout": "ran out of time with",
        "stopped": "was stopped with",
        "money": "reached its limit with",
        "workers": "has used up its workers with",
        "script": "has a script that ended by itself with",
    }
    queued = f", and {status.waiting} queued" if status.waiting else ""
    terminal.say(f"Study '{status.study}' {reasons[result.reason]} {_counts(status)}{queued}.")
    _say_best(status, terminal)
    named = f" --study {status.study}{flags}"
    more = [(f"studioctl tune resume{named}", "go on")] if result.reason != "finished" else []
    terminal.next_commands(
        *more, (f"studioctl tune plot{named}", "draw it"), (f"studioctl tune best{named}", "show it again")
    )


def show(status: "StudyStatus", terminal: Terminal) -> None:
    """A study's status on stdout."""
    terminal.out.print(_table(status), soft_wrap=True)


def show_best(status: "StudyStatus", terminal: Terminal) -> None:
    """The best trials on stdout, a line for each value."""
    if not status.best:
        terminal.say(f"Study '{status.study}' has no complete trial yet.")
    for trial in status.best:
        rows = [("trial", trial.number), ("value", _values(trial)), *trial.params.items()]
        width = max(len(name) for name, _ in rows)
        terminal.out.print("\n".join(f"{name:<{width}}  {_number(value)}" for name, value in rows), soft_wrap=True)


def show_all(studies: "Iterable[StudyStatus]", terminal: Terminal) -> None:
    """The studies on stdout, one below the other."""
    table = listing(terminal.out, "STUDY", "STATE", "TRIALS", "BEST", "DIRECTORY")
    found = tuple(studies)
    for each in found:
        best = _values(each.best[0]) if len(each.best) == 1 else f"{len(each.best)} trials" if each.best else "-"
        state = "running" if each.is_running or each.live else "stopped"
        table.add_row(each.study, state, str(each.finished), best, str(each.directory))
    if found:
        terminal.out.print(table)
    else:
        terminal.say("There is no study here.")


def watch(looks: "Iterable[StudyStatus]", terminal: Terminal, wait: Callable[[float], None], *, as_json: bool) -> None:
    """Shows each look as it comes: redrawn in place on a terminal, one below the other in a pipe."""
    with ExitStack() as stack:
        live = None
        if not as_json and terminal.out.is_terminal:
            live = stack.enter_context(Live(console=terminal.out, auto_refresh=False))
        for look in looks:
            if as_json:
                terminal.data(line(look))
            elif live:
                live.update(_table(look), refresh=True)
            else:
                show(look, terminal)
            wait(1.0)


def _table(status: "StudyStatus") -> RenderableType:
    state = f"running, process {status.controller}, {status.workers} workers" if status.is_running else "stopped"
    if status.is_shared:
        watched = f"watched by process {status.controller}" if status.is_running else "watched by nobody here"
        state = f"{status.live} workers, {watched}" if status.live or status.is_running else "stopped"
    rows = [
        ("study", f"{status.study}  ({' and '.join(status.directions)})"),
        ("state", state),
        ("trials", _counts(status) + (f" of {status.wanted}" if status.wanted else "")),
        ("now", f"{status.running} running, {status.waiting} queued, {status.retried} tried again"),
        ("best", _best(status)),
        ("rate", f"{status.per_minute:.1f} trials a minute" if status.per_minute else "-"),
        ("ends", f"about {_clock(status.ends_at)}" if status.ends_at else "-"),
        ("cost", _cost(status)),
        *(
            (("seen", f"{_clock(status.seen_at, seconds=True)}, in the copy that workers leave"),)
            if status.seen_at
            else ()
        ),
    ]
    return Group(*(Text(f"{name:<7} {value}", overflow="ellipsis") for name, value in rows))


def _cost(status: "StudyStatus") -> str:
    def shown(usd: float) -> str:
        return f"${usd:.2f}" if usd >= 0.01 or not usd else f"${usd:.4f}"

    if not status.jobs and not status.is_shared:
        return "$0.00: it runs on this machine"
    expected = "" if status.usd_expected is None else f", about {shown(status.usd_expected)} in the end"
    return shown(status.usd) + expected


def _counts(status: "StudyStatus") -> str:
    kinds = (("complete", status.complete), ("pruned", status.pruned), ("failed", status.failed))
    parts = ", ".join(f"{count} {name}" for name, count in kinds if count)
    return f"{status.finished} trials" + (f" ({parts})" if parts else "")


def _best(status: "StudyStatus") -> str:
    if not status.best:
        return "-"
    if len(status.best) > 1:
        return f"{len(status.best)} trials: none is better in all objectives"
    best = status.best[0]
    params = [f"{name}={_number(value)}" for name, value in best.params.items()]
    more = ["..."] if len(params) > MOST_PARAMS else []
    return f"{_values(best)} in trial {best.number}: {', '.join([*params[:MOST_PARAMS], *more])}"


def _say_best(status: "StudyStatus", terminal: Terminal) -> None:
    if status.best:
        terminal.say(f"Best: {_best(status)}.")


def _values(trial: "TrialRecord") -> str:
    return ", ".join(_number(value) for value in trial.values or ())


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _clock(moment: datetime, *, seconds: bool = False) -> str:
    here = moment.astimezone()
    time = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    return time if here.date() == datetime.now(UTC).astimezone().date() else f"{here:%Y-%m-%d} {time}"
