"""The execution role: what SageMaker assumes for every user of the environment."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from studioctl.infrastructure.block import Block, Data, Module, Output, Ref, Resource
from studioctl.infrastructure.naming import Naming

MANAGED_POLICIES = {
    "sagemaker": "AmazonSageMakerFullAccess",
    "ecr": "AmazonEC2ContainerRegistryFullAccess",
    "secrets": "SecretsManagerReadWrite",
}


@dataclass(frozen=True)
class Iam:
    """The role's blocks, its ARN, and what must be attached before anybody works with it."""

    module: Module
    role_arn: Ref
    attachments: tuple[Resource, ...]


def build(
    *,
    bucket_arn: Ref,
    extra_buckets: Iterable[str],
    account: Data,
    partition: Data,
    region: str,
    remote_access: bool,
    naming: Naming,
) -> Iam:
    """The role with its policies.

    Args:
        bucket_arn: The data bucket.
        extra_buckets: Names of buckets made elsewhere that the role may use too.
        account: The look-up of this account's identity.
        partition: The look-up of the AWS partition ("aws", "aws-cn", ...).
        region: AWS region.
        remote_access: Whether the role may open remote sessions to spaces.
        naming: The environment's names.
    """
    trust = _trust(account, partition, region)
    role = Resource(
        "aws_iam_role",
        "execution",
        {
            "name": naming.execution_role,
            "description": f"What SageMaker Studio assumes for the users of {naming.environment}",
            "assume_role_policy": trust.ref("json"),
        },
    )
    arn_prefix = f"arn:{partition.ref('partition')}"
    buckets = [str(bucket_arn), *(f"{arn_prefix}:s3:::{name}" for name in extra_buckets)]
    policies: list[Block] = [*_policy("s3", _s3_statements(buckets), role, naming)]
    if remote_access:
        spaces = f"{arn_prefix}:sagemaker:{region}:{account.ref('account_id')}:space/*"
        policies += _policy("remote-access", _remote_access_statements(spaces), role, naming)
    managed = tuple(
        Resource(
            "aws_iam_role_policy_attachment",
            f"managed_{label}",
            {"role": role.ref("name"), "policy_arn": f"{arn_prefix}:iam::aws:policy/{policy}"},
        )
        for label, policy in MANAGED_POLICIES.items()
    )
    output = Output("execution_role_arn", role.ref("arn"), "ARN of the role that SageMaker assumes.")
    blocks: tuple[Block, ...] = (trust, role, *policies, *managed, output)
    attachments = tuple(b for b in blocks if isinstance(b, Resource) and b.type == "aws_iam_role_policy_attachment")
    module = Module("iam", "The execution role that SageMaker assumes, and its policies.", blocks)
    return Iam(module=module, role_arn=role.ref("arn"), attachments=attachments)


def _trust(account: Data, partition: Data, region: str) -> Data:
    # Both conditions, but never a whole domain's or app's ARN: Studio would no longer be able to assume the role.
    # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    account_id = str(account.ref("account_id"))
    source_arn = f"arn:{partition.ref('partition')}:sagemaker:{region}:{account_id}:*"
    statement = {
        "sid": "SageMakerOfThisAccount",
        "actions": ["sts:AssumeRole"],
        "principals": [{"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]}],
        "condition": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [account_id]},
            {"test": "ArnLike", "variable": "aws:SourceArn", "values": [source_arn]},
        ],
    }
    return Data(
        "aws_iam_policy_document",
        "trust",
        {"statement": [statement]},
        why="Only SageMaker, and only on behalf of this account, may assume the role.",
    )


def _s3_statements(bucket_arns: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "sid": "Buckets",
            "actions": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "resources": bucket_arns,
        },
        {
            "sid": "Objects",
            "actions": [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            "resources": [f"{arn}/*" for arn in bucket_arns],
        },
    ]


def _remote_access_statements(spaces_arn: str) -> list[dict[str, Any]]:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html: a user's own spaces only.
    own = "arn:*:sagemaker:*:*:user-profile/&{sagemaker:DomainId}/&{sagemaker:UserProfileName}"
    return [
        {
            "sid": "OwnSpaces",
            "actions": ["sagemaker:StartSession"],
            "resources": [spaces_arn],
            "condition": [
                {"test": "ArnLike", "variable": "sagemaker:ResourceTag/sagemaker:user-profile-arn", "values": [own]}
            ],
        }
    ]


def _policy(
    purpose: str, statements: list[dict[str, Any]], role: Resource, naming: Naming
) -> tuple[Data, Resource, Resource]:
    label = purpose.replace("-", "_")
    document = Data("aws_iam_policy_document", label, {"statement": statements})
    policy = Resource("aws_iam_policy", label, {"name": naming.policy(purpose), "policy": document.ref("json")})
    attachment = Resource(
        "aws_iam_role_policy_attachment", label, {"role": role.ref("name"), "policy_arn": policy.ref("arn")}
    )
    return document, policy, attachment
