"""Find the service and the action of a request. REST services show them only in the method and the path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model

# The name in a signature -> the name in boto3, where they differ.
SIGNED_AS = {
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
REST = ("s3", "efs", "lambda", "rds-data", "scheduler")
SERVICES = (
    *REST,
    "ce",
    "cloudtrail",
    "cloudwatch",
    "ec2",
    "ecr",
    "events",
    "iam",
    "kms",
    "logs",
    "rds",
    "resourcegroupstaggingapi",
    "sagemaker",
    "secretsmanager",
    "service-quotas",
    "sns",
    "ssm",
    "sts",
)
FORM = "studioctl.form"
"""In a request's environ, of an upload by form that was let in: its signature, and bucket and key as a path."""
_SCOPE = re.compile(r"Credential=([^/,&]*)/\d{8}/([^/]*)/([^/]+)/aws4_request")
# Signature Version 2, which S3 still takes; boto3 makes presigned addresses with it.
_OLD = re.compile(r"^AWS ([^:]+):|(?:^|&)AWSAccessKeyId=([^&]+)")


@dataclass(frozen=True)
class Call:
    """A request to AWS; `action` is empty when it cannot be told."""

    service: str
    action: str


@dataclass(frozen=True)
class Signature:
    """The signer of a request and the scope of the signature: access key, region, and the service's signing name."""

    access_key: str
    region: str
    service: str


def signature_of(environ: Mapping[str, Any]) -> Signature | None:
    """The signature from the header, from a presigned address's query, or from an upload's form; None without one."""
    if FORM in environ:
        made: Signature = environ[FORM][0]
        return made
    header, query = environ.get("HTTP_AUTHORIZATION", ""), unquote(environ.get("QUERY_STRING", ""))
    if found := _SCOPE.search(header) or _SCOPE.search(query):
        return Signature(found[1], found[2], found[3])
    if found := _OLD.search(header) or _OLD.search(query):
        return Signature(found[1] or found[2], "us-east-1", "s3")
    return None


def call_of(environ: Mapping[str, Any], body: bytes) -> Call:
    """The call that a WSGI request makes."""
    if FORM in environ:
        return Call("s3", "PutObject")
    signature = signature_of(environ)
    signed = signature.service if signature else ""
    service = SIGNED_AS.get(signed, signed)
    if service in REST:
        return Call(service, _rest_action(service, environ))
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return Call(service, target or _query_action(environ, body) or environ.get("PATH_INFO", "").rpartition("/")[2])


def path_of(environ: Mapping[str, Any]) -> str:
    """The path of a request to S3, with the bucket also where that stands in the host's name."""
    if FORM in environ:
        return str(environ[FORM][1])
    path, host = str(environ.get("PATH_INFO", "/")), str(environ.get("HTTP_HOST", "")).partition(":")[0]
    if host.endswith(".localhost"):
        return f"/{host.removesuffix('.localhost').partition('.')[0]}{path}"
    return path


def bucket_and_key(environ: Mapping[str, Any]) -> tuple[str, str]:
    """The bucket and the key of a request to S3; "" for what it does not name."""
    bucket, _, key = path_of(environ).removeprefix("/").partition("/")
    return bucket, key


@cache
def protocol_of(service: str) -> str:
    """The protocol of a service, as its model names it; "json" where there is no such service."""
    try:
        return str(get_service_model(service).metadata["protocol"])
    except (UnknownServiceError, KeyError):
        return "json"


def exists(service: str, action: str) -> bool:
    """Whether an action, or one that a pattern stands for, is one of a service; of any, when none is named."""
    return any(fnmatchcase(name, action) for name in names(service))


def names(service: str) -> list[str]:
    """The actions of a service; of all, when none is named."""
    return [name for each in ([service] if service else SERVICES) for name in get_service_model(each).operation_names]


def _query_action(environ: Mapping[str, Any], body: bytes) -> str:
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


@dataclass(frozen=True)
class Route:
    """The form of a REST operation's requests: method, path, and what the query and the headers must contain."""

    action: str
    method: str
    path: re.Pattern[str]
    query: frozenset[tuple[str, str | None]]
    headers: frozenset[str]

    def fits(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, Any]) -> bool:
        return (
            method == self.method
            and self.path.fullmatch(path) is not None
            and all(name in query and value in {None, query[name]} for name, value in self.query)
            and all(name in headers for name in self.headers)
        )


@cache
def _routes(service: str) -> tuple[Route, ...]:
    """The routes of a service: of two that fit, the one that demands more is first. Deprecated ones have successors."""
    model = get_service_model(service)
    operations = (model.operation_model(name) for name in model.operation_names)
    routes = [_route(operation) for operation in operations if not operation.deprecated]
    return tuple(sorted(routes, key=lambda route: (-len(route.query) - len(route.headers), route.action)))


def _route(operation: Any) -> Route:
    uri, _, fixed = operation.http["requestUri"].partition("?")
    path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(uri.rstrip("/"))).replace(r"\{Key\+\}", ".+") + "/?"
    query = {(name, value or None) for name, value in parse_qsl(fixed, keep_blank_values=True)}
    shape = operation.input_shape
    headers = set()
    for name in shape.required_members if shape else ():
        where = shape.members[name].serialization
        if where.get("location") == "querystring":
            query.add((where["name"], None))
        elif where.get("location") == "header":
            headers.add("HTTP_" + where["name"].upper().replace("-", "_"))
    return Route(
        operation.name, operation.http["method"], re.compile(path, re.DOTALL), frozenset(query), frozenset(headers)
    )


def _rest_action(service: str, environ: Mapping[str, Any]) -> str:
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    method = environ["REQUEST_METHOD"]
    path = path_of(environ) if service == "s3" else environ.get("PATH_INFO", "/")
    fitting = (route.action for route in _routes(service) if route.fits(method, path, query, environ))
    return next(fitting, "")
