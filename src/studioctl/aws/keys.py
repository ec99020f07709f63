"""KMS keys that carry a tag, and how they go: nothing that a key encrypts can be read once it is deleted.

AWS deletes a key only after a wait of 7 to 30 days, in which it can be used for nothing and the deletion be cancelled.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.aws.tagged import listed


@dataclass(frozen=True)
class Key:
    """A KMS key.

    Args:
        id: Its id, such as 1234abcd-12ab-34cd-56ef-1234567890ab.
        aliases: Its names, such as alias/acme-ml.
        deletion_at: When AWS deletes it, if that is scheduled: until then it cannot be used, but be saved.
    """

    id: str
    arn: str
    aliases: tuple[str, ...] = ()
    deletion_at: datetime | None = None


def tagged(session: Session, tag: tuple[str, str], *, known: Collection[str] = ()) -> tuple[Key, ...]:
    """The keys that carry this tag, also those that are scheduled for deletion, by id.

    Args:
        session: The account.
        tag: Key and value.
        known: Ids of keys to be looked at, too: AWS's index of tags is minutes old at times.
    """
    ids = {arn.rpartition("/")[2] for arn in listed(session, tag, "kms:key")}
    keys = (_described(session, key_id) for key_id in sorted(ids.union(known)))
    return tuple(key for key in keys if key is not None)


def named(session: Session, alias: str, tag: tuple[str, str]) -> Key | None:
    """The key that this alias leads to, if it carries the tag."""
    key = _described(session, alias)
    if key is None:
        return None
    with translated():
        pages = session.client("kms").get_paginator("list_resource_tags").paginate(KeyId=key.id)
        tags = [(found["TagKey"], found["TagValue"]) for page in pages for found in page["Tags"]]
    return key if tag in tags else None


def key_of(session: Session, store: str) -> str | None:
    """ARN, id or alias of the KMS key with which a store encrypts now: a bucket, a repository, a secret or studies.

    A bucket may hold older objects that another key encrypted. None where it is one of AWS's own, or the store is gone.
    """
    try:
        with translated():
            match store.split(":")[2]:
                case "s3":
                    answer = session.client("s3").get_bucket_encryption(Bucket=store.rpartition(":")[2])
                    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
                    return rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
                case "ecr":
                    name = store.partition(":repository/")[2]
                    found = session.client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
                    return found.get("encryptionConfiguration", {}).get("kmsKey")
                case "rds":
                    return _of_studies(session, store)
                case "secretsmanager":
                    return session.client("secretsmanager").describe_secret(SecretId=store).get("KmsKeyId")
    except MissingError:
        pass
    return None


def _of_studies(session: Session, arn: str) -> str | None:
    rds, name = session.client("rds"), arn.rpartition(":")[2]
    if ":cluster-snapshot:" in arn:
        found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
        return str(found[0].get("KmsKeyId", "")) or None
    return str(rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0].get("KmsKeyId", "")) or None


def retire(session: Session, key: Key, *, days: int) -> datetime | None:
    """Delete the key's aliases, schedule its deletion, and return the date. It may be gone or scheduled already.

    The aliases go first: a key that is being deleted still holds them, and no other key could take its name.
    """
    kms = session.client("kms")
    for alias in key.aliases:
        with ignoring_missing():
            kms.delete_alias(AliasName=alias)
    if key.deletion_at is None:
        with ignoring_missing():
            return kms.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=days)["DeletionDate"]
    return key.deletion_at


def _described(session: Session, key_id: str) -> Key | None:
    kms = session.client("kms")
    try:
        with translated():
            found = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            pages = kms.get_paginator("list_aliases").paginate(KeyId=found["KeyId"])
            aliases = tuple(sorted(alias["AliasName"] for page in pages for alias in page["Aliases"]))
    except MissingError:
        return None
    return Key(found["KeyId"], found["Arn"], aliases, found.get("DeletionDate"))
