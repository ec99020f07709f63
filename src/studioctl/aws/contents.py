"""Describes the data that people stored in resources made by Terraform, and deletes it once they allow it.

Each `…_contents` describes the contents in a few words, or returns None if there are none or the resource is gone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ErrorTypeDef, ObjectIdentifierTypeDef

COUNTED = 10_000  # beyond this a bucket is "more than": listing millions would take minutes
# A home file system meters 6 KiB when empty, and a directory for each profile that ever started an app.
# https://docs.aws.amazon.com/efs/latest/ug/metered-sizes.html
EMPTY_HOME_BYTES = 6 * 1024
WORDS = "shared/studioctl-gpu/"  # empty objects of machines with a GPU, 24 an hour: guard.idle reads their dates
FORGIVEN_HOMES = 8  # of how many profiles empty directories are believed: a thousand would hide megabytes of work


@dataclass(frozen=True)
class Amount:
    """The amount of data: in words, and in bytes as far as they were counted."""

    text: str
    size: int


def bucket_contents(session: Session, bucket: str) -> Amount | None:
    """Objects and old versions in a bucket, and their bytes, without what holds nobody's data."""
    objects = old = size = 0
    for entry in _bucket_entries(session, bucket):
        objects += entry.kind is Kind.OBJECT
        old += entry.kind is Kind.OLD_VERSION
        size += entry.size
        if objects + old > COUNTED:
            return Amount(f"more than {COUNTED:,} objects and old versions", size)
    counted = [_counted(number, what) for number, what in ((objects, "object"), (old, "old version")) if number]
    return Amount(", ".join((*counted, as_text(size))), size) if counted else None


@dataclass(frozen=True)
class Dated:
    """Something of a size in bytes, and since when it is there."""

    size: int
    since: datetime


def dated_objects(session: Session, bucket: str) -> tuple[Dated, ...] | None:
    """The objects and old versions of a bucket; None where they are more than COUNTED."""
    entries = (each for each in _bucket_entries(session, bucket) if each.kind not in DATALESS)
    found = tuple(islice((Dated(each.size, each.since) for each in entries), COUNTED + 1))
    return None if len(found) > COUNTED else found


def dated_images(session: Session, repository: str) -> tuple[Dated, ...]:
    """The images of a repository; layers that several share are counted, but not paid for, several times."""
    return tuple(_images(session, repository))


def dated_home(session: Session, file_system_id: str) -> tuple[Dated, ...]:
    """A file system: its size now, since it was made."""
    try:
        with translated():
            found = session.client("efs").describe_file_systems(FileSystemId=file_system_id)["FileSystems"][0]
    except MissingError:
        return ()
    return (Dated(found["SizeInBytes"]["Value"], found["CreationTime"]),)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number > 1 else ''}"


def empty_bucket(session: Session, bucket: str) -> None:
    """Permanently delete every object and version in a bucket. The bucket may be gone already."""
    s3 = session.client("s3")
    _delete_entries(session, bucket, _bucket_entries(session, bucket))
    with ignoring_missing():
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", []):
                with ignoring_missing():
                    s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def drop_dataless(session: Session, bucket: str) -> None:
    """Deletes what holds nobody's data in a bucket without any: S3 keeps the bucket as long as something is there."""
    _delete_entries(session, bucket, (e for e in _bucket_entries(session, bucket) if e.kind in DATALESS))


def repository_contents(session: Session, repository: str) -> Amount | None:
    """The number and size of a repository's images. A shared layer is counted, but not paid for, several times."""
    sizes = [image.size for image in _images(session, repository)]
    return Amount(_counted(len(sizes), "image"), sum(sizes)) if sizes else None


def delete_bucket(session: Session, bucket: str) -> None:
    """Deletes an empty bucket.

    Raises:
        AwsError: Somebody has put something into it.
    """
    with ignoring_missing():
        session.client("s3").delete_bucket(Bucket=bucket)


