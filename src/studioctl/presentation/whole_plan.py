"""A plan with all that is told of it: what it meets, what it costs, how long it takes, what the account lacks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console

from studioctl.catalog.images import doubt, ending
from studioctl.config.text import quote
from studioctl.errors import RefusedError
from studioctl.operations import emulation, quotas, shortages
from studioctl.operations.costs import change
from studioctl.operations.costs.change import PlannedCosts
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import durations, meeting
from studioctl.operations.provisioning.durations import Expectation
from studioctl.operations.provisioning.meeting import Met
from studioctl.presentation import costs, review
from studioctl.presentation import quotas as quota_words
from studioctl.presentation.addresses import addresses
from studioctl.review.entry import Review
from studioctl.review.now import Now
from studioctl.review.reviewing import review as reviewed
from studioctl.terraform.plan import PlanSummary


@dataclass(frozen=True)
class WholePlan:
    """A plan, and what was found out about it.

    Args:
        environment: The environment.
        summary: The plan.
        met: The things that it meets in AWS.
        now: The same for its review.
        review: It in the words of the file.
        cost: Its effect on the costs.
        expected: The expected duration; None if no earlier run tells.
        shortages: The account's shortages; None if AWS did not tell.
    """

    environment: Environment
    summary: PlanSummary
    met: Met
    now: Now
    review: Review
    cost: PlannedCosts
    expected: Expectation | None
    shortages: tuple[quotas.Demand, ...] | None

    @property
    def money(self) -> costs.Effect:
        """The effect on the costs, in words."""
        return costs.effect(self.cost, self.environment.source)

    @property
    def dearer(self) -> str:
        """A note that it costs much more, in words; empty if it does not."""
        return costs.dearer(self.cost, self.environment.source)

    @property
    def short(self) -> list[str]:
        """The things that the account lacks for it, in lines; and images that may not last, or not exist."""
        return [*quota_words.short(self.shortages), *(self._images if self.summary.has_changes else ())]

    @property
    def _images(self) -> Iterator[str]:
        config, source = self.environment.config, self.environment.source
        today = emulation.now(self.environment.target).date()
        for place, version in config.pinned_images():
            if end := ending(version, today):
                yield f"Note: {source.place(*place)}: {version}, which {end}."
            if words := doubt(version):
                yield f"Note: {source.place(*place)}: {quote(version)} {words}."

    def tell(
        self, console: Console, *, verbose: bool, flags: tuple[str, ...] | None = None, repeat: Callable[[str], str]
    ) -> None:
        """Write all of it.

        Args:
            console: The console to write to.
            verbose: Whether Terraform's addresses are told, too.
            flags: The flags that are still missing; left out, all that it needs.
            repeat: Completes words that name commands.
        """
        missing = self.now.flags if flags is None else flags
        review.text(
            self.review,
            self.summary,
            console,
            expected=self.expected,
            dearer=self.dearer,
            flags=missing,
            repeat=repeat,
        )
        if self.summary.has_changes:
            costs.planned(self.cost, self.environment.source, console)
            if verbose:
                addresses(self.summary, console)
        review.short(self.short, console, repeat)

    def refused(self, console: Console, refusal: RefusedError, *, verbose: bool) -> None:
        """Write that `up` refuses it whatever is said, and why."""
        review.refused(self.review, self.summary, console, refusal)
        if verbose:
            addresses(self.summary, console)

    def markdown(self, *, refusal: RefusedError | None, repeat: Callable[[str], str]) -> str:
        """The plan as Markdown, for a pull request."""
        return review.markdown(
            self.review,
            self.summary,
            title=f"Plan for {self.environment.config.name}: {self.environment.place}",
            money=self.money,
            shortages=self.short,
            refusal=refusal,
            expected=self.expected,
            dearer=self.dearer,
            flags=self.now.flags,
            repeat=repeat,
        )


def look(environment: Environment, summary: PlanSummary) -> WholePlan:
    """Find out what is told of a plan. Terraform must have been initialised."""
    met = meeting.all_of(environment, summary)
    now = meeting.look(environment, summary, met)
    return WholePlan(
        environment,
        summary,
        met,
        now,
        reviewed(environment.config, environment.source, summary, now),
        change.of_environment(environment, summary, now.unstarted),
        durations.of(environment, summary, stops=meeting.STOP_APPS in now.flags),
        shortages.shortages(environment, summary, met.apps.listed),
    )
