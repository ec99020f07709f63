"""The door at which sessions of roles are asked what their policies allow."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from moto.ecr.models import ecr_backends
from werkzeug.wrappers import Response

from studio_emulator import registry
from studio_emulator.backends import each
from studio_emulator.calls import Call, path_of, signature_of
from studio_emulator.ecr import StrictECRBackend
from studio_emulator.fault_answers import ERRORS, QUERY, Said, error_answer
from studio_emulator.faults import Kind
from studio_emulator.iam import needs
from studio_emulator.iam.evaluate import evaluate, refusal
from studio_emulator.iam.patterns import account_of
from studio_emulator.iam.permissions import Permissions
from studio_emulator.iam.policy import Asked, Principal, read_policy
from studio_emulator.iam.received import Need, Received
from studio_emulator.iam.sessions import Administrator, Session, Sessions

_EXPIRED = ERRORS[Kind.EXPIRED]
# What a registry's clients do -> the actions of ECR behind it. Source: Amazon ECR User Guide, "image-push-iam".
REGISTRY_ACTIONS = {
    ("uploads", "POST"): "InitiateLayerUpload",
    ("upload", "PATCH"): "UploadLayerPart",
    ("upload", "PUT"): "CompleteLayerUpload",
    ("blob", "HEAD"): "BatchCheckLayerAvailability",
    ("blob", "GET"): "GetDownloadUrlForLayer",
    ("manifest", "HEAD"): "BatchGetImage",
    ("manifest", "GET"): "BatchGetImage",
    ("manifest", "PUT"): "PutImage",
}


class Door:
    """Lets pass what a session's policies allow, and everything of everybody else. The caller holds the lock."""

    def __init__(self, account: str, *, records: bool = False) -> None:
        self.sessions = Sessions(account)
        self.permissions = Permissions()
        self.refusals: list[str] = []
        self._records = records
        self._administrator: Administrator | None = None

    def hold(self, policy: str) -> None:
        """Ask this policy for all that the administrator does, as for a role of IAM; an empty one allows everything.

        Raises:
            MalformedPolicyError: It is no policy.
        """
        self.refusals.clear()
        self._administrator = None
        if policy:
            read_policy(policy)
            principal = Principal(
                arn=f"arn:aws:iam::{self.sessions.account}:user/administrator", account=self.sessions.account
            )
            self._administrator = Administrator(principal=principal, keys={}, expired=False, narrowed=policy)

    def refuse(self, environ: Mapping[str, Any], call: Call) -> Response | None:
        """The refusal of a request to AWS; None when it may go on."""
        signature = signature_of(environ)
        of_role = self.sessions.of(signature.access_key) if signature else None
        if self._records and signature is not None:
            needed = needs.needs_of(_received(environ, call, self.sessions.account, signature.region))
            self.permissions.note(needed, of_role.principal.arn if of_role else "")
        session = (of_role or self._administrator) if signature else None
        if signature is None or session is None:
            return None
        if session.expired:
            return _answer(call.service, _EXPIRED.get(call.service, _EXPIRED[""]))
        received = _received(environ, call, self.sessions.account, signature.region)
        said = _first_refusal(session, needs.needs_of(received), received.region)
        if said and session is self._administrator:
            self.refusals.append(said)
        return _answer(call.service, _denied(call.service, said)) if said else None

    def refuse_push_or_pull(self, environ: Mapping[str, Any]) -> Response | None:
        """The refusal of a request to the registry, whose password belongs to whoever got it from ECR."""
        found = registry.route_of(environ.get("PATH_INFO", ""))
        owner = _owner_of_password(environ.get("HTTP_AUTHORIZATION", ""))
        if found is None or owner is None:
            return None
        backend, access_key = owner
        session = self.sessions.of(access_key)
        if session is None:
            return None
        (name, kind), method = found, environ["REQUEST_METHOD"]
        action = REGISTRY_ACTIONS.get((kind, method), "UnknownAction")
        received = Received("ecr", action, self.sessions.account, backend.region_name, {"repositoryName": name})
        said = _first_refusal(session, needs.needs_of(received), received.region)
        return registry.refusal("DENIED", said, 403) if said else None


def _owner_of_password(authorization: str) -> tuple[StrictECRBackend, str] | None:
    token = registry.password_of(authorization)
    for _, backend in each(ecr_backends):
        if isinstance(backend, StrictECRBackend) and backend.admits(token):
            return backend, backend.owner_of(token)
    return None


def _first_refusal(session: Session, everything: list[Need], region: str) -> str:
    """AWS's sentence about the first thing that is not allowed; nothing when all are."""
    for need in everything:
        about = {
            "aws:requestedregion": region,
            "aws:resourceaccount": account_of(need.resource) or session.principal.account,
        }
        asked = Asked(need.action, need.resource, {**session.keys, **about, **need.context})
        decision = evaluate(session.principal, asked, session.policies(need.resource))
        if not decision.allowed:
            return refusal(session.principal, asked, decision, quoted=need.action.startswith("s3:"))
    return ""


def _received(environ: Mapping[str, Any], call: Call, account: str, region: str) -> Received:
    body: bytes = environ["wsgi.input"].getvalue()
    return Received(
        service=call.service,
        action=call.action,
        account=account,
        region=region,
        parameters=needs.parameters_of(body, environ.get("CONTENT_TYPE", "")) if call.service != "s3" else {},
        method=environ["REQUEST_METHOD"],
        path=path_of(environ) if call.service == "s3" else environ.get("PATH_INFO", "/"),
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers={
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
        body=body,
    )


def _denied(service: str, sentence: str) -> Said:
    """Codes and statuses: the page "Common errors" of each service's API reference, and for EC2 and S3 their lists."""
    if service == "ec2":
        return Said("UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence}", 403)
    if service == "s3" or service in QUERY:
        return Said("AccessDenied", sentence, 403)
    return Said("AccessDeniedException", sentence, 400)


def _answer(service: str, said: Said) -> Response:
    return error_answer(service, said.code, said.message, said.status)
