"""Tuning with SageMaker training jobs: what they are, what they cost at most, and the crew that starts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio_emulator.facts import training_quota_name
from studio_emulator.training import registries
from studioctl.aws import quotas, training
from studioctl.aws.jobs import STUDY_TAG
from studioctl.aws.training import TrainingCloud
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import listed, nearest
from studioctl.errors import AbsentError, AwsError, ExitCode, StudioctlError
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.environment import Account
from studioctl.operations.prices import known
from studioctl.operations.tuning import fitness, owners
from studioctl.tuning.jobs import JobPlan, Jobs
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.package import Package

if TYPE_CHECKING:
    from studioctl.tuning.places import Place

IMAGE = "sagemaker-scikit-learn"
TAG = "1.4-2-py312"
LONGEST_MINUTES = 60


@dataclass(frozen=True)
class JobSettings:
    """The instances, image and limits of jobs.

    Args:
        instance_type: The instance type, such as "ml.m5.large".
        image: The image's address; None takes AWS's for scikit-learn.
        volume_gb: Volume size of each job, in GB.
        longest_minutes: Minutes until a job is stopped. None: 60 for a trial's job, 480 for a worker of many trials.
        is_spot: Whether to use spot instances.
        max_usd: No job starts that could make the study more expensive than this.
        user: The user whose role jobs use, if users have their own roles.
        heartbeat_seconds: Seconds between two heartbeats of a worker that shares its study with others.
    """

    instance_type: str = "ml.m5.large"
    image: str | None = None
    volume_gb: int = 20
    longest_minutes: int | None = None
    is_spot: bool = False
    max_usd: float | None = None
    user: str | None = None
    heartbeat_seconds: int = 60

    @property
    def minutes(self) -> int:
        """The minutes after which a job is stopped."""
        return self.longest_minutes or LONGEST_MINUTES


@dataclass(frozen=True)
class Estimate:
    """The highest cost of a run, and the quota that it needs.

    Args:
        usd: US dollars; None where the price is not known.
        usd_per_hour: The instance's price.
        jobs: The most jobs.
        longest_minutes: Of each.
        source: The source of the price, and its date.
        quota_name: The quota for jobs on this type.
        quota: The account's quota for it; None if AWS does not tell.
        meant: The instance type that was probably meant, where the price is not known; empty for none.
    """

    usd: float | None
    usd_per_hour: float | None
    jobs: int
    longest_minutes: int
    source: str
    quota_name: str
    quota: int | None
    meant: str = ""


def estimate(account: Account, settings: JobSettings, *, trials: int, retries: int) -> Estimate:
    """The highest cost of a run: every trial as often and as long as it may. Spot instances cost less.

    Raises:
        StudioctlError: There is a limit, and the price is not known; or the account may have no such job; or the user
            has no role.
    """
    refuse_user_without_role(account.config, settings.user)
    table = known.of(account.config)
    hourly = table.of_training(settings.instance_type)
    meant = _meant(settings.instance_type) if hourly is None else ""
    if settings.max_usd is not None and hourly is None:
        raise StudioctlError(
            f"What a training job on {settings.instance_type} costs in {account.config.region} is not known here, so"
            " --max-usd cannot be kept. Nothing was started." + (f" Did you mean {meant}?" if meant else ""),
            hint=f'write the price into studio.toml: [cost] prices = {{ "training {settings.instance_type}" = USD }}',
            exit_code=ExitCode.USAGE,
        )
    jobs = trials * (1 + retries)
    usd = None if hourly is None else hourly * jobs * settings.minutes / 60
    limit = settings.max_usd
    price = table.of.get(f"training {settings.instance_type}")
    return Estimate(
        usd=usd if usd is None or limit is None else min(usd, limit),
        usd_per_hour=hourly,
        jobs=jobs,
        longest_minutes=settings.minutes,
        source=f"{price.source}, {price.as_of}" if price and price.as_of else price.source if price else "",
        quota_name=_quota_name(settings),
        quota=_quota(account, settings),
        meant=meant,
    )


def _meant(instance_type: str) -> str:
    """The type that was probably meant; empty for one that AWS has."""
    types = training.instance_types()
    return "" if instance_type in types else nearest(instance_type, types) or ""


def refuse_user_without_role(config: EnvironmentConfig, user: str | None) -> None:
    if user is None:
        return
    if user not in (names := [each.name for each in config.users]):
        raise StudioctlError(
            f"'{user}' is not a user in the file. There are: {listed(names)}. Nothing was started.",
            hint="name one of them with --user, or leave it out",
            exit_code=ExitCode.USAGE,
        )
    if not config.iam.per_user_roles:
        raise StudioctlError(
            f"'{user}' has no role besides everybody's. Nothing was started.",
            hint="leave --user out; or write per_user_roles = true under [iam], then: studioctl up",
            exit_code=ExitCode.USAGE,
        )


def _quota_name(settings: JobSettings) -> str:
    return training_quota_name(settings.instance_type, "spot training job" if settings.is_spot else "training job")


def _quota(account: Account, settings: JobSettings) -> int | None:
    """The account's quota for the type; None where it may not ask. The emulator's binds only where it is told to."""
    try:
        found = quotas.training_quota(account.session, settings.instance_type, is_spot=settings.is_spot)
    except AwsError:
        return None
    if found is None or found.limit or account.target.is_local:
        return found.limit if found else None
    raise StudioctlError(
        f"The account may have no '{_quota_name(settings)}' in {account.config.region}. Nothing was started.",
        hint="ask AWS for more: aws service-quotas request-service-quota-increase --service-code sagemaker"
        f" --quota-code {found.code} --desired-value 4{account.target.aws_flags}",
    )


def crew_of(account: Account, package: Package, settings: JobSettings) -> "Callable[[Place], Jobs]":
    """Makes the crew of a study: sends the user's files to the bucket, and says what each job is.

    Raises:
        AbsentError: There is no such environment.
        StudioctlError: AWS has no image for it in this region.
    """
    make_plan = planned(account, settings)
    fitness.refuse_without_image(account.config, package.directory / "-", settings.image, ())

    def make(found: "Place") -> Jobs:
        plan, cloud = make_plan(found, package)
        return Jobs(cloud, plan, found, Ledger(found.bills), settings.max_usd)

    return make


def planned(
    account: Account, settings: JobSettings, *, only_looks: bool = False
) -> "Callable[[Place, Package], tuple[JobPlan, TrainingCloud]]":
    """Sends a study's files to the bucket, and says what each of its jobs is; looks first whether that can be.

    Args:
        account: The account.
        settings: The settings of the jobs.
        only_looks: Whether nothing is begun or deleted, which the study's owner may alone.

    Raises:
        AbsentError: There is no such environment.
        RefusedError: The study is somebody else's.
        StudioctlError: AWS has no image for it in this region.
    """
    config, session = account.config, account.session
    naming, identity = Naming.of(config), session.identity
    domain = account.domain()
    if domain is None:
        raise AbsentError(
            f"There is no '{config.name}' in {account.place}, so there is no role and no bucket for jobs.",
            hint="studioctl up",
            is_local=account.target.is_local,
        )
    bucket = config.bucket_in(identity.account_id)
    cloud = TrainingCloud(session, bucket)
    role = naming.user_role(settings.user) if settings.user else naming.execution_role
    hourly = known.of(config).of_training(settings.instance_type)
    image, network = settings.image or _image(config), _network(account, domain.id)

    def make(found: "Place", package: Package) -> tuple[JobPlan, TrainingCloud]:
        root = root_of(found.name, settings.user)
        if not only_looks:
            owners.claim(account, cloud, root, found.name, bucket)
        code = f"{root}/code/{package.digest}"
        for name, content in package.objects.items():
            cloud.put(f"{code}/{name}", content)
        plan = JobPlan(
            bucket=bucket,
            root=root,
            code=code,
            name_prefix=f"{naming.job_prefix(settings.user)}tune-",
            role_arn=f"arn:{identity.partition}:iam::{identity.account_id}:{config.iam.role(role)}",
            image=image,
            instance_type=settings.instance_type,
            volume_gb=settings.volume_gb,
            longest_seconds=settings.minutes * 60,
            is_spot=settings.is_spot,
            network=network,
            tags={ENVIRONMENT_TAG: config.name, STUDY_TAG: found.name},
            usd_per_hour=hourly,
        )
        return plan, cloud

    return make


def root_of(study: str, user: str | None) -> str:
    """The prefix of a study in the bucket: a user's own role reaches the user's part alone."""
    return f"users/{user}/tuning/{study}" if user else f"tuning/shared/{study}"


def _image(config: EnvironmentConfig) -> str:
    account = registries.account(IMAGE, config.region)
    if account is None:
        raise StudioctlError(
            f"AWS has no image '{IMAGE}' in {config.region}. Nothing was started.",
            hint="name an image with --image",
            exit_code=ExitCode.USAGE,
        )
    suffix = ".cn" if config.region.startswith("cn-") else ""
    return f"{account}.dkr.ecr.{config.region}.amazonaws.com{suffix}/{IMAGE}:{TAG}"


def _network(account: Account, domain_id: str) -> dict[str, list[str]] | None:
    """The domain's own network where it is closed; an open one leaves jobs in AWS's."""
    if not account.config.network.is_closed:
        return None
    described = account.studio.described_domain(domain_id)
    settings = described.get("DefaultUserSettings", {})
    return {"Subnets": list(described["SubnetIds"]), "SecurityGroupIds": list(settings.get("SecurityGroups", ()))}


def log_of(account: Account, job: str) -> list[str]:
    """The lines of a job's log, as CloudWatch has them."""
    return TrainingCloud(account.session, "").log(job)
