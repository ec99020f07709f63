"""Names that somebody else has already, and the things that the file takes for granted."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from studioctl.infrastructure.block import Resource
from studioctl.infrastructure.naming import Naming
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.finding import Finding, Rule, Severity
from studioctl.operations.doctor.patient import Patient

if TYPE_CHECKING:
    from studioctl.aws.claims import Claim, Tag
    from studioctl.aws.session import Session

BUCKET_ELSEWHERE = Rule(
    "NAM001",
    Severity.ERROR,
    "The bucket's name is another account's, or the bucket is closed to you",
    "Bucket names are unique in the whole world: `up` fails when it makes the bucket.",
    'write another name in {file}: bucket = "{better}" under [storage]',
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
)
NAME_TAKEN = Rule(
    "NAM002",
    Severity.ERROR,
    "Something in this account has a name that the environment needs",
    "It does not carry the environment's tag, and `up` fails when it makes its own.",
    "write another name in {file}: {key}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)
SECRET_LEAVING = Rule(
    "NAM003",
    Severity.ERROR,
    "A secret of this name is scheduled for deletion",
    "AWS keeps the name for 7 to 30 days, and `up` fails when it makes the secret. Storing a value restores it, and"
    " `up` adopts it then, if it carries the environment's tag.",
    "studioctl secret set github{ours}",
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
)
OTHER_DOMAIN = Rule(
    "NAM004",
    Severity.WARNING,
    "Another domain has the environment's name",
    "AWS allows it, and people who choose a domain in the console cannot tell one from the other.",
    'write another name in {file}: name = "{better}"',
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html",
)
# Terraform's type -> what it is called, the argument with its name, and the key in the file that decides it.
KINDS = {
    "aws_s3_bucket": ("bucket", "bucket", 'bucket = "{better}" under [storage]'),
    "aws_ecr_repository": ("repository", "name", 'repository = "{better}" under [images]'),
    "aws_secretsmanager_secret": ("secret", "name", 'name = "{better}"'),
    "aws_iam_role": ("role", "name", 'name = "{better}"'),
    "aws_iam_policy": ("policy", "name", 'name = "{better}"'),
}


def _names(patient: Patient, resource_type: str) -> list[str]:
    """The names that the blueprint gives to what it makes of this type."""
    _, argument, _ = KINDS[resource_type]
    account = patient.identity.account_id
    return [
        re.sub(r"\$\{data\.aws_caller_identity\.[^}]+\}", account, str(block.arguments[argument]))
        for module in patient.blueprint.modules
        for block in module.blocks
        if isinstance(block, Resource) and block.type == resource_type
    ]


def _claims(patient: Patient, resource_type: str, whose: "Callable[[Session, str, Tag], Claim]") -> Iterator[Finding]:
    kind, _, key = KINDS[resource_type]
    for name in _names(patient, resource_type):
        yield _judged(patient, kind, name, whose(patient.session, name, patient.tag), key)


def _judged(patient: Patient, kind: str, name: str, claim: "Claim", key: str) -> Finding:
    from studioctl.aws.claims import Claim  # noqa: PLC0415

    better = f"{name}-2"
    match claim:
        case Claim.FREE:
            return NAME_TAKEN.ok(f"{kind} {name}: the name is free")
        case Claim.OURS:
            return NAME_TAKEN.ok(f"{kind} {name}: this environment's")
        case Claim.ELSEWHERE:
            return BUCKET_ELSEWHERE.broken(
                f"Bucket '{name}' is another account's, or closed to you", file=patient.file, better=better
            )
        case Claim.LEAVING:
            message = f"Secret '{name}' is scheduled for deletion"
            users = re.fullmatch(r".+/(.+)/github", name)  # a user's own
            return SECRET_LEAVING.broken(message, ours=f"{f' --user {users[1]}' if users else ''}{patient.flags}")
        case Claim.HERE:
            message = f"There is a {kind} '{name}' in this account, which is not this environment's"
            named = better if "under" in key else f"{patient.wanted.name}-2"
            return NAME_TAKEN.broken(message, file=patient.file, key=key.format(better=named))


def _bucket(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import claims  # noqa: PLC0415

    yield from _claims(patient, "aws_s3_bucket", claims.bucket)


def _secret(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import claims  # noqa: PLC0415

    yield from _claims(patient, "aws_secretsmanager_secret", claims.secret)


def _repository(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import claims  # noqa: PLC0415

    yield from _claims(patient, "aws_ecr_repository", claims.repository)


def _role(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import claims  # noqa: PLC0415

    yield from _claims(patient, "aws_iam_role", claims.role)
    yield from _claims(patient, "aws_iam_policy", claims.policy)


def _domain(patient: Patient) -> Iterator[Finding]:
    own = patient.domain.id if patient.domain else None
    others = [
        domain_id for domain_id in patient.studio.domain_ids(Naming.of(patient.wanted).domain) if domain_id != own
    ]
    if others:
        message = f"There is a domain '{patient.wanted.name}' already ({', '.join(others)}), not this environment's"
        yield OTHER_DOMAIN.broken(message, file=patient.file, better=f"{patient.wanted.name}-2")
    elif patient.domain:
        yield OTHER_DOMAIN.ok(f"domain {patient.wanted.name}: this environment's")
    else:
        yield OTHER_DOMAIN.ok(f"domain {patient.wanted.name}: the name is free")


GROUP = Group(
    "Names",
    (
        Check("the bucket's name", _bucket, (BUCKET_ELSEWHERE, NAME_TAKEN), Needs.BOTH),
        Check("the secret's name", _secret, (SECRET_LEAVING, NAME_TAKEN), Needs.BOTH),
        Check("the repository's name", _repository, (NAME_TAKEN,), Needs.BOTH),
        Check("the role's and policies' names", _role, (NAME_TAKEN,), Needs.BOTH),
        Check("the domain's name", _domain, (OTHER_DOMAIN,), Needs.BOTH),
    ),
)
