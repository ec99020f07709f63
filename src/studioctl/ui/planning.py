"""The plan of `up` in the words of the file, and its application: exactly what was shown."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.config.source import Source
from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.events import Stage, Work
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import up as provision
from studioctl.presentation import costs, whole_plan
from studioctl.presentation import review as words
from studioctl.presentation.whole_plan import WholePlan
from studioctl.terraform.plan import PlanSummary
from studioctl.ui import pages
from studioctl.ui.desk import Desk, Form, environment_of, title_of

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Planned:
    """A plan that somebody looks at.

    Args:
        number: Its number in this start of the page.
        whole: The plan, with the Terraform that has saved it.
        refusal: Why `up` refuses it; None if it does not.
        stopping_helps: Whether it can be applied once the apps in the way are stopped. Nothing else that it may need
            is to be had on the page: no data is deleted there.
    """

    number: int
    whole: WholePlan
    refusal: RefusedError | None
    stopping_helps: bool = False

    @property
    def can_be_applied(self) -> bool:
        """Whether the page can do anything with it."""
        return self.summary.has_changes and (self.refusal is None or self.stopping_helps)

    @property
    def environment(self) -> Environment:
        """The environment."""
        return self.whole.environment

    @property
    def summary(self) -> PlanSummary:
        """The changes."""
        return self.whole.summary


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
    name = environment_of(request)
    desk.file_of(name)
    found, running = plans.get(name), desk.jobs.of(name, None)
    values = {
        "base": desk.base(name, "plan"),
        "here": f"{desk.path(name)}plan",
        "job": running if running and not running.is_over else None,
    }
    if found is None:
        return pages.answer(pages.render("plan.html", **values, plan=None))
    whole = found.whole
    return pages.answer(
        pages.render(
            "plan.html",
            **values,
            plan=found,
            money=whole.money,
            dearer=whole.dearer,
            parts=list(
                words.parts(whole.review.told(lambda told: desk.ways.repeating(told, name)), first=bool(whole.dearer))
            ),
            first=words.FIRST,
            mark=words.DEARER,
            because=costs.BECAUSE,
            in_order=words.IN_ORDER,
            needed=[desk.ways.repeating(line, name) for line in words.needed(whole.now.flags)],
            sign=words.sign,
            elsewhere=list(words.elsewhere(found.summary)),
            total=words.total(found.summary) if found.summary.has_changes else words.NOTHING,
            steps=[words.step_in_words(step) for step in found.summary.steps if len(found.summary.steps) > 1],
            expected=words.timed(whole.expected),
            shortages=[desk.ways.repeating(line, name) for line in whole.short],
            refusal=desk.told(found.refusal, name) if found.refusal else None,
        )
    )


def _plan(desk: Desk, plans: dict[str, Planned], request: Request, _form: Form) -> Response:
    name = environment_of(request)
    file = desk.file_of(name)
    job = desk.jobs.begin(
        _planning(file.environment, plans, name),
        title=f"Plan '{title_of(name)}'",
        environment=name,
        verb="planning",
        after=(f"{desk.path(name)}plan", "Look at the plan, and apply it"),
    )
    return pages.go_to(desk.at(f"/jobs/{job.id}"))


def _planning(make: Callable[[], Environment], plans: dict[str, Planned], name: str) -> Work[str]:
    plans.pop(name, None)
    yield Stage("Reading the file")
    environment = make()
    summary = yield from provision.plan(environment)
    yield Stage("Comparing with the quotas")
    whole = whole_plan.look(environment, summary)
    refusal = _refusal(whole, stop_apps=False) if summary.has_changes else None
    helps = refusal is not None and _refusal(whole, stop_apps=True) is None
    plans[name] = Planned(next(_numbers), whole, refusal, helps)
    return words.total(summary) if summary.has_changes else words.NOTHING


def _refusal(whole: WholePlan, *, stop_apps: bool) -> RefusedError | None:
    try:
        provision.cleared(whole.environment, whole.summary, stop_apps=stop_apps, met=whole.met)
    except RefusedError as refusal:
        return refusal
    return None


def _apply(desk: Desk, plans: dict[str, Planned], request: Request, form: Form) -> Response:
    name = environment_of(request)
    desk.jobs.refuse_if_busy(name, None)
    found = plans.get(name)
    if found is None or form.get("plan") != str(found.number):
        raise StudioctlError(
            "There is another plan by now, or none. Nothing was changed.",
            hint="go back, plan again and look at it",
            exit_code=ExitCode.REFUSED,
        )
    job = desk.jobs.begin(
        _applying(found, plans, name, stop_apps=form.get("stop_apps") == "yes"),
        title=f"Apply the plan of '{title_of(name)}'",
        environment=name,
        verb="applying",
        after=(desk.path(name), "Look at the spaces"),
        back=(f"{desk.path(name)}plan", "Back to the plan"),
        then=desk.watch(name).nudge,
    )
    return pages.go_to(desk.at(f"/jobs/{job.id}"))


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
    return f"'{environment.config.name}' is as the file says."
