"""Terraform's AWS provider: the versions that studioctl works with, and what is wrong with them.

Versions are (major, minor, patch). A constraint is Terraform's own:
https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NAME: Final = "hashicorp/aws"
DEFAULT: Final = "5.100.0"
CHECKED: Final = "6.69.1"  # its schema was compared with what we write; it was never run
_ISSUES = "https://github.com/hashicorp/terraform-provider-aws/issues/"

Version = tuple[int, int, int]
FIRST: Final[Version] = (0, 0, 0)
LAST: Final[Version] = (10**6, 0, 0)
# From the first, to before the second. 5.100.0 is the last of its major version.
SUPPORTED: Final[tuple[tuple[Version, Version], ...]] = (((5, 100, 0), (6, 0, 0)), ((6, 40, 0), (7, 0, 0)))
WRITE: Final = f'write "{DEFAULT}", "{CHECKED}" or a range such as ">= 5.100, < 7"'
LOCK_FILE: Final = ".terraform.lock.hcl"

_LOCKED_VERSION = re.compile(
    r'^provider "registry\.(?:terraform\.io|opentofu\.org)/hashicorp/aws" \{[^{}]*?^\s*version\s*=\s*"([^"\n]{1,20})"',
    re.MULTILINE,
)
_TERM = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*(0|[1-9]\d{0,5})(?:\.(0|[1-9]\d{0,5}))?(?:\.(0|[1-9]\d{0,5}))?\s*")


@dataclass(frozen=True)
class Defect:
    """Something that is wrong with versions of the provider, and that studioctl works around or keeps away from.

    Args:
        issue: Its number among the provider's issues.
        words: The defect, in words.
        instead: The workaround.
        since: The first version that has it, as far as is known.
        until: The first that no longer has it; None while it is open.
    """

    issue: int
    words: str
    instead: str
    since: Version = FIRST
    until: Version | None = None

    @property
    def url(self) -> str:
        """The address of the report."""
        return f"{_ISSUES}{self.issue}"

    def is_in(self, constraint: "Constraint") -> bool:
        """Whether a version that the constraint admits has it."""
        return constraint.low < (self.until or LAST) and self.since < constraint.high


UPDATE_OF_CLOSED_DOMAIN: Final = Defect(
    45528,
    "A change of a domain in VpcOnly mode is sent without its VPC and subnets, and AWS refuses it",
    "`up` changes the domain's settings by AWS's API",
)
TYPE_OF_SPACE: Final = Defect(
    38370,
    "A change of a space names its type, which AWS was seen to refuse",
    "`up` changes spaces by AWS's API",
)
REPLACED_FOR_SUBNETS: Final = Defect(
    40726,
    "Another set of subnets, or another security group, replaces the domain",
    "`up` changes the subnets by AWS's API; `domain_security_group` cannot change while the domain exists",
)
IMAGE_FILLED_IN: Final = Defect(
    39894,
    "The image that AWS fills in shows as a change in each plan",
    "plans ignore the image",
)
ZONES_THAT_MOVE: Final = Defect(
    29331,
    "A zone that AWS opens sorts before ours: the subnet, and with it the domain, would be replaced",
    "plans ignore a subnet's zone",
)
NO_REMOTE_ACCESS: Final = Defect(
    44553,
    "A space has no argument for remote access",
    "`up` and `connect` turn it on by AWS's API",
)
NO_ROOTLESS_DOCKER: Final = Defect(
    47659,
    "A domain has no argument for rootless Docker",
    "`up` sets it by AWS's API",
)
WITHDRAWN: Final = Defect(43213, "6.1.0 was withdrawn", "refused", (6, 1, 0), (6, 1, 1))
ENDLESS_ENCRYPTION: Final = Defect(
    47320,
    "Each plan shows a change of the data bucket's encryption",
    "refused",
    (6, 22, 0),
    (6, 40, 0),
)
DEFECTS: Final = (
    UPDATE_OF_CLOSED_DOMAIN,
    TYPE_OF_SPACE,
    REPLACED_FOR_SUBNETS,
    IMAGE_FILLED_IN,
    ZONES_THAT_MOVE,
    NO_REMOTE_ACCESS,
    NO_ROOTLESS_DOCKER,
    WITHDRAWN,
    ENDLESS_ENCRYPTION,
)


@dataclass(frozen=True)
class Constraint:
    """The versions of the provider that may be used.

    Args:
        text: As Terraform reads it.
        low: The first that it admits.
        high: The first above `low` that it no longer admits.
        excluded: Versions in between that it leaves out, besides those that studioctl does not work with.
    """

    text: str
    low: Version
    high: Version
    excluded: frozenset[Version] = frozenset()

    def admits(self, version: str) -> bool:
        """Whether this version, such as "6.69.1", may be used."""
        return self.spans(version) and _is_supported(_numbers(version))

    def spans(self, version: str) -> bool:
        """Whether its words admit this version, which studioctl may still not work with."""
        wanted = _numbers(version)
        return self.low <= wanted < self.high and wanted not in self.excluded

    @property
    def is_exact(self) -> bool:
        """Whether there is one version that it admits."""
        return self.high == _after(self.low)

    @property
    def spans_majors(self) -> bool:
        """Whether only the version that Terraform takes tells which major one it is."""
        return self.low < SUPPORTED[0][1] < self.high

    @property
    def names_versions_of_images(self) -> bool:
        """Whether an image's version is imported as `name,version`, not by the image's name: since 6.0.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade
        """
        return self.low >= (6, 0, 0)


def locked_version(lock_file: str) -> str | None:
    """The version that the text of Terraform's lock file holds; None where it holds none of this provider."""
    found = _LOCKED_VERSION.search(lock_file)
    return found[1] if found else None


