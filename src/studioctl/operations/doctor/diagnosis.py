"""Everything that the doctor looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.findings import HEALTH, Finding, Severity, counts


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at.

    Args:
        name: The environment's; None without a file.
        region: The region.
        target: "aws" or "local".
        account_id: The account of the credentials; None if there are none.
        findings: In the catalogue's order, and in each check's.
        endpoint: The address that stands for AWS: the emulator's, or one that the user's settings name; None for AWS's.
    """

    name: str | None
    region: str
    target: str
    account_id: str | None
    findings: tuple[Finding, ...]
    endpoint: str | None = None

    @property
    def worst(self) -> Severity:
        """The severity of the worst finding."""
        return max((finding.severity for finding in self.findings), default=Severity.OK)

    def to_json(self) -> dict[str, Any]:
        """The shape that docs/reference/json.md describes."""
        findings = [finding.to_json() for finding in self.findings]
        return {**vars(self), "worst": self.worst.word, "counts": self.counts(), "findings": findings}

    def counts(self) -> Mapping[str, int]:
        """The number of findings of each severity, the worst first."""
        return counts(self.findings, HEALTH)
