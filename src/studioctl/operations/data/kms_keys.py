"""The environment's KMS keys, and what would be lost with them.

AWS does not say which objects a key encrypts. So a key stays as long as there is anything that it may encrypt, also
what neither the state nor the file knows any more: the bucket of an older file, a home that nobody marked.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from studioctl.aws import keys, leftovers
from studioctl.aws.keys import Key
from studioctl.aws.leftovers import DomainTraces
from studioctl.aws.session import Session
from studioctl.aws.tagged import tagged
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.terraform.state_resources import Estate

# AWS's names of the services in which data can outlive everything else.
OF_DATA = {"s3", "ecr", "secretsmanager", "elasticfilesystem", "rds"}
# Of RDS, groups hold none.
OF_STUDIES = {"cluster", "cluster-snapshot"}


def find(environment: Environment) -> tuple[Key, ...]:
    """Find the environment's keys, including those being deleted; never a key that the file names as made elsewhere."""
    recorded = Estate(environment.terraform.state()).ids("aws_kms_key")
    return _ours(environment.session, environment.config, known=recorded)


def _ours(session: Session, config: EnvironmentConfig, *, known: Collection[str] = ()) -> tuple[Key, ...]:
    found = keys.tagged(session, (ENVIRONMENT_TAG, config.name), known=known)
    return tuple(key for key in found if key.arn != config.encryption.key)


@dataclass(frozen=True)
class Danger:
    """Keys that AWS is about to delete, and what could never be read again.

    Args:
        keys: The keys, each with the date.
        certain: Resources that are encrypted with one of them: ARNs, and ids of file systems.
        possible: Resources that may be: AWS does not tell it of the objects in a bucket.
    """

    keys: tuple[Key, ...]
    certain: tuple[str, ...]
    possible: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The keys and their deletion dates, in words."""
        return " and ".join(f"key '{key.id}' on {key.deletion_at:%Y-%m-%d}" for key in self.keys)


def danger(session: Session, config: EnvironmentConfig, *, known: Collection[str] = ()) -> Danger | None:
    """Find the data that is lost once AWS deletes the keys that are being deleted; None if AWS shows no such data.

    Args:
        session: The account.
        config: The environment.
        known: Ids of keys that a state knows.

    Raises:
        AwsError: AWS refused a call.
    """
    leaving = tuple(key for key in _ours(session, config, known=known) if key.deletion_at)
    things = encrypted(session, config.name, leaving)
    names = tuple(name for key in leaving for name in (key.id, key.arn, *key.aliases))
    certain = [t for t in things if ":" not in t or (keys.key_of(session, t) or "").endswith(names)]
    possible = [t for t in things if t not in certain and t.split(":")[2] == "s3"]
    return Danger(leaving, tuple(certain), tuple(possible)) if certain or possible else None


def saving(found: Iterable[Key], flags: str) -> str:
    """The command that takes the keys back: one that is saved is disabled at first.

    Args:
        found: The keys.
        flags: With which the AWS CLI means their account.
    """
    commands = ("cancel-key-deletion", "enable-key")
    return " && ".join(f"aws kms {command} --key-id {key.id}{flags}" for key in found for command in commands)


def encrypted(session: Session, environment: str, found: Collection[Key]) -> tuple[str, ...]:
    """The ARNs and file system ids of data that these keys may encrypt. Empty when there are no keys."""
    if not found:
        return ()
    tag = (ENVIRONMENT_TAG, environment)
    stores = tagged(session, tag, _holds_data)
    homes = leftovers.encrypted_with(session, [key.arn for key in found])
    return (*stores, *homes)


def _holds_data(arn: str) -> bool:
    service, kind = arn.split(":")[2], arn.split(":")[5]
    return service in OF_DATA and (service != "rds" or kind in OF_STUDIES)


def unknown(
    environment: Environment, found: Collection[Key], names: Collection[str], traces: Collection[DomainTraces]
) -> tuple[str, ...]:
    """Data that these keys may encrypt, but for the given names of stores and homes, and the homes of domains."""
    if not found:
        return ()
    homes = {home for trace in traces for home in leftovers.home_file_systems(environment.session, trace.domain_arn)}
    known = homes.union(names)
    return tuple(
        thing
        for thing in encrypted(environment.session, environment.config.name, found)
        if not any(is_named(thing, name) for name in known)
    )


def is_named(identity: str, name: str) -> bool:
    """Whether an ARN or an id is that of what has this name: AWS adds six characters to a secret's."""
    last = identity.rsplit(":secret:", maxsplit=1)[-1].rpartition("-")[0] if ":secret:" in identity else identity
    return name in {identity, last} or identity.endswith((f"/{name}", f":{name}"))


def retire(environment: Environment, retiring: Collection[Key]) -> Iterator[Key]:
    """Schedules the deletion of these keys, unless there still is anything that they may encrypt."""
    if encrypted(environment.session, environment.config.name, retiring):
        return
    for key in retiring:
        date = keys.retire(environment.session, key, days=environment.config.encryption.deletion_days)
        yield replace(key, aliases=(), deletion_at=date)