def constraint(text: str) -> Constraint:
    """The versions that a text of `[terraform] provider` admits.

    A range may begin in 5 and end in 6: Terraform takes the newest, and what is unsupported in between is refused
    should it ever be that.

    Raises:
        ValueError: It is no constraint, has no end, admits nothing, or admits what studioctl does not work with; the
            words are for a person.
    """
    low, high, excluded = FIRST, LAST, set[Version]()
    for term in text.split(","):
        found = _TERM.fullmatch(term)
        if found is None:
            raise ValueError(f"is not a version or a range of versions; {WRITE}")
        version = (int(found[2]), int(found[3] or 0), int(found[4] or 0))
        operator = found[1] or "="
        if operator == "!=":
            excluded.add(version)
            continue
        least, most = _interval(operator, version, parts=1 + bool(found[3]) + bool(found[4]))
        low, high = max(low, least), min(high, most)
    while low in excluded:
        low = _after(low)
    if low >= high:
        raise ValueError(f"admits no version at all; {WRITE}")
    return _supported(Constraint(text, low, high, frozenset(excluded)))


def _interval(operator: str, version: Version, *, parts: int) -> tuple[Version, Version]:
    major, minor, _ = version
    return {
        "=": (version, _after(version)),
        ">": (_after(version), LAST),
        ">=": (version, LAST),
        "<": (FIRST, version),
        "<=": (FIRST, _after(version)),
        "~>": (version, {1: LAST, 2: (major + 1, 0, 0), 3: (major, minor + 1, 0)}[parts]),
    }[operator]


def _numbers(version: str) -> Version:
    """The numbers of a version such as "6.69.1"; what no constraint admits for anything else."""
    found = re.fullmatch(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else LAST


def _after(version: Version) -> Version:
    return version[0], version[1], version[2] + 1


def _is_supported(version: Version) -> bool:
    return any(first <= version < end for first, end in SUPPORTED)


def _supported(wanted: Constraint) -> Constraint:
    if wanted.high == LAST:
        raise ValueError(f"has no end, and takes major versions that nobody has tried; {WRITE}")
    within = any(first <= wanted.low and wanted.high <= end for first, end in SUPPORTED)
    across = _is_supported(wanted.low) and SUPPORTED[1][0] < wanted.high <= SUPPORTED[1][1]
    if within or across:
        return wanted
    why = "; ".join(_reasons(wanted))
    raise ValueError(f"{'is one of the' if wanted.is_exact else 'admits'} {why}; {WRITE}")


def _reasons(wanted: Constraint) -> Iterator[str]:
    """The reason for each stretch of versions that is not supported."""
    if wanted.low < (5, 100, 0):
        yield "versions before 5.100.0, which do not know all that studioctl writes"
    if wanted.low < (6, 40, 0) and wanted.high > (6, 0, 0):
        found = [d for d in (WITHDRAWN, ENDLESS_ENCRYPTION) if d.is_in(wanted)]
        told = "".join(f" ({d.words[0].lower()}{d.words[1:]}: {d.url})" for d in found[-1:])
        yield f"versions from 6.0.0 to before 6.40.0{told}"
    if wanted.high > (7, 0, 0):
        yield "versions from 7.0.0, which nobody has tried"


USUAL: Final = constraint(DEFAULT)
