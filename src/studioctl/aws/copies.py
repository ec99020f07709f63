"""Stores copies of users' data in their own bucket, streamed in parts. S3 checks each part when it arrives."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from studioctl.aws.errors import code_of, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.errors import AwsError, ExitCode, RefusedError, StudioctlError
from studioctl.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/+(.*))?")
MIB = 1 << 20
# S3 takes 10,000 parts, each but the last of 5 MiB at least: so one copy may have 578 GiB, and no more than one part of
# it is in memory. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
SMALL_PART, SMALL_PARTS = 16 * MIB, 1_000
LARGE_PART, MOST_PARTS = 64 * MIB, 10_000


@dataclass(frozen=True)
class Place:
    """The destination of copies: a bucket, and a prefix for their keys ("" for none)."""

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read a place from "s3://bucket/prefix". Raises StudioctlError for anything else."""
        found = PLACE.fullmatch(text)
        if not found:
            raise StudioctlError(
                f"'{text}' is not a location in S3. Give s3://, a bucket name in lower case and, optionally, a prefix.",
                hint=f"run the same command again with your own bucket, such as {_likely(text)}",
                exit_code=ExitCode.USAGE,
            )
        return cls(found[1], (found[2] or "").strip("/"))

    def key(self, *parts: str) -> str:
        """The key of an object there."""
        return "/".join(filter(None, (self.prefix, *parts)))

    def __str__(self) -> str:
        """The place as people write it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def _making(bucket: str, target: Target) -> str:
    """The command that makes it. A rehearsal needs no other program than this one."""
    if target.is_local:
        return f"studioctl state bucket create {bucket}"
    return f"aws s3 mb s3://{bucket}{target.aws_flags}"


@translated()
def refuse_unfit(session: Session, place: Place, probe: str) -> str | None:
    """Makes sure that copies can be stored: by beginning to store one under the key `probe`, and leaving it.

    Returns the ARN of the KMS key that the bucket encrypts with, if it is one of the account's.

    Raises:
        RefusedError: There is no such bucket, or it is not this account's, or we may not write to it.
        AwsError: AWS cannot be asked.
    """
    s3, owner = session.client("s3"), session.identity.account_id
    begun: Mapping[str, Any] = {}
    try:
        s3.head_bucket(Bucket=place.bucket, ExpectedBucketOwner=owner)
        begun = s3.create_multipart_upload(Bucket=place.bucket, Key=probe, ExpectedBucketOwner=owner)
        s3.abort_multipart_upload(Bucket=place.bucket, Key=probe, UploadId=begun["UploadId"], ExpectedBucketOwner=owner)
    except ClientError as error:
        match code_of(error):
            case "404" | "NoSuchBucket":
                raise RefusedError(
                    f"There is no bucket '{place.bucket}'. Nothing was changed.",
                    hint=f"name another, or make it: {_making(place.bucket, session.target)}",
                ) from error
            case "403" | "AccessDenied":
                raise RefusedError(
                    f"Bucket '{place.bucket}' is not account {owner}'s, or you may not write to it."
                    " Nothing was changed.",
                    hint="name a bucket of this account, in which you may s3:PutObject, s3:GetObject and s3:ListBucket",
                ) from error
            case _:
                raise
    return begun.get("SSEKMSKeyId") or _default_key(session, place.bucket)


def _default_key(session: Session, bucket: str) -> str | None:
    """Return the bucket's default key, or None if it has none. The emulator does not return it with an upload.

    AWS returns it with the upload, even to callers who may not read the bucket's settings.
    """
    rules: Any = []
    with suppress(AwsError), translated():
        answer = session.client("s3").get_bucket_encryption(Bucket=bucket)
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    defaults = (rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules)
    return next((found["KMSMasterKeyID"] for found in defaults if found.get("KMSMasterKeyID")), None)


class Upload:
    """One object on its way to S3. Left before `complete`, nothing of it stays.

    Args:
        session: The account.
        place: The bucket.
        key: The object's key.
    """

    def __init__(self, session: Session, place: Place, key: str) -> None:
        self._s3 = session.client("s3")
        self._object = {"Bucket": place.bucket, "Key": key, "ExpectedBucketOwner": session.identity.account_id}
        self._parts: list[CompletedPartTypeDef] = []
        self._waiting = bytearray()
        self._whole = hashlib.sha256()
        self._of_parts = hashlib.sha256()
        self._upload_id: str | None = None
        self.size = 0

    @property
    def sha256(self) -> str:
        """The digest of all that was added, in hexadecimal digits."""
        return self._whole.hexdigest()

    def __enter__(self) -> Self:
        with translated():
            begun = self._s3.create_multipart_upload(
                **self._object,  # type: ignore[arg-type]
                ChecksumAlgorithm="SHA256",
                ContentType="application/gzip",
            )
        self._upload_id = begun["UploadId"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._upload_id:
            with ignoring_missing():
                self._s3.abort_multipart_upload(**self._object, UploadId=self._upload_id)  # type: ignore[arg-type]

    def add(self, block: bytes) -> None:
        """Adds bytes; every now and then they are sent.

        Raises:
            AwsError: S3 refused a part, or there are too many.
        """
        self._waiting += block
        self._whole.update(block)
        self.size += len(block)
        part = SMALL_PART if len(self._parts) < SMALL_PARTS else LARGE_PART
        while len(self._waiting) >= part:
            self._send(bytes(self._waiting[:part]))
            del self._waiting[:part]

    def complete(self) -> None:
        """Makes the object of what was added, and compares what S3 has of it.

        Raises:
            AwsError: S3 refused, or has something else. Nothing stays then.
        """
        if self._waiting or not self._parts:
            self._send(bytes(self._waiting))
            self._waiting.clear()
        whole = {**self._object, "UploadId": self._upload_id, "MultipartUpload": {"Parts": self._parts}}
        with translated():
            self._s3.complete_multipart_upload(**whole)  # type: ignore[arg-type]
            self._upload_id = None
            stored = self._s3.head_object(**self._object, ChecksumMode="ENABLED")  # type: ignore[arg-type]
        # A checksum of the parts' checksums, then a hyphen and their number, which the emulator leaves out.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html, "Composite"
        checksum = stored.get("ChecksumSHA256", "").partition("-")[0]
        if (stored["ContentLength"], checksum) != (self.size, _base64(self._of_parts.digest())):
            with translated():
                self._s3.delete_object(**self._object)  # type: ignore[arg-type]
            raise AwsError(
                f"S3 stored something else than was sent: '{self._object['Key']}'. It was deleted again.",
                hint="run the same command again",
            )

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        if number > MOST_PARTS:
            most = (SMALL_PARTS * SMALL_PART + (MOST_PARTS - SMALL_PARTS) * LARGE_PART) >> 30
            raise AwsError(
                f"It is larger than {most} GiB, which is more than one copy may have.",
                hint="copy the largest files by themselves, delete them in the space, then run the same command again",
            )
        digest = hashlib.sha256(part).digest()
        self._of_parts.update(digest)
        with translated():
            sent = self._s3.upload_part(
                **self._object,  # type: ignore[arg-type]
                UploadId=self._upload_id or "",
                PartNumber=number,
                Body=part,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=_base64(digest),
            )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": _base64(digest)})


def write_manifest(session: Session, place: Place, key: str, content: Mapping[str, Any]) -> None:
    """Stores what a copy is, as JSON beside it: it is there only for copies that are whole."""
    with translated():
        session.client("s3").put_object(
            Bucket=place.bucket,
            Key=key,
            Body=json.dumps(content, indent=2).encode() + b"\n",
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            ExpectedBucketOwner=session.identity.account_id,
        )


def _likely(text: str) -> str:
    """Return a valid location similar to an invalid one."""
    bucket = re.sub(r"^[a-z0-9]*:/*", "", text.lower()).split("/")[0]
    likely = f"s3://{re.sub(r'[^a-z0-9.-]+', '-', bucket).strip('.-')}"
    return likely if PLACE.fullmatch(likely) else "s3://acme-copies"


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
