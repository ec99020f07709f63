"""The permissions that a request needs: actions on resources, with AWS's context of each.

Source: the Service Authorization Reference, which lists the resource types and condition keys of each action. For
SageMaker, S3, EC2, ECR, EFS, KMS, RDS, Lambda, EventBridge Scheduler, CloudWatch, CloudWatch Logs, Secrets Manager,
Service Quotas, IAM, SNS and STS the resources are those of the request. For other services every action needs "*", so a
policy that allows one only on certain resources does not suffice here.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends

from studio_emulator.iam import database_needs, ec2_needs, function_needs, s3_needs, stored_needs, studio_needs
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received, query_tags, tags_of
from studio_emulator.iam.roles import PARTITION

# The name in boto3 -> the prefix of actions in policies, where they differ.
PREFIXES = {
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
# What puts tags on a resource as it is made, in the services where it is not the action that makes it.
TAGGING = {
    "cloudwatch": {"PutMetricAlarm": "TagResource"},
    "ecr": {"CreateRepository": "TagResource"},
    "iam": {"CreatePolicy": "TagPolicy", "CreateRole": "TagRole"},
    "kms": {"CreateKey": "TagResource"},
    "lambda": {"CreateFunction": "TagResource"},
    "logs": {"CreateLogGroup": "TagResource"},
    "secretsmanager": {"CreateSecret": "TagResource"},
    "sns": {"CreateTopic": "TagResource"},
}
# "No permissions are required to perform this operation": API reference, GetCallerIdentity.
FREE = frozenset({"sts:GetCallerIdentity"})


def needs_of(received: Received) -> list[Need]:
    """All that must be allowed; nothing for what everybody may do."""
    find = BY_SERVICE.get(received.service, _of_another_service)
    found = find(received)
    return [need for need in [*found, *_tagging(received, found)] if need.action not in FREE]


def _tagging(received: Received, made: list[Need]) -> list[Need]:
    """The permissions to tag what a request creates: the permission to create does not include them."""
    action = TAGGING.get(received.service, {}).get(received.action)
    said = received.parameters
    if action is None or not any(said.get(member) for member in ("Tags", "tags", "Tags.member.1.Key")):
        return []
    everything = received.arn("kms", "key/*")  # a key has no ARN before it is made
    return [
        Need(
            f"{need.action.partition(':')[0]}:{action}",
            everything if need.resource == "*" else need.resource,
            need.context,
        )
        for need in made
        if need.action.endswith(f":{received.action}")  # and not for the role that is passed with it
    ]


def parameters_of(body: bytes, content_type: str) -> Mapping[str, Any]:
    """The members of a request of a JSON or a query protocol; nothing where it cannot be read."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        read = json.loads(body or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _of_another_service(received: Received) -> list[Need]:
    return [_need(received, "*")]


def _need(received: Received, resource: str, context: Mapping[str, Any] | None = None) -> Need:
    prefix = PREFIXES.get(received.service, received.service)
    return Need(f"{prefix}:{received.action or 'UnknownAction'}", resource, context or {})


def _ecr(received: Received) -> list[Need]:
    """The permissions for a call of ECR. DescribeRepositories without names means all repositories."""
    if arn := received.parameters.get("resourceArn"):
        return [_need(received, str(arn))]
    names = received.listed("repositoryNames") or [received.parameters.get("repositoryName")]
    if received.action in {"GetAuthorizationToken", "DescribeRegistry"} or names == [None]:
        everything = "*" if received.action != "DescribeRepositories" else received.arn("ecr", "repository/*")
        return [_need(received, everything)]
    return [_need(received, *repository(received, str(name))) for name in names]


def repository(received: Received, name: str) -> tuple[str, Mapping[str, Any]]:
    """A repository's ARN, and what is known of it. It is another account's if the request says so."""
    account = str(received.parameters.get("registryId") or received.account)
    arn = f"arn:aws:ecr:{received.region}:{account}:repository/{name}"
    backend = ecr_backends[received.account][received.region]
    return arn, tags_of(backend.tagger.get_tag_dict_for_resource(arn), "ecr")


def _secrets_manager(received: Received) -> list[Need]:
    """A secret's ARN ends in six random characters, so a name must be looked up."""
    several = received.listed("SecretIdList")
    if several:
        read = Received(**{**vars(received), "action": "GetSecretValue"})
        return [_need(received, "*"), *(_need(read, *_secret(received, str(each))) for each in several)]
    if received.action == "CreateSecret":
        name = str(received.parameters.get("Name", ""))
        context = {"secretsmanager:name": name, **received.request_tags()}
        return [_need(received, received.arn("secretsmanager", f"secret:{name}"), context)]
    named = received.parameters.get("SecretId")
    return [_need(received, *_secret(received, str(named))) if named else _need(received, "*")]


