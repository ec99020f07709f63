"""The data bucket: private, encrypted, only by TLS, with its old versions, and not deletable while it holds objects."""

from dataclasses import dataclass
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.guard import idle
from studioctl.guard.ledger import PREFIX
from studioctl.infrastructure.block import Block, Data, Module, Output, Ref, Resource
from studioctl.infrastructure.kms import Kms
from studioctl.infrastructure.naming import LONGEST_ROLE_NAME, Naming

# Parts of an upload that nobody finishes cost as much as objects, and no listing shows them.
UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class S3:
    """The bucket's blocks, and its ARN."""

    module: Module
    bucket_arn: Ref
    bucket: Ref


def build(config: EnvironmentConfig, account: Data, partition: Data, kms: Kms, naming: Naming) -> S3:
    """The bucket for data sets, artefacts and outputs."""
    storage = config.storage
    name = config.bucket_in(f"{account.ref('account_id')}")
    # What depends on the key goes before it: a bucket that could not be deleted keeps its key.
    needs_key = {"depends_on": list(kms.before)} if kms.before else {}
    bucket = Resource(
        "aws_s3_bucket",
        "data",
        {"bucket": name, "force_destroy": False, "lifecycle_rule": _lifecycle(config), **needs_key},
        why="Terraform never empties it: only `--delete-data` of studioctl does, on the user's word.",
    )
    versions = (_versioning(bucket),) if storage.versioning else ()
    logs = (_access_logs(bucket, storage.access_logs),) if storage.access_logs else ()
    privacy = _privacy(bucket)
    blocks: tuple[Block, ...] = (
        bucket,
        *privacy,
        *_policy(bucket, _ledger(config, bucket, account, partition, naming), after=privacy),
        _encryption(bucket, kms),
        *versions,
        *logs,
        Output("bucket", bucket.ref("bucket"), "Name of the data bucket."),
    )
    purpose = "The data bucket: private, encrypted, kept while it holds objects."
    return S3(module=Module("s3", purpose, blocks), bucket_arn=bucket.ref("arn"), bucket=bucket.ref("bucket"))


def _privacy(bucket: Resource) -> tuple[Resource, Resource]:
    access = Resource(
        "aws_s3_bucket_public_access_block",
        "data",
        {
            "bucket": bucket.ref("id"),
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        },
    )
    ownership = Resource(
        "aws_s3_bucket_ownership_controls",
        "data",
        {"bucket": bucket.ref("id"), "rule": {"object_ownership": "BucketOwnerEnforced"}},
        why="Access lists are off: policies alone decide.",
    )
    return access, ownership


def _ledger(
    config: EnvironmentConfig, bucket: Resource, account: Data, partition: Data, naming: Naming
) -> list[dict[str, Any]]:
    """Users write to the bucket, but not into the guard's ledger, whatever their roles say."""
    if not config.limits.are_set:
        return []
    role = naming.execution_role[: LONGEST_ROLE_NAME - 11]  # as user_role() may cut it
    roles = f"arn:{partition.ref('partition')}:iam::{account.ref('account_id')}:{config.iam.role(role)}*"
    statement = {
        "sid": "OnlyTheGuardWritesItsLedger",
        "effect": "Deny",
        "actions": ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
        "resources": [f"{bucket.ref('arn')}/{PREFIX}*"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "condition": [{"test": "ArnLike", "variable": "aws:PrincipalArn", "values": [roles]}],
    }
    return [statement]


def _policy(bucket: Resource, more: list[dict[str, Any]], *, after: tuple[Resource, ...]) -> tuple[Data, Resource]:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html, "encryption in transit"
    statement = {
        "sid": "OnlyByTls",
        "effect": "Deny",
        "actions": ["s3:*"],
        "resources": [str(bucket.ref("arn")), f"{bucket.ref('arn')}/*"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
    }
    document = Data("aws_iam_policy_document", "data_bucket", {"statement": [statement, *more]})
    policy = Resource(
        "aws_s3_bucket_policy",
        "data",
        {
            "bucket": bucket.ref("id"),
            "policy": document.ref("json"),
            # S3 refuses two changes of a bucket's access at once.
            "depends_on": [resource.address for resource in after],
        },
        why="Nothing passes unencrypted.",
    )
    return document, policy


def _encryption(bucket: Resource, kms: Kms) -> Resource:
    by_default: dict[str, Any] = {"sse_algorithm": "AES256"}
    rule: dict[str, Any] = {"apply_server_side_encryption_by_default": by_default}
    if kms.key_arn:
        by_default |= {"sse_algorithm": "aws:kms", "kms_master_key_id": kms.key_arn}
        # One call of KMS for many objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        rule["bucket_key_enabled"] = True
    return Resource(
        "aws_s3_bucket_server_side_encryption_configuration", "data", {"bucket": bucket.ref("id"), "rule": [rule]}
    )


def _versioning(bucket: Resource) -> Resource:
    return Resource(
        "aws_s3_bucket_versioning",
        "data",
        {"bucket": bucket.ref("id"), "versioning_configuration": {"status": "Enabled"}},
        why="What is overwritten or deleted can be had back for some time.",
    )


def _lifecycle(config: EnvironmentConfig) -> list[dict[str, Any]]:
    """Expire old versions and unfinished uploads, which would otherwise cost money permanently. Present objects stay.

    The rules are an argument of the bucket, although the provider recommends a separate resource. That resource reads
    the rules ten times in 50 seconds before it accepts them, in every `up` that creates a bucket. The rule for old
    versions applies without versioning too, to versions from a time when it was on.

    If two rules apply to one version, the shorter time wins: only the last of the GPU reports to the guard matters.

    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
    """
    tidy = {
        "id": "tidy",
        "enabled": True,
        "noncurrent_version_expiration": {"days": config.storage.keep_old_versions_days},
        "expiration": {"expired_object_delete_marker": True},
        "abort_incomplete_multipart_upload_days": UNFINISHED_UPLOAD_DAYS,
    }
    if config.limits.idle_gpu_minutes is None:
        return [tidy]
    words = {"id": "words", "enabled": True, "prefix": idle.PREFIX, "noncurrent_version_expiration": {"days": 1}}
    return [tidy, words]


def _access_logs(bucket: Resource, target: str) -> Resource:
    return Resource(
        "aws_s3_bucket_logging",
        "data",
        {"bucket": bucket.ref("id"), "target_bucket": target, "target_prefix": f"{bucket.ref('id')}/"},
        why="That bucket's policy must admit S3's log service: studioctl docs encrypt-with-your-own-key.",
    )
