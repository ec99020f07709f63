"""Rules that are nobody's."""

from studioctl.findings import Rule, Severity


def rule(rule_id: str, severity: Severity = Severity.ERROR, *, why: str = "", remedy: str = "") -> Rule:
    """A rule of this id."""
    return Rule(rule_id, severity, f"{rule_id} is broken", why, remedy, "https://example.com")