def _secret(received: Received, named: str) -> tuple[str, Mapping[str, Any]]:
    known = secretsmanager_backends[received.account][received.region].secrets.get(named)
    if known is None:  # AWS asks the policies first: who may not read it does not learn whether it exists
        return named if named.startswith("arn:") else received.arn("secretsmanager", f"secret:{named}"), {}
    stage = received.parameters.get("VersionStage", "AWSCURRENT")
    tags = {tag["Key"]: tag["Value"] for tag in getattr(known, "tags", None) or []}
    context = {"secretsmanager:versionstage": stage, "secretsmanager:secretid": known.arn}
    return known.arn, context | tags_of(tags, "secretsmanager")


def _data_api(received: Received) -> list[Need]:
    """A statement runs as a secret's user, and whoever sends it has to read the secret: "data-api.access"."""
    arn, secret = (str(received.parameters.get(member) or "*") for member in ("resourceArn", "secretArn"))
    read = Received(**{**vars(received), "service": "secretsmanager", "action": "GetSecretValue"})
    return [_need(received, arn), _need(read, *_secret(read, secret))]


def _logs(received: Received) -> list[Need]:
    """A group's ARN goes on with its streams: so AWS shows it in its refusals."""
    group = received.parameters.get("logGroupName")
    if arn := received.parameters.get("resourceArn"):
        return [_need(received, str(arn))]
    if not group:
        return [_need(received, "*")]
    stream = received.parameters.get("logStreamName", "")
    return [_need(received, received.arn("logs", f"log-group:{group}:log-stream:{stream}"))]


def _iam(received: Received) -> list[Need]:
    said = received.parameters
    keys = {"PermissionsBoundary": "iam:permissionsboundary", "PolicyArn": "iam:policyarn"}
    about: dict[str, Values] = {key: str(said[member]) for member, key in keys.items() if member in said}
    about |= query_tags(said, "Tags.member.")
    for member, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group"), ("PolicyName", "policy")):
        if name := said.get(member):
            arn = received.arn("iam", f"{kind}/{name}", region="")
            return [_need(received, arn, about | _tags_of_iam(received, arn))]
    arn = str(said.get("PolicyArn", "*"))
    return [_need(received, arn, about | _tags_of_iam(received, arn))]


def _tags_of_iam(received: Received, arn: str) -> dict[str, Values]:
    """The tags of a role or policy that exists."""
    backend = iam_backends[received.account][PARTITION]
    listed = [tag for role in backend.roles.values() if role.arn == arn for tag in role.tags]
    if policy := backend.managed_policies.get(arn):
        listed += policy.tags.values()
    return tags_of({tag["Key"]: tag["Value"] for tag in listed}, "iam")


ABOUT_ONE_QUOTA = (
    "GetServiceQuota",
    "GetServiceQuotaIncreaseRequestFromTemplate",
    "ListRequestedServiceQuotaChangeHistoryByQuota",
    "PutServiceQuotaIncreaseRequestIntoTemplate",
    "RequestServiceQuotaIncrease",
)


def _quotas(received: Received) -> list[Need]:
    service, code = (received.parameters.get(member) for member in ("ServiceCode", "QuotaCode"))
    named = service and code and received.action in ABOUT_ONE_QUOTA
    return [_need(received, received.arn("servicequotas", f"{service}/{code}") if named else "*")]


def _sts(received: Received) -> list[Need]:
    return [_need(received, str(received.parameters.get("RoleArn", "*")))]


BY_SERVICE: Mapping[str, Callable[[Received], list[Need]]] = {
    "cloudwatch": function_needs.alarms,
    "ec2": ec2_needs.needs,
    "ecr": _ecr,
    "efs": stored_needs.efs,
    "iam": _iam,
    "kms": stored_needs.kms,
    "lambda": function_needs.functions,
    "logs": _logs,
    "rds": database_needs.needs,
    "rds-data": _data_api,
    "s3": s3_needs.needs,
    "sagemaker": studio_needs.needs,
    "scheduler": function_needs.schedules,
    "secretsmanager": _secrets_manager,
    "service-quotas": _quotas,
    "sns": function_needs.topics,
    "sts": _sts,
}
