"""The decision over all policies that concern a request.

Source: IAM User Guide, "reference_policies_evaluation-logic" and "access_policies_boundaries": an explicit denial
wins; then what allows is looked for in the resource's policy and the identity's, and a permissions boundary and a
session's policy must allow it, too. Policies of an organization are not there: the emulator's account is in none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio_emulator.iam.policy import Asked, MalformedPolicyError, Principal, Statement, read_policy

Document = str | Mapping[str, Any]
IDENTITY = "an identity-based policy"
BOUNDARY = "a permissions boundary"
SESSION = "a session policy"
RESOURCE = "a resource-based policy"


@dataclass(frozen=True)
class Policies:
    """The policies that apply to one identity. Names are for people: an ARN, or the name of an inline policy.

    Args:
        identity: The policies of the role, by name.
        boundary: Its permissions boundary, by name: one, or none.
        session: The policies passed to AssumeRole to narrow the session.
        resource: The policy of the requested resource.
    """

    identity: Mapping[str, Document] = field(default_factory=dict)
    boundary: Mapping[str, Document] = field(default_factory=dict)
    session: Mapping[str, Document] = field(default_factory=dict)
    resource: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The result of an evaluation.

    Args:
        allowed: Whether the request is allowed.
        why: The end of AWS's sentence about a refusal, or the reason for an allowance.
        by: The policy that decided, with the statement's Sid if it has one; "" if no policy allows the request.
    """

    allowed: bool
    why: str
    by: str = ""


def evaluate(principal: Principal, asked: Asked, policies: Policies) -> Decision:
    """Whether a principal may do what is asked. Never raises: a policy that cannot be read denies, and says so."""
    try:
        return _decide(principal, asked, policies)
    except MalformedPolicyError as error:
        return Decision(allowed=False, why=f"because a policy cannot be read: {error}")


def refusal(principal: Principal, asked: Asked, decision: Decision, *, quoted: bool = False) -> str:
    """AWS's sentence. Source: IAM User Guide, "troubleshoot_access-denied"; S3 puts the resource in quotes."""
    resource = f'"{asked.resource}"' if quoted else asked.resource
    return f"User: {principal.arn} is not authorized to perform: {asked.action} on resource: {resource} {decision.why}"


def _decide(principal: Principal, asked: Asked, policies: Policies) -> Decision:
    kinds = {IDENTITY: policies.identity, BOUNDARY: policies.boundary, SESSION: policies.session}
    own = {kind: list(_applying(documents, asked)) for kind, documents in kinds.items()}
    at_resource = [
        (name, statement, named)
        for name, statement in _applying(policies.resource, asked)
        if (named := statement.names(principal))
    ]
    found = {**own, RESOURCE: [(name, statement) for name, statement, _ in at_resource]}
    for kind, statements in found.items():
        if denial := _first(statements, "Deny"):
            return Decision(allowed=False, why=f"with an explicit deny in {kind}", by=denial)
    # A grant to the session itself is above boundary and session policy; one to its role, or to everybody, is not. The
    # account's name only hands the decision over to the account's own policies.
    direct = [(name, statement) for name, statement, named in at_resource if named in {"session", "service"}]
    if granted := _first(direct, "Allow"):
        return Decision(allowed=True, why=f"allowed in {RESOURCE}", by=granted)
    others = [(name, statement) for name, statement, named in at_resource if named in {"role", "everybody"}]
    granted = _first(others, "Allow") or _first(own[IDENTITY], "Allow")
    if not granted:
        return _lacking("identity-based policy", asked)
    for kind, called in ((BOUNDARY, "permissions boundary"), (SESSION, "session policy")):
        if kinds[kind] and not _first(own[kind], "Allow"):
            return _lacking(called, asked)
    return Decision(allowed=True, why="allowed", by=granted)


def _lacking(kind: str, asked: Asked) -> Decision:
    return Decision(allowed=False, why=f"because no {kind} allows the {asked.action} action")


def _applying(documents: Mapping[str, Document], asked: Asked) -> Iterator[tuple[str, Statement]]:
    for name, document in documents.items():
        for statement in read_policy(document):
            if statement.applies(asked):
                yield name, statement


def _first(statements: Iterable[tuple[str, Statement]], effect: str) -> str:
    """The name and the Sid of the first statement with this effect; empty if there is none."""
    for name, statement in statements:
        if statement.effect == effect:
            return f"{name} ({statement.sid})" if statement.sid else name
    return ""
