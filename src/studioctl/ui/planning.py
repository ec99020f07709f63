"""The plan of `up` in the words of the file, and its application: exactly what was shown."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.config.source import Source
from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.events import Stage, Work
from studioctl.operations import quotas
from studioctl.operations.costs import change
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import durations
from studioctl.operations.provisioning import up as provision
from studioctl.presentation import costs
from studioctl.presentation import quotas as quota_words
from studioctl.presentation import review as words
from studioctl.presentation.console import Terminal, telling
from studioctl.presentation.progress import duration
from studioctl.review.entry import Review
from studioctl.review.reviewing import review
from studioctl.terraform.plan import PlanSummary
from studioctl.ui import pages
from studioctl.ui.desk import Desk, Form
from studioctl.ui.spaces import path

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Planned:
    """A plan that somebody looks at.

    Args:
        number: Its number in this start of the page.
        environment: The environment, with the Terraform that has saved the plan.
        summary: The plan.
        review: It in the words of the file.
        money: What it does to the costs, in lines.
        shortages: What the account lacks for it, in lines.
        refusal: Why `up` refuses it; None if it does not.
        seconds: How long it will take; None where no earlier run tells.
    """

    number: int
    environment: Environment
    summary: PlanSummary
    review: Review
    money: Sequence[str]
    shortages: Sequence[str]
    refusal: RefusedError | None
    seconds: float | None


def routes(desk: Desk) -> list[Route]:
    """The plan, and the two things that are done with it."""
    plans: dict[str, Planned] = {}
    where = "/e/{environment}/plan"
    return [
        desk.reading(where, partial(_show, desk, plans)),
        desk.changing(where, partial(_plan, desk, plans)),
        desk.changing(f"{where}/apply", partial(_apply, desk, plans)),
    ]


def _show(desk: Desk, plans: dict[str, Planned], request: Request) -> Response:
    name = str(request.path_params["environment"])
    desk.file_of(name)
    found, running = plans.get(name), desk.jobs.of(name, None)
    values = {
        "base": desk.base(name, "plan"),
        "here": f"{path(name)}plan",
        "job": running if running and not running.is_over else None,
    }
    if found is None:
        return pages.answer(pages.render("plan.html", **values, plan=None))
    return pages.answer(
        pages.render(
            "plan.html",
            **values,
            plan=found,
            parts=list(words.parts(found.review)),
            sign=words.sign,
            elsewhere=list(words.elsewhere(found.summary)),
            total=words.total(found.summary) if found.summary.has_changes else words.NOTHING,
            steps=[words.step_in_words(step) for step in found.summary.steps if len(found.summary.steps) > 1],
            expected=duration(found.seconds) if found.seconds is not None else "",
            refusal=desk.told(found.refusal, name) if found.refusal else None,
        )
    )


def _plan(desk: Desk, plans: dict[str, Planned], request: Request, _form: Form) -> Response:
    name = str(request.path_params["environment"])
    file = desk.file_of(name)
    job = desk.jobs.begin(
        _planning(file.environment, plans, name),
        title=f"Plan '{name}'",
        environment=name,
        verb="planning",
        after=(f"{path(name)}plan", "Look at the plan"),
    )
    return pages.go_to(f"/jobs/{job.id}")


def _planning(make: Callable[[], Environment], plans: dict[str, Planned], name: str) -> Work[str]:
    plans.pop(name, None)
    yield Stage("Reading the file")
    environment = make()
    summary = yield from provision.plan(environment)
    yield Stage("Comparing with the quotas")
    cost = change.of_environment(environment, summary)
    plans[name] = Planned(
        next(_numbers),
        environment,
        summary,
        review(environment.config, environment.source, summary),
        costs.planned_lines(cost, environment.source),
        _shortages(environment, summary) if summary.has_changes else (),
        _refusal(environment, summary, stop_apps=False) if summary.has_changes else None,
        durations.expected(environment.terraform.blueprint, summary, durations.known(environment)),
    )
    return words.total(summary) if summary.has_changes else words.NOTHING


def _shortages(environment: Environment, summary: PlanSummary) -> Sequence[str]:
    made = [each.type for each in summary.changes if each.action == "create"]
    told: list[str] = []
    console = telling(told.append)
    found = quotas.shortages(environment, environment.terraform.blueprint, made)
    quota_words.short(found, Terminal(console, console), flags="")
    return [line for line in "".join(told).splitlines() if line.strip()]


def _refusal(environment: Environment, summary: PlanSummary, *, stop_apps: bool) -> RefusedError | None:
    try:
        provision.cleared(environment, summary, stop_apps=stop_apps)
    except RefusedError as refusal:
        return refusal
    return None


def _apply(desk: Desk, plans: dict[str, Planned], request: Request, form: Form) -> Response:
    name = str(request.path_params["environment"])
    found = plans.get(name)
    if found is None or form.get("plan") != str(found.number):
        raise StudioctlError(
            "There is another plan by now, or none. Nothing was changed.",
            hint="go back, plan again and look at it",
            exit_code=ExitCode.REFUSED,
        )
    job = desk.jobs.begin(
        _applying(found, plans, name, stop_apps=form.get("stop_apps") == "yes"),
        title=f"Apply the plan of '{name}'",
        environment=name,
        verb="applying",
        after=(path(name), "Look at the spaces"),
        then=desk.watch(name).nudge,
    )
    return pages.go_to(f"/jobs/{job.id}")


def _applying(found: Planned, plans: dict[str, Planned], name: str, *, stop_apps: bool) -> Work[str]:
    environment = found.environment
    file = environment.source.name
    if Source.of(Path(file)).text != environment.source.text:
        raise RefusedError(
            f"{file} has changed since this plan. Nothing was changed.", hint="go back, plan again and look at it"
        )
    yield Stage("Looking for what would be lost")
    stop = provision.cleared(environment, found.summary, stop_apps=stop_apps)
    plans.pop(name, None)
    yield from provision.apply(environment, found.summary, stop=stop)
    return f"'{name}' is as the file says."
