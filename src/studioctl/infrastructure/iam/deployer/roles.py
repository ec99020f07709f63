"""The part of the deployer's policy about the roles that people and services work with."""

from collections.abc import Iterator

from studioctl.infrastructure.iam import MANAGED_POLICIES
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement

IAM = f"{ACTIONS}/list_awsidentityandaccessmanagementiam.html"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for roles and their policies."""
    config, naming = deployment.config, deployment.naming
    execution = naming.execution_role
    roles = deployment.arns("iam", f"role/{execution}", region="")
    if config.iam.per_user_roles:
        roles += deployment.arns("iam", f"role/{execution}-*", region="")
    flow_logs = deployment.arns("iam", f"role/{naming.flow_logs}", region="") if config.network.flow_logs else ()
    policies = deployment.arns("iam", f"policy/{config.name}-*", region="")
    attached = (*policies, *_managed(deployment))
    boundary = config.iam.permissions_boundary
    bound = (Condition("StringEquals", "iam:PermissionsBoundary", (boundary,)),) if boundary else ()
    yield Statement(
        "NewRoles",
        ("iam:CreateRole", "iam:PutRolePermissionsBoundary") if boundary else ("iam:CreateRole",),
        (*roles, *flow_logs),
        "Roles are created" + (", each with the file's boundary." if boundary else "."),
        IAM,
        bound,
    )
    yield Statement(
        "Roles",
        (
            "iam:DeleteRole",
            *(("iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy") if flow_logs else ()),
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ),
        (*roles, *flow_logs),
        "They are looked at, changed and removed.",
        IAM,
    )
    yield Statement(
        "AttachPolicies",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        roles,
        "Only the environment's own policies, and AWS-managed ones that the file asks for, are attached.",
        IAM,
        (Condition("ArnLike", "iam:PolicyARN", attached),),
    )
    yield Statement(
        "Policies",
        (
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListPolicyVersions",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ),
        policies,
        "What the roles may do.",
        IAM,
    )
    if boundary:
        yield Statement("Boundary", ("iam:GetPolicy",), (boundary,), "up checks that the boundary exists.", IAM)
    passed = Condition("StringEquals", "iam:PassedToService", ("sagemaker.amazonaws.com",))
    yield Statement("PassRoles", ("iam:PassRole",), roles, "SageMaker works with these roles alone.", IAM, (passed,))
    if flow_logs:
        passed = Condition("StringEquals", "iam:PassedToService", ("vpc-flow-logs.amazonaws.com",))
        yield Statement(
            "PassFlowLogs", ("iam:PassRole",), flow_logs, "The network's log is written with it.", IAM, (passed,)
        )


def _managed(deployment: Deployment) -> tuple[str, ...]:
    if deployment.config.iam.permissions != "managed":
        return ()
    return tuple(f"arn:{deployment.partition}:iam::aws:policy/{name}" for name in MANAGED_POLICIES.values())
