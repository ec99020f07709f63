"""The model of stores and their encryption keys: buckets, images, secrets, Terraform's state."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool

from studioctl.config.apps import CODE_EDITOR, App
from studioctl.config.closed import Model
from studioctl.config.file_systems import MOST, FileSystem
from studioctl.config.iam_checks import some
from studioctl.config.values import (
    BucketName,
    Days,
    EntryPoint,
    GitHost,
    GitUser,
    ImageCount,
    ImageDigest,
    KeyArn,
    KeyDays,
    NewBucketName,
    Region,
    RepositoryName,
    SageMakerName,
    StateKey,
)


class Storage(Model):
    """Buckets that the execution role may use, and file systems that spaces mount."""

    bucket: NewBucketName | None = Field(
        None,
        description="Name of the data bucket. Left out: <name>-data-<account id>, unique by itself.",
        examples=["acme-ml-data"],
    )
    extra_buckets: tuple[BucketName, ...] = Field(
        (),
        description="Buckets made elsewhere that users may read and write too. Never the one of [state].",
        examples=[["acme-lake"]],
    )
    versioning: StrictBool = Field(
        True, description="Whether the data bucket keeps what is overwritten or deleted, as an old version."
    )
    keep_old_versions_days: Days = Field(30, description="Old versions in the data bucket expire after this many days.")
    file_systems: tuple[FileSystem, ...] = Field(
        (),
        description="File systems of EFS, made elsewhere, that every space mounts below /mnt/custom-file-systems/efs;"
        " at most 5. Each needs a mount target in every subnet of the domain.",
        json_schema_extra={"maxItems": MOST},
        examples=[[{"id": "fs-0123456789abcdef0", "path": "/shared"}]],
    )
    access_logs: BucketName | None = Field(
        None,
        description="Bucket in which S3 logs who used the data bucket. It must exist, in the same account and region,"
        " and admit S3's log service. Left out: no log.",
        examples=["acme-logs"],
    )


class CustomImage(Model):
    """An image of the repository that users may choose for an app."""

    name: SageMakerName = Field(description="What Studio calls it.")
    digest: ImageDigest = Field(
        description="Which image: the digest that `studioctl image list` shows. A tag could move on to another."
    )
    apps: Annotated[tuple[App, ...], AfterValidator(some("code-editor"))] = Field(
        (CODE_EDITOR,),
        description="The apps that offer it.",
        json_schema_extra={"minItems": 1},
        examples=[["code-editor", "jupyterlab"]],
    )
    entrypoint: EntryPoint | None = Field(
        None,
        description="The program in the image that starts the app, of an image for one app. Left out: the one of AWS's"
        " own images, and of what is built on them: entrypoint-code-editor, entrypoint-jupyter-server.",
        examples=["start-editor"],
    )


class Images(Model):
    """The container registry, and the images that apps offer besides AWS's own."""

    repository: RepositoryName | None = Field(
        None, description="Name of the ECR repository. Left out: the environment's.", examples=["acme-ml"]
    )
    keep_latest: ImageCount = Field(5, description='How many images whose tag begins with "latest" are kept.')
    expire_untagged_days: Days = Field(14, description="Untagged images expire after this many days.")
    scan_on_push: StrictBool = Field(True, description="Whether ECR looks for known weaknesses in what is pushed.")
    immutable_tags: StrictBool = Field(
        False,
        description="Whether a tag stays with the image that it was pushed with. An image pushed as latest then has"
        " a unique tag instead: latest-<time>.",
    )
    custom: tuple[CustomImage, ...] = Field(
        (),
        description="Images that users may choose for their apps, at most 5. `studioctl image attach` writes them.",
        json_schema_extra={"maxItems": 5},
        examples=[[{"name": "torch", "digest": f"sha256:{'0123456789abcdef' * 4}"}]],
    )


class GitHub(Model):
    """Who Git is for GitHub or another host. The token is stored in AWS Secrets Manager, never here."""

    username: GitUser = Field(description="The user name on that host. Some take any, such as x-token-auth.")
    host: GitHost = Field("github.com", description="The host that the token is for, with its port if it has one.")


class Secrets(Model):
    """Secrets that are kept in AWS Secrets Manager; this file names them and never holds a value."""

    github: GitHub | None = Field(
        None, description="A GitHub token. Left out: no secret is made.", examples=[{"username": "ada"}]
    )


class Encryption(Model):
    """Whose key encrypts home directories, volumes, the bucket, images and secrets. Left out: AWS's own, for free."""

    customer_key: StrictBool = Field(
        False,
        description="Whether the environment has its own KMS key, for about 1 USD a month. Cannot change while the"
        " domain exists.",
    )
    key: KeyArn | None = Field(
        None,
        description="ARN of a KMS key that exists already and is used instead. It is never changed or deleted.",
        examples=["arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    deletion_days: KeyDays = Field(
        30, description="How long AWS waits with deleting the environment's own key, once no data needs it."
    )


class State(Model):
    """Where Terraform keeps its state."""

    backend: Literal["local", "s3"] = Field("local", description="On this machine, or in an S3 bucket.")
    bucket: BucketName | None = Field(
        None, description="The state's bucket (s3). It must exist.", examples=["acme-tfstate"]
    )
    key: StateKey | None = Field(
        None,
        description="The state's key (s3). Left out: <name>/terraform.tfstate.",
        examples=["acme-ml/terraform.tfstate"],
    )
    region: Region | None = Field(
        None, description="The bucket's region (s3). Left out: the environment's.", examples=["us-east-1"]
    )
