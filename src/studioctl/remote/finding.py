"""What stands between an editor on this machine and a space."""

from dataclasses import dataclass
from typing import Literal

OVERVIEW = "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html"


@dataclass(frozen=True)
class Finding:
    """One thing that AWS or the connection needs.

    Args:
        id: What was looked at, such as "instance-type". Stable.
        status: "error" keeps a connection from working, "warning" may.
        message: What was found.
        remedy: One command or step; empty when all is well.
        reference: Where it is written.
    """

    id: str
    status: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""
    reference: str = OVERVIEW


def is_ready(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing keeps a connection from working."""
    return all(finding.status != "error" for finding in findings)
