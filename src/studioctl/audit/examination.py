"""The whole audit: file, plan and account, in the order of what matters."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from studioctl.audit import acceptance, account, checkov, least_privilege, rules, wanted
from studioctl.audit.least_privilege import ONLY_ON_ALL, EngineMissingError
from studioctl.audit.policies import RolePolicies, changes_powers, forbidding, of_roles, passes_any_role
from studioctl.audit.report import Report, Scan
from studioctl.audit.wanted import Wanted
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source, located
from studioctl.errors import AwsError
from studioctl.findings import Finding, Rule, Severity, Subject
from studioctl.infrastructure.block import Blueprint
from studioctl.target import Target
from studioctl.terraform.document import render

if TYPE_CHECKING:
    from studioctl.aws.session import Session

SEE = "see what checkov says of it, or accept it under [audit] with a reason"
MOST_TOLD = 5  # of the actions of a role; all of them are in the finding's details
CHECKOV_REFERENCE = "https://www.checkov.io/5.Policy%20Index/terraform.html"


@dataclass
class Audit:
    """One audit.

    Args:
        config: The content of the file.
        source: The file, for its lines.
        blueprint: The resources that it describes.
        account: The account to look at; None leaves it out.
        environ: Our own environment, whose PATH has the engines.
        now: The time there.
    """

    config: EnvironmentConfig
    source: Source
    blueprint: Blueprint
    account: Target | None
    environ: Mapping[str, str]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    scans: list[Scan] = field(default_factory=list, init=False)

    @cached_property
    def session(self) -> "Session | None":
        """Clients that do not wait long."""
        from studioctl.aws.session import HURRIED, Session  # noqa: PLC0415 (botocore is heavy)

        return Session(self.account, HURRIED) if self.account else None

    def report(self) -> Report:
        """Looks at everything."""
        found = list(dict.fromkeys(self._findings()))  # roles of several users are much alike
        users = self.config.audit.accept
        told = acceptance.applied(located(found, self.source), users, self.source.name)
        target = self.account or Target(self.config.region)
        account_id = self._account_id()
        return Report(
            name=self.config.name,
            region=self.config.region,
            target=target.name,
            account_id=account_id,
            file=self.source.name,
            findings=tuple(sorted(told, key=lambda each: (-each.severity, each.id, each.about))),
            scans=tuple(self.scans),
            unused=tuple(each for each in acceptance.unused(found, users) if self._was_looked_for(each, found)),
            endpoint=self.session.endpoint("sts") if self.session and account_id else target.endpoint_url,
        )

    def _findings(self) -> Iterator[Finding]:
        roles = of_roles(self.blueprint)
        yield from wanted.look(Wanted(self.config, self.blueprint, roles))
        for role in roles:
            yield from self._powers(role)
        yield from self._documents()
        if self.session is not None:
            yield from account.look(account.Held(self.session, self.config, self.blueprint, self.now))

    def _powers(self, role: RolePolicies) -> Iterator[Finding]:
        """Find actions that a role could do without limits, including AWS's own policies if the account shows them."""
        statements = list(role.statements)
        if role.managed and self.session is None:
            yield rules.UNREAD_POLICY.broken(f"not judged: {', '.join(role.managed)}", about=role.role)
        elif self.session is not None:
            yield from _read(self.session, role, statements)
        if any(map(passes_any_role, statements)):
            yield rules.PASS_ANY_ROLE.broken("iam:PassRole is allowed for every role", about=role.role)
        if changing := [each for told in statements for each in changes_powers(told, forbidding(self.blueprint))]:
            yield rules.CHANGES_POWERS.broken(f"allowed: {', '.join(sorted(set(changing)))}", about=role.role)
        try:
            assessment = least_privilege.assess(statements)
        except EngineMissingError as error:
            yield rules.NO_ENGINE.broken(error.message, about=least_privilege.ENGINE, remedy=error.hint)
            return
        for rule, what in assessment.found.items():
            explained = [each for each in what if rule is ONLY_ON_ALL and each in acceptance.explanations()]
            yield from (rule.broken(f"{action} is allowed", about=action) for action in explained)
            if left := tuple(each for each in what if each not in explained):
                more = ", ..." if len(left) > MOST_TOLD else ""
                message = f"{len(left)}: {', '.join(left[:MOST_TOLD])}{more}"
                yield rule.broken(message, about=role.role, details=left)

    def _documents(self) -> Iterator[Finding]:
        try:
            result = checkov.scan(render(self.blueprint, Target(self.config.region)), self.environ)
        except EngineMissingError as error:
            yield rules.NO_ENGINE.broken(error.message, about=checkov.ENGINE, remedy=error.hint)
            return
        self.scans.append(result.scan)
        yield from (
            _checkov_rule(failure.id, failure.title).broken(failure.title, about=failure.address)
            for failure in result.failures
        )

    def _was_looked_for(self, rule_id: str, found: list[Finding]) -> bool:
        """Whether a look that was complete could have found this: not of the account when it was left out."""
        missing = {finding.about for finding in found if finding.rule is rules.NO_ENGINE}
        unread = any(finding.rule is rules.UNREAD_POLICY for finding in found)
        unseen = self.account is None or any(finding.rule is rules.NO_ACCOUNT for finding in found)
        if rule_id.startswith("CS-"):
            return least_privilege.ENGINE not in missing and not unread
        match next((each for each in rules.RULES if each.id == rule_id), None):
            case None:
                return checkov.ENGINE not in missing
            case rules.PASS_ANY_ROLE | rules.CHANGES_POWERS:
                return not unread
            case rule:
                return rule not in rules.OF_THE_LOOK and not (rule.subject is Subject.ACCOUNT and unseen)

    def _account_id(self) -> str | None:
        if self.session is None:
            return None
        try:
            return self.session.identity.account_id
        except AwsError:  # there is a finding about it
            return None


def _read(session: "Session", role: RolePolicies, statements: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Adds what AWS's own policies say to the statements; what cannot be read is a finding."""
    from studioctl.aws.safeguards import managed_policy  # noqa: PLC0415 (botocore is heavy)

    for name in role.managed:
        try:
            statements += managed_policy(session, name)["Statement"]
        except AwsError as error:
            message = f"not judged: {name}: {error.message}"
            yield rules.UNREAD_POLICY.broken(message, about=role.role, remedy=error.hint)


def _checkov_rule(rule_id: str, title: str) -> Rule:
    known = checkov_remedies().get(rule_id, {})
    return Rule(
        rule_id,
        Severity[known.get("severity", "medium").upper()],
        title,
        "",
        known.get("remedy", SEE).replace("{", "{{").replace("}", "}}"),
        CHECKOV_REFERENCE,
        key=tuple(known["key"].split(".")) if "key" in known else (),
        cost=known.get("cost", "unknown"),
        subject=Subject.PLAN,
        engine=checkov.ENGINE,
    )


@cache
def checkov_remedies() -> dict[str, dict[str, str]]:
    """The remedies by checkov's id: severity, key, remedy, cost."""
    return tomllib.loads(files(__package__).joinpath("checkov_remedies.toml").read_text(encoding="utf-8"))
