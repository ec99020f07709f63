"""Quotas before, not during: what the file needs of the account, what the account has, and asking AWS for more."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from studioctl.aws import claims, quotas
from studioctl.aws import databases as clusters
from studioctl.aws.quotas import Limits, Quota, RunningApp
from studioctl.aws.session import Session
from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.config.apps import TITLES
from studioctl.config.model import EnvironmentConfig
from studioctl.events import Finished, Started, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.environment import Account

Names = tuple[tuple[str, str], ...]  # the id of the domain, and the name in it
KINDS_OF_APPS = {"CodeEditor": "Code Editors", "JupyterLab": "JupyterLabs"}


class Seen(Protocol):
    """An account, as far as its quotas go: each property is asked for when first needed."""

    @property
    def session(self) -> Session: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def wanted(self) -> EnvironmentConfig: ...
    @property
    def blueprint(self) -> Blueprint: ...
    @property
    def domain_id(self) -> str | None: ...
    @property
    def every_profile(self) -> Names: ...
    @property
    def every_space(self) -> Names: ...
    @property
    def running(self) -> tuple[RunningApp, ...]: ...

    def leaving(self, resource_type: str) -> int: ...


@dataclass(frozen=True)
class Demand:
    """The number of one thing that the account must allow, including those of other environments.

    Args:
        what: The thing, in words.
        needed: The number needed.
        quota: The account's quota; None if AWS has no such quota in the region.
        instance_type: The instance type of the apps, if it is about one type.
        is_needed_to_start: Whether `up` goes through without it, and only later starts fail.
        app_type: The kind of app, where it is about one.
        leaving: The number that the plan deletes. Terraform creates and deletes side by side, so these count as well
            while `up` runs.
    """

    what: str
    needed: int
    quota: Quota | None
    instance_type: str | None = None
    is_needed_to_start: bool = False
    app_type: str | None = None
    leaving: int = 0

    @property
    def afterwards(self) -> int:
        """The number left when `up` has ended."""
        return self.needed - self.leaving

    @property
    def is_met(self) -> bool:
        """Whether the account may have as much."""
        return self.quota is not None and self.needed <= self.quota.limit

    @property
    def makes_room(self) -> bool:
        """Whether the account may have what there is afterwards, and only not what there is while `up` runs."""
        return not self.is_met and self.quota is not None and self.afterwards <= self.quota.limit


def profiles(seen: Seen) -> Iterator[Demand]:
    """User profiles, of all domains of the region."""
    every = seen.every_profile
    there = {name.casefold() for name in _ours(seen, every)}
    missing = sum(user.name.casefold() not in there for user in seen.wanted.users)
    quota = seen.limits.quota(*quotas.PROFILES)
    yield Demand("user profiles", len(every) + missing, quota, leaving=seen.leaving(PROFILE))


def spaces(seen: Seen) -> Iterator[Demand]:
    """Spaces, of all domains of the region."""
    every = seen.every_space
    there = set(_ours(seen, every))
    missing = sum(space.name not in there for space in seen.wanted.resolved_spaces())
    quota = seen.limits.quota(*quotas.SPACES)
    yield Demand("spaces", len(every) + missing, quota, leaving=seen.leaving(SPACE))


def running(seen: Seen) -> Iterator[Demand]:
    """Apps that run at a time, if all spaces of the file do."""
    needed = len(seen.wanted.resolved_spaces()) + _running_elsewhere(seen)[""]
    quota = seen.limits.quota(*quotas.RUNNING_APPS)
    yield Demand("apps, with all spaces running", needed, quota, is_needed_to_start=True)


def types(seen: Seen) -> Iterator[Demand]:
    """Apps of one kind on each type of instance, if all spaces of the file run. AWS counts the kinds apart."""
    every = seen.wanted.resolved_spaces()
    elsewhere = _running_elsewhere(seen)
    for app_type in TITLES:
        wanted = Counter(each for space in every if space.app_type == app_type for each in space.types)
        for instance_type, quota in seen.limits.editor_quotas(sorted(wanted), app_type).items():
            needed = wanted[instance_type] + elsewhere[f"{app_type} {instance_type}"]
            what = f"{KINDS_OF_APPS[app_type]} on {instance_type}, all running"
            yield Demand(what, needed, quota, instance_type, is_needed_to_start=True, app_type=app_type)


def vpcs(seen: Seen) -> Iterator[Demand]:
    """VPCs of the region."""
    needed = quotas.count_vpcs(seen.session) + _first_up_makes(seen, "aws_vpc")
    yield Demand("VPCs", needed, seen.limits.quota(*quotas.VPCS))


def gateways(seen: Seen) -> Iterator[Demand]:
    """Internet gateways of the region."""
    needed = quotas.count_internet_gateways(seen.session) + _first_up_makes(seen, "aws_internet_gateway")
    yield Demand("internet gateways", needed, seen.limits.quota(*quotas.INTERNET_GATEWAYS))


def identities(seen: Seen) -> Iterator[Demand]:
    """Roles and policies of the account: with a role for each user, a thousand users need thousands."""
    summary = quotas.iam_summary(seen.session)
    for what, resource_type, summed in (
        ("IAM roles", "aws_iam_role", summary.roles),
        ("IAM policies", "aws_iam_policy", summary.policies),
    ):
        names = {str(r.arguments["name"]) for r in seen.blueprint.resources() if r.type == resource_type}
        there = claims.iam_names(seen.session, resource_type)
        needed = summed.used + len(names - there)
        yield Demand(what, needed, summed.quota, leaving=seen.leaving(resource_type))


def databases(seen: Seen) -> Iterator[Demand]:
    """The cluster, instance and groups of the database of studies, unless it is there."""
    config = seen.wanted
    if not config.tuning.has_database:
        return
    there = clusters.cluster(seen.session, Naming.of(config).database, (ENVIRONMENT_TAG, config.name))
    for summed in quotas.rds_summary(seen.session):
        yield Demand(summed.quota.name, summed.used + (there is None), summed.quota)


Kind = Callable[[Seen], Iterator[Demand]]
KINDS: tuple[Kind, ...] = (profiles, spaces, running, types, vpcs, gateways, identities, databases)
# Terraform's type -> what a plan that makes one asks the account for.
MADE_BY_QUOTA: dict[str, tuple[Kind, ...]] = {
    "aws_sagemaker_user_profile": (profiles,),
    "aws_sagemaker_space": (spaces, running, types),
    "aws_iam_role": (identities,),
    "aws_iam_policy": (identities,),
    "aws_vpc": (vpcs,),
    "aws_internet_gateway": (gateways,),
    "aws_rds_cluster": (databases,),
}


def _ours(seen: Seen, every: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The names of those that are in the environment's domain."""
    return (name for domain, name in every if domain == seen.domain_id)


