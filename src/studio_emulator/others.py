"""Resources in moto that the inventory has no specific words for, found in the collections of moto's backends.

Each backend is compared with a new one of its kind: an account has the resources of both from the start.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.ec2.models import EC2Backend, ec2_backends
from moto.events.models import events_backends

from studio_emulator.backends import each
from studio_emulator.server import ACCOUNT_ID

# What the inventory tells in its own words, and moto's indexes of that. Nothing else is there from the start.
_TOLD = {
    "ec2": {
        *("vpcs", "subnets", "internet_gateways", "route_tables", "groups", "enis", "nat_gateways", "addresses"),
        *("vpc_end_points", "subnet_associations", "attachments", "configurations", "reservations", "deleted_amis"),
        *("launch_template_name_to_ids", "launch_template_insert_order"),
    },
    "ecr": {
        *("repositories", "replication_config", "registry_scanning_configuration", "scan_finding_results"),
        *("blobs", "_downloads"),
    },
    "efs": {"creation_tokens", "access_points", "file_systems_by_id", "mount_targets_by_id"},
    "iam": {"roles", "managed_policies", "aws_managed_policies", "access_keys", "inline_policies"},
    "kms": {"keys"},
    "logs": {"groups"},
    "s3": {"buckets"},
    "sagemaker": {
        *("schedule", "studio_domains", "profiles", "spaces", "apps", "lifecycle_configs", "images"),
        *("app_image_configs", "grants", "model_package_name_mapping", "jobs", "executions"),
    },
    "secretsmanager": {"secrets", "_last_used"},
}
# Notes of what happened, and the directory that moto makes when somebody looks at it: nobody can delete them.
_RECORDS = {
    "cloudformation": {"deleted_stacks"},
    "cloudtrail": {"events"},
    "cloudwatch": {"metric_data"},
    "identitystore": {"identity_stores"},
    "logs": {"queries", "export_tasks"},
    "rds": {"events"},
    "sagemaker": {"home_directories", "metered"},
    "ssm": {"_commands", "_errors"},
    "sts": {"assumed_roles"},
}
_AIDS = re.compile(r"_?(?:tagg\w*|\w*_tags|tags|next_\w+|\w*pages?|paged_\w+|\w*tokens?)|_arns|unique_keys")
# Collections in which AWS has things itself, under identities that differ from one start to the next: `_picked` tells
# the account's own from those.
_MIXED = {"ec2": {"amis", "managed_prefix_lists", "network_acls", "snapshots"}, "events": {"rules"}}
# Public parameters of Systems Manager and RDS's default groups: moto makes them when they are asked for.
_OF_AWS = re.compile(r"/aws/.*|default[.:].*")
_NAMES = ("arn", "id", "name")


def others() -> dict[str, list[str]]:
    """`service.collection` and what is in it, of those that are not empty; and what was not looked at."""
    found: dict[str, list[str]] = {}
    untold: set[str] = set()
    for service, region, backend in _backends():
        kind: Any = type(backend)
        try:
            begun = frozenset[tuple[str, str]]() if service in _TOLD else _at_first(service, region, kind)
            held = frozenset(_held(service, backend)) - begun
        except Exception:  # noqa: BLE001 - any of moto's 150 backends may be odd; then this is said
            untold.add(service)
            continue
        for collection, identity in held:
            found.setdefault(f"{service}.{collection}", []).append(f"{region}/{identity}")
    for collection, identity in _picked():
        found.setdefault(collection, []).append(identity)
    return {kind: sorted(found[kind]) for kind in sorted(found)} | {"not_looked_at": sorted(untold)}


def _picked() -> Iterator[tuple[str, str]]:
    """The account's own things in collections that hold others, too."""
    for region, ec2 in each(ec2_backends):
        for kind, things in _of_account(ec2).items():
            yield from ((f"ec2.{kind}", f"{region}/{thing.id}") for thing in things)
    for region, events in each(events_backends):
        for bus in events.event_buses.values():
            yield from (("events.rules", f"{region}/{bus.name}/{rule}") for rule in bus.rules)


