"""Accepted findings and their reasons: studioctl's own list, and the user's in `[audit] accept`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from studioctl.audit.least_privilege import ONLY_ON_ALL
from studioctl.findings import Acceptance, Finding
from studioctl.infrastructure import guard
from studioctl.infrastructure.iam.scope import ONLY_ON_EVERYTHING

OURS = "studioctl"


@dataclass(frozen=True)
class Accepted:
    """An entry of our list. `about` are patterns of what the id is accepted for."""

    id: str
    about: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this finding is meant."""
        return self.id == finding.rule.id and any(fnmatchcase(finding.about, pattern) for pattern in self.about)


def explanations() -> Mapping[str, str]:
    """Actions that AWS can only allow on everything, each with the reason why a role has it."""
    return {**ONLY_ON_EVERYTHING, **guard.ONLY_ON_EVERYTHING}


@cache
def accepted() -> tuple[Accepted, ...]:
    """The findings that studioctl accepts: those in `accepted.toml`, and the policies' list of actions."""
    entries = tomllib.loads(files(__package__).joinpath("accepted.toml").read_text(encoding="utf-8"))["accepted"]
    of_policies = (Accepted(ONLY_ON_ALL.id, (action,), why) for action, why in explanations().items())
    return (*(Accepted(entry["id"], tuple(entry["about"]), entry["reason"]) for entry in entries), *of_policies)


def applied(findings: Iterable[Finding], users: Mapping[str, str], file: str) -> tuple[Finding, ...]:
    """The findings, each with the reason why it may stay if there is one; the user's word comes first.

    Args:
        findings: The findings.
        users: `[audit] accept`: reason by id.
        file: The name of the user's file in messages.
    """
    return tuple(_applied(finding, users, file) for finding in findings)


def _applied(finding: Finding, users: Mapping[str, str], file: str) -> Finding:
    if reason := users.get(finding.rule.id):
        return replace(finding, accepted=Acceptance(file, reason))
    ours = next((entry for entry in accepted() if entry.covers(finding)), None)
    return replace(finding, accepted=Acceptance(OURS, ours.reason)) if ours else finding


def unused(findings: Iterable[Finding], users: Mapping[str, str]) -> tuple[str, ...]:
    """The ids that the user accepts and that were not found."""
    found = {finding.rule.id for finding in findings}
    return tuple(sorted(users.keys() - found))
