"""Policies of a role as IAM has them today."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from studioctl.aws.errors import translated
from studioctl.aws.session import Session


@dataclass(frozen=True)
class RolePolicies:
    """A role's policies, each by its name or ARN, as documents of IAM's grammar.

    Args:
        arn: The role.
        identity: Attached and inline policies.
        boundary: The permissions boundary: one, or none.
    """

    arn: str
    identity: Mapping[str, Any]
    boundary: Mapping[str, Any]


def of_role(session: Session, name: str) -> RolePolicies:
    """All policies of a role.

    Raises:
        MissingError: There is no such role.
        AwsError: The caller may not read them.
    """
    iam = session.client("iam")
    with translated():
        role = iam.get_role(RoleName=name)["Role"]
        identity = {}
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
            for policy in page["AttachedPolicies"]:
                identity[policy["PolicyName"]] = _managed(iam, policy["PolicyArn"])
        for names in iam.get_paginator("list_role_policies").paginate(RoleName=name):
            for inline in names["PolicyNames"]:
                found = iam.get_role_policy(RoleName=name, PolicyName=inline)
                identity[inline] = _document(found["PolicyDocument"])
        arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        boundary = {arn: _managed(iam, arn)} if arn else {}
    return RolePolicies(role["Arn"], identity, boundary)


def _managed(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(document: Any) -> Any:
    """IAM's answers hold policies as text in the form of a URL; botocore mostly reads it."""
    return json.loads(unquote(document)) if isinstance(document, str) else document