def _of_account(ec2: EC2Backend) -> dict[str, list[Any]]:
    """EC2 shows a terminated instance for an hour, and moto for good; it takes nothing and costs nothing."""
    instances = (instance for reservation in ec2.reservations.values() for instance in reservation.instances)
    owned: dict[str, dict[str, Any]] = {
        "amis": ec2.amis,
        "managed_prefix_lists": ec2.managed_prefix_lists,
        "snapshots": ec2.snapshots,
    }
    own = {kind: [it for it in things.values() if it.owner_id == ec2.account_id] for kind, things in owned.items()}
    lists = [each for each in own["managed_prefix_lists"] if each.state != "delete-complete"]  # moto keeps those
    return own | {
        "instances": [instance for instance in instances if instance.state != "terminated"],
        "managed_prefix_lists": lists,
        "network_acls": [acl for acl in ec2.network_acls.values() if not acl.default],  # a VPC's own goes with it
    }


def _backends() -> Iterator[tuple[str, str, BaseBackend]]:
    """The backends that were used. Lists, as making a new backend may make others."""
    in_use: Any = BackendDict
    for backends in list(in_use._instances):  # noqa: SLF001 - the only list of them
        for by_region in list(backends.values()):
            for region, backend in list(by_region.items()):
                yield str(backends.service_name), region, backend


@cache
def _at_first(service: str, region: str, kind: Any) -> frozenset[tuple[str, str]]:
    return frozenset(_held(service, kind(region, ACCOUNT_ID)))


def _held(service: str, backend: BaseBackend) -> Iterator[tuple[str, str]]:
    """The name of a collection, and the identity of one thing in it."""
    passed = {name for names in (_TOLD, _RECORDS, _MIXED) for name in names.get(service, ())}
    for name, value in vars(backend).items():
        if name not in passed and not _AIDS.fullmatch(name):
            yield from ((name.strip("_"), identity) for identity in _identities(_opened(value)))


def _opened(value: Any) -> Any:
    """The collections in an object of moto's that is a store and no thing, such as Lambda's."""
    if type(value).__module__.startswith("moto.") and not isinstance(value, (BaseModel, BaseBackend, Mapping)):
        kept = {name: held for name, held in vars(value).items() if not _AIDS.fullmatch(name)}
        return [identity for held in kept.values() for identity in _identities(held)]
    return value


def _identities(value: Any) -> Iterator[str]:
    match value:
        case WeakKeyDictionary() | WeakValueDictionary():
            return  # an index of what is held elsewhere
        case Mapping():
            for key, member in value.items():
                if not isinstance(key, type):  # RDS's index of its collections by class
                    yield from _under(str(key), member)
        case list() | tuple() | set() | frozenset():
            yield from (_identity(number, member) for number, member in enumerate(value))


def _under(key: str, member: Any) -> Iterator[str]:
    """Collections in a collection, such as a region's, are opened; a thing that is a dict itself is not."""
    if _OF_AWS.fullmatch(key):
        return
    if not _is_shelf(member):
        yield key
    else:
        yield from (f"{key}/{identity}" for identity in _identities(member))


def _is_shelf(member: Any) -> bool:
    """Whether it only holds things; an empty one holds none."""
    if isinstance(member, Mapping):
        return all(isinstance(thing, (BaseModel, Mapping)) for thing in member.values())
    return isinstance(member, (list, set)) and all(isinstance(thing, BaseModel) for thing in member)


def _identity(number: int, member: Any) -> str:
    if isinstance(member, str):
        return member
    known: Iterable[Any] = (
        member.get(name) if isinstance(member, Mapping) else getattr(member, name, None) for name in _NAMES
    )
    return next((name for name in known if isinstance(name, str) and name), str(number))
