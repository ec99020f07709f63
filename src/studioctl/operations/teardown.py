"""Removing an environment without a trace, and nobody's data without the user's word.

Terraform alone cannot: spaces and apps that people made block it, the provider reads the retention policy of the home
file system from its prior state, and what SageMaker leaves in the VPC blocks subnets and groups. So Studio goes
through its own API, in the order that works, and Terraform removes the rest and forgets what is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from studioctl.aws import contents, leftovers
from studioctl.aws.leftovers import DomainTraces
from studioctl.aws.values import App, Domain, Space
from studioctl.errors import RefusedError
from studioctl.events import Finished, Stage, Started, Work
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate
from studioctl.operations.guards import refuse_to_forget
from studioctl.operations.removal import remove_studio
from studioctl.terraform.plan import PlanSummary

# AWS forgets a deleted app after 24 hours; only within them can it be known that a space never had one.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeApp.html
APP_MEMORY = timedelta(hours=23)


@dataclass(frozen=True)
class Holding:
    """Something that holds users' data: `kind` and `name` say what, `contents` how much."""

    kind: str
    name: str
    contents: str


@dataclass(frozen=True)
class Teardown:
    """What would be removed, and whose data with it.

    Args:
        plan: Terraform's plan of the destruction.
        estate: What Terraform knows to exist.
        traces: Domains that exist, and domains that are gone but left something behind.
        holdings: What holds users' data.
    """

    plan: PlanSummary
    estate: Estate
    traces: tuple[DomainTraces, ...]
    holdings: tuple[Holding, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not self.plan.changes and not self.traces


def survey(environment: Environment, *, move_state: bool = False) -> Work[Teardown]:
    """What `remove` would remove. Nothing is changed.

    Raises:
        RefusedError: Somebody else's domain is in the environment's VPC; or the file now means another environment.
    """
    yield from environment.terraform.init(migrate=move_state)
    refuse_to_forget(environment)
    plan = yield from environment.terraform.plan(destroy=True)
    estate = Estate(environment.terraform.state())
    traces = _traces(environment, estate)
    _refuse_strangers(environment, estate, traces)
    remaining = tuple(
        trace
        for trace in traces
        if environment.studio.domain(trace.domain_id) or leftovers.exist(environment.session, trace)
    )
    found = Teardown(plan, estate, remaining, _holdings(environment, estate, remaining))
    if found.is_empty:
        environment.terraform.workspace.release()  # a first `up` that made nothing, or a `down` cut off at its end
    return found


def holdings(environment: Environment) -> tuple[Holding, ...]:
    """What holds users' data at present. Terraform must have been initialised."""
    estate = Estate(environment.terraform.state())
    return _holdings(environment, estate, _traces(environment, estate))


def refuse_to_lose(teardown: Teardown) -> None:
    """Refuses when users' data would be lost.

    Raises:
        RefusedError: It names what holds data.
    """
    _refuse(teardown.holdings)


def remove(environment: Environment, teardown: Teardown, *, delete_data: bool) -> Work[None]:
    """Removes everything in the survey.

    Args:
        environment: The environment.
        teardown: What `survey` returned.
        delete_data: Whether the user gave the word that data may go. Without it nothing is emptied, and what holds
            data is looked for once more, as some may have come after the survey.

    Raises:
        RefusedError: There is data. Nothing was changed.
        AwsError, TerraformError: Something refused. The same again goes on from there.
    """
    if not delete_data:
        _refuse(holdings(environment))
    for trace in teardown.traces:
        yield Stage(f"Removing Studio's domain {trace.domain_id}")
        if environment.studio.domain(trace.domain_id):
            yield from remove_studio(environment.studio, trace.domain_id)
        yield from leftovers.remove(environment.session, trace)
    if delete_data:
        yield from _empty(environment, teardown.estate)
    _delete_secrets(environment, teardown.estate, delete_data=delete_data)
    yield from environment.terraform.apply(teardown.plan)
    environment.terraform.workspace.release()


def _refuse(found: Iterable[Holding]) -> None:
    lines = "\n".join(f"  {h.kind} '{h.name}': {h.contents}" for h in found)
    if lines:
        raise RefusedError(
            f"These hold data, which would be lost for ever:\n{lines}\nNothing was changed.",
            hint="copy what you need, then: studioctl down --delete-data",
        )


def _traces(environment: Environment, estate: Estate) -> tuple[DomainTraces, ...]:
    """Every domain that is, or ever was, in this environment: one that was replaced is in nobody's state."""
    domains = estate.attributes("aws_sagemaker_domain")
    known = {str(domain["id"]): str(domain["arn"]) for domain in domains if domain.get("id")}
    found = leftovers.in_vpcs(environment.session, estate.ids("aws_vpc"))
    every = {trace.domain_id: trace for trace in found}
    every |= {domain_id: DomainTraces(domain_id, arn) for domain_id, arn in known.items()}
    return tuple(every.values())


def _refuse_strangers(environment: Environment, estate: Estate, traces: Iterable[DomainTraces]) -> None:
    known = estate.ids("aws_sagemaker_domain")
    ours = (ENVIRONMENT_TAG, environment.config.name)
    for trace in traces:
        domain = None if trace.domain_id in known else environment.studio.domain(trace.domain_id)
        if domain and not environment.studio.has_tag(domain.arn, ours):
            raise RefusedError(
                f"Domain {domain.id} ('{domain.name}') is in this environment's VPC, and somebody else made it.",
                hint="delete that domain if nobody needs it, then run the same command again",
            )


def _holdings(environment: Environment, estate: Estate, traces: Iterable[DomainTraces]) -> tuple[Holding, ...]:
    return (*_stored(environment, estate), *(h for trace in traces for h in _in_domain(environment, trace)))


def _stored(environment: Environment, estate: Estate) -> Iterable[Holding]:
    session = environment.session
    for bucket in estate.ids("aws_s3_bucket"):
        if held := contents.bucket_contents(session, bucket):
            yield Holding("bucket", bucket, held)
    for repository in estate.ids("aws_ecr_repository"):
        if held := contents.repository_contents(session, repository):
            yield Holding("repository", repository, held)
    for secret in estate.attributes("aws_secretsmanager_secret"):
        if held := contents.secret_contents(session, secret["id"]):
            yield Holding("secret", secret["name"], held)


def _in_domain(environment: Environment, trace: DomainTraces) -> Iterable[Holding]:
    domain = environment.studio.domain(trace.domain_id)
    if domain:
        yield from _in_living_domain(environment, domain)
        return
    for home in leftovers.home_file_systems(environment.session, trace.domain_arn):
        if held := contents.home_contents(environment.session, home, profiles=0, used=False):
            yield Holding("home file system", home, held)


def _in_living_domain(environment: Environment, domain: Domain) -> Iterable[Holding]:
    apps = environment.studio.apps(domain.id)
    filled = [space for space in environment.studio.spaces(domain.id) if _may_hold_files(space, apps)]
    for space in filled:
        yield Holding("space", space.name, f"a volume of {space.volume_gb or '?'} GB")
    if domain.home_file_system_id:
        profiles = len(environment.studio.user_profiles(domain.id))
        used = bool(apps or filled)
        held = contents.home_contents(environment.session, domain.home_file_system_id, profiles=profiles, used=used)
        if held:
            yield Holding("home file system", domain.home_file_system_id, held)


def _may_hold_files(space: Space, apps: Iterable[App]) -> bool:
    """A space has a volume from its first start on. AWS does not say whether there was one, so doubt means yes."""
    if any(app.space == space.name for app in apps):
        return True
    return datetime.now(UTC) - space.created_at > APP_MEMORY


def _empty(environment: Environment, estate: Estate) -> Work[None]:
    """Deletes what Terraform refuses to: contents."""
    session = environment.session
    yield Stage("Emptying")
    for bucket in estate.ids("aws_s3_bucket"):
        yield Started(f"bucket {bucket}", "empty")
        contents.empty_bucket(session, bucket)
        yield Finished(f"bucket {bucket}", "empty", 0)
    for repository in estate.ids("aws_ecr_repository"):
        yield Started(f"repository {repository}", "delete")
        contents.delete_repository(session, repository)
        yield Finished(f"repository {repository}", "delete", 0)


def _delete_secrets(environment: Environment, estate: Estate, *, delete_data: bool) -> None:
    """Deletes secrets without the days in which their name is taken; one that has a value only on the user's word."""
    for secret in estate.ids("aws_secretsmanager_secret"):
        if delete_data or contents.secret_contents(environment.session, secret) is None:
            contents.delete_secret(environment.session, secret)
