"""The page of an environment: its spaces, what they cost, and what a click does to them."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from urllib.parse import quote, urlencode

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
from studioctl.ui.desk import Desk, Form
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


def path(environment: str, space: str = "", verb: str = "") -> str:
    """The address of an environment's page, or of what is done to a space."""
    return f"/e/{quote(environment)}/" + (f"spaces/{quote(space)}/{verb}" if space else "")


def _page(desk: Desk, request: Request) -> Response:
    name, chosen = _asked(request)
    watch = desk.watch(name)
    watch.first(PATIENCE)
    moment = int(desk.clock())
    # Before what it stands for: news may come twice, and never not at all.
    version = f"{_version(desk, name)}.{moment}"
    parts = dict(_parts(desk, name, chosen, watch.seen, moment))
    values = {"base": desk.base(name, "spaces"), "chosen": chosen, "filters": FILTERS}
    return pages.answer(pages.render("spaces.html", **values, parts=parts, stream=_stream(name, chosen, version)))


def _version(desk: Desk, name: str) -> str:
    """Stands for everything that a page shows, but for the time: what runs does so for a minute more with each."""
    return f"{desk.watch(name).version}.{desk.jobs.version}"


def _stream(name: str, chosen: Filter, version: str) -> str:
    return f"{path(name)}events?" + urlencode({"q": chosen.text, "state": chosen.state, "v": version})


def _asked(request: Request) -> tuple[str, Filter]:
    state = request.query_params.get("state", "all")
    text = request.query_params.get("q", "")[:100].strip()
    return str(request.path_params["environment"]), Filter(text, state if state in FILTERS else "all")


def _parts(
    desk: Desk, name: str, chosen: Filter, found: Status | None, moment: int
) -> Iterator[tuple[str, markupsafe.Markup]]:
    """By id: everything on the page that changes."""
    watch = desk.watch(name)
    trouble = desk.told(watch.error, name) if watch.error else None
    yield "trouble", pages.render("_trouble.html", error=trouble)
    if found is None:
        yield "summary", pages.render("_waiting.html", is_over=bool(trouble))
        yield "rows", markupsafe.Markup('<div id="rows"></div>')
        return
    yield "summary", _summary(found)
    every = rows.rows(found, desk.jobs.latest(name), moment)
    listed = [row for row in every if chosen.lets(row)]
    yield "rows", _table(name, listed, len(every))


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


def _table(name: str, listed: list[Row], everything: int) -> markupsafe.Markup:
    drawn = markupsafe.Markup("").join(_drawn(name, row) for row in listed)
    return pages.render("_rows.html", rows=drawn, shown=len(listed), everything=everything)


def _drawn(name: str, row: Row) -> markupsafe.Markup:
    return pages.render("_row.html", row=row, here=path(name, row.name))


