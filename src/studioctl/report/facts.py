"""People, costs, and what is kept where, from the file alone."""

from collections.abc import Iterator

from studioctl.catalog.prices import items
from studioctl.config.access import SSO
from studioctl.config.apps import title
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import count
from studioctl.infrastructure.database import PAUSE_SECONDS, WORKER
from studioctl.infrastructure.naming import Naming
from studioctl.operations.costs.estimate import Costs, Estimate
from studioctl.operations.costs.words import amount, by_item, capped, dated, left_running, quantities, summary, ways
from studioctl.report.content import Table

DISK = "your disk's, if it is encrypted"


def signing_in(config: EnvironmentConfig) -> str:
    """The way people sign in."""
    if config.access.auth != SSO:
        return (
            "Whoever may ask AWS for a user's address comes in as that user: IAM decides it (CreatePresignedDomainUrl)."
        )
    users = ", ".join(f"{user.name} is {user.sso_user}" for user in config.users)
    return f"People sign in with IAM Identity Center, at the address of the domain: {users}."


def people(config: EnvironmentConfig) -> Table:
    """Each space with its owner."""
    rows = [
        (s.owner, s.name, title(s.app_type), " or ".join(s.types), f"{s.volume_gb} GB")
        for s in config.resolved_spaces()
    ]
    without = [user.name for user in config.users if not user.effective_spaces()]
    rows += [(name, "makes spaces in Studio", "", config.studio.instance_type, "") for name in without]
    return Table(("user", "space", "for", "instance type", "volume"), tuple(sorted(rows)))


def costs(found: Estimate) -> tuple[Table, ...]:
    """The costs of a month by user, if any price is known, and by what is paid for."""
    used, much = ways(found), quantities(found.lines)
    rows = [(whose, *_cells(costs)) for whose, costs in summary(found)]
    lines = [(what, much[what], amount(money)) for what, money in by_item(found.lines)]
    by_whom = (Table(("USD a month", *used), tuple(rows)),) if any(line.usd_each for line in found.lines) else ()
    return (*by_whom, Table(("paid for", f"a month {used[1]}", "USD"), tuple(lines)))


def _cells(costs: Costs) -> Iterator[str]:
    yield from (amount(money) for money in (costs.standing, costs.working, costs.forgotten))


def priced(found: Estimate) -> str:
    """The meaning of the sums, and where the prices come from."""
    return " ".join((left_running(found, ways(found)[2]), *capped(found))) + (
        f" Estimated from the file, by list prices of {found.region} without tax or"
        f" discounts{dated(found)}. What is stored and transferred is paid for besides."
    )


def lacking(found: Estimate) -> tuple[str, ...]:
    """The things without a price, by their names, and how to get one; nothing where all have one."""
    if not found.unknown:
        return ()
    known = items()
    names = ", ".join(known[item].what if item in known else item for item in found.unknown)
    said = f"No price is known in {found.region} for: {names}. A sum with one of them is unknown, too."
    return (f"{said} What the file has under [cost] prices counts, and what cost --ask was told by AWS.",)


def kept(config: EnvironmentConfig) -> Table:
    """A table of what is kept where, under which key, and whether it survives a `down`."""
    encryption = config.encryption
    key = "a KMS key of your account" if encryption.key else "the environment's KMS key"
    own = key if encryption.key or encryption.customer_key else "an AWS-managed key"
    bucket = config.bucket_in("ACCOUNT")
    rows = [
        ("files in spaces", "EBS volumes, one for each space", own, "no: it goes with the space"),
        *([("home directories", "an EFS file system", own, "yes")] if config.studio.home_file_system else []),
        ("data", f"S3 bucket {bucket}", own if own != "an AWS-managed key" else "S3's keys", "yes, unless empty"),
        ("images", f"ECR repository {config.repository}", own, "yes, unless empty"),
        *_studies(config, own),
        *_secrets(config, own),
        ("state of Terraform", _state(config), "S3's keys" if config.state.backend == "s3" else DISK, "yes"),
    ]
    if config.network.flow_logs:
        rows.append(("connections in the VPC", "CloudWatch, for 90 days", "CloudWatch's keys", "no"))
    return Table(("what", "where", "encrypted with", "kept by down"), tuple(rows))


def _studies(config: EnvironmentConfig, own: str) -> Iterator[tuple[str, str, str, str]]:
    if config.tuning.has_database:
        cluster, backups = Naming.of(config).database, count(config.tuning.backup_days, "day")
        yield "studies of workers", f"Aurora cluster {cluster}, with backups of {backups}", own, "yes, as a snapshot"
        yield "the password of the database's first user", "a secret that RDS makes and changes", own, "no"


def database(config: EnvironmentConfig) -> tuple[str, ...]:
    """Sentences on who reaches the database of studies, and when it costs money."""
    tuning = config.tuning
    if not tuning.has_database:
        return ()
    pauses = f"It pauses after {PAUSE_SECONDS // 60} minutes without a connection, and then costs storage alone."
    least = f"It never pauses: at least {tuning.min_acu:g} ACU are paid for in each hour."
    reached = (
        "Apps and jobs of this environment reach the database of studies, and nothing else in the network. They sign in"
        f" over TLS as {WORKER}, with a token of IAM's in place of a password. From anywhere else, RDS's Data API alone"
        " reaches it, for whoever may read its first user's secret."
    )
    return reached, f"It has {tuning.max_acu:g} ACU at most. {least if tuning.min_acu else pauses}"


def _secrets(config: EnvironmentConfig, own: str) -> Iterator[tuple[str, str, str, str]]:
    naming = Naming.of(config)
    if config.secrets.github:
        yield "the shared GitHub token", f"Secrets Manager {naming.github_secret}", own, "yes, unless empty"
    for user in config.users:
        if user.github:
            where = f"Secrets Manager {naming.user_github_secret(user.name)}"
            yield f"{user.name}'s GitHub token", where, own, "yes, unless empty"


def _state(config: EnvironmentConfig) -> str:
    if config.state.backend == "s3":
        return f"S3 bucket {config.state.bucket or 'given by --backend-config'}"
    return "the machine that runs studioctl, in .studioctl"
