"""The policy for the identity that runs `plan`, `up` and `down`: an administrator's, or a pipeline's.

It is for one studio.toml. Names say what is this environment's where AWS takes names, and the tag of the environment
does where AWS gives ids. Which actions are needed was learnt by rehearsal: the emulator notes each permission that it
is asked for.
"""

from collections.abc import Iterable, Iterator

from studioctl.infrastructure.iam.deployer import database, guard, network, roles, stores, studio
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement
from studioctl.infrastructure.naming import ENVIRONMENT_TAG

QUOTAS = f"{ACTIONS}/list_servicequotas.html"
EFS = f"{ACTIONS}/list_amazonelasticfilesystem.html"
# On what SageMaker makes for a domain; the value is the domain's ARN.
OWNER_TAG = "ManagedByAmazonSageMakerResource"
READS = ("Describe", "Get", "List")


def statements(deployment: Deployment) -> tuple[Statement, ...]:
    """The permissions to create, change and remove the environment."""
    parts: tuple[Iterable[Statement], ...] = (
        _everywhere(deployment),
        network.statements(deployment) if deployment.config.network.vpc is None else (),
        studio.statements(deployment),
        roles.statements(deployment),
        stores.statements(deployment),
        database.statements(deployment),
        guard.statements(deployment),
    )
    found = [statement for part in parts for statement in part]
    return tuple(_reading(found) if deployment.reads_only else found)


def _reading(found: Iterable[Statement]) -> Iterator[Statement]:
    """The part that `plan` needs: to read, and to hold the state's lock."""
    for each in found:
        kept = each.actions if each.sid == "StateLock" else tuple(filter(reads, each.actions))
        if kept:
            yield Statement(each.sid, kept, each.resources, each.why, each.source, each.conditions)


def reads(action: str) -> bool:
    """Whether an action changes nothing, by its name."""
    return action.partition(":")[2].startswith(READS)


def _everywhere(deployment: Deployment) -> Iterator[Statement]:
    yield Statement(
        "Look",
        (
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRegions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticfilesystem:DescribeFileSystems",
            "iam:GetAccountSummary",
            "iam:ListPolicies",
            "iam:ListRoles",
            "kms:ListAliases",
            "logs:DescribeLogGroups",
            "s3:ListAllMyBuckets",
            "sagemaker:ListApps",
            "sagemaker:ListDomains",
            "sagemaker:ListEndpoints",
            "sagemaker:ListHyperParameterTuningJobs",
            "sagemaker:ListProcessingJobs",
            "sagemaker:ListSpaces",
            "sagemaker:ListStudioLifecycleConfigs",
            "sagemaker:ListTrainingJobs",
            "sagemaker:ListUserProfiles",
            "tag:GetResources",
        ),
        ("*",),
        "What is there, what is left, and what the account may have: AWS allows these on everything alone.",
        ACTIONS,
    )
    yield Statement(
        "Quotas",
        ("servicequotas:GetServiceQuota", "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota"),
        deployment.arns("servicequotas", "*"),
        "plan says what the account lacks before up begins.",
        QUOTAS,
    )
    yield Statement(
        "DefaultQuotas",
        (
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:ListAWSDefaultServiceQuotas",
            "servicequotas:ListServiceQuotas",
        ),
        ("*",),
        "AWS may know the default alone of what nobody asked more of; types of instances are found by their names.",
        QUOTAS,
    )
    yield from _homes(deployment)


def _homes(deployment: Deployment) -> Iterator[Statement]:
    """The home file system, which SageMaker makes: it is known by its domain, and once it is kept by our tag."""
    (systems,) = deployment.arns("elasticfilesystem", "file-system/*")
    (points,) = deployment.arns("elasticfilesystem", "access-point/*")
    (domain,) = deployment.arns("sagemaker", f"domain/{deployment.domain}")
    changes = (
        "elasticfilesystem:DeleteMountTarget",
        "elasticfilesystem:TagResource",
        *(("elasticfilesystem:DeleteFileSystem",) if deployment.deletes_data else ()),
    )
    yield Statement(
        "HomesLook",
        (
            "elasticfilesystem:DescribeAccessPoints",
            "elasticfilesystem:DescribeMountTargetSecurityGroups",
            "elasticfilesystem:DescribeMountTargets",
        ),
        (points, systems),
        "down looks for the ways to the home file system, plan and doctor for those to others that are mounted.",
        EFS,
    )
    yield Statement(
        "Homes",
        changes,
        (systems,),
        "down keeps the home file system, tags it, and closes the ways to it.",
        EFS,
        (Condition("StringLike", f"aws:ResourceTag/{OWNER_TAG}", (domain,)),),
    )
    yield Statement("KeptHomes", changes, (systems,), "The same of one that was kept before.", EFS, deployment.ours)
    yield Statement(
        "HomesWays",
        ("elasticfilesystem:DeleteAccessPoint",),
        (points,),
        "down removes the access points that SageMaker leaves behind. They hold no files.",
        EFS,
    )
    if deployment.vpc == "*":
        return  # the groups have no tag: without a VPC the statement would be about everybody's
    (vpc,) = deployment.arns("ec2", f"vpc/{deployment.vpc}")
    yield Statement(
        "HomesGroups",
        ("ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"),
        deployment.arns("ec2", "security-group/*"),
        "down removes the security groups that SageMaker makes for the home file system, and leaves behind.",
        f"{ACTIONS}/list_amazonec2.html",
        (
            Condition("ArnEquals", "ec2:Vpc", (vpc,)),
            Condition("Null", f"aws:ResourceTag/{ENVIRONMENT_TAG}", ("true",)),
        ),
    )
