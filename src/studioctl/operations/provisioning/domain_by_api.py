"""A domain that no provider can make as the file wants it: `up` makes it by AWS's API, and Terraform takes it over.

The same order serves a domain of IAM Identity Center, whose users are assigned to it before they get profiles.

Terraform makes what the domain needs before, and the rest afterwards. A run that is killed in between leaves a domain
of the environment's name and tag, and the next plan adopts that as it adopts whatever else no state knows.
"""

from collections.abc import Mapping
from typing import Any

from studioctl.catalog.kinds import DOMAIN
from studioctl.errors import AwsError, RefusedError
from studioctl.events import Stage, Work
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.block import Ref, Resource
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt, assignments
from studioctl.terraform.plan import PlanSummary, Step
from studioctl.terraform.state_resources import Estate

BORN = {"create", "replace"}
AGAIN = "somebody changed it at the same time: run the same command again"
TIMEOUT = 1200.0  # seconds; the provider, too, gives a domain 20 minutes


def due(environment: Environment, summary: PlanSummary) -> Resource | None:
    """The domain that the plan makes, where something has to be done by API before Terraform makes the rest."""
    made = {change.address for change in summary.changes if change.action in BORN}
    domains = [it for it in environment.terraform.blueprint.resources() if it.type == DOMAIN]
    assigns = bool(assignments.steps(environment, summary))
    return next((it for it in domains if (it.born_by_api or assigns) and it.address in made), None)


def steps(environment: Environment, summary: PlanSummary, domain: Resource) -> tuple[Step, ...]:
    """The order in which it is made."""
    needed = environment.terraform.blueprint.needed_by(domain)
    assigned = assignments.steps(environment, summary)
    if not domain.born_by_api:
        needed |= {domain.address}
    before = tuple(change.address for change in summary.changes if change.address in needed)
    after = tuple(change.address for change in summary.changes if change.address not in needed)
    if not domain.born_by_api:
        first = Step("terraform", "Create the domain and what it needs", before)
        return first, *assigned, Step("terraform", "Create the rest", after)
    return (
        *((Step("terraform", "Create what the domain needs", before),) if before else ()),
        Step("api", "Create the domain", (domain.address,)),
        *assigned,
        Step("terraform", "Create the rest", after),
    )


def make(environment: Environment, summary: PlanSummary, domain: Resource) -> Work[Mapping[str, Any]]:
    """Takes these steps; the outputs.

    Raises:
        AwsError, TerraformError: A step failed. Planning and applying again continues from there.
        RefusedError: The world has changed since it was planned.
    """
    terraform = environment.terraform
    needed = terraform.blueprint.needed_by(domain) | (set() if domain.born_by_api else {domain.address})
    targets = sorted(resource.address for resource in terraform.blueprint.resources() if resource.address in needed)
    if any(change.address in needed for change in summary.changes):
        half = yield from terraform.plan(adopt=_adopted(environment, summary, targets), targets=targets)
        yield from adopt.apply(environment, _agreed(half, summary), targets=targets)
    made: dict[str, str] = {}
    if domain.born_by_api:
        known = {address for address, _ in Estate(terraform.state()).addresses()}
        terraform.forget([address for address in known if address == domain.address])
        made[domain.address] = yield from _made(environment, domain)
    yield from assignments.change(environment, summary)
    found = _adopted(environment, summary, [change.address for change in summary.changes])
    rest = yield from terraform.plan(adopt={**found, **made}, refresh=False)
    return (yield from adopt.apply(environment, _agreed(rest, summary)))


def _adopted(environment: Environment, summary: PlanSummary, addresses: list[str]) -> dict[str, str]:
    """The ids, by address, of those of these that the plan adopts and the state does not have yet."""
    known = {address for address, _ in Estate(environment.terraform.state()).addresses()}
    wanted = {change.address for change in summary.changes if change.action == "import"} & {*addresses} - known
    return adopt.existing(environment, wanted) if wanted else {}


def _agreed(half: PlanSummary, summary: PlanSummary) -> PlanSummary:
    adopt.refuse_more(half, agreed=summary)
    return half


def _made(environment: Environment, domain: Resource) -> Work[str]:
    """The id of the domain, once AWS has made it. One that came into being unseen is not made a second time."""
    from studioctl.aws.wait import until  # noqa: PLC0415 (boto3 is needed only here)

    yield Stage("Creating the domain")
    studio, domain_id = environment.studio, _asked_for(environment, domain)

    def is_over() -> bool:
        now = studio.described_domain(domain_id)
        if now.get("Status") == adopt.FAILED:
            raise AwsError(
                f"AWS could not make the domain: {now.get('FailureReason') or 'it does not say why'}",
                hint="remove what AWS names, then run the same command again: it makes another",
            )
        return now.get("Status") == "InService"

    yield from until(is_over, subject=domain.address, action="create", timeout=TIMEOUT)
    return domain_id


def _asked_for(environment: Environment, domain: Resource) -> str:
    if found := environment.domain():
        return found.id
    try:
        return environment.studio.create_domain(_request(environment, domain), environment.terraform.blueprint.tags)
    except AwsError:  # the answer may have been lost, and not the request
        if found := environment.domain():
            return found.id
        raise


def _request(environment: Environment, domain: Resource) -> dict[str, Any]:
    known = dict(Estate(environment.terraform.state()).addresses())

    def look_up(reference: Ref) -> Any:
        address, _, attribute = reference.address.rpartition(".")
        return known.get(address, {}).get(attribute, studio_api.UNKNOWN)

    stated = studio_api.merged(domain.arguments, studio_api.worth_saying(domain.api_alone, {}))
    wanted = studio_api.resolved(stated, look_up)
    if not studio_api.is_known(wanted):
        raise RefusedError(
            f"What {domain.address} needs is not in Terraform's state. The domain was not created.", hint=AGAIN
        )
    return studio_api.creation(wanted)