def delete_repository(session: Session, repository: str, *, with_images: bool = True) -> None:
    """Permanently delete a repository of the account's registry. Without `with_images`, AWS refuses if it has images.

    It is deleted as a whole, because AWS refuses to delete single images that a multi-architecture list names.
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html
    """
    with ignoring_missing():
        session.client("ecr").delete_repository(repositoryName=repository, force=with_images)


def home_contents(session: Session, file_system_id: str, *, profiles: int, used: bool) -> Amount | None:
    """The metered size of a home file system, when somebody's files may be in it.

    Args:
        session: The account.
        file_system_id: The home file system.
        profiles: The number of the domain's user profiles: each may have an empty directory.
        used: Whether an app may ever have run. The metered size is hours old at times, so doubt means data.
    """
    try:
        with translated():
            found = session.client("efs").describe_file_systems(FileSystemId=file_system_id)["FileSystems"][0]
    except MissingError:
        return None
    size = found["SizeInBytes"]["Value"]
    if size > EMPTY_HOME_BYTES * (min(profiles, FORGIVEN_HOMES) + 1):
        return Amount(as_text(size), size)
    return Amount(f"apps have run; {as_text(size)} when AWS last measured", size) if used else None


def secret_contents(session: Session, secret_id: str) -> Amount | None:
    """Whether a secret has a value. The value itself is not read."""
    try:
        with translated():
            found = session.client("secretsmanager").describe_secret(SecretId=secret_id)
    except MissingError:
        return None
    return Amount("a value", 0) if found.get("VersionIdsToStages") else None


def delete_secret(session: Session, secret_id: str) -> None:
    """Delete a secret at once and permanently, which frees its name."""
    with ignoring_missing():
        session.client("secretsmanager").delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)


class Kind(Enum):
    """The kinds of entries in a bucket with versions."""

    OBJECT = "object"
    OLD_VERSION = "old version"
    MARK = "mark of deletion"
    WORD = "word of a machine with a GPU"


DATALESS = {Kind.MARK, Kind.WORD}


@dataclass(frozen=True)
class Entry:
    """A version of an object, or a mark that it was deleted."""

    kind: Kind
    size: int
    since: datetime
    identifier: "ObjectIdentifierTypeDef"


def _bucket_entries(session: Session, bucket: str) -> Iterator[Entry]:
    try:
        with translated():
            for page in session.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket):
                for version in page.get("Versions", []):
                    kind = Kind.OBJECT if version["IsLatest"] else Kind.OLD_VERSION
                    if version["Key"].startswith(WORDS) and not version["Size"]:
                        kind = Kind.WORD
                    since = version["LastModified"]
                    yield Entry(
                        kind, version["Size"], since, {"Key": version["Key"], "VersionId": version["VersionId"]}
                    )
                for marker in page.get("DeleteMarkers", []):
                    yield Entry(
                        Kind.MARK, 0, marker["LastModified"], {"Key": marker["Key"], "VersionId": marker["VersionId"]}
                    )
    except MissingError:
        return


def _delete_entries(session: Session, bucket: str, entries: Iterable[Entry]) -> None:
    remaining = iter(entries)
    while batch := [entry.identifier for entry in islice(remaining, 1000)]:  # the most that one call takes
        _delete_objects(session, bucket, batch)


def _delete_objects(session: Session, bucket: str, batch: Sequence["ObjectIdentifierTypeDef"]) -> None:
    failures: Sequence[ErrorTypeDef] = ()
    with ignoring_missing():
        answer = session.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        failures = answer.get("Errors", ())
    for failure in failures:
        raise AwsError(
            f"AWS refused to delete '{failure.get('Key')}' in bucket '{bucket}': {failure.get('Message')}",
            hint="remove what protects it (a bucket policy, an object lock), then run the same command again",
        )


def _images(session: Session, repository: str) -> Iterator[Dated]:
    """Each image, since it was pushed."""
    try:
        with translated():
            for page in session.client("ecr").get_paginator("describe_images").paginate(repositoryName=repository):
                for image in page["imageDetails"]:
                    yield Dated(image.get("imageSizeInBytes", 0), image["imagePushedAt"])
    except MissingError:
        return


def as_text(size: int) -> str:
    """A number of bytes in a unit that people read."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} TiB"
