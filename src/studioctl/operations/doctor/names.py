"""Names that somebody else has already, and the things that the file takes for granted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studioctl.catalog import kinds
from studioctl.findings import Finding, Rule, Severity
from studioctl.infrastructure.endpoints import interfaces
from studioctl.infrastructure.naming import Naming
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient
from studioctl.operations.provisioning import endpoint_zones, named, names

if TYPE_CHECKING:
    from studioctl.aws.claims import Claim

BUCKET_ELSEWHERE = Rule(
    "NAM001",
    Severity.ERROR,
    "The bucket belongs to another account, or you have no access to it",
    "Bucket names are globally unique, so `up` fails when it creates the bucket.",
    "write another name in {file}: {key}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
)
NAME_TAKEN = Rule(
    "NAM002",
    Severity.ERROR,
    "A resource in this account has a name that the environment needs",
    "It does not have the environment's tag, so `up` fails when it creates its own.",
    "write another name in {file}: {key}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
SECRET_LEAVING = Rule(
    "NAM003",
    Severity.ERROR,
    "A secret with this name is scheduled for deletion",
    "AWS reserves the name for 7 to 30 days, and `up` fails when it creates the secret. Storing a value restores the"
    " secret, and `up` then adopts it if it has the environment's tag.",
    "{command}",
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
)
NOT_FIT = Rule(
    "NAM005",
    Severity.ERROR,
    "A resource that the file names does not exist or does not fit",
    "`plan` and `up` refuse it before they change anything. AWS would refuse it half-way.",
    "{remedy}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)
OTHER_DOMAIN = Rule(
    "NAM004",
    Severity.ERROR,
    "Another domain has the name of the environment's domain",
    "`plan` and `up` refuse it. AWS does not say whether it accepts a name twice, and users could not distinguish the"
    " domains in the console.",
    "write another name in {file}: {key}",
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html",
)


def _claims(patient: Patient, *types: str) -> Iterator[Finding]:
    found = names.fixed_names(patient.blueprint, patient.identity.account_id)
    for fixed in (fixed for fixed in found if fixed.type in types):
        yield _judged(patient, fixed, fixed.claim(patient.session, patient.wanted.name))


def _judged(patient: Patient, fixed: names.FixedName, claim: "Claim") -> Finding:
    from studioctl.aws.claims import Claim  # noqa: PLC0415

    key = names.remedy(fixed.type, fixed.name, patient.wanted)
    at = names.place(fixed.type, fixed.name, patient.wanted)
    match claim:
        case Claim.FREE:
            return NAME_TAKEN.ok(f"{fixed.title}: the name is free")
        case Claim.OURS:
            return NAME_TAKEN.ok(f"{fixed.title}: this environment's")
        case Claim.ELSEWHERE:
            return BUCKET_ELSEWHERE.broken(names.taken(fixed, claim), at=at, file=patient.file, key=key)
        case Claim.LEAVING:
            command = names.restoring(fixed.name) + patient.flags
            return SECRET_LEAVING.broken(names.taken(fixed, claim), at=at, command=command)
        case Claim.HERE:
            return NAME_TAKEN.broken(names.taken(fixed, claim), at=at, file=patient.file, key=key)


def _bucket(patient: Patient) -> Iterator[Finding]:
    yield from _claims(patient, kinds.BUCKET)


def _secret(patient: Patient) -> Iterator[Finding]:
    yield from _claims(patient, kinds.SECRET)


def _repository(patient: Patient) -> Iterator[Finding]:
    yield from _claims(patient, kinds.REPOSITORY)


def _role(patient: Patient) -> Iterator[Finding]:
    yield from _claims(patient, kinds.ROLE, kinds.POLICY)


def _others(patient: Patient) -> Iterator[Finding]:
    others = {kinds.BUCKET, kinds.SECRET, kinds.REPOSITORY, kinds.ROLE, kinds.POLICY, kinds.DOMAIN}
    yield from _claims(patient, *(names.KINDS.keys() - others))


def _named(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415

    looks = named.looks(patient.wanted)
    if interfaces(patient.wanted):
        looks[endpoint_zones.TITLE] = lambda session, config: endpoint_zones.look(session, config).problems(config)
    for title, look in looks.items():
        try:
            problems = list(look(patient.session, patient.wanted))
        except DeniedError as denied:
            message = f"{title} could not be looked at: {denied.message}"
            yield NOT_FIT.broken(message, severity=Severity.INFO, remedy=denied.hint)
            continue
        for problem in problems:
            words, _, remedy = problem.words.rpartition("; ")
            severity = Severity.INFO if problem.is_note else NOT_FIT.severity
            yield NOT_FIT.broken(words, at=problem.place, remedy=remedy, severity=severity)
        if not problems:
            yield NOT_FIT.ok(f"{title}: as it has to be")


def _domain(patient: Patient) -> Iterator[Finding]:
    own, name = patient.domain.id if patient.domain else None, Naming.of(patient.wanted).domain
    others = {arn.rpartition("/")[2] for arn in patient.studio.domain_arns(name)} - {own}
    if others:
        message = f"There is a domain '{name}' already ({', '.join(sorted(others))}), not this environment's"
        key = names.remedy(kinds.DOMAIN, name, patient.wanted)
        at = names.place(kinds.DOMAIN, name, patient.wanted)
        yield OTHER_DOMAIN.broken(message, at=at, file=patient.file, key=key)
    elif patient.domain:
        yield OTHER_DOMAIN.ok(f"domain {name}: this environment's")
    else:
        yield OTHER_DOMAIN.ok(f"domain {name}: the name is free")


GROUP = Group(
    "Names",
    (
        Check("the bucket's name", _bucket, (BUCKET_ELSEWHERE, NAME_TAKEN), Needs.BOTH),
        Check("the secret's name", _secret, (SECRET_LEAVING, NAME_TAKEN), Needs.BOTH),
        Check("the repository's name", _repository, (NAME_TAKEN,), Needs.BOTH),
        Check("the role's and policies' names", _role, (NAME_TAKEN,), Needs.BOTH),
        Check("names of keys, log groups and security groups", _others, (NAME_TAKEN,), Needs.BOTH),
        Check("what the file names", _named, (NOT_FIT,), Needs.BOTH),
        Check("the domain's name", _domain, (OTHER_DOMAIN,), Needs.BOTH),
    ),
)
