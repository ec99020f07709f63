"""Pages that only look: network and permissions, money, findings, logs."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from functools import partial

import markupsafe
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl import programs
from studioctl.findings import Finding
from studioctl.operations.costs.estimate import Estimate, estimate
from studioctl.operations.costs.month import Day, Month, month
from studioctl.operations.costs.words import amount, by_item, summary, ways
from studioctl.operations.doctor.catalogue import GROUPS
from studioctl.operations.doctor.examination import examine
from studioctl.operations.spaces import logs, start_stop
from studioctl.presentation import month as months
from studioctl.presentation.findings import counted
from studioctl.presentation.money import in_cents
from studioctl.presentation.report_page import pictures
from studioctl.report import facts, permissions, topology
from studioctl.ui import pages
from studioctl.ui.charts import Bar, bars, columns
from studioctl.ui.desk import PAUSE, Desk, environment_of, space_of

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


def _network(desk: Desk, request: Request) -> Response:
    name = environment_of(request)
    file = desk.file_of(name).audit(offline=True)
    words = topology.in_words(file.config)
    drawn, narrow = (
        programs.laid_out(graph, os.environ) for graph in (topology.dot(file.config), topology.standing(file.config))
    )
    # Of known shapes and escaped text.
    svg = markupsafe.Markup(pictures(drawn, narrow, words)) if drawn else ""  # noqa: S704
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


def _costs(desk: Desk, request: Request) -> Response:
    name = environment_of(request)
    of_file = desk.ways.file_of(name)
    found = estimate(of_file.audit(offline=True).config) if of_file else None
    values = {"base": desk.base(name, "costs"), "months": MONTHS, "here": desk.path(name)}
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
    name, asked = environment_of(request), str(request.path_params["month"])
    found = month(desk.account(name), asked if asked in MONTHS else MONTHS[0])
    shown = _in_cents(found.days)
    days = columns(found.month, shown)
    rows = [(day.day, f"{day.hours:,.2f}", f"{day.usd:,.2f}") for day in shown]
    return pages.answer(
        pages.render(
            "_month.html",
            found=found,
            bars=_used(found),
            days=days,
            told=f"{months.in_all(found)} USD in {found.month}, at most {days.highest} on a day; see the table.",
            by_day={"head": ("day", "hours", "USD"), "rows": rows, "empty": ""},
            unknown=any(each.usd is None for each in found.used),
            gap=" ".join(filter(None, (months.unknown(found), months.earlier(found)))),
            sure=" ".join(filter(None, (months.sureness(found), months.of_storage(found)))),
        )
    )


def _in_cents(days: Sequence[Day]) -> list[Day]:
    """The days, rounded so that they make the month."""
    hours, dollars = in_cents(day.hours for day in days), in_cents(day.usd for day in days)
    return [
        replace(day, hours=ran or 0.0, usd=cost or 0.0) for day, ran, cost in zip(days, hours, dollars, strict=True)
    ]


def _used(found: Month) -> list[Bar]:
    values = [
        (f"{each.user or '?'}: {each.space or each.app}{' (runs now)' if each.running else ''}",
         f"{months.usd(cost)} USD, {each.hours:,.1f} h on {each.instance_type or '?'}", each.usd or 0.0)
        for each, cost in zip(found.used, in_cents(each.usd for each in found.used), strict=True)
    ]  # fmt: skip
    values += [(each.kind, f"{months.usd(each.usd)} USD", each.usd or 0.0) for each in found.stored]
    if found.database:
        hours = "" if found.database.acu_hours is None else f", {found.database.acu_hours:,.2f} ACU hours"
        values.append(
            ("database of studies", f"{months.usd(found.database.usd)} USD{hours}", found.database.usd or 0.0)
        )
    return bars(values)


def _findings(desk: Desk, request: Request) -> Response:
    name = environment_of(request)
    desk.file_of(name)
    return pages.answer(pages.render("findings.html", base=desk.base(name, "findings"), here=desk.path(name)))


def _audit(desk: Desk, request: Request) -> Response:
    name = environment_of(request)
    found = desk.file_of(name).audit(offline=False).report()
    values = {"id": "audit", "counts": counted(found.counts()) or "nothing", "title": "Accepted"}
    listed, more = (_typed(desk, name, each) for each in (found.open, found.accepted))
    return pages.answer(pages.render("_findings.html", **values, listed=listed, more=more))


def _doctor(desk: Desk, request: Request) -> Response:
    name = environment_of(request)
    found = examine(desk.file_of(name).patient(), GROUPS)
    worst_first = sorted(found.findings, key=lambda each: -each.severity)
    told = _typed(desk, name, worst_first)
    listed, well = ([each for each in told if bool(each.severity) is bad] for bad in (True, False))
    values = {"id": "doctor", "counts": counted(found.counts()), "title": "Well"}
    return pages.answer(pages.render("_findings.html", **values, listed=listed, more=well))


def _typed(desk: Desk, name: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, whose remedies can be typed as they are."""
    return [replace(each, remedy=desk.ways.repeating(each.remedy, name)) for each in findings]


def _logs(desk: Desk, request: Request) -> Response:
    name, space = environment_of(request), space_of(request)
    stream = f"{desk.path(name, space, 'logs')}/events"
    return pages.answer(pages.render("logs.html", base=desk.base(name, "spaces"), space=space, stream=stream))


async def _log_events(desk: Desk, request: Request) -> AsyncIterator[str]:
    """The last lines, and then each new one as it comes."""
    name, space = environment_of(request), space_of(request)
    try:
        account = await run_in_threadpool(desk.account, name)
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
        again = not desk.waits_for_somebody(name)
        ours = desk.told(desk.as_ours(error), name, asks_again=again)
        told = pages.render("_trouble.html", error=ours, tries_again=again, since="", is_late=False)
        yield pages.part("trouble", told)
        await asyncio.sleep(LOOK)


def _lines(new: Iterable[logs.LogLine], *, is_first: bool) -> str:
    """Lines for the log. The first look replaces what is there: the browser may come for a second time."""
    listed = list(new)
    text = pages.render("_log.html", lines=listed, is_empty=is_first and not listed)
    return pages.part("log", text, "innerHTML" if is_first else "beforeend")
