"""Whether the database of [tuning] is there, runs, and lets workers in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studioctl.findings import Finding, Rule, Severity
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

if TYPE_CHECKING:
    from studioctl.aws.databases import Cluster

AURORA = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide"

MISSING = Rule(
    "DBA001",
    Severity.ERROR,
    "The file has a database of studies, but AWS has none that can be used",
    "No worker starts. If an earlier `down` kept a snapshot of it, `up` restores it.",
    "studioctl up{ours}",
    f"{AURORA}/Aurora.CreateInstance.html",
    key=("tuning", "database"),
)
STOPPED = Rule(
    "DBA002",
    Severity.WARNING,
    "The database of studies is stopped",
    "No worker starts. The guard stops it once [limits] monthly_usd is spent, until the month ends or you grant more.",
    "{command}",
    f"{AURORA}/aurora-cluster-stop-start.html",
    key=("tuning", "database"),
)
NO_USER = Rule(
    "DBA003",
    Severity.ERROR,
    "The database of studies has no user for IAM sign-in",
    "No worker can sign in. `up` creates the user last, so a killed `up` leaves it out.",
    "studioctl up{ours}",
    f"{AURORA}/UsingWithRDS.IAMDBAuth.DBAccounts.html",
    key=("tuning", "database"),
)


def _database(patient: Patient) -> Iterator[Finding]:
    """Check the database, once `up` has created a domain."""
    if not patient.wanted.tuning.has_database or patient.domain is None:
        return
    from studioctl.aws import databases  # noqa: PLC0415 (boto3 is heavy)
    from studioctl.operations.data.databases import lacks_user  # noqa: PLC0415

    name = Naming.of(patient.wanted).database
    found = databases.cluster(patient.session, name, (ENVIRONMENT_TAG, patient.wanted.name))
    if found is None or not found.instances:
        message = f"There is no cluster '{name}'" if found is None else f"Cluster '{name}' has no instance"
        yield MISSING.broken(message, ours=patient.flags)
    elif found.status in databases.RESTING:
        yield STOPPED.broken(f"Cluster '{name}' is {found.status}", command=_start(patient, found))
    elif lacks_user(found):
        yield NO_USER.broken(f"Workers cannot sign in to cluster '{name}' yet", ours=patient.flags)
    else:
        yield MISSING.ok(f"cluster '{name}' is {found.status}")


def _start(patient: Patient, found: "Cluster") -> str:
    by_hand = f"aws rds start-db-cluster --db-cluster-identifier {found.name}{patient.target.aws_flags}"
    if not patient.wanted.limits.are_set:
        return by_hand
    return f"studioctl limits show{patient.flags}; if somebody else has stopped it: {by_hand}"


GROUP = Group("Database", (Check("the database of studies", _database, (MISSING, STOPPED, NO_USER), Needs.BOTH),))
