"""The page of an environment: its spaces, what they cost, and what a click does to them."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import markupsafe
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.errors import StudioctlError
from studioctl.events import Work
from studioctl.operations.costs.rates import usd_per_hour
from studioctl.operations.environment import Account
from studioctl.operations.spaces import address, start_stop
from studioctl.operations.status import Status
from studioctl.presentation import daily
from studioctl.presentation import status as words
from studioctl.ui import pages, rows
from studioctl.ui.desk import Desk, Form, environment_of, space_of
from studioctl.ui.jobs import Job
from studioctl.ui.rows import FILTERS, Filter, Row

PATIENCE = 0.5  # seconds that a page waits for a first look
MOMENT = re.compile("[0-9]{1,10}")  # seconds since 1970
OPENS_WITHIN = 60  # seconds in which the browser follows the address that it is sent


def routes(desk: Desk) -> list[Route]:
    """Everything below an environment's page that is about its spaces."""
    page = "/e/{environment}/"
    space = page + "spaces/{space}/"
    return [
        desk.reading(page, partial(_page, desk)),
        desk.streaming(page + "events", partial(_events, desk)),
        desk.changing(space + "start", partial(_start, desk)),
        desk.changing(space + "stop", partial(_stop, desk)),
        desk.reading(space + "open", partial(_ask_to_open, desk)),
        desk.changing(space + "open", partial(_open, desk)),
    ]


def _page(desk: Desk, request: Request) -> Response:
    name, chosen = _asked(request)
    watch = desk.watch(name)
    watch.first(PATIENCE)
    moment = int(desk.clock())
    # Before what it stands for: news may come twice, and never not at all.
    version = f"{_version(desk, name)}.{moment}"
    shown = _shown(desk, name, chosen, moment)
    values: dict[str, object] = {"base": desk.base(name, "spaces"), "chosen": chosen, "filters": FILTERS}
    stream = f"{desk.path(name)}events?" + urlencode({"q": chosen.text, "state": chosen.state, "v": version})
    values |= {"parts": shown.frame, "table": shown.drawn(desk, name), "stream": stream}
    return pages.streamed("spaces.html", lambda error: desk.told(desk.as_ours(error), name), **values)


def _version(desk: Desk, name: str) -> str:
    """Stands for everything that a page shows, but for the time: what runs does so for a minute more with each."""
    return f"{desk.watch(name).version}.{desk.jobs.version}.{int(desk.waits_for_somebody(name))}"


def _asked(request: Request) -> tuple[str, Filter]:
    state = request.query_params.get("state", "all")
    text = request.query_params.get("q", "")[:100].strip()
    return environment_of(request), Filter(text, state if state in FILTERS else "all")


@dataclass(frozen=True)
class _Shown:
    """Everything on the page that changes.

    Args:
        frame: By id of an element: what is around the rows.
        rows: By id: those that are listed; None while nothing is known.
        everything: The number of rows.
        words: By name of each space: its state in a word.
    """

    frame: Mapping[str, markupsafe.Markup]
    rows: Mapping[str, Row] | None = None
    everything: int = -1
    words: Mapping[str, str] = field(default_factory=dict)

    def drawn(self, desk: Desk, name: str) -> Mapping[str, object] | None:
        """The rows for their template, each drawn when its turn comes; None while nothing is known."""
        if self.rows is None:
            return None
        rows = (_drawn(desk, name, row) for row in self.rows.values())
        return {"rows": rows, "shown": len(self.rows), "everything": self.everything}

    def table(self, desk: Desk, name: str) -> markupsafe.Markup:
        """The rows as an element."""
        return pages.render("_rows.html", table=self.drawn(desk, name))


def _shown(desk: Desk, name: str, chosen: Filter, moment: int) -> _Shown:
    watch = desk.watch(name)
    found, error = watch.seen, watch.error
    since = f"{datetime.fromtimestamp(watch.seen_at, UTC):%H:%M:%S} UTC" if found else ""
    again = not desk.waits_for_somebody(name)
    told = desk.told(error, name, asks_again=again) if error else None
    trouble = pages.render("_trouble.html", error=told, tries_again=again, since=since, is_late=watch.is_late)
    if found is None:
        return _Shown({"trouble": trouble, "summary": pages.render("_waiting.html", is_over=error is not None)})
    every = rows.rows(found, desk.jobs.latest(name), moment)
    listed = {row.id: row for row in every if chosen.lets(row)}
    words_now = {row.name: row.word for row in every}
    return _Shown({"trouble": trouble, "summary": _summary(found)}, listed, len(every), words_now)


def _summary(found: Status) -> markupsafe.Markup:
    counts = {state: sum(space.app_status == state for space in found.spaces) for state in ("InService", "Failed")}
    return pages.render(
        "_summary.html",
        found=found,
        cost=words.paid_now(found) if found.domain else "",
        nothing=words.without_domain(found) if found.domain is None else "",
        running=sum(space.is_paid_for for space in found.spaces),
        failed=counts["Failed"],
        others=rows.others(found),
    )


