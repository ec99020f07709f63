"""Judges a role with cloudsplaining: https://cloudsplaining.readthedocs.io. No other module imports it.

A role is judged by all its statements together, because privilege escalation may need two policies. cloudsplaining
skips statements with conditions, because they allow less than they seem to.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.errors import StudioctlError
from studioctl.extras import installing
from studioctl.findings import Rule, Severity, Subject

ENGINE = "cloudsplaining"
EXTRA = installing("studioctl[audit]")
# "*" in other words: all objects, "arn:aws:s3:::*/*", or all secrets, "arn:aws:secretsmanager:*:*:secret:*". In S3 what
# stands before a "/" is one bucket's name.
ALL_OF_A_KIND = re.compile(
    r"arn:[^:]*:s3:[^:]*:[^:]*:\*+(/\*+)?|arn:[^:]*:(?!s3:)[a-z0-9*-]+:[^:]*:[^:]*:([A-Za-z-]+[/:])?\*+"
)
_REFERENCE = "https://cloudsplaining.readthedocs.io/en/latest/"
_NARROWER = 'permissions = "scoped" under [iam]; in extra_statements, name resources instead of "*"'
_FREE = "no money; whoever needs more names it in extra_statements"


def _rule(name: str, severity: Severity, title: str, why: str, page: str) -> Rule:
    return Rule(
        f"CS-{name}",
        severity,
        title,
        why,
        _NARROWER,
        f"{_REFERENCE}glossary/{page}/",
        key=("iam", "permissions"),
        cost=_FREE,
        subject=Subject.PLAN,
        engine=ENGINE,
    )


UNRESTRICTED = _rule(
    "UNRESTRICTED",
    Severity.HIGH,
    "State-changing actions on every resource of the account",
    "Whoever works here can change or delete what is not of this environment.",
    "infrastructure-modification",
)
RESOURCE_EXPOSURE = _rule(
    "RESOURCE-EXPOSURE",
    Severity.HIGH,
    "Actions that can open any resource to others",
    "A policy on a resource, changed by a user or by what runs in a notebook, opens it to other accounts.",
    "resource-exposure",
)
ESCALATION = _rule(
    "PRIVILEGE-ESCALATION",
    Severity.HIGH,
    "A known way to more permissions",
    "Actions that together give their holder permissions that nobody granted.",
    "privilege-escalation",
)
CREDENTIALS = _rule(
    "CREDENTIALS-EXPOSURE",
    Severity.HIGH,
    "Actions that hand out credentials, on every resource",
    "What they answer opens other doors, and can be carried away.",
    "credentials-exposure",
)
WILDCARD = _rule(
    "SERVICE-WILDCARD",
    Severity.MEDIUM,
    "All actions of a service",
    "It includes what AWS adds to the service tomorrow.",
    "service-wildcard",
)
DATA = _rule(
    "DATA-EXFILTRATION",
    Severity.HIGH,
    "Secrets, parameters or objects of the whole account can be read",
    "One user, or one package from the internet, can carry them all away.",
    "data-exfiltration",
)
ONLY_ON_ALL = Rule(
    "CS-ONLY-ON-ALL",
    Severity.LOW,
    'An action that AWS can grant on "*" only',
    "It reaches the whole account, because AWS knows no resource for it.",
    "leave the action out, if nobody needs it",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    key=("iam", "permissions"),
    cost="no money",
    subject=Subject.PLAN,
    engine=ENGINE,
)
RULES = (UNRESTRICTED, RESOURCE_EXPOSURE, ESCALATION, CREDENTIALS, WILDCARD, DATA, ONLY_ON_ALL)


class EngineMissingError(StudioctlError):
    """An engine is not installed, or does not answer."""


@dataclass(frozen=True)
class Assessment:
    """The unlimited permissions of a role: sorted actions, escalation paths or services, by rule."""

    found: Mapping[Rule, tuple[str, ...]]

    def count(self, rule: Rule) -> int:
        """The number of findings of a rule."""
        return len(self.found[rule])


def assess(statements: Iterable[Mapping[str, Any]]) -> Assessment:
    """Assess the permissions that these statements give together.

    Args:
        statements: Statements in IAM's grammar.

    Raises:
        EngineMissingError: cloudsplaining is not installed.
    """
    try:
        from cloudsplaining.scan.policy_document import PolicyDocument  # noqa: PLC0415 (loads IAM's whole vocabulary)
    except ImportError:
        raise EngineMissingError("cloudsplaining is not installed.", hint=EXTRA) from None
    listed = list(statements)
    document = PolicyDocument(_policy(_judged(each) for each in listed))
    # Below a resource AWS does not grant these at all. A condition makes them narrower, but they are still on
    # everything: they are told all the same.
    on_everything = _policy(_judged(each) for each in listed if _is_on_everything(each))
    on_all_only = set(
        PolicyDocument(on_everything, flag_conditional_statements=True).all_allowed_unrestrictable_actions
    )
    credentials = set(document.credentials_exposure) - on_all_only  # those are told by their own rule
    found: Mapping[Rule, Iterable[str]] = {
        UNRESTRICTED: document.infrastructure_modification,
        RESOURCE_EXPOSURE: document.permissions_management_without_constraints,
        ESCALATION: (way["type"] for way in document.allows_privilege_escalation),
        CREDENTIALS: credentials,
        WILDCARD: document.service_wildcard,
        DATA: document.allows_data_exfiltration_actions,
        ONLY_ON_ALL: on_all_only,
    }
    return Assessment({rule: tuple(sorted(set(what))) for rule, what in found.items()})


def _policy(statements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _is_on_everything(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is about "*", or about all but a few things by `NotResource`."""
    return "NotResource" in statement or "*" in _resources(statement)


def _judged(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement as the engine can judge it: it knows "*" alone, and overlooks what means as much."""
    wide = _is_on_everything(statement) or any(ALL_OF_A_KIND.fullmatch(each) for each in _resources(statement))
    kept = {key: value for key, value in statement.items() if key != "NotResource"}
    return {**kept, "Resource": ["*"]} if wide else kept


def _resources(statement: Mapping[str, Any]) -> list[str]:
    named = statement.get("Resource", [])
    return [named] if isinstance(named, str) else list(named)
