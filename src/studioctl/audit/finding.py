"""What an audit says: rules, what was found by them, and what of it is accepted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from studioctl.config.text import Location


class Severity(IntEnum):
    """How much it matters. The numbers order them; the names are what people and programs see."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """ "high", "medium" or "low"."""
        return self.name.lower()


class Subject(StrEnum):
    """What was looked at."""

    FILE = "file"
    PLAN = "plan"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Rule:
    """What may be wrong, as the reference page tells it.

    Args:
        id: Ours, such as "STUDIO-001", or an engine's. It is never used for anything else again.
        severity: How much it matters.
        title: What is wrong, in general.
        why: What comes of it.
        remedy: What to write or to run.
        cost: What the remedy costs, in money or effort: one short phrase.
        reference: An address.
        subject: What is looked at.
        key: Where in studio.toml it is decided; empty where the file has no say.
        engine: Who looks.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
    cost: str
    reference: str
    subject: Subject = Subject.FILE
    key: Location = ()
    engine: str = "studioctl"

    def found(self, message: str, *, about: str = "", key: Location | None = None, remedy: str = "") -> "Finding":
        """It is so. `about` is what has it: a Terraform address, an ARN, a name."""
        return Finding(self, message, about, self.key if key is None else key, remedy or self.remedy)


@dataclass(frozen=True)
class Acceptance:
    """Why a finding may stay. `by` is who says so: "studioctl", or "studio.toml"."""

    by: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        rule: What is wrong in general.
        message: What is wrong here.
        about: What has it: a Terraform address, an ARN, a name; empty for the file as a whole.
        key: Where in studio.toml it is decided; empty where the file has no say.
        remedy: What to write or to run.
        details: All of what `message` tells a part of, such as actions.
        line: The line of `key`, or of the nearest thing around it; None where a default decides.
        accepted: Why it may stay; None when nobody said so.
    """

    rule: Rule
    message: str
    about: str
    key: Location
    remedy: str
    details: tuple[str, ...] = ()
    line: int | None = None
    accepted: Acceptance | None = None


@dataclass(frozen=True)
class Scan:
    """What an engine counted, before anything was accepted."""

    engine: str
    version: str
    passed: int
    failed: int


@dataclass(frozen=True)
class Report:
    """Everything that was found.

    Args:
        name: The environment's.
        region: Where.
        target: "aws" or "local".
        account_id: Whose credentials these are; None when no account was looked at.
        file: The file, as messages call it.
        findings: What matters most comes first.
        scans: What the engines counted that count.
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
        """What nobody accepted."""
        return tuple(finding for finding in self.findings if finding.accepted is None)

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """What may stay."""
        return tuple(finding for finding in self.findings if finding.accepted is not None)

    def counts(self) -> Mapping[str, int]:
        """How many findings are open, of each severity, and how many are accepted."""
        severities = sorted(Severity, reverse=True)
        by_word = {each.word: sum(finding.rule.severity is each for finding in self.open) for each in severities}
        return {**by_word, "accepted": len(self.accepted)}

    def to_json(self) -> dict[str, Any]:
        """The shape that docs/reference/json.md describes."""
        return {
            "name": self.name,
            "region": self.region,
            "target": self.target,
            "endpoint": self.endpoint,
            "account_id": self.account_id,
            "counts": self.counts(),
            "findings": [_finding(finding, self.file) for finding in self.findings],
            "scans": [asdict(scan) for scan in self.scans],
            "unused_acceptances": list(self.unused),
        }


def _finding(finding: Finding, file: str) -> dict[str, Any]:
    rule = finding.rule
    return {
        "id": rule.id,
        "engine": rule.engine,
        "subject": rule.subject.value,
        "severity": rule.severity.word,
        "message": finding.message,
        "details": list(finding.details),
        "why": rule.why,
        "remedy": finding.remedy,
        "cost": rule.cost,
        "reference": rule.reference,
        "about": finding.about,
        "file": file if finding.key else None,
        "line": finding.line,
        "key": list(finding.key),
        "accepted": None if finding.accepted is None else asdict(finding.accepted),
    }
