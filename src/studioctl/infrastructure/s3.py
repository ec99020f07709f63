"""The data bucket: private, encrypted, and not deletable while it holds objects."""

from dataclasses import dataclass

from studioctl.config.model import Storage
from studioctl.infrastructure.block import Module, Output, Ref, Resource
from studioctl.infrastructure.naming import Naming


@dataclass(frozen=True)
class S3:
    """The bucket's blocks, and its ARN."""

    module: Module
    bucket_arn: Ref


def build(storage: Storage, account_id: Ref, naming: Naming) -> S3:
    """The bucket for data sets, artefacts and outputs."""
    # Bucket names are shared by the whole world; with the account's id in it ours is free.
    name = storage.bucket or f"{naming.environment}-data-{account_id}"
    bucket = Resource(
        "aws_s3_bucket",
        "data",
        {"bucket": name, "force_destroy": False},
        why="Terraform never empties it: only `studioctl down --delete-data` does, on the user's word.",
    )
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
    encryption = Resource(
        "aws_s3_bucket_server_side_encryption_configuration",
        "data",
        {
            "bucket": bucket.ref("id"),
            "rule": [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        },
    )
    ownership = Resource(
        "aws_s3_bucket_ownership_controls",
        "data",
        {"bucket": bucket.ref("id"), "rule": {"object_ownership": "BucketOwnerEnforced"}},
        why="Access lists are off: policies alone decide.",
    )
    output = Output("bucket", bucket.ref("bucket"), "Name of the data bucket.")
    purpose = "The data bucket: private, encrypted, kept while it holds objects."
    blocks = (bucket, access, encryption, ownership, output)
    return S3(module=Module("s3", purpose, blocks), bucket_arn=bucket.ref("arn"))
