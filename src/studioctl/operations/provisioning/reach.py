"""The reach of a plan: everything, or what differs from the last `up` and what AWS says was changed since.

Terraform asks AWS about each thing that it knows: for a thousand people two thousand times, at a few calls a second.
AWS lists user profiles and spaces a hundred at a time, with the time of their last change. One whose rendering and
whose time are those that the last `up` left need not be looked at. All else is: the network, the roles, the domain and
what others share; unless a digest of what AWS says of these is the one that the last `up` left. Any doubt means that
everything is looked at. See docs/explanation/fast-plans.md.
"""

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from studioctl import __version__
from studioctl.catalog.kinds import DOMAIN, PROFILE, SPACE
from studioctl.errors import AwsError, StudioctlError
from studioctl.events import Finished, Noted, T, Work
from studioctl.infrastructure.block import Resource
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt as adoption
from studioctl.operations.provisioning import last_up
from studioctl.operations.provisioning.last_up import LastUp, Left
from studioctl.review import since
from studioctl.terraform import runs
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from studioctl.terraform.state_resources import DEPOSED, Estate

# Type -> the argument with its name: what AWS lists with the time of the last change, and nothing but people refers to.
LISTED = {PROFILE: "user_profile_name", SPACE: "space_name"}
DAY = 24 * 3600.0
BORN = {"create", "replace", "import", "delete", "forget", "move"}
_ATTRIBUTE = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+\.[a-z0-9_]+)")


@dataclass(frozen=True)
class Scope:
    """The reach of a plan, and why.

    Args:
        reach: The same for those who carry the plan out.
        left: Addresses that it leaves as they are.
        why: Why it looks at everything; empty where it does not.
    """

    reach: Reach
    left: frozenset[str] = frozenset()
    why: str = ""


def plan(environment: Environment, *, adopt: str | None, refresh: bool) -> Work[PlanSummary]:
    """Terraform's plan of what has to be looked at. `init` has run.

    Args:
        environment: The environment.
        adopt: Its name once more, if it may be one of which there is no record here.
        refresh: Whether everything is looked at, whatever the last `up` left.

    Raises:
        RefusedError, AwsError, TerraformError: See `adopt.plan`.
    """
    scope = of(environment, refresh=refresh)
    looking = adoption.plan(environment, adopt=adopt, targets=scope.reach.targets, reach=scope.reach)
    summary, looked_at = yield from _counted(looking)
    if scope.left and (moved := _referred_to(environment, summary.changes, scope.left)):
        scope = _everything(scope.reach, f"{moved} changes, and others refer to it")
        summary, more = yield from _counted(adoption.plan(environment, adopt=adopt))
        looked_at += more
    told = f"everything: {scope.why}" if scope.why else f"{len(scope.left)} others are as they were left"
    told += ", and so is what users share" if scope.reach.is_known else ""
    calls = environment.session.calls
    yield Noted(f"Terraform looked at {looked_at} resources ({told}), and studioctl made {calls} calls", is_detail=True)
    return replace(summary, reach=scope.reach)


def of(environment: Environment, *, refresh: bool = False) -> Scope:
    """The scope of the next plan."""
    now = Reach()
    try:
        record = last_up.read(environment) if _domain_id(environment) and not refresh else None
        doubt = "it was asked for" if refresh else next(_doubts(environment, record), "")
        now = _listed(environment, record=None if doubt else record)
        now = _shared(environment, now) if now.listed else now
    except (AwsError, OSError) as refusal:
        return _everything(now, str(refusal))
    if doubt or record is None:
        return _everything(now, doubt)
    described = environment.terraform.blueprint.resources()
    left = {resource.address for resource in described if _is_as_left(resource, record, now.listed)}
    if 2 * len(left) < sum(resource.type in LISTED for resource in described):
        return _everything(now, "most of it is new, or was changed")
    known = {address for address, _ in Estate(environment.terraform.state()).addresses()}
    targets = frozenset({resource.address for resource in described} | known) - left
    is_known = bool(now.marks) and now.marks == record.marks
    is_known &= all(_has_its_time(address, record, now.listed) for address in known & targets)
    quotas = {key: told for key, told in record.quotas.items() if 0 <= time.time() - told[1] < DAY}
    reach = replace(now, targets=targets, refreshed_at=record.refreshed_at, is_known=is_known, quotas=quotas)
    return Scope(reach, frozenset(left))


