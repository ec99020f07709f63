"""The part of the deployer's policy about buckets, images, secrets, logs, keys and Terraform's state."""

from collections.abc import Iterator

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.iam.deployer.deployment import Deployment, actions
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Statement
from studioctl.infrastructure.naming import Naming

S3 = f"{ACTIONS}/list_amazons3.html"
KMS = f"{ACTIONS}/list_awskeymanagementservice.html"
# What a key is used for when a domain is created with it.
KEY_OF_A_DOMAIN = "https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest-studio.html"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for what keeps data, keys and Terraform's state."""
    yield from _bucket(deployment)
    yield from _others(deployment)
    yield from _key(deployment)
    yield from _state(deployment)


def _bucket(deployment: Deployment) -> Iterator[Statement]:
    partition, storage = deployment.partition, deployment.config.storage
    read = (
        "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging"
        " GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock"
        " GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration"
        " GetLifecycleConfiguration GetReplicationConfiguration ListBucket ListBucketVersions"
    )
    written = (
        "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketLogging PutBucketOwnershipControls PutBucketPolicy"
        " PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration"
        " PutLifecycleConfiguration"
    )
    yield Statement(
        "DataBucket",
        actions("s3", f"{read} {written}"),
        (deployment.bucket,),
        "The data bucket. AWS deletes one that is empty only.",
        S3,
    )
    if deployment.deletes_data:
        yield Statement(
            "DeleteObjects",
            ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"),
            (f"{deployment.bucket}/*",),
            "--delete-data empties the data bucket.",
            S3,
        )
        yield Statement(
            "UnfinishedUploads",
            ("s3:ListBucketMultipartUploads",),
            (deployment.bucket,),
            "It also ends uploads that nobody finished.",
            S3,
        )
    if others := [*storage.extra_buckets, *filter(None, [storage.access_logs])]:
        yield Statement(
            "OtherBuckets",
            ("s3:GetBucketPolicy", "s3:ListBucket"),
            tuple(f"arn:{partition}:s3:::{name}" for name in others),
            "up checks that the buckets exist which the file names.",
            S3,
        )


def _others(deployment: Deployment) -> Iterator[Statement]:
    config, naming = deployment.config, deployment.naming
    repository = config.images.repository or config.name
    yield Statement(
        "Repository",
        actions(
            "ecr",
            "CreateRepository DeleteLifecyclePolicy DeleteRepository DescribeImages DescribeRepositories"
            " GetLifecyclePolicy ListTagsForResource PutImageScanningConfiguration PutImageTagMutability"
            " PutLifecyclePolicy TagResource UntagResource",
        ),
        deployment.arns("ecr", f"repository/{repository}"),
        "The repository for images.",
        f"{ACTIONS}/list_amazonelasticcontainerregistry.html",
    )
    if secrets := _secrets(config, naming):
        yield Statement(
            "Secrets",
            actions(
                "secretsmanager",
                "CreateSecret DeleteSecret DescribeSecret GetResourcePolicy TagResource UntagResource UpdateSecret",
            ),
            deployment.arns("secretsmanager", *(f"secret:{name}{end}" for name in secrets for end in ("", "-??????"))),
            "The secrets of the tokens for Git. Nothing here reads or writes a token.",
            f"{ACTIONS}/list_awssecretsmanager.html",
        )
    if groups := _log_groups(config, naming):
        yield Statement(
            "LogGroups",
            actions(
                "logs",
                "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy ListTagsForResource ListTagsLogGroup"
                " PutRetentionPolicy TagResource UntagResource",
            ),
            deployment.arns("logs", *(f"log-group:{group}{end}" for group in groups for end in ("", ":*"))),
            "The log of the network's connections, and that of the guard.",
            f"{ACTIONS}/list_amazoncloudwatchlogs.html",
        )


def _log_groups(config: EnvironmentConfig, naming: Naming) -> list[str]:
    network = [naming.flow_logs] if config.network.flow_logs and config.network.vpc is None else []
    return network + ([naming.guard_log] if config.limits.are_set else [])


def _secrets(config: EnvironmentConfig, naming: Naming) -> list[str]:
    everybodys = [naming.github_secret] if config.secrets.github else []
    # One pattern for all users: their names would not fit into a policy.
    return everybodys + ([naming.user_github_secret("*")] if any(user.github for user in config.users) else [])


def _key(deployment: Deployment) -> Iterator[Statement]:
    encryption = deployment.config.encryption
    if encryption.key:
        yield Statement(
            "NamedKey",
            ("kms:CreateGrant", "kms:DescribeKey"),
            (encryption.key,),
            "The file's key is used.",
            KEY_OF_A_DOMAIN,
        )
    if not encryption.customer_key:
        return
    keys = deployment.arns("kms", "key/*")
    (alias,) = deployment.arns("kms", deployment.naming.key_alias)
    yield Statement(
        "NewKey", ("kms:CreateKey",), ("*",), "A key has no ARN before it exists.", KMS, deployment.becomes_ours
    )
    yield Statement(
        "TagNewKey", ("kms:TagResource",), keys, "The key gets its tags as it is made.", KMS, deployment.becomes_ours
    )
    yield Statement("Alias", ("kms:CreateAlias", "kms:DeleteAlias"), (alias,), "The key's name.", KMS)
    yield Statement(
        "Key",
        actions(
            "kms",
            "CreateAlias CreateGrant DeleteAlias DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus"
            " ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource UpdateKeyDescription",
        ),
        keys,
        "The environment's own key; SageMaker and EFS get their grants from who creates the domain.",
        KEY_OF_A_DOMAIN,
        deployment.ours,
    )


def _state(deployment: Deployment) -> Iterator[Statement]:
    state = deployment.config.state
    if state.backend != "s3":
        return
    bucket = f"arn:{deployment.partition}:s3:::{state.bucket}"
    key = f"{bucket}/{state.key or f'{deployment.config.name}/terraform.tfstate'}"
    source = "https://developer.hashicorp.com/terraform/language/backend/s3"
    yield Statement("StateBucket", ("s3:ListBucket",), (bucket,), "Terraform looks for its state.", source)
    beside = f"{key}.last-up"
    why = "Terraform reads and writes its state, and `up` the record beside it that makes plans fast."
    yield Statement("State", ("s3:GetObject", "s3:PutObject"), (key, beside), why, source)
    yield Statement(
        "StateLock",
        ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
        (f"{key}.tflock",),
        "One command at a time works on the state.",
        source,
    )
