"""Roles: their policies as they are now, and whether SageMaker may assume them."""

from collections.abc import Iterable, Mapping

from moto.iam.exceptions import NotFoundException
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.s3.models import s3_backends

from studio_emulator.iam.evaluate import Document, Policies, evaluate, refusal
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.policy import Asked, Principal

PARTITION = "aws"
PASSED_TO = "sagemaker.amazonaws.com"
S3_ARN = "arn:aws:s3:::"
NOTHING: Document = {"Version": "2012-10-17", "Statement": []}


def refusal_of_sagemaker(role_arn: str, account: str, actions: Iterable[str], keys: Mapping[str, Values]) -> str:
    """The reason why SageMaker may not assume a role; empty if the trust policy admits all of the actions."""
    return refusal_of_service(PASSED_TO, role_arn, account, actions, keys)


def refusal_of_service(
    service: str, role_arn: str, account: str, actions: Iterable[str], keys: Mapping[str, Values]
) -> str:
    """The same as `refusal_of_sagemaker`, for any service."""
    principal = Principal(arn=service, role_arn=role_arn, account=account, service=service)
    role = role_of(principal)
    if role is None:
        return f"the role {role_arn} does not exist"
    trust = Policies(resource={"the trust policy": role.assume_role_policy_document})
    for action in actions:
        asked = Asked(action, role_arn, keys)
        decision = evaluate(principal, asked, trust)
        if not decision.allowed:
            said = refusal(principal, asked, decision).replace("identity-based", "resource-based")
            who = "SageMaker" if service == PASSED_TO else service
            return f"{who} cannot begin a session: {said}"
    return ""


def may(role_arn: str, account: str, action: str, resource: str, context: Mapping[str, Values] | None = None) -> bool:
    """Whether a session of the role may do this, by its policies and, for S3, its bucket's."""
    principal = Principal(arn=role_arn, role_arn=role_arn, account=account)
    role = role_of(principal)
    if role is None:
        return False
    named = role.permissions_boundary_arn or ""
    policies = Policies(
        identity=documents_of(role),
        boundary={named: boundary_of(account, named)} if named else {},
        resource=bucket_policy(account, resource),
    )
    known: dict[str, Values] = {
        "aws:principalarn": role_arn,
        "aws:principalaccount": account,
        "aws:principaltype": "AssumedRole",
        "aws:resourceaccount": account,
        "aws:securetransport": "true",
    }
    return evaluate(principal, Asked(action, resource, known | dict(context or {})), policies).allowed


def role_of(principal: Principal) -> Role | None:
    try:
        return iam_backends[principal.account][PARTITION].get_role_by_arn(principal.role_arn)
    except NotFoundException:
        return None


def documents_of(role: Role) -> dict[str, Document]:
    attached = {arn: _document(policy) for arn, policy in role.managed_policies.items()}
    return {**attached, **role.policies}


def _document(policy: ManagedPolicy) -> Document:
    """The default version; a policy that has none allows nothing."""
    default = (version.document for version in policy.versions if version.version_id == policy.default_version_id)
    return next(default, NOTHING)


def boundary_of(account: str, arn: str) -> Document:
    """A boundary that is gone allows nothing."""
    policy = iam_backends[account][PARTITION].managed_policies.get(arn)
    return _document(policy) if policy else NOTHING


def bucket_policy(account: str, resource: str) -> dict[str, Document]:
    """The policy of a bucket: of resources, only buckets' policies are evaluated."""
    if not resource.startswith(S3_ARN):
        return {}
    bucket = s3_backends[account][PARTITION].buckets.get(resource.removeprefix(S3_ARN).partition("/")[0])
    return {f"the policy of {bucket.name}": bucket.policy.decode()} if bucket and bucket.policy else {}
