"""Changes of the domain and its spaces that `up` makes through AWS's API, because Terraform's provider cannot.

A plan lists them with Terraform's own changes. Their order depends only on the plan and on the present settings in AWS.
A killed run therefore leaves less to do, and the next run finds out what is left.

- Resources that a new setting names (a script, a role, a group) are created first.
- Resources that an old setting names are deleted last, because AWS refuses to delete them earlier.
- If a change needs both, Terraform runs twice. In between, a replaced resource has a separate address in the state.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from studioctl.catalog.kinds import DOMAIN, SPACE
from studioctl.errors import AwsError, RefusedError
from studioctl.events import Stage, Work
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.block import Ref, Resource
from studioctl.infrastructure.studio_api import HOME, SUBNETS, UNKNOWN
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt, assignments, domain_by_api
from studioctl.operations.provisioning.domain_by_api import AGAIN, BORN
from studioctl.terraform import plan as plans
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange, Step, addresses
from studioctl.terraform.state_resources import DEPOSED, Estate, instance_of

if TYPE_CHECKING:
    from studioctl.aws.studio import Studio

TIMEOUT = 1200.0  # seconds; the provider, too, gives a domain 20 minutes
AT_ONCE = 8  # spaces that AWS is asked about side by side
MADE = {*BORN, "import"}
PASSING = {"Pending", "Updating"}
HOMES, SETTINGS = "Create the home file system", "Change settings"
FAILED = "Failed"  # AWS's statuses end so: Failed, Update_Failed


@dataclass(frozen=True)
class Subject:
    """A domain or a space, as it should be and as it is.

    Args:
        resource: Its description in the blueprint.
        wanted: The arguments that the API changes, resolved.
        current: AWS's description of it.
    """

    resource: Resource
    wanted: Mapping[str, Any]
    current: Mapping[str, Any]

    @cached_property
    def attributes(self) -> tuple[AttributeChange, ...]:
        """The attributes to change, in Terraform's terms."""
        found = studio_api.differences(self.wanted, self.current)
        return tuple(_attribute(path, before, after) for path, before, after in found)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of the attributes that change."""
        return frozenset(attribute.path for attribute in self.attributes)

    @cached_property
    def named(self) -> frozenset[str]:
        """The ids, ARNs and names of everything that it refers to now."""
        return frozenset(studio_api.texts([self.current.get(studio_api.api_name(key)) for key in self.resource.by_api]))


def _attribute(path: str, before: Any, after: Any) -> AttributeChange:
    known = studio_api.is_known(after)
    return AttributeChange(path, before, after if known else plans.UNKNOWN, unknown=not known, by_api=True)


@dataclass(frozen=True)
class _Records:
    """Terraform's state, and a plan's effect on it.

    Args:
        environment: The environment.
        summary: The plan.
        is_made: Whether the plan's resources have been created.
        domain: AWS's description of the domain, if it was just read. AWS is asked otherwise.
    """

    environment: Environment
    summary: PlanSummary
    is_made: bool = False
    domain: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def attributes(self) -> Mapping[str, Mapping[str, Any]]:
        """The attributes of everything, by its address: today's, if the state still has an earlier one."""
        blueprint = self.environment.terraform.blueprint
        moved = {before: after for module in blueprint.modules for before, after in module.moved.items()}
        known = dict(Estate(self.environment.terraform.state()).addresses())
        return {moved.get(address, address): it for address, it in known.items()} | {
            address: it for address, it in known.items() if address not in moved
        }

    @cached_property
    def actions(self) -> Mapping[str, str]:
        """The plan's action for each resource of the blueprint, by address."""
        return {} if self.is_made else {c.address: c.action for c in self.summary.changes if c.module}

    @cached_property
    def adopted(self) -> Mapping[str, Mapping[str, str]]:
        """The names that others use for the resources that the plan adopts, by address."""
        return {c.address: dict(c.called) for c in self.summary.changes if c.action == "import"}

    def look_up(self, reference: Ref) -> Any:
        """Return the value of a reference; UNKNOWN until its resource is created. An adopted resource exists."""
        address, _, attribute = reference.address.rpartition(".")
        if self.actions.get(address) in MADE:
            return self.adopted.get(address, {}).get(attribute, UNKNOWN)
        return self.attributes.get(address, {}).get(attribute, UNKNOWN)

    @cached_property
    def leaving(self) -> Mapping[str, Mapping[str, Any]]:
        """The present attributes of the resources that the plan destroys, by address in the state."""
        destroyed = {instance_of(change) for change in self.summary.changes if change.destroys}
        known = Estate(self.environment.terraform.state()).addresses()
        return {address: it for address, it in known if address in destroyed}

    def subjects(self) -> tuple[Subject, ...]:
        """The domain and the spaces that exist and stay."""
        resources, reach = self.environment.terraform.blueprint.resources(), self.summary.reach
        every = [r for r in resources if r.by_api and reach.covers(r.address) and self._stays(r)]
        if not every:
            return ()
        domain_id = self.environment.domain_id()
        if domain_id is None:
            return ()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            described = list(pool.map(lambda resource: self._describe(resource, domain_id), every))
        return tuple(
            Subject(resource, self._wanted(resource, current), current)
            for resource, current in zip(every, described, strict=True)
            if current
        )

    def unborn(self) -> tuple[Subject, ...]:
        """The created resources that only the API can finish, with the settings that Terraform has no argument for."""
        made = [r for r in self.environment.terraform.blueprint.resources() if self.actions.get(r.address) in BORN]
        return tuple(Subject(r, studio_api.worth_saying(r.api_alone, {}), {}) for r in made)

    def _stays(self, resource: Resource) -> bool:
        action = self.actions.get(resource.address)
        return action == "import" or (resource.address in self.attributes and action not in BORN)

    def _describe(self, resource: Resource, domain_id: str) -> Mapping[str, Any]:
        studio = self.environment.studio
        if resource.type == DOMAIN:
            return self.domain or studio.described_domain(domain_id)
        return studio.described_space(domain_id, resource.arguments["space_name"])

    def _wanted(self, resource: Resource, current: Mapping[str, Any]) -> dict[str, Any]:
        stated = {key: value for key, value in resource.arguments.items() if key in resource.by_api}
        wanted: dict[str, Any] = studio_api.resolved(stated, self.look_up)
        wanted = studio_api.merged(wanted, studio_api.worth_saying(resource.api_alone, current))
        if SUBNETS in wanted:  # those that others have put it into stay, unless they go
            gone = {it.get("id") for it in self.leaving.values()}
            stay = [it for it in current.get("SubnetIds", ()) if it not in gone]
            wanted[SUBNETS] = [*stay, *(it for it in wanted[SUBNETS] if it not in stay)]
        return wanted


