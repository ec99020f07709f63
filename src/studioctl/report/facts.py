"""People, costs, and what is kept where, from the file alone."""

from collections.abc import Iterator

from studioctl.catalog.prices import items
from studioctl.config.apps import title
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.naming import Naming
from studioctl.operations.costs.estimate import Costs, Estimate
from studioctl.operations.costs.words import amount, by_item, dated, summary, ways
from studioctl.report.content import Table


def people(config: EnvironmentConfig) -> Table:
    """Each space with its owner."""
    rows = [
        (s.owner, s.name, title(s.app_type), s.instance_type, f"{s.volume_gb} GB") for s in config.resolved_spaces()
    ]
    without = [user.name for user in config.users if not user.effective_spaces()]
    rows += [(name, "makes spaces in Studio", "", config.studio.instance_type, "") for name in without]
    return Table(("user", "space", "for", "instance type", "volume"), tuple(sorted(rows)))


def costs(found: Estimate) -> tuple[Table, ...]:
    """The costs of a month by user, and by what is paid for."""
    used = ways(found)
    rows = [(whose, *_cells(costs)) for whose, costs in summary(found)]
    lines = [(what, amount(money)) for what, money in by_item(found.lines)]
    return (
        Table(("USD a month", *used), tuple(rows)),
        Table(("paid for", f"USD a month {used[1]}"), tuple(lines)),
    )


def _cells(costs: Costs) -> Iterator[str]:
    yield from (amount(money) for money in (costs.standing, costs.working, costs.forgotten))


def priced(found: Estimate) -> str:
    """The meaning of the sums, and where the prices come from."""
    return (
        f"Estimated from the file, by list prices of {found.region} without tax or discounts{dated(found)}."
        " What is stored and transferred is paid for besides."
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
    """Where everything is kept, under which key, and whether it survives a `down`."""
    encryption = config.encryption
    key = "a KMS key of your account" if encryption.key else "the environment's KMS key"
    own = key if encryption.key or encryption.customer_key else "an AWS-managed key"
    bucket = config.storage.bucket or f"{config.name}-data-ACCOUNT"
    rows = [
        ("files in spaces", "EBS volumes, one for each space", own, "no: it goes with the space"),
        ("home directories", "an EFS file system", own, "yes"),
        ("data", f"S3 bucket {bucket}", own if own != "an AWS-managed key" else "S3's keys", "yes, unless empty"),
        ("images", f"ECR repository {config.repository}", own, "yes, unless empty"),
        *_secrets(config, own),
        ("state of Terraform", _state(config), "S3's keys" if config.state.backend == "s3" else "your disk's", "yes"),
    ]
    if config.network.flow_logs:
        rows.append(("connections", "CloudWatch, for 90 days", "CloudWatch's keys", "no"))
    return Table(("what", "where", "encrypted with", "kept by down"), tuple(rows))


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