def _running_elsewhere(seen: Seen) -> Counter[str]:
    """The number of apps of each kind on each instance type, without the file's spaces' ("JupyterLab ml.t3.medium").

    "" counts all of any kind.
    """
    ours = {space.name for space in seen.wanted.resolved_spaces()}
    others = [app for app in seen.running if not (app.domain_id == seen.domain_id and app.space in ours)]
    by_type = Counter(f"{app.type} {app.instance_type}" for app in others)
    return Counter({**by_type, "": len(others)})


def _first_up_makes(seen: Seen, resource_type: str) -> bool:
    """Whether `up` makes one: not in a network that exists already, or that has no need of it."""
    return seen.domain_id is None and any(r.type == resource_type for r in seen.blueprint.resources())


@dataclass(frozen=True)
class Looked:
    """An account, looked at for its quotas. What several demands need is asked for once."""

    account: Account
    blueprint: Blueprint

    @property
    def session(self) -> Session:
        """Clients of the account."""
        return self.account.session

    @cached_property
    def limits(self) -> Limits:
        """The account's quotas."""
        return Limits(self.session)

    @property
    def wanted(self) -> EnvironmentConfig:
        """The file."""
        return self.account.config

    @cached_property
    def domain_id(self) -> str | None:
        """The environment's domain; None before `up`."""
        domain = self.account.domain()
        return domain.id if domain else None

    @cached_property
    def every_profile(self) -> Names:
        """The user profiles of all domains of the region."""
        return quotas.profiles(self.session)

    @cached_property
    def every_space(self) -> Names:
        """The spaces of all domains of the region."""
        return quotas.spaces(self.session)

    @cached_property
    def running(self) -> tuple[RunningApp, ...]:
        """The apps that run in all domains of the region."""
        return quotas.running_apps(self.session)

    def leaving(self, _: str) -> int:
        """Return 0: without a plan, nobody knows how many resources of a type `up` deletes."""
        return 0


def demands(account: Account, everything: Blueprint) -> tuple[Demand, ...]:
    """Everything of which an account may have only so much, and that the file needs.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    seen = Looked(account, everything)
    return tuple(demand for kind in KINDS for demand in kind(seen))


@dataclass(frozen=True)
class Asked:
    """A request for more: filed now, or open since earlier.

    Args:
        demand: The demand that it is about.
        desired: The number requested.
        id: The request's id at AWS.
        status: In AWS's words: "PENDING", "CASE_OPENED".
        is_new: Whether it was filed now.
    """

    demand: Demand
    desired: int
    id: str
    status: str
    is_new: bool


def open_requests(account: Account, found: Iterable[Demand]) -> dict[str, Asked]:
    """The requests for more that AWS has not decided yet, of unmet demands, by quota code.

    Raises:
        AwsError: AWS refused.
    """
    result = {}
    for demand in found:
        if demand.quota is None or demand.is_met:
            continue
        request = quotas.open_request(account.session, demand.quota)
        if request is not None:
            result[demand.quota.code] = Asked(demand, request.desired, request.id, request.status, is_new=False)
    return result


def to_file(found: Iterable[Demand], pending: dict[str, Asked]) -> tuple[Demand, ...]:
    """The demands for which a request is to be filed: not met, adjustable, and nothing as large asked for yet."""
    return tuple(
        demand
        for demand in found
        if demand.quota is not None
        and not demand.is_met
        and demand.quota.is_adjustable
        and demand.quota.code not in pending
    )


def file(account: Account, wanted: Iterable[Demand]) -> Work[tuple[Asked, ...]]:
    """Files one request each, for exactly as many as are needed.

    Raises:
        AwsError: AWS refused one. Those before it are filed; running it again continues from there.
    """
    filed = []
    for demand in wanted:
        assert demand.quota is not None  # noqa: S101 - to_file sees to it
        title = f"{demand.quota.name}: {demand.needed}"
        yield Started(title, "request")
        request = quotas.request(account.session, demand.quota, demand.needed)
        yield Finished(title, "request", 0)
        filed.append(Asked(demand, request.desired, request.id, request.status, is_new=True))
    return tuple(filed)
