"""The mounts of an app besides its space's disk: the owner's home, and file systems that the space names.

Sources: Developer Guide, "domain-custom-efs" (mount targets and their security group), "studio-updated-automount". Many
public notebooks have paths `/mnt/custom-file-systems/efs/fs-..._fsap-...`: SageMaker makes an access point for each.

Each directory that is mounted is one of this machine by itself: were it in that of the directory above, a script that
mounts that could put a link in its place, and the next app would mount where the link leads to.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from studio_emulator.studio import background
from studio_emulator.studio.exceptions import ValidationException
from studio_emulator.studio.references import file_systems_in

if TYPE_CHECKING:
    from pathlib import Path

    from studio_emulator.studio.models.domain import Domain
    from studio_emulator.studio.models.space import Space, SpaceBackend

NFS_PORT = 2049
CUSTOM = "/mnt/custom-file-systems/efs"
HOME = "/home/sagemaker-user/user-default-efs"


def check(store: SpaceBackend, domain: Domain, space: Space) -> None:
    """Each file system has a mount target in every subnet of the domain, which lets the domain in.

    AWS says so of what is needed; how it answers where it is not so is not known (amazon-sagemaker-feedback#117 has an
    internal error), and the texts are assumed.
    """
    from studio_emulator.studio.models.space import mounted_by  # noqa: PLC0415 (it needs this module)

    efs = efs_backends[store.account_id][store.region_name]
    ec2 = ec2_backends[store.account_id][store.region_name]
    for its_id in mounted_by(space.settings):
        targets = [each for each in efs.mount_targets_by_id.values() if each.file_system_id == its_id]
        reached = {each.subnet_id for each in targets}
        if missing := [subnet for subnet in domain.subnet_ids if subnet not in reached]:
            raise ValidationException(f"The file system '{its_id}' has no mount target in subnet '{missing[0]}'")
        for target in targets:
            groups = set(target.security_groups or ())
            if target.subnet_id in domain.subnet_ids and not any(
                group_id in domain.nfs_group_ids[:1] or _lets_in(ec2.get_security_group_from_id(group_id))
                for group_id in groups
            ):
                raise ValidationException(f"The mount target '{target.mount_target_id}' lets no NFS traffic in")


def missing_directory(store: SpaceBackend, domain: Domain, space: Space) -> str | None:
    """The reason why an app of this space cannot start: a home directory that nobody ever mounted. Text assumed.

    An app that starts makes the owner's own directory in the domain's home, as EFS does at the first mount.
    """
    from studio_emulator.studio.models.space import mounted_by  # noqa: PLC0415 (as above)

    efs = efs_backends[store.account_id][store.region_name]
    for its_id in mounted_by(space.settings):
        path = _permitted(store, domain, space)[its_id]
        tags = efs.list_tags_for_resource(its_id) if store.settings.mounts_need_directories else []
        is_home = any(tag["Key"] == background.MANAGED_TAG for tag in tags)
        if is_home and path != "/" and (its_id, path) not in store.home_directories:
            return f"EFS mount failed: access point root directory {path} of {its_id} does not exist"
    profile = store.profiles.get((domain.domain_id, (space.owner or "").lower()))
    if profile is not None and domain.has_homes and profile.mounts_home(domain):
        store.home_directories.add((domain.home_efs_file_system_id or "", f"/{profile.home_efs_file_system_uid}"))
    return None


def places(store: SpaceBackend, domain: Domain, space: Space) -> dict[str, Path]:
    """The mounts of this space's apps: each path in the app, with the directory of this machine behind it."""
    from studio_emulator.studio.models.space import mounted_by  # noqa: PLC0415 (as above)

    found: dict[str, Path] = {}
    profile = store.profiles.get((domain.domain_id, (space.owner or "").lower()))
    home = store.files_of(domain.home_efs_file_system_id or "none")
    if profile is not None and home is not None and domain.has_homes and profile.mounts_home(domain):
        found[HOME] = _directory(home, f"/{profile.home_efs_file_system_uid}")
    permitted = _permitted(store, domain, space)
    for its_id in mounted_by(space.settings):
        files = store.files_of(its_id)
        if files is not None:
            point = background.door(store, its_id, permitted[its_id], profile)
            found[f"{CUSTOM}/{its_id}_{point}"] = _directory(files, permitted[its_id])
    return found


def _permitted(store: SpaceBackend, domain: Domain, space: Space) -> dict[str, str]:
    """The directory that the space's owner may mount, by file system."""
    permitted: dict[str, str] = {}
    for settings in reversed(store.settings_of_owner(domain, space.owner)):
        permitted |= file_systems_in(settings)
    return permitted


def _directory(files: Path, path: str) -> Path:
    return files / quote(posixpath.normpath(path).lstrip("/") or "root", safe="")


def _lets_in(group: object) -> bool:
    for rule in getattr(group, "ingress_rules", ()):
        first, last = (int(port) if port is not None else -1 for port in (rule.from_port, rule.to_port))
        if rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and first <= NFS_PORT <= last):
            return True
    return False
