"""What the account may have, against what the file wants and what is there already."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio_emulator.facts import EDITORS_ON
from studioctl.operations.doctor import instances
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.finding import Finding, Rule, Severity
from studioctl.operations.doctor.patient import Patient

if TYPE_CHECKING:
    from studioctl.aws.quotas import Quota

ASK_FOR_MORE = (
    "aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code}"
    " --desired-value {desired}{flags}"
)
SAGEMAKER_PAGE = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"
VPC_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"

PROFILES = Rule(
    "QUO001",
    Severity.ERROR,
    "The account may not have as many user profiles as the file wants",
    "`up` fails in the middle, when the quota is used up. A new account may have 2.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
)
SPACES = Rule(
    "QUO002",
    Severity.ERROR,
    "The account may not have as many spaces as the file wants",
    "`up` fails in the middle, when the quota is used up. A new account may have 6.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
)
RUNNING = Rule(
    "QUO003",
    Severity.WARNING,
    "Not all of the file's spaces can run at a time",
    "The last ones who come cannot start their editor. A new account may run 40 apps.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
)
NONE_OF_TYPE = Rule(
    "QUO004",
    Severity.ERROR,
    "The account may run no Code Editor at all on an instance type of the file",
    "A space of this type is made, but never starts. Big instances and those with a GPU have to be asked for.",
    ASK_FOR_MORE,
    "https://github.com/aws/amazon-sagemaker-feedback/issues/157",
)
TOO_FEW_OF_TYPE = Rule(
    "QUO005",
    Severity.WARNING,
    "The account may run fewer Code Editors on an instance type than the file has spaces of it",
    "The last ones who come cannot start their editor.",
    ASK_FOR_MORE,
    SAGEMAKER_PAGE,
)
UNKNOWN_TYPE = Rule(
    "QUO006",
    Severity.WARNING,
    "AWS has no quota for Code Editor on an instance type of the file in this region",
    "A type that Studio offers has one: a space of this type may never start.",
    'write another instance_type in {file}, such as "{better}"',
    SAGEMAKER_PAGE,
)
VPCS = Rule(
    "QUO007",
    Severity.ERROR,
    "There is no room for one more VPC",
    "`up` fails when it makes the environment's network.",
    ASK_FOR_MORE,
    VPC_PAGE,
)
GATEWAYS = Rule(
    "QUO008",
    Severity.ERROR,
    "There is no room for one more internet gateway",
    "`up` fails when it makes the environment's network.",
    ASK_FOR_MORE,
    VPC_PAGE,
)


def _compared(patient: Patient, rule: Rule, quota: "Quota", needed: int, what: str) -> Finding:
    """Whether what is needed is within the quota. `what` says in words what is counted."""
    if needed <= quota.limit:
        return rule.ok(f"{what}: {needed} of {quota.limit}")
    message = f"{what}: {needed} needed, and the account may have {quota.limit}"
    flags = patient.target.account_flags
    return rule.broken(message, service=quota.service, code=quota.code, desired=needed, flags=flags)


def _profiles(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    there = {profile.name.casefold() for profile in patient.profiles}
    missing = sum(user.name.casefold() not in there for user in patient.wanted.users)
    needed = quotas.count_profiles(patient.session) + missing
    yield _compared(patient, PROFILES, quotas.quota(patient.session, *quotas.PROFILES), needed, "user profiles")


def _spaces(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    there = {space.name for space in patient.spaces}
    missing = sum(space.name not in there for space in patient.wanted.resolved_spaces())
    needed = quotas.count_spaces(patient.session) + missing
    yield _compared(patient, SPACES, quotas.quota(patient.session, *quotas.SPACES), needed, "spaces")


def _running_elsewhere(patient: Patient) -> Counter[str]:
    """How many apps run on each instance type, besides those of the file's spaces; "" counts all of any kind."""
    ours = {space.name for space in patient.wanted.resolved_spaces()}
    domain_id = patient.domain.id if patient.domain else None
    others = [app for app in patient.running if not (app.domain_id == domain_id and app.space in ours)]
    by_type = Counter(app.instance_type for app in others if app.type == "CodeEditor" and app.instance_type)
    return Counter({**by_type, "": len(others)})


def _running(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    needed = len(patient.wanted.resolved_spaces()) + _running_elsewhere(patient)[""]
    quota = quotas.quota(patient.session, *quotas.RUNNING_APPS)
    yield _compared(patient, RUNNING, quota, needed, "apps, with all spaces running")


def _types(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    wanted = Counter(space.instance_type for space in patient.wanted.resolved_spaces())
    elsewhere = _running_elsewhere(patient)
    found = quotas.editor_quotas(patient.session, sorted(wanted))
    for instance_type, quota in found.items():
        if quota is None:
            message = f"{instance_type}: AWS has no quota for Code Editor on it in {patient.target.region}"
            better = instances.better(patient, lambda _: [name for name in EDITORS_ON if found.get(name, True)])
            yield UNKNOWN_TYPE.broken(message, file=patient.file, better=better)
        else:
            rule = TOO_FEW_OF_TYPE if quota.limit else NONE_OF_TYPE
            needed = wanted[instance_type] + elsewhere[instance_type]
            yield _compared(patient, rule, quota, needed, f"Code Editors on {instance_type}, all running")


def _makes(patient: Patient, resource_type: str) -> bool:
    """Whether `up` makes one: not in a network that exists already, or that has no need of it."""
    return patient.domain is None and any(r.type == resource_type for r in patient.blueprint.resources())


def _vpcs(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    needed = quotas.count_vpcs(patient.session) + _makes(patient, "aws_vpc")
    yield _compared(patient, VPCS, quotas.quota(patient.session, *quotas.VPCS), needed, "VPCs")


def _gateways(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import quotas  # noqa: PLC0415

    needed = quotas.count_internet_gateways(patient.session) + _makes(patient, "aws_internet_gateway")
    quota = quotas.quota(patient.session, *quotas.INTERNET_GATEWAYS)
    yield _compared(patient, GATEWAYS, quota, needed, "internet gateways")


GROUP = Group(
    "Quotas",
    (
        Check("user profiles", _profiles, (PROFILES,), Needs.BOTH),
        Check("spaces", _spaces, (SPACES,), Needs.BOTH),
        Check("running apps", _running, (RUNNING,), Needs.BOTH),
        Check("instance types' quotas", _types, (NONE_OF_TYPE, TOO_FEW_OF_TYPE, UNKNOWN_TYPE), Needs.BOTH),
        Check("VPCs", _vpcs, (VPCS,), Needs.BOTH),
        Check("internet gateways", _gateways, (GATEWAYS,), Needs.BOTH),
    ),
)
