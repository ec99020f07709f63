"""Everything that exists in the emulator, as sorted identities: two inventories can be compared with ==.

What studioctl can make, or AWS makes behind it, has kinds with names. Whatever else moto holds follows as
`service.collection`, and `not_looked_at` names what is not in the inventory.

What every account has from the start (default VPCs, AWS's own policies and roles) is left out, and so is what AWS
forgets by itself (apps that are Deleted), training jobs that are over, and the log groups of Studio and of training
jobs, which AWS makes once for all of a region and which outlive each of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ecr.models import ecr_backends
from moto.efs.models import efs_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import FakeBucket, FakeDeleteMarker, s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.secretsmanager.models import secretsmanager_backends

from studio_emulator.backends import each
from studio_emulator.others import others
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.models.startups import LOG_GROUP
from studio_emulator.training.logs import GROUP

Inventory = dict[str, Any]
AWS_MADE_GROUPS = frozenset({LOG_GROUP, GROUP})


def take_inventory() -> Inventory:
    """One member per kind, each a sorted list of identities or a mapping of identities to what they hold."""
    return _network() | _files() | _identities() | _stores() | _keys() | _studio() | others()


def _network() -> Inventory:
    kinds: dict[str, Callable[[EC2Backend], Iterator[str]]] = {
        "vpcs": lambda ec2: (vpc.id for vpc in ec2.vpcs.values() if not vpc.is_default),
        "subnets": lambda ec2: (
            subnet.id for zone in ec2.subnets.values() for subnet in zone.values() if _is_own(ec2, subnet.vpc_id)
        ),
        "internet_gateways": lambda ec2: (
            gateway.id for gateway in ec2.internet_gateways.values() if not _is_default_gateway(gateway)
        ),
        "route_tables": lambda ec2: (table.id for table in ec2.route_tables.values() if _is_own(ec2, table.vpc_id)),
        "security_groups": lambda ec2: (
            f"{group.id} {group.name}"
            for groups in ec2.groups.values()
            for group in groups.values()
            if not (group.is_default and not _is_own(ec2, group.vpc_id))
        ),
        "network_interfaces": lambda ec2: (eni.id for eni in ec2.enis.values()),
        "nat_gateways": lambda ec2: (key for key, gateway in ec2.nat_gateways.items() if gateway.state != "deleted"),
        "elastic_addresses": lambda ec2: (str(address.allocation_id) for address in ec2.addresses),
        "vpc_endpoints": lambda ec2: (
            endpoint.id for endpoint in ec2.vpc_end_points.values() if endpoint.state != "deleted"
        ),
    }
    backends = [(region, ec2) for region, ec2 in each(ec2_backends)]
    return {
        kind: sorted(f"{region}/{identity}" for region, ec2 in backends for identity in identities(ec2))
        for kind, identities in kinds.items()
    }


def _is_own(ec2: EC2Backend, vpc_id: str | None) -> bool:
    """Whether somebody made the VPC, and it was not there from the start."""
    vpc = ec2.vpcs.get(vpc_id or "")
    return vpc is None or not vpc.is_default


def _is_default_gateway(gateway: Any) -> bool:
    return gateway.vpc is not None and bool(gateway.vpc.is_default)


def _files() -> Inventory:
    file_systems, targets, points = [], [], []
    for _, efs in each(efs_backends):
        file_systems += [system.file_system_arn for system in efs.file_systems_by_id.values()]
        targets += [f"{target.file_system_id}/{key}" for key, target in efs.mount_targets_by_id.items()]
        points += [point.access_point_arn for point in efs.access_points.values()]
    return {
        "file_systems": sorted(file_systems),
        "mount_targets": sorted(targets),
        "access_points": sorted(points),
    }


def _identities() -> Inventory:
    roles: dict[str, Any] = {}
    policies: list[str] = []
    for _, iam in each(iam_backends):
        for role in iam.roles.values():
            if not role.path.startswith("/aws-service-role/"):
                roles[role.arn] = {
                    "attached": sorted(role.managed_policies),
                    "inline": sorted(role.policies),
                }
        policies += [arn for arn in iam.managed_policies if ":iam::aws:" not in arn]
    return {"roles": dict(sorted(roles.items())), "policies": sorted(policies)}


def _stores() -> Inventory:
    buckets = {name: _objects(bucket) for _, s3 in each(s3_backends) for name, bucket in s3.buckets.items()}
    repositories = {
        repository.arn: sorted(image.get_image_digest() for image in repository.images)
        for _, ecr in each(ecr_backends)
        for repository in ecr.repositories.values()
    }
    secrets = {
        secret.arn: {
            "has_value": any(version.get("secret_string") or version.get("secret_binary") for version in versions),
            "scheduled_for_deletion": getattr(secret, "deleted_date", None) is not None,
        }
        for _, backend in each(secretsmanager_backends)
        for secret in backend.secrets.values()
        for versions in [(secret.versions or {}).values()]
    }
    log_groups = [
        group.arn
        for _, logs in each(logs_backends)
        for group in logs.groups.values()
        if group.name not in AWS_MADE_GROUPS
    ]
    return {
        "buckets": dict(sorted(buckets.items())),
        "repositories": dict(sorted(repositories.items())),
        "secrets": dict(sorted(secrets.items())),
        "log_groups": sorted(log_groups),
    }


def _keys() -> Inventory:
    """Keys by their state, as one that is pending deletion is still there; not AWS's own, which come with their use."""
    own = [
        key
        for _, kms in each(kms_backends)
        for key in kms.keys.values()
        if not any(alias.startswith("alias/aws/") for alias in key.aliases)
    ]
    return {
        "keys": {key.arn: key.key_state for key in sorted(own, key=lambda key: key.arn)},
        "key_aliases": sorted(f"{key.region}/{alias}" for key in own for alias in key.aliases),
    }


def _objects(bucket: FakeBucket) -> list[str]:
    """Each version of each key; a mark of deletion counts, as it keeps a bucket from being deleted."""
    return sorted(
        f"{key}@{'deleted' if isinstance(version, FakeDeleteMarker) else version.version_id}"
        for key, versions in bucket.keys.lists()
        for version in versions
    )


def _studio() -> Inventory:
    shelves: dict[str, list[str]] = {
        "domains": [],
        "user_profiles": [],
        "spaces": [],
        "apps": [],
        "lifecycle_configs": [],
        "custom_images": [],
        "app_image_configs": [],
        "training_jobs": [],
    }
    for _, studio in each(sagemaker_backends):
        if isinstance(studio, StudioBackend):
            shelves["domains"] += [domain.arn for domain in studio.studio_domains.values()]
            shelves["user_profiles"] += [profile.arn for profile in studio.profiles.values()]
            shelves["spaces"] += [space.arn for space in studio.spaces.values()]
            shelves["apps"] += [app.arn for app in studio.apps.values() if app.status not in {"Deleted", "Failed"}]
            shelves["lifecycle_configs"] += [config.arn for config in studio.lifecycle_configs.values()]
            shelves["custom_images"] += [image.arn for image in studio.images.values()]
            shelves["training_jobs"] += [job.arn for job in studio.jobs.values() if not job.has_ended]
            shelves["app_image_configs"] += [config.arn for config in studio.app_image_configs.values()]
    return {kind: sorted(arns) for kind, arns in shelves.items()}
