"""Tuning with workers that share a study in the environment's database: what they cost at most, and who starts them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from studio_emulator import facts
from studioctl import homes
from studioctl.aws import databases as rds
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import AbsentError, ExitCode, RefusedError, StudioctlError
from studioctl.infrastructure.database import NAME, WORKER
from studioctl.infrastructure.naming import Naming
from studioctl.operations.data import databases
from studioctl.operations.environment import Account
from studioctl.operations.prices import known
from studioctl.operations.tuning import fitness, jobs
from studioctl.operations.tuning.jobs import JobSettings
from studioctl.tuning import package
from studioctl.tuning.controller import Goal
from studioctl.tuning.fleet import Fleet
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.package import Package

if TYPE_CHECKING:
    from studioctl.tuning.places import Place
    from studioctl.tuning.runs import Settings

LONGEST_MINUTES = 480
CERTIFICATES = "studioctl_global-bundle.pem"
JOBS_CODE = "/opt/ml/code"  # where a job unpacks the user's files
CONNECTIONS_EACH = 2  # of a storage: for trials, and beside them for heartbeats and copies


@dataclass(frozen=True)
class Estimate:
    """The highest cost of a run with workers, and what it needs.

    Args:
        jobs: Of the workers.
        jobs_each: The most jobs for one worker: it is replaced if it ends too early.
        database: The database's name.
        database_usd: US dollars for its capacity, were it used to the full; None where the price is not known.
        acu: That capacity.
        connections: The most connections that the workers need.
        most_connections: The number that it has.
    """

    jobs: jobs.Estimate
    jobs_each: int
    database: str
    database_usd: float | None
    acu: float
    connections: int
    most_connections: int

    @property
    def usd(self) -> float | None:
        """Both together."""
        return None if self.jobs.usd is None or self.database_usd is None else self.jobs.usd + self.database_usd


def are_chosen(config: EnvironmentConfig, found: "Place") -> bool:
    """Whether workers run a study: one that began in a file stays there."""
    return found.is_shared or (config.tuning.has_database and not found.exists)


def estimate(
    account: Account, settings: JobSettings, *, workers: int, retries: int, is_script: bool = False
) -> Estimate:
    """The highest cost of a run: each worker as often and as long as it may, and all of the database's capacity.

    Raises:
        StudioctlError: As `jobs.estimate`; or the database has too few connections.
    """
    tuning = account.config.tuning
    found = jobs.estimate(account, settings, trials=workers, retries=retries)
    price = known.of(account.config).of.get("database")
    hours = settings.minutes / 60 * (1 + retries)
    most = facts.most_connections(tuning.min_acu, tuning.max_acu)
    # A script has a storage beside ours; and who makes the tables, as all do at first, has one more connection for it.
    each = CONNECTIONS_EACH * (1 + is_script) + 1
    needed = each * workers
    if needed > most:
        raise StudioctlError(
            f"{workers} workers need up to {needed:,} connections, and the database has {most:,}. Nothing was started.",
            hint=f"--workers {most // each}; or a larger max_acu under [tuning], then: studioctl up",
            exit_code=ExitCode.USAGE,
        )
    database_usd = None if price is None else price.usd * tuning.max_acu * hours
    return Estimate(found, 1 + retries, Naming.of(account.config).database, database_usd, tuning.max_acu, needed, most)


def fleet_of(
    account: Account, packed: Package, settings: "Settings", wanted: JobSettings
) -> "Callable[[Place], Fleet]":
    """Makes the fleet of a study's workers, once it is clear that they can reach the database.

    Raises:
        AbsentError: There is no such environment, or no database with a user for workers.
        RefusedError: The database is stopped.
        AwsError: AWS refuses.
        StudioctlError: The packages that the user's file needs cannot be installed, or include another Optuna.
    """
    fitness.refuse_other_optuna(settings.file)
    return _reaching(account, packed, settings, wanted, settings.file)


def _reaching(
    account: Account, packed: Package, settings: "Settings", wanted: JobSettings, beside: Path
) -> "Callable[[Place], Fleet]":
    """A fleet whose jobs reach the database.

    Args:
        account: The account.
        packed: The package that they run.
        settings: The settings of the study.
        wanted: The instances that they run on.
        beside: The file beside which the requirements are that they install.
    """
    cluster = databases.of(account)
    if cluster is None or databases.lacks_user(cluster):
        what = "no database of studies" if cluster is None else "no user for workers in the database of studies"
        raise AbsentError(
            f"'{account.config.name}' has {what} in {account.place}. Nothing was started.",
            hint="studioctl up",
            is_local=account.target.is_local,
        )
    if cluster.status in rds.RESTING:
        raise RefusedError(
            f"The database of studies is {cluster.status}. The guard does that once [limits] monthly_usd is spent, and"
            " starts it again when the month ends or you grant more. Nothing was started.",
            hint="studioctl limits show; if somebody else has stopped it: aws rds start-db-cluster"
            f" --db-cluster-identifier {cluster.name}{account.target.aws_flags}",
        )
    fitness.refuse_without_image(account.config, beside, wanted.image, fitness.WORKERS)
    kept = homes.required(homes.cache()) / "tuning" / rds.BUNDLE
    whole = packed.with_object(CERTIFICATES, rds.certificates(account.session, kept))
    told = {
        "study": f"{wanted.user}/{settings.name}" if wanted.user else settings.name,
        "name": settings.name,
        "code": JOBS_CODE,
        "file": settings.file.name,
        "is_script": settings.file.is_file() and package.is_script(settings.file),
        "trials": settings.trials,
        "directions": list(settings.directions),
        "sampler": settings.sampler,
        "pruner": settings.pruner,
        "seed": settings.seed,
        "retries": settings.retries,
        "heartbeat_seconds": wanted.heartbeat_seconds,
        "until": time.time() + settings.timeout_seconds if settings.timeout_seconds else None,
        "longest_seconds": wanted.minutes * 60,
        "optuna": f"optuna=={version('optuna')}",
        "database": {
            "id": cluster.resource_id,
            "host": cluster.endpoint,
            "port": cluster.port,
            "name": NAME,
            "user": WORKER,
            "region": account.session.target.region,
        },
    }
    return _fleet(account, whole, settings, wanted, told)


def eraser(
    account: Account, packed: Package, settings: "Settings", wanted: JobSettings
) -> "tuple[Callable[[Place], None], str]":
    """Makes who deletes a study that workers share, and what is to be known before: where some of it stays.

    Raises:
        RefusedError: The database is stopped.
        AwsError: AWS refuses.
    """
    if account.domain() is None:
        what = f"'{account.config.name}' is not there: what it left of the study in its bucket and in snapshots stays."
        return (lambda _: None), what
    if databases.of(account) is None:
        told: dict[str, object] = {"until": None, "directions": list(settings.directions)}
        bare = _fleet(account, Package.empty(settings.file.parent), settings, wanted, told)
        return (lambda found: bare(found).erase()), "The database is not there: in its snapshots the study stays."
    # The job runs nothing of the user's, so what that needs does not matter.
    whole = _reaching(account, packed, settings, wanted, packed.directory / "-" / "-")
    return (
        lambda found: whole(found).erase()
    ), "A job would delete it from the database, too, which takes some minutes."


def looked_at(account: Account, settings: "Settings", wanted: JobSettings) -> "Callable[[Place], Fleet]":
    """Makes a fleet that begins nothing: to see what there is, and to stop it."""
    told: dict[str, object] = {"until": None, "directions": list(settings.directions)}
    return _fleet(account, Package.empty(settings.file.parent), settings, wanted, told, only_looks=True)


def _fleet(
    account: Account,
    packed: Package,
    settings: "Settings",
    wanted: JobSettings,
    told: dict[str, object],
    *,
    only_looks: bool = False,
) -> "Callable[[Place], Fleet]":
    make_plan = jobs.planned(account, wanted, only_looks=only_looks)
    goal = Goal(settings.trials, settings.timeout_seconds, settings.retries, in_order=False)

    def make(found: "Place") -> Fleet:
        plan, cloud = make_plan(found, packed)
        return Fleet(cloud, plan, found, Ledger(found.bills), told, settings.workers, goal, wanted.max_usd)

    return make


def with_hours(wanted: JobSettings, minutes: int | None) -> JobSettings:
    """The same with a worker's longest time, where nobody said one."""
    return replace(wanted, longest_minutes=minutes or LONGEST_MINUTES)