def complete(environment: Environment, summary: PlanSummary) -> PlanSummary:
    """Terraform's plan with the changes that are made by AWS's API, and the order of everything.

    Args:
        environment: The environment.
        summary: Terraform's plan.

    Raises:
        AwsError: AWS refused to tell how things are.
    """
    records = _Records(environment, summary, domain=summary.reach.domain_at_rest)
    changed = [subject for subject in (*records.unborn(), *records.subjects()) if subject.attributes]
    assigned = () if (first := domain_by_api.due(environment, summary)) else assignments.steps(environment, summary)
    if not changed and first is None:
        return replace(summary, steps=(*assigned, *_steps_of_terraform(summary)))
    changes = {change.address: change for change in summary.changes}
    modules = addresses(environment.terraform.blueprint)
    for subject in changed:
        address = subject.resource.address
        terraform = changes.get(address) or ResourceChange(
            address, subject.resource.type, subject.resource.label, modules[address], "update"
        )
        changes[address] = replace(terraform, attributes=terraform.attributes + subject.attributes)
    return replace(
        summary,
        changes=plans.ordered(changes.values(), modules),
        has_changes=True,
        steps=(*_steps_of_homes(changed), *assigned, *_steps(records, summary, changed)),
    )


def _steps_of_homes(changed: Iterable[Subject]) -> tuple[Step, ...]:
    """The step that sets up homes, before anything is told to mount them."""
    made = tuple(subject.resource.address for subject in changed if subject.current and HOME in subject.paths)
    return (Step("api", HOMES, made),) if made else ()


def _steps_of_terraform(summary: PlanSummary) -> tuple[Step, ...]:
    of_all = tuple(change.address for change in summary.changes)
    return (Step("terraform", "Create, change and delete", of_all),) if summary.has_changes else ()


