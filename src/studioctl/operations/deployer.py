"""The policy for the identity that deploys, for this file and account."""

from collections.abc import Iterator
from contextlib import suppress

from studioctl.config.partitions import partition_of
from studioctl.errors import AbsentError
from studioctl.infrastructure.iam import deployer, own_identity
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.statement import LONGEST_POLICY, Policy, Statement, size
from studioctl.operations.environment import Account
from studioctl.operations.spaces import start_stop


def policies(account: Account, *, deletes_data: bool, reads_only: bool) -> tuple[str, list[str]]:
    """The policy as text, and in parts that IAM takes. Once the environment is there, it is bound to its domain.

    Args:
        account: The file, and the account that it is for.
        deletes_data: Whether it allows what `--delete-data` does.
        reads_only: Whether it is for `plan` alone.
    """
    domain, vpc = "*", account.config.network.vpc.id if account.config.network.vpc else "*"
    with suppress(AbsentError):
        domain = start_stop.domain_id(account)
        vpc = account.studio.described_domain(domain)["VpcId"]
    deployment = Deployment(
        account.config,
        partition_of(account.target.region),
        account.session.identity.account_id,
        domain,
        vpc,
        deletes_data=deletes_data,
        reads_only=reads_only,
    )
    statements = deployer.statements(deployment)
    return own_identity.text(statements), [own_identity.text(part) for part in parts(statements)]


def parts(statements: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """The statements in policies that are each as long as IAM takes them, in their order.

    Raises:
        ConfigError: One statement alone is longer.
    """
    part: tuple[Statement, ...] = ()
    for statement in statements:
        Policy("deployer", statement.why, f"The deployer's statement {statement.sid}", (statement,)).check_size()
        if part and size((*part, statement)) > LONGEST_POLICY:
            yield part
            part = ()
        part += (statement,)
    yield part
