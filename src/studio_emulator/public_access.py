"""S3 Block Public Access and Object Ownership: requests that would open a bucket, or use ACLs where there are none.

Sources: API reference, PublicAccessBlockConfiguration; S3 User Guide, "access-control-block-public-access" (the meaning
of "public") and "about-object-ownership". The sentences are AWS's own, seen in many public logs.
"""

import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from moto.s3.models import FakeBucket, s3_backends
from werkzeug.wrappers import Response

from studio_emulator.callers import arn_of_caller
from studio_emulator.calls import Call, bucket_and_key
from studio_emulator.fault_answers import error_answer
from studio_emulator.server import ACCOUNT_ID

SETS_ACL = frozenset(
    {"PutBucketAcl", "PutObjectAcl", "PutObject", "CopyObject", "CreateMultipartUpload"},
)
SETS_POLICY = "PutBucketPolicy"
CHECKED = SETS_ACL | {SETS_POLICY}
PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
EVERYBODY = ("acs.amazonaws.com/groups/global/AllUsers", "acs.amazonaws.com/groups/global/AuthenticatedUsers")
# Condition keys that limit a statement, when their values are fixed.
LIMITS = frozenset(
    {
        *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid"),
        *("aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"),
        *("s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
    }
)
MATCHING = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "foranyvalue:stringequals"}
)
_BLOCKED = (
    'User: {user} is not authorized to perform: s3:{action} on resource: "arn:aws:s3:::{resource}" because public'
    " {what} are prevented by the {setting} setting in S3 Block Public Access."
)


def refuse(environ: Mapping[str, Any], call: Call, body: bytes) -> Response | None:
    """The refusal of a request to S3; None when it may go on."""
    if call.service != "s3" or call.action not in CHECKED:
        return None
    name, key = bucket_and_key(environ)
    if (bucket := _bucket(name)) is None:
        return None
    resource = f"{name}/{key}" if key else name
    if call.action == SETS_POLICY:
        is_refused = _is_blocked(bucket, "policy") and is_public(body)
        return _blocked(environ, call, resource, "policies", "BlockPublicPolicy") if is_refused else None
    if _is_blocked(bucket, "acls") and _opens(environ, call, body):
        return _blocked(environ, call, resource, "ACLs", "BlockPublicAcls")
    rule: object = bucket.ownership_rule  # a text, whatever its annotation says
    if rule == "BucketOwnerEnforced" and _names_acl(environ, call, body):
        return error_answer("s3", "AccessControlListNotSupported", "The bucket does not allow ACLs", 400)
    return None


def _bucket(name: str) -> FakeBucket | None:
    found = (s3.buckets.get(name) for s3 in list(s3_backends[ACCOUNT_ID].values()))
    return next((bucket for bucket in found if bucket is not None), None)


def _is_blocked(bucket: FakeBucket, what: str) -> bool:
    block = bucket.public_access_block
    return block is not None and bool(getattr(block, f"block_public_{what}"))


def _blocked(environ: Mapping[str, Any], call: Call, resource: str, what: str, setting: str) -> Response:
    said = _BLOCKED.format(
        user=arn_of_caller(environ), action=call.action, resource=resource, what=what, setting=setting
    )
    return error_answer("s3", "AccessDenied", said, 403)


def _grants(environ: Mapping[str, Any]) -> list[str]:
    return [str(value) for name, value in environ.items() if name.startswith("HTTP_X_AMZ_GRANT_")]


def _xml(call: Call, body: bytes) -> str:
    return body.decode("utf-8", "replace") if call.action.endswith("Acl") else ""


def _opens(environ: Mapping[str, Any], call: Call, body: bytes) -> bool:
    if environ.get("HTTP_X_AMZ_ACL") in PUBLIC_ACLS:
        return True
    return any(group in text for text in (*_grants(environ), _xml(call, body)) for group in EVERYBODY)


def _names_acl(environ: Mapping[str, Any], call: Call, body: bytes) -> bool:
    """Whether the request sets an ACL other than the bucket owner's full control, which is always accepted."""
    canned = environ.get("HTTP_X_AMZ_ACL", "bucket-owner-full-control")
    text = _xml(call, body)
    grants, full = text.count("<Permission>"), text.count("<Permission>FULL_CONTROL</Permission>")
    return canned != "bucket-owner-full-control" or bool(_grants(environ)) or grants != full


def is_public(policy: bytes | str) -> bool:
    """Whether S3 calls a bucket policy public: some statement lets in everybody, and no fixed value limits it."""
    listed = json.loads(policy).get("Statement", [])
    statements = listed if isinstance(listed, list) else [listed]
    return any(isinstance(each, Mapping) and _lets_in_everybody(each) and not _is_limited(each) for each in statements)


def _lets_in_everybody(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    named = principal.get("AWS", ()) if isinstance(principal, Mapping) else principal
    return "*" in (named if isinstance(named, list) else [named])


def _is_limited(statement: Mapping[str, Any]) -> bool:
    for operator, key, values in _conditions(statement):
        if operator == "ipaddress" and key == "aws:sourceip" and all(map(_is_narrow, values)):
            return True
        if operator in MATCHING and key in LIMITS and all(_is_fixed(key, value) for value in values):
            return True
    return False


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    conditions = statement.get("Condition")
    for operator, tests in conditions.items() if isinstance(conditions, Mapping) else ():
        for key, value in tests.items() if isinstance(tests, Mapping) else ():
            yield operator.lower(), key.lower(), [str(each) for each in (value if isinstance(value, list) else [value])]


def _is_fixed(key: str, value: str) -> bool:
    """No wildcard and no variable. The name of an access point may have one, its account may not."""
    if key == "s3:dataaccesspointarn":
        value = ":".join(value.split(":")[:5])
    if key == "aws:userid":
        value = value.removesuffix(":*") if not value.startswith("AROLEID") else "*"
    return not any(each in value for each in ("*", "?", "${"))


def _is_narrow(value: str) -> bool:
    """Ranges broader than /8 (IPv4) and /32 (IPv6) count as everybody, but for private ones."""
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 32) or network.is_private
