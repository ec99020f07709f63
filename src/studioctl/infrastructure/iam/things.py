"""The environment's own things: its buckets, its image repository, its secret."""

from collections.abc import Iterable

from studioctl.infrastructure.block import Ref
from studioctl.infrastructure.database import WORKER
from studioctl.infrastructure.iam.scope import ACTIONS, GUIDE, Scope
from studioctl.infrastructure.iam.statement import Condition, Policy, Statement

AURORA = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide"
SHARED_PREFIX = "shared/"
S3_ACTIONS = f"{ACTIONS}/list_amazons3.html"
# EC2 is who makes the volumes. That SageMaker calls KMS in these names is assumed.
KEY_SERVICES = ("ec2", "s3", "sagemaker", "secretsmanager")
OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


def secrets(secret_arn: Ref) -> Policy:
    """The GitHub token, for Git."""
    return Policy(
        "secrets",
        "Git in a space gets the GitHub token from this one secret.",
        "[secrets]",
        (
            Statement(
                "GitHubToken",
                ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
                (str(secret_arn),),
                "Git's credential helper in a space asks for the token. Nobody can change it from there.",
                "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html",
            ),
        ),
    )


def database(scope: Scope, database_id: Ref, database_arn: Ref) -> Policy:
    """The database of studies, as its one user for workers."""
    return Policy(
        "database",
        "Workers and spaces reach the database of studies as its owner, and as no other user.",
        "[tuning]",
        (
            Statement(
                "Studies",
                ("rds-db:connect",),
                (scope.arn("rds-db", f"dbuser:{database_id}/{WORKER}"),),
                "A token of IAM's is the only password that the user has.",
                f"{AURORA}/UsingWithRDS.IAMDBAuth.IAMPolicy.html",
            ),
            Statement(
                "WhereStudiesAre",
                ("rds:DescribeDBClusters",),
                (str(database_arn),),
                "Where the database is, and whether it is there.",
                f"{ACTIONS}/list_amazonrds.html",
            ),
        ),
    )


def key(scope: Scope, key_arn: Ref | str) -> Policy:
    """Allow the KMS key that encrypts all of these, only through the services that store them.

    Pulling an image and mounting the home directory do not need it: ECR and EFS have their own grants.
    """
    through = tuple(f"{service}.{scope.region}.{scope.dns_suffix}" for service in KEY_SERVICES)
    return Policy(
        "kms",
        "What the environment stores is encrypted with this one key.",
        "[encryption]",
        (
            Statement(
                "KeyThroughServices",
                ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                (str(key_arn),),
                "Objects and the token are read, objects written, volumes of spaces and jobs made and attached.",
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
                (Condition("StringEquals", "kms:ViaService", through),),
            ),
            Statement(
                "KeyForVolumes",
                ("kms:CreateGrant",),
                (str(key_arn),),
                "A volume is attached with a grant that AWS's services alone can use.",
                "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html",
                (Condition("Bool", "kms:GrantIsForAWSResource", ("true",)),),
            ),
            Statement(
                "KeyToLookAt",
                ("kms:DescribeKey",),
                (str(key_arn),),
                "SageMaker looks whether the key can be used before it makes a volume.",
                "https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html",
            ),
        ),
    )


def buckets(scope: Scope, user: str | None = None) -> Policy:
    """The data bucket, or a user's part of it, and the further buckets."""
    whole = (*(() if user else (str(scope.bucket_arn),)), *scope.extra_bucket_arns)
    return Policy(
        "s3",
        "Data, artefacts and outputs in S3.",
        "[storage] extra_buckets",
        (*(_part_of_the_bucket(scope, user) if user else ()), *(_whole_buckets(whole) if whole else ())),
        "name buckets that begin alike together, below [[iam.extra_statements]]:"
        ' resources = ["arn:aws:s3:::acme-*", "arn:aws:s3:::acme-*/*"]',
    )


def _whole_buckets(arns: Iterable[str]) -> tuple[Statement, ...]:
    return (
        Statement(
            "Buckets",
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
            tuple(arns),
            "Programs list a bucket, ask for its region, and find uploads that were cut off.",
            S3_ACTIONS,
        ),
        Statement(
            "Objects",
            OBJECT_ACTIONS,
            tuple(f"{arn}/*" for arn in arns),
            "People and their jobs read, write and delete objects.",
            S3_ACTIONS,
        ),
    )


def _part_of_the_bucket(scope: Scope, user: str) -> tuple[Statement, ...]:
    prefixes = (f"users/{user}/", SHARED_PREFIX)
    return (
        Statement(
            "WhereTheBucketIs",
            ("s3:GetBucketLocation",),
            (str(scope.bucket_arn),),
            "Programs ask for the bucket's region before anything else.",
            S3_ACTIONS,
        ),
        Statement(
            "OwnList",
            ("s3:ListBucket",),
            (str(scope.bucket_arn),),
            "Lists of the user's own part of the bucket and of the shared one, and of no other's.",
            S3_ACTIONS,
            (Condition("StringLike", "s3:prefix", tuple(f"{prefix}*" for prefix in prefixes)),),
        ),
        Statement(
            "OwnObjects",
            OBJECT_ACTIONS,
            tuple(f"{scope.bucket_arn}/{prefix}*" for prefix in prefixes),
            "The user's own objects and the shared ones.",
            S3_ACTIONS,
        ),
    )


def images(scope: Scope, *, may_push: bool) -> Policy:
    """Container images of the environment's repository."""
    source = f"{ACTIONS}/list_amazonelasticcontainerregistry.html"
    push = Statement(
        "Push",
        ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"),
        (str(scope.repository_arn),),
        "Images that are built in a space are pushed to the environment's repository. Nobody deletes any from there.",
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html",
    )
    return Policy(
        "images",
        "Container images of the environment's repository.",
        "[images]",
        (
            Statement(
                "RegistryLogin",
                ("ecr:GetAuthorizationToken",),
                ("*",),
                "Docker and SageMaker log in to the registry.",
                source,
            ),
            Statement(
                "Pull",
                (
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:DescribeImages",
                    "ecr:DescribeRepositories",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:ListImages",
                ),
                (str(scope.repository_arn),),
                "Spaces and jobs run images of the environment's repository.",
                f"{GUIDE}/sagemaker-roles.html",
            ),
            *((push,) if may_push else ()),
        ),
    )
