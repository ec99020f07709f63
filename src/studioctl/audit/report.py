"""Everything that an audit found, what of it is accepted, and what counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from studioctl.findings import RISK, Finding, counts


@dataclass(frozen=True)
class Scan:
    """An engine's own count, before anything was accepted."""

    engine: str
    version: str
    passed: int
    failed: int


@dataclass(frozen=True)
class Report:
    """Everything that was found.

    Args:
        name: The environment's.
        region: The region.
        target: "aws" or "local".
        account_id: The account of the credentials; None if no account was looked at.
        file: The file, as messages call it.
        findings: The findings, the most important first.
        scans: The counts of the engines that count.
        unused: Ids that the file accepts, and that were not found.
        endpoint: The address that stands for AWS: the emulator's, or one that the user's settings name; None for AWS's.
    """

    name: str
    region: str
    target: str
    account_id: str | None
    file: str
    findings: tuple[Finding, ...]
    scans: tuple[Scan, ...] = ()
    unused: tuple[str, ...] = field(default=())
    endpoint: str | None = None

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted."""
        return tuple(finding for finding in self.findings if finding.accepted is None)

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """The findings that may stay."""
        return tuple(finding for finding in self.findings if finding.accepted is not None)

    def counts(self) -> Mapping[str, int]:
        """The number of open findings of each severity, and of accepted ones."""
        return {**counts(self.open, RISK), "accepted": len(self.accepted)}

    def to_json(self) -> dict[str, Any]:
        """The shape that docs/reference/json.md describes."""
        return {
            "name": self.name,
            "region": self.region,
            "target": self.target,
            "endpoint": self.endpoint,
            "account_id": self.account_id,
            "counts": self.counts(),
            "findings": [finding.to_json() for finding in self.findings],
            "scans": [asdict(scan) for scan in self.scans],
            "unused_acceptances": list(self.unused),
        }
