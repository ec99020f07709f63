"""The environment's KMS keys, and what would be lost with them.

AWS does not say which objects a key encrypts. So a key stays as long as there is anything that it may encrypt, also
what neither the state nor the file knows any more: the bucket of an older file, a home that nobody marked.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from studioctl.aws import keys, leftovers
from studioctl.aws.keys import Key
from studioctl.aws.leftovers import DomainTraces
from studioctl.aws.tagged import tagged
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate

# AWS's names of the services in which data can outlive everything else.
OF_DATA = {"s3", "ecr", "secretsmanager", "elasticfilesystem"}


def find(environment: Environment) -> tuple[Key, ...]:
    """The environment's own keys, also those on their way out; never one that the file names as made elsewhere."""
    tag = (ENVIRONMENT_TAG, environment.config.name)
    recorded = Estate(environment.terraform.state()).ids("aws_kms_key")
    found = keys.tagged(environment.session, tag, known=recorded)
    return tuple(key for key in found if key.arn != environment.config.encryption.key)


def encrypted(environment: Environment, found: Collection[Key]) -> tuple[str, ...]:
    """What there is that these keys may encrypt: ARNs, and ids of file systems. Nothing when there are no keys."""
    if not found:
        return ()
    tag = (ENVIRONMENT_TAG, environment.config.name)
    stores = [arn for arn in tagged(environment.session, tag) if arn.split(":")[2] in OF_DATA]
    homes = leftovers.encrypted_with(environment.session, [key.arn for key in found])
    return (*stores, *homes)


def unknown(
    environment: Environment, found: Collection[Key], names: Collection[str], traces: Collection[DomainTraces]
) -> tuple[str, ...]:
    """What these keys may encrypt and is none of what is known: names of stores and homes, and homes of domains."""
    if not found:
        return ()
    homes = {home for trace in traces for home in leftovers.home_file_systems(environment.session, trace.domain_arn)}
    known = homes.union(names)
    return tuple(thing for thing in encrypted(environment, found) if not any(is_named(thing, name) for name in known))


def is_named(identity: str, name: str) -> bool:
    """Whether an ARN or an id is that of what has this name: AWS adds six characters to a secret's."""
    last = identity.rsplit(":secret:", maxsplit=1)[-1].rpartition("-")[0] if ":secret:" in identity else identity
    return name in {identity, last} or identity.endswith((f"/{name}", f":{name}"))


def retire(environment: Environment, retiring: Collection[Key]) -> Iterator[Key]:
    """Schedules the deletion of these keys, unless there still is anything that they may encrypt."""
    if encrypted(environment, retiring):
        return
    for key in retiring:
        date = keys.retire(environment.session, key, days=environment.config.encryption.deletion_days)
        yield replace(key, aliases=(), deletion_at=date)
