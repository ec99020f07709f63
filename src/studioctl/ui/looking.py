"""Pages that only look: network and permissions, money, findings, logs."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import partial

import markupsafe
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl import programs
from studioctl.operations.costs.estimate import Estimate, estimate
from studioctl.operations.costs.month import Month, month
from studioctl.operations.costs.words import amount, by_item, summary, ways
from studioctl.operations.doctor.catalogue import GROUPS
from studioctl.operations.doctor.examination import examine
from studioctl.operations.spaces import logs, start_stop
from studioctl.presentation import audit as audited
from studioctl.presentation import month as months
from studioctl.presentation.doctor import MARKS, WORDS
from studioctl.presentation.report_page import picture
from studioctl.report import facts, permissions, topology
from studioctl.ui import pages
from studioctl.ui.desk import PAUSE, Desk
from studioctl.ui.spaces import path

MONTHS = ("this", "last")
LOG_LINES = 200
LOOK = 1.0  # seconds between two looks at a log


def routes(desk: Desk) -> list[Route]:
    """The pages, and the parts of them that take long and come later."""
    page = "/e/{environment}/"
    return [
        desk.reading(page + "network", partial(_network, desk)),
        desk.reading(page + "costs", partial(_costs, desk)),
        desk.reading(page + "costs/{month}", partial(_month, desk)),
        desk.reading(page + "findings", partial(_findings, desk)),
        desk.reading(page + "findings/audit", partial(_audit, desk)),
        desk.reading(page + "findings/doctor", partial(_doctor, desk)),
        desk.reading(page + "spaces/{space}/logs", partial(_logs, desk)),
        desk.streaming(page + "spaces/{space}/logs/events", partial(_log_events, desk)),
    ]


def _name(request: Request) -> str:
    return str(request.path_params["environment"])


def _network(desk: Desk, request: Request) -> Response:
    name = _name(request)
    file = desk.file_of(name).audit(offline=True)
    words = topology.in_words(file.config)
    drawn = programs.laid_out(topology.dot(file.config), os.environ)
    svg = markupsafe.Markup(picture(drawn, words)) if drawn else ""  # noqa: S704 (of known shapes and escaped text)
    return pages.answer(
        pages.render(
            "network.html",
            base=desk.base(name, "network"),
            words=words,
            svg=svg,
            matrix=permissions.matrix(file.config, file.blueprint),
            kept=facts.kept(file.config),
        )
    )


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: what it stands for, its value in words, and its length in percent of the longest."""

    label: str
    value: str
    percent: float


def bars(values: Iterable[tuple[str, str, float]]) -> list[Bar]:
    """A chart: the longest bar first.

    Args:
        values: Label, value in words, value.
    """
    found = sorted(values, key=lambda each: -each[2])
    longest = max((value for _, _, value in found), default=0.0)
    return [Bar(label, words, round(100 * value / longest, 2) if longest else 0.0) for label, words, value in found]


def _costs(desk: Desk, request: Request) -> Response:
    name = _name(request)
    of_file = desk.ways.file_of(name)
    found = estimate(of_file.audit(offline=True).config) if of_file else None
    values = {"base": desk.base(name, "costs"), "months": MONTHS, "here": path(name)}
    return pages.answer(pages.render("costs.html", **values, found=_estimated(found) if found else None))


def _estimated(found: Estimate) -> dict[str, object]:
    """The estimate as a chart of what is paid for, and a table of who pays in which way."""
    rows = [
        (whose, *(amount(money) for money in (costs.standing, costs.working, costs.forgotten)))
        for whose, costs in summary(found)
    ]
    return {
        "bars": bars((what, amount(money), money.usd) for what, money in by_item(found.lines)),
        "rows": rows,
        "hours": ways(found)[1],
        "head": ("USD a month", *ways(found)),
        "words": facts.priced(found),
    }


def _month(desk: Desk, request: Request) -> Response:
    name, asked = _name(request), str(request.path_params["month"])
    found = month(desk.account(name), asked if asked in MONTHS else MONTHS[0])
    return pages.answer(pages.render("_month.html", found=found, bars=_used(found), sure=months.sureness(found)))


def _used(found: Month) -> list[Bar]:
    values = [
        (f"{each.user or '?'}: {each.space or each.app}{' (runs now)' if each.running else ''}",
         f"{months.usd(each.usd)} USD, {each.hours:,.1f} h on {each.instance_type or '?'}", each.usd or 0.0)
        for each in found.used
    ]  # fmt: skip
    values += [(each.kind, f"{months.usd(each.usd)} USD", each.usd or 0.0) for each in found.stored]
    return bars(values)


def _findings(desk: Desk, request: Request) -> Response:
    name = _name(request)
    desk.file_of(name)
    return pages.answer(pages.render("findings.html", base=desk.base(name, "findings"), here=path(name)))


def _audit(desk: Desk, request: Request) -> Response:
    found = desk.file_of(_name(request)).audit(offline=False).report()
    listed = [(each.rule.severity.word, each.rule.id, list(audited.told(each, found))) for each in found.open]
    accepted = [("accepted", each.rule.id, list(audited.told(each, found))) for each in found.accepted]
    counts = ", ".join(f"{number} {word}" for word, number in found.counts().items() if number) or "nothing"
    return pages.answer(pages.render("_findings.html", id="audit", counts=counts, listed=listed, more=accepted))


def _doctor(desk: Desk, request: Request) -> Response:
    name = _name(request)
    found = examine(desk.file_of(name).patient(), GROUPS)
    listed: list[tuple[str, str, list[str]]] = []
    fine: list[tuple[str, str, list[str]]] = []
    for each in sorted(found.findings, key=lambda each: -each.severity):
        lines = [line for line in (each.message, each.why, each.remedy and f"do: {each.remedy}") if line]
        entry = (each.severity.word, f"{MARKS[each.severity][0]} {each.id}", lines)
        (listed if each.remedy else fine).append(entry)
    counts = ", ".join(f"{number} {WORDS[word][number != 1]}" for word, number in found.counts().items() if number)
    return pages.answer(pages.render("_findings.html", id="doctor", counts=counts, listed=listed, more=fine))


def _logs(desk: Desk, request: Request) -> Response:
    name, space = _name(request), str(request.path_params["space"])
    stream = f"{path(name, space, 'logs')}/events"
    return pages.answer(pages.render("logs.html", base=desk.base(name, "spaces"), space=space, stream=stream))


async def _log_events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The last lines, and then each new one as it comes."""
    name, space = _name(request), str(request.path_params["space"])
    account = desk.account(name)
    try:
        found = await run_in_threadpool(start_stop.find, account, space)
        looks = logs.looks(account, found, lines=LOG_LINES)
        is_first = True
        while not desk.stopping.is_set():
            new = await run_in_threadpool(next, looks)
            if new or is_first:
                yield _lines(new, is_first=is_first)
            else:
                yield ""
            is_first = False
            for _ in range(round(LOOK / PAUSE)):
                if not desk.stopping.is_set():
                    await asyncio.sleep(PAUSE)
    except Exception as error:  # noqa: BLE001 (the page says it)
        ours = desk.told(desk.as_ours(error), name)
        yield pages.part("trouble", pages.render("_trouble.html", error=ours))
        await asyncio.sleep(LOOK)


def _lines(new: Iterable[logs.LogLine], *, is_first: bool) -> str:
    """Lines for the log. The first look replaces what is there: the browser may come for a second time."""
    listed = list(new)
    text = pages.render("_log.html", lines=listed, is_empty=is_first and not listed)
    return pages.part("log", text, "innerHTML" if is_first else "beforeend")