async def _events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The parts of the page that changed: single rows, or the whole table where other spaces are shown than before."""
    name, chosen = _asked(request)
    watch = desk.watch(name)
    known, _, drawn_at = request.query_params.get("v", "").rpartition(".")
    drawn, seen, said = _Drawn(desk, name, chosen), ("", 0), False
    with watch.listening():
        if MOMENT.fullmatch(drawn_at):
            drawn.news(watch.seen, int(drawn_at))  # the browser has that already
        if known != _version(desk, name):
            drawn = _Drawn(desk, name, chosen)
        async for is_time in desk.ticks():
            moment = int(desk.clock())
            if (now := (_version(desk, name), moment // 60)) != seen:
                seen = now
                if text := drawn.news(watch.seen, moment):
                    yield text
                    continue
            if is_time or not said:
                said = True
                yield ""


class _Drawn:
    """The state of a browser that shows an environment."""

    def __init__(self, desk: Desk, name: str, chosen: Filter) -> None:
        self._desk, self._name, self._chosen = desk, name, chosen
        self._rows: dict[str, Row] = {}
        self._everything = -1  # nothing is drawn yet
        self._others: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def news(self, found: Status | None, moment: int) -> str:
        """Parts that are not as they were the last time."""
        every = rows.rows(found, self._desk.jobs.latest(self._name), moment) if found else []
        listed = {row.id: row for row in every if self._chosen.lets(row)}
        texts = [*self._frame(found), *self._changed(found, listed, len(every))]
        if said := rows.changes(self._words, every):
            texts.append(pages.part("said", markupsafe.escape(said), "innerHTML"))
        self._words = {row.name: row.word for row in every}
        self._rows = listed
        return "".join(texts)

    def _frame(self, found: Status | None) -> Iterator[str]:
        watch = self._desk.watch(self._name)
        trouble = self._desk.told(watch.error, self._name) if watch.error else None
        others = {"trouble": pages.render("_trouble.html", error=trouble)}
        if found:
            others["summary"] = _summary(found)
        for target, text in others.items():
            if self._others.get(target) != text:
                yield pages.part(target, text)
        self._others = {**self._others, **others}

    def _changed(self, found: Status | None, listed: Mapping[str, Row], everything: int) -> Iterator[str]:
        if found is None:
            return
        if listed.keys() != self._rows.keys() or everything != self._everything:
            self._everything = everything
            yield pages.part("rows", _table(self._name, list(listed.values()), everything))
            return
        for key, row in listed.items():
            if row != self._rows[key]:
                yield pages.part(key, _drawn(self._name, row))


def _start(desk: Desk, request: Request, _form: Form) -> Response:
    _, space, account = _which(desk, request)
    return _begin(desk, request, _starting(account, space), title=f"Start '{space}'", verb="starting")


def _starting(account: Account, space: str) -> Work[str]:
    found = start_stop.find(account, space)
    app = yield from start_stop.start(account, found)
    return daily.runs(found.name, app.instance_type, usd_per_hour=usd_per_hour(account, app))


def _stop(desk: Desk, request: Request, _form: Form) -> Response:
    _, space, account = _which(desk, request)
    return _begin(desk, request, _stopping(account, space), title=f"Stop '{space}'", verb="stopping")


def _stopping(account: Account, space: str) -> Work[str]:
    stopped = yield from start_stop.stop(account, (start_stop.find(account, space),))
    return daily.stop(stopped)


def _which(desk: Desk, request: Request) -> tuple[str, str, Account]:
    name = str(request.path_params["environment"])
    return name, str(request.path_params["space"]), desk.account(name)


def _begin(desk: Desk, request: Request, work: Work[str], *, title: str, verb: str) -> Response:
    """Begins the work; htmx gets the row as it is now, everybody else the page."""
    name, space, _ = _which(desk, request)
    watch = desk.watch(name)
    job = desk.jobs.begin(work, title=title, environment=name, space=space, verb=verb, then=watch.nudge)
    if not pages.is_partial(request):
        return pages.go_to(path(name))
    said = pages.part("said", markupsafe.escape(f"{space}: {job.verb}"), "innerHTML")
    every = rows.rows(watch.seen, desk.jobs.latest(name), int(desk.clock())) if watch.seen else []
    found = [row for row in every if row.name == space]
    return pages.answer("".join([said, *(pages.part(row.id, _drawn(name, row)) for row in found)]))


def _ask_to_open(desk: Desk, request: Request) -> Response:
    """The question that `open` asks of a space that is stopped."""
    name, space, account = _which(desk, request)
    found = start_stop.find(account, space)
    if start_stop.state(account, found) == "InService":
        return pages.answer(pages.render("ready.html", base=desk.base(name, "spaces"), here=path(name, space)))
    return pages.answer(
        pages.render(
            "question.html",
            base=desk.base(name, "spaces"),
            title=f"Open '{found.name}'",
            question=daily.start_question(found.name),
            findings=(),
            action=f"{path(name, space)}open",
            fields={"start": "yes"},
            yes="Start it",
            back=path(name),
        )
    )


def _open(desk: Desk, request: Request, form: Form) -> Response:
    """Sends the browser to the editor. The address is a credential: it is in no history and no cache."""
    name, space, account = _which(desk, request)
    found = start_stop.find(account, space)
    if start_stop.state(account, found) == "InService":
        url = address.presigned_url(account, found, expires_seconds=OPENS_WITHIN)
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise StudioctlError("AWS answered with an address that is none.", hint=f"studioctl open {space}")
        return pages.answer(pages.render("opening.html", base=desk.base(name, ""), space=space, url=url))
    if form.get("start") != "yes":
        return pages.go_to(f"{path(name, space)}open")
    title = f"Start '{space}'"
    watch = desk.watch(name)
    job = desk.jobs.begin(
        _starting(account, space), title=title, environment=name, space=space, verb="starting", then=watch.nudge
    )
    return pages.go_to(f"/jobs/{job.id}")
