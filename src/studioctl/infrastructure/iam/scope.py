"""What the statements are about, the policy variables in them, and what AWS can only allow on everything.

`&{sagemaker:DomainId}` and `&{sagemaker:UserProfileName}` are policy variables (`${...}` in IAM's own words). They have
a value only in a session that Studio made for a user, so what is bound to them is nobody else's, and no job's. They
are how the policies are about this environment's domain, whose id is not known before the role is.
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
    """What the statements are about.

    Args:
        environment: The environment's name.
        partition: Such as "aws", or a reference to it.
        region: AWS region.
        account: The account's id, or a reference to it.
        bucket_arn: The data bucket.
        extra_buckets: Names of further buckets.
        repository_arn: The image repository.
        key_arn: The KMS key that encrypts what people store, if it is the customer's.
        dns_suffix: How the partition's names of services end, or a reference to it.
        remote_access: Whether people may open remote sessions to their spaces.
        database_id: The database of studies as IAM names it, if there is one.
        database_arn: The same as RDS names it.
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
    """Whose role it is.

    Args:
        role_arn: The role.
        prefix: How the names of its jobs, models and endpoints begin.
        secret_arn: The secret with the GitHub token, if there is one.
        user: The user whose own it is; None means that all users share it.
        may_push: Whether images may be pushed with it.
    """

    role_arn: Ref
    prefix: str
    secret_arn: Ref | None = None
    user: str | None = None
    may_push: bool = True
