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
        description="Name of the data bucket. If left out: <name>-data-<account id>, which is unique.",
        examples=["acme-ml-data"],
    )
    extra_buckets: tuple[BucketName, ...] = Field(
        (),
        description="Buckets made elsewhere that users may read and write too. Never the one of [state].",
        examples=[["acme-lake"]],
    )
    versioning: StrictBool = Field(
        True, description="Whether the data bucket keeps overwritten and deleted objects as old versions."
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
        description="Bucket in which S3 logs each access to the data bucket. It must exist in the same account and"
        " region, and admit S3's log service. If left out: no log.",
        examples=["acme-logs"],
    )


class CustomImage(Model):
    """An image of the repository that users may choose for an app."""

    name: SageMakerName = Field(description="The image's name in Studio.")
    digest: ImageDigest = Field(
        description="The digest that `studioctl image list` shows. A tag could move to another image."
    )
    apps: Annotated[tuple[App, ...], AfterValidator(some("code-editor"))] = Field(
        (CODE_EDITOR,),
        description="The apps that offer it.",
        json_schema_extra={"minItems": 1},
        examples=[["code-editor", "jupyterlab"]],
    )
    entrypoint: EntryPoint | None = Field(
        None,
        description="The program in the image that starts the app, for an image of one app. If left out: that of AWS's"
        " own images and of images built on them: entrypoint-code-editor, entrypoint-jupyter-server.",
        examples=["start-editor"],
    )


class Images(Model):
    """The container registry, and the images that apps offer besides AWS's own."""

    repository: RepositoryName | None = Field(
        None, description="Name of the ECR repository. If left out: the environment's.", examples=["acme-ml"]
    )
    keep_latest: ImageCount = Field(5, description='How many images whose tag begins with "latest" are kept.')
    expire_untagged_days: Days = Field(14, description="Untagged images expire after this many days.")
    scan_on_push: StrictBool = Field(True, description="Whether ECR scans pushed images for known vulnerabilities.")
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
    """Git's credentials for GitHub or another host. The token is stored in AWS Secrets Manager, never here."""

    username: GitUser = Field(description="The user name on that host. Some hosts accept any, such as x-token-auth.")
    host: GitHost = Field("github.com", description="The host that the token is for, with its port if it has one.")


class Secrets(Model):
    """Secrets in AWS Secrets Manager. This file names them and never contains a value."""

    github: GitHub | None = Field(
        None, description="A GitHub token. If left out: no secret is created.", examples=[{"username": "ada"}]
    )


class Encryption(Model):
    """The key for home directories, volumes, the bucket, images and secrets. If left out: free AWS-managed keys."""

    customer_key: StrictBool = Field(
        False,
        description="Whether the environment has its own KMS key, for about 1 USD a month. Cannot change while the"
        " domain exists.",
    )
    key: KeyArn | None = Field(
        None,
        description="ARN of an existing KMS key to use instead. studioctl never changes or deletes it.",
        examples=["arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    deletion_days: KeyDays = Field(
        30, description="Days until AWS deletes the environment's own key, once no data needs it."
    )


class State(Model):
    """The location of Terraform's state."""

    backend: Literal["local", "s3"] = Field("local", description="On this machine, or in an S3 bucket.")
    bucket: BucketName | None = Field(
        None, description="The state's bucket (s3). It must exist.", examples=["acme-tfstate"]
    )
    key: StateKey | None = Field(
        None,
        description="The state's key (s3). If left out: <name>/terraform.tfstate.",
        examples=["acme-ml/terraform.tfstate"],
    )
    region: Region | None = Field(
        None, description="The bucket's region (s3). If left out: the environment's.", examples=["us-east-1"]
    )