def _steps(records: _Records, summary: PlanSummary, changed: Iterable[Subject]) -> tuple[Step, ...]:
    """The steps that AWS needs, in its order."""
    changed = tuple(changed)
    if domain := domain_by_api.due(records.environment, summary):
        others = tuple(s for s in changed if s.resource != domain or not domain.born_by_api)
        rest = (Step("api", SETTINGS, tuple(s.resource.address for s in others)),) if others else ()
        return (*domain_by_api.steps(records.environment, summary, domain), *rest)
    api = Step("api", SETTINGS, tuple(subject.resource.address for subject in changed))
    terraform = _steps_of_terraform(summary)
    blueprint = records.environment.terraform.blueprint
    needed = frozenset[str]().union(*(blueprint.needed_by(subject.resource) for subject in changed))
    named = frozenset[str]().union(*(subject.named for subject in changed))
    freed = [a.removesuffix(DEPOSED) for a, it in records.leaving.items() if named & _called(it)]
    if not freed:
        return (*terraform, api)
    if not any(change.address in needed and change.action != "delete" for change in summary.changes):
        return (api, *terraform)
    first = tuple(c.address for c in summary.changes if c.action != "delete")
    gone = tuple(c.address for c in summary.changes if c.action == "delete")
    last = dict.fromkeys((*freed, *gone))
    return (
        Step("terraform", "Create and change", first),
        api,
        Step("terraform", "Delete what was used until then", tuple(last)),
    )


def _called(attributes: Mapping[str, Any]) -> set[str]:
    return {str(attributes[key]) for key in plans.CALLED_BY if attributes.get(key)}


def carry_out(environment: Environment, summary: PlanSummary) -> Work[Mapping[str, Any]]:
    """Takes the steps of a plan; the outputs.

    Raises:
        AwsError, TerraformError: A step failed. Planning and applying again continues from there.
        RefusedError: The world has changed since it was planned.
    """
    steps = list(summary.steps)
    if domain := domain_by_api.due(environment, summary):
        outputs = yield from domain_by_api.make(environment, summary, domain)
        if steps[-1].by == "api":
            yield from change(_Records(environment, summary, is_made=True))
        return outputs
    if steps and steps[0].does == HOMES:
        yield from _make_homes(environment, steps.pop(0))
    if steps and steps[0].does == assignments.STEP:
        yield from assignments.change(environment, summary)
        steps.pop(0)
    match [step.by for step in steps]:
        case ["terraform", "api", "terraform"]:
            parked = yield from _first_half(environment, summary)
            yield from change(_Records(environment, summary, is_made=True))
            return (yield from _second_half(environment, summary, parked))
        case ["terraform", "api"]:
            yield from adopt.apply(environment, summary, targets=summary.reach.targets)
            yield from change(_Records(environment, summary, is_made=True))
            return environment.terraform.outputs()
        case ["api", *rest]:
            yield from change(_Records(environment, summary))
            if not rest:
                return environment.terraform.outputs()
            return (yield from adopt.apply(environment, summary, targets=summary.reach.targets))
        case _:
            return (yield from adopt.apply(environment, summary, targets=summary.reach.targets))


def _make_homes(environment: Environment, step: Step) -> Work[None]:
    """Lets AWS make the domain's home file system. When that is there, it is mounted with the rest of the settings."""
    domain = environment.domain()
    if domain is None:
        raise RefusedError("The domain is gone since the plan was made. Nothing was changed.", hint=AGAIN)
    yield Stage("Creating the home file system")
    environment.studio.change_domain(domain.id, {studio_api.api_name(HOME): studio_api.USUAL[HOME]})
    yield from _finished(step.addresses[0], lambda: environment.studio.described_domain(domain.id))


def _first_half(environment: Environment, summary: PlanSummary) -> Work[tuple[str, ...]]:
    """Everything but what goes; the addresses of what was parked for it."""
    terraform = environment.terraform
    described = {resource.address for resource in terraform.blueprint.resources()}
    leaving = [(a.removesuffix(DEPOSED), str(it["id"])) for a, it in _Records(environment, summary).leaving.items()]
    in_use = described.intersection(summary.steps[-1].addresses)
    waiting = [(address, identity) for address, identity in leaving if address in in_use]
    parked = terraform.park(waiting, {address for address, _ in leaving} - in_use)
    looked_at = {address for address in described if summary.reach.covers(address)}
    # Terraform wants both addresses of what moves among the targets.
    targets = sorted(looked_at.union(*(module.moved for module in terraform.blueprint.modules)))
    half = yield from adopt.plan(environment, targets=targets)
    adopt.refuse_more(half, agreed=summary)
    yield from adopt.apply(environment, half, targets=targets)
    return parked


