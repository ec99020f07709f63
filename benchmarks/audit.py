"""`make audit`: what cloudsplaining and checkov say of the role and the documents, before and after, in one table.

"Before" is the environment that the seed describes: AWS's own policies, and nothing on that may be off. "Default" is
the smallest file, "all on" has everything that makes it safer still. The tables are Markdown. AWS's own policies are
read from the emulator, which has a copy of them.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from studio_emulator import server
from studioctl.audit import least_privilege as powers
from studioctl.audit import rules
from studioctl.audit.examination import Audit
from studioctl.audit.report import Report
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.findings import Finding, Rule
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.target import Target

ROOT = Path(__file__).parents[1]
EXAMPLES = {"seed, managed": "seed", "default": "minimal", "a database": "tuning"}
ALL_ON = """\
name = "acme-ml"
region = "us-east-1"

[[users]]
name = "ada"

[[users]]
name = "grace"

[network]
access = "vpc-only"
flow_logs = true

[iam]
per_user_roles = true

[studio]
docker = false
remote_access = false

[storage]
access_logs = "acme-logs"

[images]
immutable_tags = true

[secrets]
github = { username = "ada" }

[encryption]
customer_key = true

[limits]
monthly_usd_per_user = 50.0
"""
CHECKOV = ROOT / ".venv-audit" / "bin"  # where `make` installs it
COUNTED = {
    powers.UNRESTRICTED: "Unrestricted state-changing actions",
    powers.RESOURCE_EXPOSURE: "Resource exposure",
    powers.ESCALATION: "Ways to more privilege",
    powers.CREDENTIALS: "Credential exposure",
    powers.DATA: "Secrets or objects of the whole account",
    powers.WILDCARD: "Services by wildcard",
}


def examine_all(account: Target | None) -> dict[str, Report]:
    """The audits of the examples, and of an environment with everything on that makes it safer, by their titles."""
    texts = {title: (ROOT / "examples" / f"{name}.toml").read_text() for title, name in EXAMPLES.items()}
    return {title: examine(text, account) for title, text in {**texts, "all on": ALL_ON}.items()}


def examine(text: str, account: Target | None) -> Report:
    """The audit of a file of this text."""
    config = parse(text, directory=ROOT / "examples")
    environ = {**os.environ, "PATH": f"{CHECKOV}{os.pathsep}{os.environ['PATH']}"}
    return Audit(config, Source("studio.toml", text), blueprint.build(config), account, environ).report()


def tables(reports: Mapping[str, Report]) -> str:
    """One column for each report; below it, each action that the default has on everything, with its reason."""
    rows = {
        **{words: [str(count(report, rule)) for report in reports.values()] for rule, words in COUNTED.items()},
        "PassRole of any role": [_yes(bool(_of(report, rules.PASS_ANY_ROLE))) for report in reports.values()],
        "Actions that AWS can only grant on `*`": [_on_all(report) for report in reports.values()],
        "checkov: passed / failed / of these explained": [_checkov(report) for report in reports.values()],
        "Findings: high / medium / low / accepted": [_counts(report) for report in reports.values()],
    }
    head = f"| The role, and the documents | {' | '.join(reports)} |\n| --- |{' ---: |' * len(reports)}\n"
    body = "".join(f"| {words} | {' | '.join(cells)} |\n" for words, cells in rows.items())
    last = reports["default"]
    reasons = [
        f"| `{finding.about}` | {finding.accepted.reason} |\n"
        for finding in _of(last, powers.ONLY_ON_ALL)
        if finding.accepted
    ]
    return f"{head}{body}\n| Only on `*`, by default | Why |\n| --- | --- |\n{''.join(reasons)}"


def count(report: Report, rule: Rule) -> int:
    """The number of actions, ways or services that a rule reports, over all roles."""
    return sum(len(finding.details) for finding in _of(report, rule))


def explained(report: Report) -> int:
    """The number of checkov's failed checks that are accepted, each with its reason."""
    return sum(finding.rule.engine == "checkov" for finding in report.accepted)


def _of(report: Report, rule: Rule) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule.id == rule.id]


def _on_all(report: Report) -> str:
    reasons = sum(finding.accepted is not None for finding in _of(report, powers.ONLY_ON_ALL))
    return f"{count(report, powers.ONLY_ON_ALL) + reasons}, {reasons} explained"


def _checkov(report: Report) -> str:
    return " / ".join(f"{scan.passed} / {scan.failed} / {explained(report)}" for scan in report.scans) or "not run"


def _counts(report: Report) -> str:
    """Without what is the account's own: it is the emulator's here."""
    mine = [finding for finding in report.findings if finding.rule.subject != "account"]
    of_severity = [
        sum(finding.rule.severity.word == word and finding.accepted is None for finding in mine)
        for word in ("high", "medium", "low")
    ]
    return " / ".join(map(str, (*of_severity, sum(finding.accepted is not None for finding in mine))))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def main() -> None:
    with TemporaryDirectory() as directory:
        emulator = server.start(state_dir=Path(directory))
        try:
            account = emulation.target(emulator, "us-east-1")
            print(tables(examine_all(account)))
        finally:
            server.stop(Path(directory))


if __name__ == "__main__":
    main()
