"""An audit as SARIF 2.1.0, the form in which code hosts take findings.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from studioctl import __version__
from studioctl.audit.report import Report
from studioctl.config.text import path
from studioctl.findings import Finding, Place, Rule, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}


def sarif(found: Report) -> dict[str, Any]:
    """The report as one run of one tool; what an engine found carries the engine's name in its rule."""
    rules = list({finding.rule.id: finding.rule for finding in found.findings}.values())
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    driver = {"name": "studioctl", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    results = [_result(finding, indexes[finding.rule.id], found.file) for finding in found.findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why or rule.title},
        "help": {"text": f"{rule.remedy}\nCost: {rule.cost}"},
        "helpUri": rule.reference,
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["security", *([rule.subject.value] if rule.subject else []), rule.engine]},
    }


def _result(finding: Finding, index: int, file: str) -> dict[str, Any]:
    # A code host shows only what has a place in a file: what no line decides is told at the first one.
    place = finding.place or Place(file, None, "")
    artifact = {"uri": quote(PurePath(place.file).as_posix())}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line or 1}}
    }
    if finding.about:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.about, "kind": "resource"}]
    same = "\n".join((finding.rule.id, finding.about, path(finding.key)))
    made = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. Do: {finding.remedy}. Cost: {finding.rule.cost}."},
        "locations": [location],
        "partialFingerprints": {"studioctl/v1": hashlib.sha256(same.encode()).hexdigest()},
    }
    if finding.accepted is not None:
        made["suppressions"] = [{"kind": "external", "justification": finding.accepted.reason}]
    return made