def _second_half(environment: Environment, summary: PlanSummary, parked: Collection[str]) -> Work[Mapping[str, Any]]:
    rest = yield from environment.terraform.plan(refresh=False)
    adopt.refuse_more(rest, agreed=summary, parked=parked)
    return (yield from environment.terraform.apply(rest))


def change(records: _Records) -> Work[None]:
    """Changes by AWS's API what is not as it should be: the domain, then its spaces, side by side."""
    changed = [subject for subject in records.subjects() if subject.attributes]
    if not changed:
        return
    yield Stage("Changing settings")
    for subject in changed:
        if subject.resource.type == DOMAIN:
            yield from _change_domain(records.environment, subject)
    yield from _change_spaces(records.environment.studio, [s for s in changed if s.resource.type == SPACE])


def _change_domain(environment: Environment, subject: Subject) -> Work[None]:
    from studioctl.aws.leftovers import unmount_from  # noqa: PLC0415 (boto3 is needed only here)
    from studioctl.operations.studio.delete import settle  # noqa: PLC0415 (as above)

    studio, now = environment.studio, subject.current
    domain_id, subnet_ids = now["DomainId"], now.get("SubnetIds", [])
    request = studio_api.request(_made(subject), now)
    if request.get("AppNetworkAccessType") == studio_api.CLOSED:
        request = {"SubnetIds": subnet_ids} | request | {"VpcId": now["VpcId"]}
    elif set(request.get("SubnetIds", ())) == set(subnet_ids):
        request.pop("SubnetIds", None)
    yield from settle(studio, domain_id)
    studio.change_domain(domain_id, request)
    yield from _finished(subject.resource.address, lambda: studio.described_domain(domain_id))
    gone = set(subnet_ids) - set(request.get("SubnetIds", subnet_ids))
    if gone and (home := now.get("HomeEfsFileSystemId")):  # AWS does not say whether it removes the mount target
        unmount_from(environment.session, home, gone)


def _change_spaces(studio: "Studio", spaces: Collection[Subject]) -> Work[None]:
    for subject in spaces:
        request = studio_api.request(_made(subject), subject.current)
        differing = {studio_api.api_name(_second(attribute.path)) for attribute in subject.attributes}
        if settings := request.get("SpaceSettings"):
            request["SpaceSettings"] = {name: value for name, value in settings.items() if name in differing}
        studio.change_space(subject.current["DomainId"], subject.current["SpaceName"], request)
    for subject in spaces:
        domain_id, name = subject.current["DomainId"], subject.current["SpaceName"]
        yield from _finished(
            subject.resource.address,
            lambda domain_id=domain_id, name=name: studio.described_space(domain_id, name),  # type: ignore[misc]
        )


def _second(path: str) -> str:
    """The second name in a path: `code_editor_app_settings` in `space_settings[0].code_editor_app_settings[0].x`."""
    return path.split(".")[1].partition("[")[0] if "." in path else path


def _made(subject: Subject) -> Mapping[str, Any]:
    """Return the wanted settings. Terraform has created all that they name, unless somebody changed the state."""
    if studio_api.is_known(subject.wanted):
        return subject.wanted
    raise RefusedError(
        f"What the settings of {subject.resource.address} name is not in Terraform's state.",
        hint="studioctl up   (makes it)",
    )


def _finished(address: str, look: Callable[[], Mapping[str, Any]]) -> Work[None]:
    """Waits until AWS has made a change.

    Raises:
        AwsError: It could not; its reason is told.
    """
    from studioctl.aws.wait import until  # noqa: PLC0415 (boto3 is needed only here)

    def is_over() -> bool:
        now = look()
        status = now.get("Status", "")
        if status.endswith(FAILED):
            raise AwsError(
                f"AWS could not change {address}: {now.get('FailureReason') or 'it does not say why'} ({status})",
                hint="remove what AWS names, then run the same command again",
            )
        return status not in PASSING

    yield from until(is_over, subject=address, action="update", timeout=TIMEOUT)
