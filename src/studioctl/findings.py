"""Findings, one kind of value for the doctor, an audit, and what a connection needs.

A rule says what may be wrong in general, a finding what was found by it here. Each command has its checks and its scale
of severities; what a finding is, and how it is shown, is the same for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from string import Formatter
from typing import Any, TypeAlias

# Where studio.toml decides something: keys, and positions in lists from 0.
Key: TypeAlias = tuple[str | int, ...]


class Severity(IntEnum):
    """The importance of a finding. The numbers order them; people and programs see the names."""

    OK = 0
    INFO = 1
    LOW = 2
    WARNING = 3
    MEDIUM = 4
    ERROR = 5
    HIGH = 6

    @property
    def word(self) -> str:
        """The word for it, such as "error", or "high"."""
        return self.name.lower()


HEALTH = (Severity.ERROR, Severity.WARNING, Severity.INFO, Severity.OK)  # of the doctor and of connections
RISK = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)  # of audits


class Subject(StrEnum):
    """The thing that an audit looked at."""

    FILE = "file"
    PLAN = "plan"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Place:
    """The place in a file that decides something.

    Args:
        file: The studio.toml, or a list that it names.
        line: From 1: of the key, or of the nearest thing around it; None where a default decides.
        key: As a person writes it; may be empty.
    """

    file: str
    line: int | None
    key: str

    def __str__(self) -> str:
        """The place as compilers print it: "studio.toml:9: network.access"."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}" + (f": {self.key}" if self.key else "")


@dataclass(frozen=True)
class Acceptance:
    """The reason why a finding may stay. `by` is its author: "studioctl", or "studio.toml"."""

    by: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """Something that may be wrong, as the reference page tells it.

    Args:
        id: It is never used for anything else again.
        severity: Its highest importance.
        title: The problem in general.
        why: The consequences.
        remedy: One full command or step, with {fields} for what differs from case to case.
        reference: An address.
        key: The key of studio.toml that decides it; empty if the file has no say, or the case tells.
        cost: The cost of the remedy, in money or effort: one short phrase; empty if that is not told.
        subject: The part that an audit looks at; None for the rules of others.
        engine: The engine that looks.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
    reference: str
    key: Key = ()
    cost: str = ""
    subject: Subject | None = None
    engine: str = "studioctl"

    def ok(self, message: str) -> "Finding":
        """All is well."""
        return Finding(self, Severity.OK, message)

    def broken(
        self,
        message: str,
        *,
        severity: Severity | None = None,
        about: str = "",
        at: Key | None = None,
        details: Sequence[str] = (),
        remedy: str = "",
        **fields: object,
    ) -> "Finding":
        """A finding that the rule is broken.

        Args:
            message: The finding, in words.
            severity: A milder one; a worse one has no effect.
            about: The thing that has it: a Terraform address, an ARN, a name.
            at: The key that decides it, where that is not the rule's.
            details: All of what the message tells a part of.
            remedy: The remedy here, if it is not the rule's.
            **fields: Those of the rule's remedy.
        """
        told = {name: str(value) for name, value in fields.items()}
        return Finding(
            self,
            min(severity or self.severity, self.severity),
            message,
            remedy or self.remedy.format_map({"remedy": "", **told}),
            self.key if at is None else at,
            about,
            tuple(details),
        )

    def fields(self) -> tuple[str, ...]:
        """The names of what differs in its remedy."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.remedy) if name)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        rule: The problem in general.
        severity: Its importance here.
        message: The finding, in words.
        remedy: One full command or step; empty when all is well.
        key: The key of studio.toml that decides it; empty if the file has no say.
        about: The thing that has it: a Terraform address, an ARN, a name; empty for the file or the machine as a whole.
        details: All of what `message` tells a part of, such as actions.
        group: With what it is shown.
        place: The place of `key`; None without a key, or without a file.
        accepted: Why it may stay; None when nobody said so.
    """

    rule: Rule
    severity: Severity
    message: str
    remedy: str = ""
    key: Key = ()
    about: str = ""
    details: tuple[str, ...] = ()
    group: str = ""
    place: Place | None = None
    accepted: Acceptance | None = None

    @property
    def id(self) -> str:
        """The rule's, such as "QUO001"."""
        return self.rule.id

    @property
    def why(self) -> str:
        """The consequence; empty when all is well."""
        return self.rule.why if self.severity else ""

    @property
    def said(self) -> str:
        """The first line about it. An audit's messages are a few words below the title of their rule."""
        if self.rule.subject is None or self.message == self.rule.title:
            return self.message
        return f"{self.rule.title}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        """The shape that docs/reference/json.md describes."""
        rule = self.rule
        return {
            "id": rule.id,
            "engine": rule.engine,
            "subject": rule.subject,
            "group": self.group,
            "severity": self.severity.word,
            "message": self.message,
            "details": list(self.details),
            "why": self.why,
            "remedy": self.remedy,
            "cost": rule.cost,
            "reference": rule.reference,
            "about": self.about,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "key": list(self.key),
            "accepted": None if self.accepted is None else asdict(self.accepted),
        }


def counts(found: Iterable[Finding], scale: Sequence[Severity]) -> Mapping[str, int]:
    """The number of findings of each severity of a scale, in its order."""
    severities = [finding.severity for finding in found]
    return {severity.word: severities.count(severity) for severity in scale}
