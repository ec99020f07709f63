"""Audits for tests: of an example or of some sections of a file, with or without an account."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from studioctl.audit.examination import Audit
from studioctl.audit.policies import of_roles
from studioctl.audit.report import Report
from studioctl.audit.wanted import Wanted, look
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.findings import Finding
from studioctl.infrastructure import blueprint
from studioctl.target import Target
from tests.environments import environment

SMALLEST = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'


def found_in_file(**sections: Any) -> list[Finding]:
    """The findings of our own checks in a file with these sections."""
    config = environment(**sections)
    everything = blueprint.build(config)
    return list(look(Wanted(config, everything, of_roles(everything))))


def audited(text: str = SMALLEST, *, account: Target | None = None, programs: Path | None = None) -> Report:
    """The audit of a file of this text.

    Args:
        text: What is in it.
        account: Where the account is.
        programs: The directory that is the PATH; left out: nothing is on it.
    """
    config = parse(text)
    environ = {"PATH": str(programs) if programs else "", "HOME": os.devnull}
    return Audit(config, Source("studio.toml", text), blueprint.build(config), account, environ).report()


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The id and the message of each."""
    return [(finding.rule.id, finding.message) for finding in findings]
