"""The database of studies: what is kept of it, how it comes back, and its workers' user."""

from collections.abc import Sequence
from datetime import UTC, datetime

from studioctl.aws import databases
from studioctl.aws.databases import Cluster, Snapshot
from studioctl.errors import RefusedError
from studioctl.events import Noted, Stage, Work
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.database import CLUSTER, NAME, WORKER
from studioctl.infrastructure.naming import DATABASE_READY_TAG, ENVIRONMENT_TAG, Naming
from studioctl.operations.environment import Account, Environment
from studioctl.terraform.state_resources import Estate

# Once for all: each does nothing where it is done already. The first user makes the database's owner, and has to be
# one of it for that: https://www.postgresql.org/docs/current/sql-alterdatabase.html
USER = (
    (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WORKER}') THEN"
        f" CREATE ROLE {WORKER} LOGIN; END IF; END $$"
    ),
    f"GRANT rds_iam TO {WORKER}",
    f"GRANT {WORKER} TO CURRENT_USER",
    f"ALTER DATABASE {NAME} OWNER TO {WORKER}",
    f"REVOKE ALL ON DATABASE {NAME} FROM PUBLIC",
)


def of(account: Account) -> Cluster | None:
    """The environment's database; None where there is none."""
    config = account.config
    return databases.cluster(account.session, Naming.of(config).database, (ENVIRONMENT_TAG, config.name))


def kept(account: Account) -> tuple[Snapshot, ...]:
    """The snapshots that earlier `down` kept, the oldest first."""
    config = account.config
    return databases.snapshots(account.session, f"{Naming.of(config).database}-", (ENVIRONMENT_TAG, config.name))


def take_up(environment: Environment) -> Work[None]:
    """Lets the database be made of the newest snapshot, if it is to be made and there is one.

    AWS alone says whether there is a database: a removal that was broken off leaves it in Terraform's state.

    Raises:
        RefusedError: AWS could not finish the newest snapshot. An older one would be taken for it.
        AwsError: AWS refused to tell, or does not finish.
    """
    if not environment.config.tuning.has_database:
        return
    found = of(environment)
    if found is not None and found.status == "deleting":
        yield from databases.until_gone(environment.session, found)
        found = None
    is_unfinished = CLUSTER in Estate(environment.terraform.state()).tainted()  # such a one is made anew
    if found is not None and not is_unfinished:
        return
    snapshots = [each for each in kept(environment) if each.status != "deleting"]
    if not snapshots:
        return
    newest = yield from databases.until_made(environment.session, snapshots[-1])
    if newest.status != "available":
        raise _unusable(environment, newest, snapshots[:-1])
    environment.terraform.blueprint = blueprint.with_studies(environment.terraform.blueprint, newest.name)
    yield Noted(f"The database of studies is taken up again, from the snapshot {newest.name}")


def _unusable(account: Account, newest: Snapshot, older: Sequence[Snapshot]) -> RefusedError:
    names = ", ".join(each.name for each in reversed(older)) or "none"
    delete = "aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier"
    return RefusedError(
        f'AWS says "{newest.status}" of {newest.name}, the newest snapshot of the database of studies: it cannot be'
        f" taken up again. Older ones: {names}. Nothing was changed.",
        hint=f"{delete} {newest.name}{account.target.aws_flags}   (up then takes the next older one, if there is one)"
        if newest.status == "failed"
        else f'once AWS says "available" of {newest.name}, run the same command again',
    )


def remove(account: Account, *, keep: bool) -> Work[str | None]:
    """Deletes the database; the name of the snapshot that stays, where it is kept. Else all snapshots go, too.

    By API: Terraform would take the name of the last snapshot from a state of long ago.
    """
    for each in () if keep else kept(account):
        databases.remove_snapshot(account.session, each.name)
    found = of(account)
    if found is None:
        return None
    snapshot = f"{found.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}" if keep else None
    yield Stage(
        f"Removing the database, and keeping it as the snapshot {snapshot}" if keep else "Removing the database"
    )
    yield from databases.remove(account.session, found, snapshot)
    return snapshot


def awake(account: Account) -> Work[None]:
    """Starts a database that is stopped, and waits: AWS changes and deletes none that is."""
    found = of(account)
    if found is not None and found.status in databases.NOT_AWAKE:
        yield Stage("Starting the database of studies, which is stopped")
        yield from databases.awake(account.session, found)


def begin(account: Account) -> bool:
    """Starts a database that is stopped, and does not wait: whether it was."""
    found = of(account)
    if found is None or found.status != "stopped":
        return False
    databases.start(account.session, found)
    return True


def lacks_user(found: Cluster | None) -> bool:
    """Whether the workers' user is not there yet, as far as AWS knows."""
    return found is None or found.tags.get(DATABASE_READY_TAG) != WORKER or not found.has_iam


def prepare(account: Account) -> Work[None]:
    """Makes the workers' user, whom IAM lets in, and notes that it is there."""
    found = of(account)
    if found is None or not lacks_user(found):
        return
    yield Stage("Making the database's user for workers")
    databases.switch_on(account.session, found)
    databases.run(account.session, found, USER, NAME)
    databases.mark(account.session, found, (DATABASE_READY_TAG, WORKER))
