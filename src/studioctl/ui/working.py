"""The page of a piece of work: what it says while it lasts, and how it ended."""

from collections.abc import AsyncIterator
from functools import partial

import markupsafe
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.errors import ExitCode, StudioctlError
from studioctl.presentation.progress import duration
from studioctl.ui import pages
from studioctl.ui.desk import Desk
from studioctl.ui.jobs import Job


def routes(desk: Desk) -> list[Route]:
    """The page and its stream."""
    where = "/jobs/{number:int}"
    return [desk.reading(where, partial(_page, desk)), desk.streaming(f"{where}/events", partial(_events, desk))]


def _job(desk: Desk, request: Request) -> Job:
    job = desk.jobs.get(int(request.path_params["number"]))
    if job is None:
        raise StudioctlError(
            "There is no such work: studioctl ui was started anew since then.",
            hint="go back to the spaces",
            exit_code=ExitCode.USAGE,
        )
    return job


def _page(desk: Desk, request: Request) -> Response:
    job = _job(desk, request)
    base = desk.base(job.environment, "")
    back = job.back or (desk.path(job.environment), "Back to the spaces")
    return pages.answer(pages.render("job.html", base=base, job=job, panel=_panel(desk, job), back=back))


def _panel(desk: Desk, job: Job) -> markupsafe.Markup:
    error = desk.told(job.error, job.environment) if job.error else None
    return pages.render(
        "_job.html",
        job=job,
        error=error,
        elapsed=duration(job.seconds),
        expected=duration(job.expected.seconds) if job.expected and job.expected.seconds else "",
        open=desk.path(job.environment, job.space, "open") if job.space and job.outcome == "done" else "",
        can_open=job.verb == "starting",
    )


async def _events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The panel whenever it says something else, until the work is over; then an event by which the browser leaves."""
    job = desk.jobs.get(int(request.path_params["number"]))
    seen: tuple[int, int, bool] | None = None
    last = ""
    async for _ in desk.ticks():
        if job is None:
            return
        if (now := (job.version, int(job.seconds), job.is_over)) != seen:
            seen, text = now, _panel(desk, job)
            if text != last:
                last = text
                yield pages.part("panel", text)
        if seen[2] and seen[0] == job.version:
            yield pages.part("stream", "", "delete")  # the browser leaves; it would ask again otherwise
            return
