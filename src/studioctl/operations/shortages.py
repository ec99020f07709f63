"""Quotas that are too small for a plan. AWS is not asked again for what the plan has listed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from studioctl.aws import quotas
from studioctl.aws.changes import PAGE
from studioctl.aws.quotas import Limits, RunningApp
from studioctl.aws.values import App
from studioctl.catalog.kinds import SPACE
from studioctl.errors import AwsError
from studioctl.operations.environment import Environment
from studioctl.operations.quotas import MADE_BY_QUOTA, Demand, Looked, Names, types
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate, instance_of


@dataclass(frozen=True)
class Planned(Looked):
    """An account while a plan is shown. What was listed for the plan is not asked for again.

    Args:
        environment: The environment.
        summary: The plan.
        apps: The apps of its domain; None where AWS was not asked.
    """

    environment: Environment
    summary: PlanSummary
    apps: Collection[App] | None = None

    @cached_property
    def limits(self) -> Limits:
        """The account's quotas; those that the last `up` read are not read again."""
        return Limits(self.session, self.summary.reach.quotas)

    @cached_property
    def domain_id(self) -> str | None:
        """The environment's domain; None before `up`."""
        return self.environment.domain_id()

    @cached_property
    def every_profile(self) -> Names:
        """The user profiles of all domains of the region."""
        there = self.summary.reach.there
        return self._every(quotas.profiles, there.people if there else ())

    @cached_property
    def every_space(self) -> Names:
        """The spaces of all domains of the region."""
        there = self.summary.reach.there
        return self._every(quotas.spaces, [space.name for space in there.rooms] if there else ())

    @cached_property
    def running(self) -> tuple[RunningApp, ...]:
        """The apps that run in all domains of the region, without those of spaces that the plan deletes."""
        found = self._listed_apps if self._others == [] else None
        found = quotas.running_apps(self.session) if found is None else found
        gone = {instance_of(change) for change in self.summary.changes if _deletes(change, SPACE)}
        state = Estate(self.environment.terraform.state()) if gone else Estate({})
        names = {attributes["space_name"] for address, attributes in state.resources(SPACE) if address in gone}
        return tuple(app for app in found if not (app.domain_id == self.domain_id and app.space in names))

    @property
    def _listed_apps(self) -> tuple[RunningApp, ...] | None:
        """The running apps of our domain; None if AWS was not asked."""
        if self.apps is None:
            return None
        running = (app for app in self.apps if app.is_running)
        return tuple(RunningApp(str(self.domain_id), app.space, app.type, app.instance_type) for app in running)

    def leaving(self, resource_type: str) -> int:
        """The number of resources of this type that the plan deletes."""
        return sum(_deletes(change, resource_type) for change in self.summary.changes)

    def _every(self, ask: Callable[..., Names], ours: Collection[str]) -> Names:
        """Ours, which the plan has listed, and those of other domains; all of the region where that is fewer calls."""
        if self._others is None or len(self._others) > 1 + len(ours) // PAGE["PageSize"]:
            return ask(self.session)
        theirs = (each for domain_id in self._others for each in ask(self.session, domain_id))
        return (*((str(self.domain_id), name) for name in ours), *theirs)

    @cached_property
    def _others(self) -> list[str] | None:
        """The region's other domains; None where the plan has not listed ours."""
        if self.summary.reach.there is None:
            return None
        every = [domain.id for domain in self.environment.studio.domains()]
        return [each for each in every if each != self.domain_id] if self.domain_id in every else None


def _deletes(change: ResourceChange, resource_type: str) -> bool:
    return change.type == resource_type and change.action == "delete"


def _runs_elsewhere(change: ResourceChange) -> bool:
    """Whether a space that exists gets another instance type, or an app of another kind, which replaces it."""
    return change.type == SPACE and (
        change.action == "replace" or any(it.path.endswith(".instance_type") for it in change.attributes)
    )


def shortages(
    environment: Environment, summary: PlanSummary, apps: Collection[App] | None = None
) -> tuple[Demand, ...] | None:
    """The demands of a plan that the account cannot meet.

    Nothing is asked for a plan that neither makes anything of which an account may have only so much, nor changes on
    which type of instances a space runs. None where AWS does not tell: the plan is worth showing without it.

    Args:
        environment: The environment.
        summary: The plan.
        apps: The domain's, if AWS has just listed them.
    """
    made = {change.type for change in summary.changes if change.action == "create"}
    kinds = dict.fromkeys(kind for type_ in MADE_BY_QUOTA if type_ in made for kind in MADE_BY_QUOTA[type_])
    if any(_runs_elsewhere(change) for change in summary.changes):
        kinds[types] = None
    seen = Planned(environment, environment.terraform.blueprint, environment, summary, apps)

    def short() -> tuple[Demand, ...]:
        return tuple(each for kind in kinds for each in kind(seen) if not each.is_met)

    try:
        known = set(summary.reach.quotas)
        found = short()
        doubtful = known.intersection(each.quota.code for each in found if each.quota)
        for code in doubtful:  # somebody may have asked AWS for more since
            del summary.reach.quotas[code]
        return short() if doubtful else found
    except AwsError:
        return None
