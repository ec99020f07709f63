"""A whole report, from the file, an audit of it, and what AWS still has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath

from studioctl.audit.report import Report as Audited
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import count
from studioctl.findings import Finding
from studioctl.infrastructure.block import Blueprint
from studioctl.operations.costs.estimate import estimate
from studioctl.report import facts, permissions, topology
from studioctl.report.content import Report, Section, Table

NOTHING = (
    "Nothing of this environment is in AWS: it was not made yet, or nothing is left of it. No resource carries its tag."
)
BASIS = "This is what the file says, not what AWS has: studioctl plan says where they differ."


def report(
    config: EnvironmentConfig,
    blueprint: Blueprint,
    audited: Audited,
    versions: Mapping[str, str],
    *,
    place: str,
    now: datetime,
    svg: str = "",
    standing: str = "",
    left: Sequence[str] | None = None,
) -> Report:
    """The report on an environment.

    Args:
        config: The file.
        blueprint: The resources that should exist for it.
        audited: The audit's findings.
        versions: Of studioctl and of what it runs, by name.
        place: The environment's target, in words.
        now: When this is written.
        svg: The picture of the network; empty where nothing could lay it out.
        standing: The same for narrow pages.
        left: After a `down`: what is left in AWS. None where the environment exists or nobody looked.
    """
    costs = estimate(config)
    proof = ""
    if left is not None:
        proof = NOTHING if not left else f"Kept or left: {count(len(left), 'resource')}: {', '.join(left)}"
    return Report(
        title=config.name,
        subtitle=f"{place}, {now:%Y-%m-%d %H:%M} UTC. {BASIS}",
        sections=(
            Section(
                "Network", (topology.way_out(config) + ".",), svg=svg, standing=standing, alt=topology.in_words(config)
            ),
            Section("People and spaces", (facts.signing_in(config), _idle(config)), (facts.people(config),)),
            Section("Permissions", (_permissions(config),), (permissions.matrix(config, blueprint),)),
            Section("Costs", (facts.priced(costs), *facts.lacking(costs)), facts.costs(costs)),
            Section("What is kept where", facts.database(config), (facts.kept(config),)),
            Section("Findings", (_counted(audited),), _findings(audited)),
            Section("Versions", (), (Table(("program", "version"), tuple(versions.items())),)),
        ),
        proof=proof,
    )


def _idle(config: EnvironmentConfig) -> str:
    minutes = config.studio.idle_timeout_minutes
    if isinstance(minutes, str):
        return "Idle editors run until somebody stops them."
    return f"An editor that is idle for {minutes} minutes is stopped. Its files are kept."


def _permissions(config: EnvironmentConfig) -> str:
    has_own = config.iam.per_user_roles
    told = f"The file gives {'each user a separate' if has_own else 'all users one'} role. "
    return (
        f"{told if len(config.users) > 1 else ''}Each answer comes from the policies that `up` writes for this file, by"
        " IAM's rules. What somebody attached to a role besides is not counted."
    )


def _counted(audited: Audited) -> str:
    counts = audited.counts()
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    return f"An audit of the file and of what it makes found: {told or 'nothing'}."


def _findings(audited: Audited) -> tuple[Table, ...]:
    head = ("id", "severity", "finding", "where", "what helps")
    opened = Table(head, tuple(map(_open, audited.open)), "no open findings")
    rows = tuple((f.id, f.said, f.accepted.by, f.accepted.reason) for f in audited.accepted if f.accepted)
    return (opened, Table(("id", "accepted finding", "by", "because"), rows, "nothing is accepted"))


def _open(finding: Finding) -> tuple[str, ...]:
    told = f"{finding.said}. {finding.why}" if finding.why else finding.said
    place = finding.place and replace(finding.place, file=PurePath(finding.place.file).name)  # for whoever reads it
    return (finding.id, finding.severity.word, told, str(place or finding.about), finding.remedy)
