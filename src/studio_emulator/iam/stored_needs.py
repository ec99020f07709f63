"""Actions of EFS and KMS on the file systems, access points and keys that a request names.

Source: Service Authorization Reference, "Amazon Elastic File System" and "AWS Key Management Service".
"""

import re
from collections.abc import Mapping

from moto.efs.models import efs_backends
from moto.kms.models import kms_backends

from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received, put_on, tags_of

_OF_EFS = {"fs": "file-system", "fsap": "access-point"}
_EFS_ID = re.compile(r"(fs|fsap)-[0-9a-f]+")


def efs(received: Received) -> list[Need]:
    """A request names its file system or access point in the path, the query or the body; a list may name none.

    A mount target is no resource: its file system is.
    """
    backend = efs_backends[received.account][received.region]
    tagger, targets = backend.tagging_service, backend.mount_targets_by_id
    said = [*received.path.split("/"), *received.query.values(), *map(str, received.parameters.values())]
    ids = {value.rpartition("/")[2] for value in said}
    ids |= {targets[id_].file_system_id for id_ in ids if id_ in targets}
    named = sorted(filter(_EFS_ID.fullmatch, ids))
    found = [
        Need(
            f"elasticfilesystem:{received.action}",
            received.arn("elasticfilesystem", f"{_OF_EFS[id_.partition('-')[0]]}/{id_}"),
            tags_of(tagger.get_tag_dict_for_resource(id_), "elasticfilesystem"),
        )
        for id_ in named
    ]
    return found or [Need(f"elasticfilesystem:{received.action or 'UnknownAction'}", "*")]


def kms(received: Received) -> list[Need]:
    """A key by its id, ARN or alias; an alias is a resource beside its key."""
    said, action = received.parameters, f"kms:{received.action or 'UnknownAction'}"
    alias = str(said.get("AliasName", ""))
    key = str(said.get("TargetKeyId") or said.get("KeyId") or alias)
    if not key:
        return [Need(action, "*", _kms_tags(received))]
    aliases = [Need(action, received.arn("kms", alias))] if alias else []
    if _id(received, key).startswith("alias/"):
        return aliases  # nobody's: there is no key to ask about. Assumed: AWS's pages do not say
    return [*aliases, Need(action, _arn(received, key), _tags(received, key))]


def _kms_tags(received: Received) -> dict[str, Values]:
    """KMS calls a tag's parts by other names than other services do."""
    listed = received.listed("Tags")
    return put_on({str(tag.get("TagKey")): str(tag.get("TagValue")) for tag in listed if isinstance(tag, dict)})


def _arn(received: Received, key: str) -> str:
    return key if key.startswith("arn:") else received.arn("kms", f"key/{_id(received, key)}")


def _id(received: Received, key: str) -> str:
    if not key.startswith("alias/"):
        return key
    return kms_backends[received.account][received.region].get_key_id_from_alias(key) or key


def _tags(received: Received, key: str) -> Mapping[str, Values]:
    backend = kms_backends[received.account][received.region]
    found = backend.keys.get(_id(received, key).rpartition("/")[2])
    return tags_of(backend.tagger.get_tag_dict_for_resource(found.id), "kms") if found else {}
