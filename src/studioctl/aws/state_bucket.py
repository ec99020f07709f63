"""A bucket for Terraform's state, and the state in it: versions, and the lock."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from studioctl.aws.errors import OTHERS_WROTE, code_of, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.catalog import troubles
from studioctl.errors import AwsError, ConfigError, RefusedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

# Not the tag of an environment: many may keep their state there, and none of them takes the bucket with it.
TAGS = {"studioctl:managed-by": "studioctl", "studioctl:purpose": "terraform-state"}
READS = 4  # as many as Terraform's SDK makes: aws-sdk-go-v2, feature/s3/manager/download.go
_BROKEN_OFF = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)


def create_bucket(session: Session, name: str) -> bool:
    """A bucket in the session's region: versioned, encrypted, for TLS only, closed to the public. Whether it is new.

    One that we made before gets all of it again. Source of the settings:
    https://developer.hashicorp.com/terraform/language/backend/s3 and
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html

    Raises:
        RefusedError: The name is somebody else's, or the bucket is yours and studioctl did not make it.
        AwsError: AWS refused.
    """
    s3 = session.client("s3")
    is_new = not _is_ours(s3, name, session.target.region)
    if is_new:
        _create(s3, name, session.target.region)
    with translated():
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in TAGS.items()]})
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_tls_only(session, name)))
    return is_new


@translated()
def _is_ours(s3: "S3Client", name: str, region: str) -> bool:
    """Whether we made it before; False when there is none of this name."""
    try:
        s3.head_bucket(Bucket=name)
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    except ClientError as error:
        match code_of(error):
            case "404" | "NoSuchBucket":
                return False
            case "403" | "AccessDenied":
                raise RefusedError(
                    f"Bucket '{name}' is somebody else's, or you may not look at it.", hint=_OTHER_NAME
                ) from error
            case "301" | "PermanentRedirect":
                place = error.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "another region")
                raise RefusedError(
                    f"Bucket '{name}' exists in {place}, not in {region}.", hint=f'write region = "{place}" in [state]'
                ) from error
            case "NoSuchTagSet":
                tags = {}
            case _:
                raise
    if tags.get("studioctl:purpose") != TAGS["studioctl:purpose"]:
        raise RefusedError(
            f"Bucket '{name}' exists already, and studioctl did not make it. Nothing was changed.",
            hint=f"{_OTHER_NAME}; or use it as it is, with versioning switched on",
        )
    return True


_OTHER_NAME = "choose another name for `bucket` in [state]"


def _create(s3: "S3Client", name: str, region: str) -> None:
    try:
        with translated():
            if region == "us-east-1":  # the one region that may not be named
                s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced")
            else:
                place: CreateBucketConfigurationTypeDef = {"LocationConstraint": region}  # type: ignore[typeddict-item]
                s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", CreateBucketConfiguration=place)
    except AwsError as error:
        if "BucketAlreadyExists" in error.message:
            raise RefusedError(f"Bucket '{name}' is somebody else's.", hint=_OTHER_NAME) from error
        raise


def _tls_only(session: Session, name: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-ssl-requests-only.html"""
    partition = session.identity.arn.split(":")[1]
    arn = f"arn:{partition}:s3:::{name}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


@dataclass(frozen=True)
class Version:
    """One version of the state's object."""

    id: str
    stored_at: datetime
    is_current: bool


@dataclass(frozen=True)
class StoredState:
    """A state in S3, as Terraform's backend stores it.

    Args:
        session: For the bucket's region.
        bucket: The bucket that holds it.
        key: Its object; Terraform's lock is beside it.
        extra: Terraform's parameters for writing it: `ServerSideEncryption` and the like.
        sealed: The user's own key that encrypts it, for each call; empty where S3 keeps the key.
    """

    session: Session
    bucket: str
    key: str
    extra: Mapping[str, str]
    sealed: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def _s3(self) -> "S3Client":
        return self.session.client("s3")

    @property
    def _lock_key(self) -> str:
        return f"{self.key}.tflock"

    def versions(self) -> Iterator[Version]:
        """All versions, the newest first. Raises MissingError when there is no such bucket."""
        with translated():
            for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self.key):
                for version in page.get("Versions", []):
                    if version["Key"] == self.key:
                        yield Version(version["VersionId"], version["LastModified"], version["IsLatest"])

    def read(self, version_id: str | None = None) -> str | None:
        """The text of a version, or of the current one; None when there is none.

        Raises:
            ConfigError: There is no such bucket.
            AwsError: AWS refused.
        """
        with ignoring_missing():
            try:
                body, _ = self._get(self.key, **({"VersionId": version_id} if version_id else {}))
            except ClientError as error:
                if code_of(error) == "NoSuchBucket":
                    hint = troubles.named("the bucket does not exist").hint.format(bucket=self.bucket)
                    raise ConfigError(f"The state's bucket '{self.bucket}' does not exist", hint=hint) from error
                raise
            return body.decode("utf-8", "surrogateescape")
        return None

    def _get(self, key: str, **wanted: str) -> tuple[bytes, str]:
        """An object's content, and what S3 calls it. Where an answer breaks off, botocore does not begin again."""
        for left in reversed(range(READS)):
            answer = self._s3.get_object(Bucket=self.bucket, Key=key, **wanted, **self.sealed)  # type: ignore[arg-type]
            try:
                return answer["Body"].read(), answer["ETag"].strip('"')
            except _BROKEN_OFF:
                if not left:
                    raise
        raise AssertionError("the last one returns or raises")  # pragma: no cover

    def write(self, text: str) -> None:
        """Store a new version."""
        with translated():
            self._s3.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=text.encode("utf-8", "surrogateescape"),
                ContentType="application/json",
                **self.extra,  # type: ignore[arg-type]
                **self.sealed,
            )

    def read_beside(self, suffix: str) -> str | None:
        """The text of the object beside the state's whose key ends so; None when there is none."""
        with ignoring_missing():
            return self._get(self.key + suffix)[0].decode("utf-8", "replace")
        return None

    def write_beside(self, suffix: str, text: str) -> None:
        """Store an object beside the state, as the state is stored."""
        replace(self, key=self.key + suffix).write(text)

    def lock(self) -> dict[str, str] | None:
        """Terraform's lock: ID, Who, Operation, Created; None when nobody holds it.

        Of one that cannot be read, the `ID` is what S3 calls its content, and the rest is left out.
        """
        with ignoring_missing():
            body, name = self._get(self._lock_key)
            return {"ID": name} | _lock_in(body)
        return None

    @translated()
    def acquire(self, lock: Mapping[str, str]) -> bool:
        """Take the lock as Terraform does: it is written only where there is none. False when somebody holds it."""
        try:
            content = json.dumps(lock).encode()
            self._s3.put_object(Bucket=self.bucket, Key=self._lock_key, Body=content, IfNoneMatch="*", **self.sealed)
        except ClientError as error:
            if code_of(error) in OTHERS_WROTE:
                return False
            raise
        return True

    def release(self) -> None:
        """Remove the lock."""
        with ignoring_missing():
            self._s3.delete_object(Bucket=self.bucket, Key=self._lock_key)


def _lock_in(body: bytes) -> dict[str, str]:
    """Return the content of a lock; empty if it is not a valid lock."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    said = content.items() if isinstance(content, dict) else ()
    return {key: value for key, value in said if isinstance(value, str) and value}
