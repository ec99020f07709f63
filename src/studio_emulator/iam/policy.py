"""Policies as documents of statements. Source: IAM User Guide, "reference_policies_grammar"."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio_emulator.iam.conditions import UnusableConditionError, conditions_hold
from studio_emulator.iam.patterns import (
    Context,
    UnresolvedVariableError,
    fill_in,
    fill_in_arn,
    matches_action,
)

VARIABLES_SINCE = "2012-10-17"


class MalformedPolicyError(Exception):
    """A document that is no policy."""


@dataclass(frozen=True)
class Principal:
    """The caller who makes a request.

    Args:
        arn: The ARN that AWS shows, such as "arn:aws:sts::123456789012:assumed-role/team/ada"; "" for a service.
        role_arn: The role behind a session; "" for a service.
        account: Its account.
        service: Such as "sagemaker.amazonaws.com", when an AWS service asks.
    """

    arn: str = ""
    role_arn: str = ""
    account: str = ""
    service: str = ""


@dataclass(frozen=True)
class Asked:
    """One question to the policies: may this be done to that?

    Args:
        action: Such as "s3:GetObject".
        resource: An ARN; "*" for actions that AWS cannot limit to resources.
        context: Condition keys in lower case, with what the request says.
    """

    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Statement:
    """One statement. `elements` is its JSON, which names what it is about in one of two ways each.

    Args:
        sid: Its name, or nothing.
        effect: "Allow" or "Deny".
        elements: All of it.
        has_variables: Whether the policy's version knows policy variables.
    """

    sid: str
    effect: str
    elements: Mapping[str, Any]
    has_variables: bool

    def applies(self, asked: Asked) -> bool:
        """Whether its action, resource and conditions fit.

        What cannot be evaluated is taken for the worse: such an Allow does not apply, such a Deny does.
        """
        try:
            return self.is_about(asked) and self._conditions_hold(asked)
        except UnusableConditionError:
            return self.effect == "Deny"
        except UnresolvedVariableError:  # "might cause the entire statement to be invalid"
            return False

    def is_about(self, asked: Asked) -> bool:
        """Whether its action and resource fit, whatever its conditions.

        Raises:
            UnresolvedVariableError: A variable in a resource has no value.
        """
        return self.names_action(asked.action) and self._names_resource(asked)

    def names(self, principal: Principal) -> str:
        """The kind of principal that names the caller: "session", "role", "account", "service", "everybody", or "".

        "NotPrincipal" is beyond this: AWS advises against it. A Deny with it names everybody, an Allow nobody.
        """
        named = self.elements.get("Principal")
        if "NotPrincipal" in self.elements:
            return "everybody" if self.effect == "Deny" else ""
        if named == "*":
            return "everybody"
        if not isinstance(named, Mapping):
            return ""
        if principal.service:
            return "service" if principal.service in _texts(named.get("Service", ())) else ""
        root = f":iam::{principal.account}:root"
        listed = {"account" if name.endswith(root) else name for name in _texts(named.get("AWS", ()))}
        kinds = {  # what grants most comes first
            principal.arn: "session",
            principal.role_arn: "role",
            "*": "everybody",
            principal.account: "account",
            "account": "account",
        }
        return next((kind for name, kind in kinds.items() if name in listed), "")

    def names_action(self, action: str) -> bool:
        """Whether it is about this action, whatever it is done to."""
        if "NotAction" in self.elements:
            return not any(matches_action(each, action) for each in _listed(self.elements["NotAction"]))
        return any(matches_action(each, action) for each in _listed(self.elements["Action"]))

    def _names_resource(self, asked: Asked) -> bool:
        """A trust policy has no Resource: it is about its role."""
        variables = asked.context if self.has_variables else None
        if "NotResource" in self.elements:
            others = _listed(self.elements["NotResource"])
            return not any(fill_in_arn(each, variables).matches_arn(asked.resource) for each in others)
        return any(_is_about(each, asked.resource, variables) for each in _listed(self.elements.get("Resource", "*")))

    def _conditions_hold(self, asked: Asked) -> bool:
        variables = asked.context if self.has_variables else None
        return conditions_hold(self.elements.get("Condition", {}), asked.context, variables)


def read_policy(document: str | Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy.

    Raises:
        MalformedPolicyError: It is no JSON, or lacks what every statement has.
    """
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except (ValueError, RecursionError):
        raise MalformedPolicyError("it is not JSON") from None
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        raise MalformedPolicyError("it has no Statement")
    listed = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return tuple(_statement(each, has_variables=policy.get("Version") == VARIABLES_SINCE) for each in listed)


def _statement(elements: Any, *, has_variables: bool) -> Statement:
    if not isinstance(elements, Mapping) or elements.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("a statement has no Effect")
    if ("Action" in elements) == ("NotAction" in elements):
        raise MalformedPolicyError("a statement needs one of Action and NotAction")
    if "Resource" in elements and "NotResource" in elements:
        raise MalformedPolicyError("a statement may not have both Resource and NotResource")
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if not all(isinstance(each, str) for each in _listed(elements.get(name, ()))):
            raise MalformedPolicyError(f"{name} is neither a text nor a list of texts")
    if not isinstance(elements.get("Condition", {}), Mapping):
        raise MalformedPolicyError("Condition is no object")
    return Statement(str(elements.get("Sid", "")), elements["Effect"], elements, has_variables)


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in _listed(value) if isinstance(each, str))


def _is_about(pattern: str, resource: str, variables: Context | None) -> bool:
    """An action without resources has the resource "*", and only the pattern "*" means it."""
    if resource == "*":
        return fill_in(pattern, None).text == "*"
    return fill_in_arn(pattern, variables).matches_arn(resource)
