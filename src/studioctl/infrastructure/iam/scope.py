"""The resources in statements, their policy variables, and actions that AWS can allow only on all resources.

`&{sagemaker:DomainId}` and `&{sagemaker:UserProfileName}` are policy variables (`${...}` in IAM's grammar). They have a
value only in a session that Studio opened for a user, so a statement that contains them applies to no other user and to
no job. Through them the policies refer to this environment's domain, whose id is unknown when the role is created.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from studioctl.infrastructure.block import Ref

GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference"
SAGEMAKER_ACTIONS = f"{ACTIONS}/list_amazonsagemaker.html"
# Its isolation statements: "RestrictMutatingActionsOnSpacesToOwnerUserProfile" and its like.
FULL_ACCESS = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html"

DOMAIN = "&{sagemaker:DomainId}"
PROFILE = "&{sagemaker:UserProfileName}"

# AWS can allow these on "*" alone: they name no resource. Each with why a user needs it. Nothing else is on "*".
ONLY_ON_EVERYTHING: Mapping[str, str] = {
    "cloudwatch:PutMetricData": "jobs and endpoints write their metrics; bound to SageMaker's own namespaces",
    "ecr:GetAuthorizationToken": "the password for the registry; what it opens, the other statements say",
    "sagemaker:ListApps": "Studio shows what runs; names and states only",
    "sagemaker:ListDomains": "Studio's first page; ids and names only",
    "sagemaker:ListEndpointConfigs": "people find their endpoints' configurations; names only",
    "sagemaker:ListEndpoints": "people find their endpoints; names and states only",
    "sagemaker:ListHyperParameterTuningJobs": "people find their tuning jobs; names and states only",
    "sagemaker:ListModels": "people find their models; names only",
    "sagemaker:ListProcessingJobs": "people find their processing jobs; names and states only",
    "sagemaker:ListSpaces": "Studio shows the spaces; names and states only",
    "sagemaker:ListTrainingJobs": "people find their training jobs; names and states only",
    "sagemaker:ListUserProfiles": "Studio shows whose a space is; names only",
}


@dataclass(frozen=True)
class Scope:
    """The resources that statements refer to.

    Args:
        environment: The environment's name.
        partition: The partition, such as "aws", or a reference to it.
        region: The AWS region.
        account: The account's id, or a reference to it.
        bucket_arn: The data bucket.
        extra_buckets: Names of further buckets.
        repository_arn: The image repository.
        key_arn: The KMS key that encrypts users' data, if it is the customer's.
        dns_suffix: The suffix of the partition's service names, or a reference to it.
        remote_access: Whether users may open remote sessions to their spaces.
        database_id: IAM's name of the studies' database, if there is one.
        database_arn: RDS's name of the same database.
    """

    environment: str
    partition: str
    region: str
    account: str
    bucket_arn: Ref
    extra_buckets: tuple[str, ...]
    repository_arn: Ref
    key_arn: Ref | str | None
    dns_suffix: str
    remote_access: bool
    database_id: Ref | None = None
    database_arn: Ref | None = None

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in this region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def sagemaker(self, *resources: str) -> tuple[str, ...]:
        """The ARNs of things of SageMaker's."""
        return tuple(self.arn("sagemaker", resource) for resource in resources)

    @property
    def extra_bucket_arns(self) -> tuple[str, ...]:
        """ARNs of the further buckets."""
        return tuple(f"arn:{self.partition}:s3:::{name}" for name in self.extra_buckets)


@dataclass(frozen=True)
class Holder:
    """The owner of a role.

    Args:
        role_arn: The role.
        prefix: The prefix of the names of its jobs, models and endpoints.
        secret_arn: The secret with the GitHub token, if there is one.
        user: The user whose own it is; None means that all users share it.
        may_push: Whether images may be pushed with it.
    """

    role_arn: Ref
    prefix: str
    secret_arn: Ref | None = None
    user: str | None = None
    may_push: bool = True