def _drawn(desk: Desk, name: str, row: Row) -> markupsafe.Markup:
    return pages.render("_row.html", row=row, here=desk.path(name, row.name), jobs=desk.at("/jobs/"))


async def _events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The parts of the page that changed: single rows, or the whole table where other spaces are shown than before."""
    name, chosen = _asked(request)
    watch = desk.watch(name)
    known, _, drawn_at = request.query_params.get("v", "").rpartition(".")
    has, seen, said = _Shown({}), ("", 0, False), False
    with watch.listening():
        if MOMENT.fullmatch(drawn_at):
            drawn = _shown(desk, name, chosen, int(drawn_at))
            has = drawn if known == _version(desk, name) else has  # the browser has that already
        async for is_time in desk.ticks():
            moment = int(desk.clock())
            if (now := (_version(desk, name), moment // 60, watch.is_late)) != seen:
                seen, before, has = now, has, _shown(desk, name, chosen, moment)
                if text := "".join(_news(desk, name, before, has)):
                    yield text
                    continue
            if is_time or not said:
                said = True
                yield ""


def _news(desk: Desk, name: str, before: _Shown, now: _Shown) -> Iterator[str]:
    """Parts that are not as they were."""
    yield from (pages.part(key, text) for key, text in now.frame.items() if before.frame.get(key) != text)
    if now.rows is None:
        return
    if before.rows is None or now.rows.keys() != before.rows.keys() or now.everything != before.everything:
        yield pages.part("rows", now.table(desk, name))
    else:
        yield from (
            pages.part(key, _drawn(desk, name, row)) for key, row in now.rows.items() if row != before.rows[key]
        )
    if said := rows.changes(before.words, now.words):
        yield pages.part("said", markupsafe.escape(said), "innerHTML")


def _start(desk: Desk, request: Request, _form: Form) -> Response:
    _, space, account = _which(desk, request)
    return _begin(desk, request, _starting(account, space), title=f"Start '{space}'", verb="starting")


def _starting(account: Account, space: str) -> Work[str]:
    found = start_stop.find(account, space)
    app = yield from start_stop.start(account, found)
    return daily.runs(found.name, app, usd_per_hour=usd_per_hour(account, app))


def _stop(desk: Desk, request: Request, _form: Form) -> Response:
    _, space, account = _which(desk, request)
    return _begin(desk, request, _stopping(account, space), title=f"Stop '{space}'", verb="stopping")


def _stopping(account: Account, space: str) -> Work[str]:
    stopped = yield from start_stop.stop(account, (start_stop.find(account, space),))
    return daily.stop(stopped)


def _which(desk: Desk, request: Request) -> tuple[str, str, Account]:
    name = environment_of(request)
    return name, space_of(request), desk.account(name)


def _begin(desk: Desk, request: Request, work: Work[str], *, title: str, verb: str) -> Response:
    """Begins the work; htmx gets the row as it is now, everybody else the page."""
    name, space, _ = _which(desk, request)
    job = _job(desk, name, space, work, title=title, verb=verb)
    if not pages.is_partial(request):
        return pages.go_to(desk.path(name))
    said = pages.part("said", markupsafe.escape(f"{space}: {job.verb}"), "innerHTML")
    shown = _shown(desk, name, Filter(), int(desk.clock())).rows or {}
    found = [pages.part(key, _drawn(desk, name, row)) for key, row in shown.items() if row.name == space]
    return pages.answer("".join([said, *found]))


def _job(desk: Desk, name: str, space: str, work: Work[str], *, title: str, verb: str) -> Job:
    return desk.jobs.begin(work, title=title, environment=name, space=space, verb=verb, then=desk.watch(name).nudge)


def _ask_to_open(desk: Desk, request: Request) -> Response:
    """The question that `open` asks of a space that is stopped."""
    name, space, account = _which(desk, request)
    found = start_stop.find(account, space)
    if start_stop.state(account, found) == "InService":
        return pages.answer(pages.render("ready.html", base=desk.base(name, "spaces"), here=desk.path(name, space)))
    return pages.answer(
        pages.render(
            "question.html",
            base=desk.base(name, "spaces"),
            title=f"Open '{found.name}'",
            question=daily.start_question(found.name),
            findings=(),
            action=f"{desk.path(name, space)}open",
            fields={"start": "yes"},
            yes="Start it",
            back=desk.path(name),
        )
    )


def _open(desk: Desk, request: Request, form: Form) -> Response:
    """Sends the browser to the editor. The address is a credential: it is in no history and no cache."""
    name, space, account = _which(desk, request)
    found = start_stop.find(account, space)
    if start_stop.state(account, found) == "InService":
        url = address.portal(account) or address.presigned_url(account, found, expires_seconds=OPENS_WITHIN)
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise StudioctlError("AWS answered with an address that is none.", hint=f"studioctl open {space}")
        return pages.answer(pages.render("opening.html", base=desk.base(name, ""), space=space, url=url))
    if form.get("start") != "yes":
        return pages.go_to(f"{desk.path(name, space)}open")
    job = _job(desk, name, space, _starting(account, space), title=f"Start '{space}'", verb="starting")
    return pages.go_to(desk.at(f"/jobs/{job.id}"))
