"""What the doctor says: rules, and what was found by them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from string import Formatter
from typing import Any


class Severity(IntEnum):
    """How bad it is. The numbers order them; the names are what people and programs see."""

    OK = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """ "error", "warning", "info" or "ok"."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        id: The rule's, such as "QUO001". Stable.
        severity: How bad it is here.
        message: What was found.
        why: What comes of it; empty when all is well.
        remedy: One full command or step; empty when all is well.
        reference: Where it is written: an address.
        group: With what it is shown.
    """

    id: str
    severity: Severity
    message: str
    why: str = ""
    remedy: str = ""
    reference: str = ""
    group: str = ""


@dataclass(frozen=True)
class Rule:
    """What may be wrong, as the reference page tells it.

    Args:
        id: Three letters of its group and a number. It is never used for anything else again.
        severity: How bad it is at worst.
        title: What is wrong, in general.
        why: What comes of it.
        remedy: One full command or step, with {fields} for what differs from case to case.
        reference: An address.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
    reference: str

    def ok(self, message: str) -> Finding:
        """All is well."""
        return Finding(self.id, Severity.OK, message, reference=self.reference)

    def broken(self, message: str, *, severity: Severity | None = None, **fields: object) -> Finding:
        """It is not. `fields` are those of the remedy; a milder severity may be given, never a worse one."""
        return Finding(
            self.id,
            min(severity or self.severity, self.severity),
            message,
            self.why,
            self.remedy.format_map({name: str(value) for name, value in fields.items()}),
            self.reference,
        )

    def fields(self) -> tuple[str, ...]:
        """The names of what differs in its remedy."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.remedy) if name)


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at.

    Args:
        name: The environment's; None without a file.
        region: Where.
        target: "aws" or "local".
        account_id: Whose credentials these are; None when they are of nobody.
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
        findings = [{**asdict(finding), "severity": finding.severity.word} for finding in self.findings]
        return {**asdict(self), "worst": self.worst.word, "counts": self.counts(), "findings": findings}

    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each severity, the worst first."""
        return {
            severity.word: sum(finding.severity is severity for finding in self.findings)
            for severity in sorted(Severity, reverse=True)
        }
