"""The part of the deployer's policy about the roles that people and services work with."""

from collections.abc import Iterator

from studioctl.infrastructure.iam import MANAGED_POLICIES
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement
from studioctl.infrastructure.naming import ENVIRONMENT_TAG

# Of the customer managed policies of the environment: see infrastructure/iam.
PURPOSES = ("database", "extra", "images", "jobs", "kms", "limits", "remote-access", "s3", "secrets", "studio")
HOLD = "hold"  # of the guard's policy, which it attaches to who has reached a limit
IAM = f"{ACTIONS}/list_awsidentityandaccessmanagementiam.html"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for roles and their policies."""
    config, naming = deployment.config, deployment.naming
    execution = naming.execution_role
    roles = deployment.arns("iam", config.iam.role(execution), region="")
    if config.iam.per_user_roles:
        roles += deployment.arns("iam", config.iam.role(f"{execution}-*"), region="")
    services = _of_services(deployment)
    theirs = tuple(role for role, _, _ in services.values())
    policies = _policies(deployment)
    attached = (*policies, *_managed(deployment))
    boundary = config.iam.permissions_boundary
    bound = (Condition("StringEquals", "iam:PermissionsBoundary", (boundary,)),) if boundary else ()
    yield Statement(
        "NewRoles",
        ("iam:CreateRole",),
        (*roles, *theirs),
        "Roles are created with the environment's tag" + (" and the file's boundary." if boundary else "."),
        IAM,
        (*deployment.becomes_ours, *bound),
    )
    if boundary:
        yield Statement(
            "BoundRoles",
            ("iam:PutRolePermissionsBoundary",),
            (*roles, *theirs),
            "Roles that were made before the file had a boundary get it.",
            IAM,
            bound,
        )
    yield Statement(
        "LookAtRoles",
        (
            "iam:GetRole",
            *(("iam:GetRolePolicy",) if theirs else ()),
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
        ),
        (*roles, *theirs),
        "They are looked at, also to see whether their names are taken.",
        IAM,
    )
    yield Statement(
        "Roles",
        (
            "iam:DeleteRole",
            *(("iam:DeleteRolePolicy", "iam:PutRolePolicy") if theirs else ()),
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ),
        (*roles, *theirs),
        "They are changed and removed.",
        IAM,
        deployment.ours,
    )
    yield Statement(
        "AttachPolicies",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        roles,
        "Only the environment's own policies, and AWS-managed ones that the file asks for, are attached.",
        IAM,
        (*deployment.ours, Condition("ArnLike", "iam:PolicyARN", attached)),
    )
    yield Statement(
        "LookAtPolicies",
        ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"),
        policies,
        "Policies are looked at, also to see whether their names are taken.",
        IAM,
    )
    yield Statement(
        "NewPolicies",
        ("iam:CreatePolicy",),
        policies,
        "The policies of the roles are created with the environment's tag.",
        IAM,
        deployment.becomes_ours,
    )
    yield Statement(
        "TagNewRolesAndPolicies",
        ("iam:TagPolicy", "iam:TagRole"),
        (*policies, *roles, *theirs),
        "What is created gets its tags; nothing is taken from another environment by its tag.",
        IAM,
        (*deployment.becomes_ours, Condition("Null", f"aws:ResourceTag/{ENVIRONMENT_TAG}", ("true",))),
    )
    yield Statement(
        "Policies",
        (
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ),
        policies,
        "What the roles may do changes, and ends.",
        IAM,
        deployment.ours,
    )
    if boundary:
        yield Statement("Boundary", ("iam:GetPolicy",), (boundary,), "up checks that the boundary exists.", IAM)
    if config.limits.are_set:
        yield Statement(
            "HeldRoles",
            ("iam:ListEntitiesForPolicy",),
            deployment.arns("iam", f"policy/{naming.policy(HOLD)}", region=""),
            "Before the guard goes, nobody is held any more.",
            IAM,
        )
    yield _pass("PassRoles", roles, "sagemaker", "SageMaker works with these roles alone.")
    for sid, (role, service, why) in services.items():
        yield _pass(sid, (role,), service, why)


def _pass(sid: str, roles: tuple[str, ...], service: str, why: str) -> Statement:
    passed = Condition("StringEquals", "iam:PassedToService", (f"{service}.amazonaws.com",))
    return Statement(sid, ("iam:PassRole",), roles, why, IAM, (passed,))


def _of_services(deployment: Deployment) -> dict[str, tuple[str, str, str]]:
    """Each role of a service, the service, and why, by the statement that lets it be passed."""
    config, naming = deployment.config, deployment.naming
    found = {}
    if config.network.flow_logs:
        found["PassFlowLogs"] = (naming.flow_logs, "vpc-flow-logs", "The network's log is written with it.")
    if config.limits.are_set:
        found["PassGuard"] = (naming.guard, "lambda", "The guard works with it.")
        found["PassGuardSchedule"] = (naming.guard_caller, "scheduler", "The guard is called with it.")
    arns = deployment.arns("iam", *(config.iam.role(name) for name, _, _ in found.values()), region="")
    return {sid: (arn, service, why) for arn, (sid, (_, service, why)) in zip(arns, found.items(), strict=True)}


def _policies(deployment: Deployment) -> tuple[str, ...]:
    """The policies by purpose: a pipeline's own policy begins like theirs, and must not be meant."""
    names = [deployment.naming.policy(purpose) for purpose in PURPOSES]
    if deployment.config.iam.per_user_roles:
        names += [deployment.naming.policy(purpose, "*") for purpose in PURPOSES]
    if deployment.config.limits.are_set:
        names.append(deployment.naming.policy(HOLD))
    return deployment.arns("iam", *(f"policy/{name}" for name in names), region="")


def _managed(deployment: Deployment) -> tuple[str, ...]:
    if deployment.config.iam.permissions != "managed":
        return ()
    return tuple(f"arn:{deployment.partition}:iam::aws:policy/{name}" for name in MANAGED_POLICIES.values())