def _everything(now: Reach, why: str) -> Scope:
    return Scope(replace(now, targets=frozenset(), refreshed_at=time.time()), why=why)


def _is_as_left(resource: Resource, record: LastUp, listed: Mapping[str, str]) -> bool:
    before = record.resources.get(resource.address)
    return (
        resource.type in LISTED
        and before is not None
        and _has_its_time(resource.address, record, listed)
        and before.rendered == last_up.of_resource(resource)
    )


def _has_its_time(address: str, record: LastUp, listed: Mapping[str, str]) -> bool:
    """Whether AWS tells of no change since the last `up`. Of what it does not list, the marks tell."""
    if not address.startswith(tuple(LISTED)):
        return True
    before = record.resources.get(address)
    return before is not None and before.changed_at == listed.get(address)


def _shared(environment: Environment, now: Reach) -> Reach:
    """Add AWS's answers about all that users share, as far as AWS allows to read it."""
    from studioctl.aws import marks  # noqa: PLC0415 (botocore is needed only here)

    things: dict[str, list[Mapping[str, Any]]] = {}
    for address, attributes in Estate(environment.terraform.state()).addresses():
        if (type_ := address.split(".")[0]) not in LISTED:
            things.setdefault(type_, []).append(attributes)
    try:
        now = replace(now, domain=environment.studio.described_domain(_domain_id(environment)))
        return replace(now, marks=marks.digest(environment.session, things, now.domain))
    except AwsError:
        return now


def _doubts(environment: Environment, record: LastUp | None) -> Iterator[str]:
    """The reasons not to trust a record, in words."""
    terraform = environment.terraform
    if record is None:
        yield "there is no record of how it was left"
        return
    if record.state != last_up.of_state(terraform.state()):
        yield "the state was changed since the last record of it"
    if record.basis != last_up.basis(environment):
        yield "tags, provider or Terraform are others now"
    if not 0 <= record.age < DAY:
        yield "everything was last looked at more than a day ago"
    if runs.unfinished(terraform.workspace):
        yield "the last run was interrupted"
    estate = Estate(terraform.state())
    known = {address for address, _ in estate.addresses()}
    if any(address.endswith(DEPOSED) for address in known) or any(estate.tainted()):
        yield "something waits for its deletion"
    if known.intersection(before for module in terraform.blueprint.modules for before in module.moved):
        yield "something moves to another address"


def _domain_id(environment: Environment) -> str:
    """The domain's id by the state; empty where it has none, or more than one."""
    domains = Estate(environment.terraform.state()).ids(DOMAIN)
    return domains[0] if len(domains) == 1 else ""


def _listed(environment: Environment, *, since: str = "", record: LastUp | None = None) -> Reach:
    """The profiles and spaces that AWS lists, with the times of last change, by address. Nothing without a domain.

    Args:
        environment: The environment.
        since: Only changes since then.
        record: The record of the last `up` for this very state: then AWS is asked for less.

    Raises:
        AwsError: AWS refused.
    """
    domain_id = _domain_id(environment)
    if not domain_id:
        return Reach()
    from studioctl.aws.changes import last_changes  # noqa: PLC0415 (botocore is needed only here)

    estate = Estate(environment.terraform.state())
    people = {str(it.get(LISTED[PROFILE])): address for address, it in estate.resources(PROFILE)}
    known, seen = {}, record.seen if record else ""
    if record and record.strangers is not None:
        known = dict.fromkeys(record.strangers, "")
        for name, address in people.items():
            known[name] = record.resources[address].changed_at if address in record.resources else ""
    changes = last_changes(environment.session, domain_id, since=since, known=known, seen=seen)
    times = {PROFILE: changes.profiles, SPACE: changes.spaces}
    listed = {
        address: times[type_][name]
        for type_, argument in LISTED.items()
        for address, attributes in estate.resources(type_)
        if (name := str(attributes.get(argument))) in times[type_] and attributes.get("domain_id") == domain_id
    }
    return Reach(listed=listed, there=changes, strangers=frozenset(changes.people).difference(people))


