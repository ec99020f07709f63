"""Removing an environment without a trace, and nobody's data without the user's word.

Terraform alone cannot: spaces and apps that people made block it, the provider reads the retention policy of the home
file system from its prior state, and what SageMaker leaves in the VPC blocks subnets and groups. So Studio goes
through its own API, in the order that works, and Terraform removes the rest and forgets what is gone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from studioctl.aws import contents, leftovers
from studioctl.aws.studio import App, Domain, Space, UserProfile
from studioctl.aws.wait import until
from studioctl.errors import RefusedError
from studioctl.events import Finished, Stage, Started, Work
from studioctl.operations.apps import stop_apps
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate
from studioctl.terraform.plan import PlanSummary

TIMEOUT = 1200.0  # seconds; the provider, too, gives a domain 20 minutes
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
        domains: Domains in that plan that AWS still knows.
        holdings: What holds users' data.
    """

    plan: PlanSummary
    estate: Estate
    domains: tuple[Domain, ...]
    holdings: tuple[Holding, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not self.plan.changes


def survey(environment: Environment, *, move_state: bool = False) -> Work[Teardown]:
    """What `remove` would remove. Nothing is changed."""
    yield from environment.terraform.init(migrate=move_state)
    plan = yield from environment.terraform.plan(destroy=True)
    estate = Estate(environment.terraform.state())
    found = (environment.studio.domain(domain_id) for domain_id in estate.ids("aws_sagemaker_domain"))
    domains = tuple(domain for domain in found if domain)
    holdings = (*_stored(environment, estate), *(h for domain in domains for h in _in_domain(environment, domain)))
    return Teardown(plan, estate, domains, holdings)


def refuse_to_lose(teardown: Teardown) -> None:
    """Refuses when users' data would be lost.

    Raises:
        RefusedError: It names what holds data.
    """
    if not teardown.holdings:
        return
    lines = "\n".join(f"  {h.kind} '{h.name}': {h.contents}" for h in teardown.holdings)
    raise RefusedError(
        f"These hold data, which would be lost for ever:\n{lines}\nNothing was changed.",
        hint="copy what you need, then: studioctl down --delete-data",
    )


def remove(environment: Environment, teardown: Teardown) -> Work[None]:
    """Removes everything in the survey, its data included: the caller has the user's word, or there is none.

    Raises:
        AwsError, TerraformError: Something refused. The same again goes on from there.
    """
    for domain in teardown.domains:
        yield Stage(f"Removing Studio's domain {domain.id}")
        yield from _remove_studio(environment, domain)
        traces = leftovers.DomainTraces(domain_id=domain.id, domain_arn=domain.arn)
        yield from leftovers.remove(environment.session, traces)
    yield Stage("Emptying")
    yield from _empty(environment, teardown.estate)
    yield from environment.terraform.apply(teardown.plan)
    environment.terraform.workspace.release()


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


def _in_domain(environment: Environment, domain: Domain) -> Iterable[Holding]:
    apps = environment.studio.apps(domain.id)
    for space in environment.studio.spaces(domain.id):
        if _may_hold_files(space, apps):
            yield Holding("space", space.name, f"a volume of {space.volume_gb or '?'} GB")
    if domain.home_file_system_id:
        profiles = len(environment.studio.user_profiles(domain.id))
        held = contents.home_contents(environment.session, domain.home_file_system_id, profiles=profiles)
        if held:
            yield Holding("home file system", domain.home_file_system_id, held)


def _may_hold_files(space: Space, apps: Iterable[App]) -> bool:
    """A space has a volume from its first start on. AWS does not say whether there was one, so doubt means yes."""
    if any(app.space == space.name for app in apps):
        return True
    return datetime.now(UTC) - space.created_at > APP_MEMORY


def _remove_studio(environment: Environment, domain: Domain) -> Work[None]:
    """Apps, spaces, profiles, domain: each blocks the next, whoever made it."""
    studio = environment.studio
    yield from stop_apps(studio, domain.id, studio.apps(domain.id))
    yield from _drain("space", lambda: studio.spaces(domain.id), lambda name: studio.delete_space(domain.id, name))
    yield from _drain(
        "user profile",
        lambda: studio.user_profiles(domain.id),
        lambda name: studio.delete_user_profile(domain.id, name),
    )
    if domain.status != "Deleting":
        studio.delete_domain(domain.id)
    yield from until(
        lambda: studio.domain(domain.id) is None, subject=f"domain {domain.id}", action="delete", timeout=TIMEOUT
    )


def _drain(
    kind: str, remaining: Callable[[], Sequence[Space | UserProfile]], delete: Callable[[str], None]
) -> Work[None]:
    found = remaining()
    for thing in found:
        if thing.status != "Deleting":
            delete(thing.name)
    if found:
        subject = f"{kind} {found[0].name}" if len(found) == 1 else f"{len(found)} {kind}s"
        yield from until(lambda: not remaining(), subject=subject, action="delete", timeout=TIMEOUT)


def _empty(environment: Environment, estate: Estate) -> Work[None]:
    """Deletes what Terraform refuses to: contents, and the secret without the days in which its name is taken."""
    session = environment.session
    for bucket in estate.ids("aws_s3_bucket"):
        yield Started(f"bucket {bucket}", "empty")
        contents.empty_bucket(session, bucket)
        yield Finished(f"bucket {bucket}", "empty", 0)
    for repository in estate.ids("aws_ecr_repository"):
        yield Started(f"repository {repository}", "empty")
        contents.delete_images(session, repository)
        yield Finished(f"repository {repository}", "empty", 0)
    for secret in estate.ids("aws_secretsmanager_secret"):
        contents.delete_secret(session, secret)
