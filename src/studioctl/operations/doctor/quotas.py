"""Compares the account's quotas with what the file needs and what exists already."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from studio_emulator.facts import EDITORS_ON
from studioctl.config.apps import title
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor import instances
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.patient import Patient

if TYPE_CHECKING:
    from studioctl.operations.quotas import Demand, Seen

ASK_FOR_MORE = "studioctl quotas request{ours}"
SAGEMAKER_PAGE = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"
VPC_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"

PROFILES = Rule(
    "QUO001",
    Severity.ERROR,
    "The file needs more user profiles than the account's quota allows",
    "`up` fails half-way, when the quota is used up. A new account may have 2.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
    key=("users",),
)
SPACES = Rule(
    "QUO002",
    Severity.ERROR,
    "The file needs more spaces than the account's quota allows",
    "`up` fails half-way, when the quota is used up. A new account may have 6.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
    key=("users",),
)
RUNNING = Rule(
    "QUO003",
    Severity.WARNING,
    "Not all of the file's spaces can run at the same time",
    "Whoever starts last cannot start an editor. A new account may run 40 apps.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
    key=("users",),
)
NONE_OF_TYPE = Rule(
    "QUO004",
    Severity.ERROR,
    "The account may not run any editor on an instance type of the file",
    "AWS creates a space of this type, but it never starts. Large and GPU instances must be requested.",
    ASK_FOR_MORE,
    "https://github.com/aws/amazon-sagemaker-feedback/issues/157",
)
TOO_FEW_OF_TYPE = Rule(
    "QUO005",
    Severity.WARNING,
    "The account may run fewer editors on an instance type than the file has spaces",
    "Whoever starts last cannot start an editor.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
)
UNKNOWN_TYPE = Rule(
    "QUO006",
    Severity.WARNING,
    "AWS has no quota for the editor of a space on its instance type in this region",
    "Every type that Studio offers has one, so a space of this type may never start.",
    'write another instance_type in {file}, such as "{better}"',
    SAGEMAKER_PAGE,
)
VPCS = Rule(
    "QUO007",
    Severity.ERROR,
    "The account's quota allows no further VPC",
    "`up` fails when it creates the environment's network.",
    ASK_FOR_MORE,
    VPC_PAGE,
    key=("network",),
)
GATEWAYS = Rule(
    "QUO008",
    Severity.ERROR,
    "The account's quota allows no further internet gateway",
    "`up` fails when it creates the environment's network.",
    ASK_FOR_MORE,
    VPC_PAGE,
    key=("network",),
)


IDENTITIES = Rule(
    "QUO009",
    Severity.ERROR,
    "The file needs more roles or policies than the account's quota allows",
    "`up` fails half-way, when the quota is used up. With per_user_roles each user has a role and policies.",
    ASK_FOR_MORE,
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    key=("iam", "per_user_roles"),
)


DATABASES = Rule(
    "QUO010",
    Severity.ERROR,
    "RDS's quotas allow no further database of studies",
    "`up` fails when it creates the cluster, its instance or one of their groups.",
    ASK_FOR_MORE,
    "https://docs.aws.amazon.com/general/latest/gr/rds-service.html",
    key=("tuning", "database"),
)


def _compared(patient: Patient, rule: Rule, demand: "Demand") -> Finding:
    """Whether what is needed is within the quota."""
    quota = demand.quota
    assert quota is not None  # noqa: S101 - only types of instances may have none
    if demand.is_met:
        return rule.ok(f"{demand.what}: {demand.needed} of {quota.limit}")
    message = f"{demand.what}: {demand.needed} needed, and the account may have {quota.limit}"
    return rule.broken(
        message,
        at=instances.first_of(patient.wanted, demand.instance_type) if demand.instance_type else None,
        ours=patient.flags,
    )


def _check(kind: str, rule: Rule) -> Callable[[Patient], Iterator[Finding]]:
    """The check that compares demands of one kind."""

    def check(patient: Patient) -> Iterator[Finding]:
        from studioctl.operations import quotas  # noqa: PLC0415 (it comes with botocore)

        demands: Callable[[Seen], Iterator[Demand]] = getattr(quotas, kind)
        yield from (_compared(patient, rule, demand) for demand in demands(patient))

    return check


def _types(patient: Patient) -> Iterator[Finding]:
    from studioctl.operations import quotas  # noqa: PLC0415 (as above)

    demands = tuple(quotas.types(patient))
    known = {demand.instance_type: demand.quota for demand in demands}
    for demand in demands:
        if demand.quota is None:
            editor = title(demand.app_type or "")
            message = f"{demand.instance_type}: AWS has no quota for {editor} on it in {patient.target.region}"
            better = instances.better(patient, lambda _: [name for name in EDITORS_ON if known.get(name, True)])
            at = instances.first_of(patient.wanted, demand.instance_type)
            yield UNKNOWN_TYPE.broken(message, at=at, file=patient.file, better=better)
        else:
            yield _compared(patient, TOO_FEW_OF_TYPE if demand.quota.limit else NONE_OF_TYPE, demand)


GROUP = Group(
    "Quotas",
    (
        Check("user profiles", _check("profiles", PROFILES), (PROFILES,), Needs.BOTH),
        Check("spaces", _check("spaces", SPACES), (SPACES,), Needs.BOTH),
        Check("running apps", _check("running", RUNNING), (RUNNING,), Needs.BOTH),
        Check("instance types' quotas", _types, (NONE_OF_TYPE, TOO_FEW_OF_TYPE, UNKNOWN_TYPE), Needs.BOTH),
        Check("VPCs", _check("vpcs", VPCS), (VPCS,), Needs.BOTH),
        Check("internet gateways", _check("gateways", GATEWAYS), (GATEWAYS,), Needs.BOTH),
        Check("roles and policies", _check("identities", IDENTITIES), (IDENTITIES,), Needs.BOTH),
        Check("databases", _check("databases", DATABASES), (DATABASES,), Needs.BOTH),
    ),
)
