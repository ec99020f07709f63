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
from studioctl.ui.spaces import path


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
    return pages.answer(
        pages.render("job.html", base=base, job=job, panel=_panel(desk, job), back=path(job.environment))
    )


def _panel(desk: Desk, job: Job) -> markupsafe.Markup:
    error = desk.told(job.error, job.environment) if job.error else None
    return pages.render(
        "_job.html",
        job=job,
        error=error,
        elapsed=duration(job.seconds),
        expected=duration(job.expected.seconds) if job.expected and job.expected.seconds else "",
        open=path(job.environment, job.space, "open") if job.space and job.outcome == "done" else "",
        can_open=job.verb == "starting",
    )


async def _events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The panel whenever it says something else, until the work is over; then an event by which the browser leaves."""
    job = desk.jobs.get(int(request.path_params["number"]))
    seen = -1
    last = ""
    async for _ in desk.ticks():
        if job is None:
            return
        version = job.version
        if version != seen or not job.is_over:
            seen, text = version, _panel(desk, job)
            if text != last:
                last = text
                yield pages.part("panel", text)
            elif seen == -1:
                yield ""
        if job.is_over and version == job.version:
            return