def _referred_to(environment: Environment, changes: Collection[ResourceChange], left: Collection[str]) -> str:
    """Something that the plan changes and that what it leaves refers to: then that would change, too."""
    described = environment.terraform.blueprint.resources()
    mentioned = {
        attribute
        for resource in described
        if resource.address in left
        for attribute in _ATTRIBUTE.findall(json.dumps(resource.arguments, default=str))
    }
    addresses = {attribute.rpartition(".")[0] for attribute in mentioned}
    for change in changes:
        touched = {f"{change.address}.{re.split(r'[.[]', a.path)[0]}" for a in change.attributes}
        if mentioned & touched or (change.action in BORN and change.address in addresses):
            return change.address
    return ""


@dataclass(frozen=True)
class Same:
    """The parts of a file, and the addresses, that are as they were at the last `up`; none where nobody can tell.

    Args:
        keys: The parts, see `studioctl.review.since`.
        resources: The addresses.
        is_unfinished: Whether no `up` of this environment is known to have come to its end.
    """

    keys: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    is_unfinished: bool = False


def same(environment: Environment) -> Same:
    """The part of everything that is as it was at the last `up`."""
    none = Same()
    try:
        record = last_up.read(environment)
        if record is None:
            return Same(is_unfinished=True)
        if record.version != __version__:
            return none
        if (record.state, record.basis) != (
            last_up.of_state(environment.terraform.state()),
            last_up.basis(environment),
        ):
            return none
    except (AwsError, OSError):
        return none
    described = {it.address: it for it in environment.terraform.blueprint.resources() if it.address in record.resources}
    now = since.digests(environment.config)
    return Same(
        frozenset(key for key, digest in record.file.items() if now.get(key) == digest),
        frozenset(a for a, it in described.items() if record.resources[a].rendered == last_up.of_resource(it)),
    )


def remember(environment: Environment, summary: PlanSummary) -> Work[None]:
    """Write down how a plan that was carried out has left everything.

    What it did not change has the time that AWS listed before it was looked at, and what users share has the marks of
    then: a change since then is seen next time. What AWS did not list then is looked at next time. Where it changed
    something that users share, nobody can tell its own changes from those of others, so that the next plan looks at
    all of it.
    """
    changed = {change.address for change in summary.changes}
    described = {resource.address: resource for resource in environment.terraform.blueprint.resources()}
    listed, strangers = dict(summary.reach.listed), summary.reach.strangers
    seen = max((at for address, at in listed.items() if address.startswith(PROFILE)), default="")
    try:
        if any(r.type in LISTED and (a in changed or a not in listed) for a, r in described.items()):
            kept = {address: at for address, at in listed.items() if address not in changed}
            now = _listed(environment, since=max(listed.values(), default=""))
            made = {address: at for address, at in now.listed.items() if address in changed}
            listed, strangers = {**made, **kept}, strangers | now.strangers
        left = {a: Left(last_up.of_resource(described[a]), at) for a, at in listed.items() if a in described}
        if left:
            are_others = any(change.type not in LISTED for change in summary.changes)
            marks = "" if are_others else summary.reach.marks
            left |= {a: Left(last_up.of_resource(it), "") for a, it in described.items() if it.type == DOMAIN}
            state, basis = last_up.of_state(environment.terraform.state()), last_up.basis(environment)
            at, file = summary.reach.refreshed_at or time.time(), since.digests(environment.config)
            quotas = summary.reach.quotas
            record = LastUp(state, basis, at, left, marks, file, __version__, seen, strangers, quotas)
            last_up.write(environment, record)
    except (StudioctlError, OSError) as error:  # what the `up` came to is more important
        yield Noted(
            f"The next plan looks at everything: how things were left could not be recorded. {error}", is_detail=True
        )


def _counted(work: Work[T]) -> Work[tuple[T, int]]:
    """The work, and how many resources Terraform has looked at in it."""
    looked_at = 0
    try:
        while True:
            event = next(work)
            looked_at += isinstance(event, Finished) and event.action == "refresh"
            yield event
    except StopIteration as done:
        return done.value, looked_at
    finally:
        work.close()
