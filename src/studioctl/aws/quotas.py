"""The account's quotas from Service Quotas, and their use."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from studio_emulator import facts
from studio_emulator.facts import EDITORS_ON, TRAINING_ON, editor_quota_name, training_quota_name
from studioctl.aws.changes import PAGE
from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session
from studioctl.aws.surroundings import home_region

if TYPE_CHECKING:
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

SAGEMAKER, VPC = "sagemaker", "vpc"
PROFILES = (SAGEMAKER, facts.PROFILES)
SPACES = (SAGEMAKER, facts.SPACES)
RUNNING_APPS = (SAGEMAKER, facts.RUNNING_APPS)
# AWS General Reference, "Amazon VPC quotas".
VPCS = (VPC, "L-F678F1CE")
INTERNET_GATEWAYS = (VPC, "L-A4707A72")
IAM = "iam"
RDS = "rds"
# DescribeAccountAttributes' name -> what it is, and its code in AWS General Reference, "Amazon RDS quotas".
RDS_QUOTAS = {
    "DBClusters": ("DB clusters", "L-952B80B8"),
    "DBInstances": ("DB instances", "L-7B6409FD"),
    "DBSubnetGroups": ("DB subnet groups", "L-48C6BF61"),
    "DBClusterParameterGroups": ("DB cluster parameter groups", "L-E4C808A8"),
}
OPEN = ("PENDING", "CASE_OPENED")


@dataclass(frozen=True)
class Quota:
    """A quota of this account and region."""

    service: str
    code: str
    name: str
    limit: int
    is_adjustable: bool


Known = dict[str, tuple[int, float]]


@dataclass(frozen=True)
class Request:
    """A request for more of something: how many, its id, and its status in AWS's words."""

    desired: int
    id: str
    status: str


@dataclass(frozen=True)
class Summed:
    """The use and the quota of one kind of resource, if the service itself reports both."""

    used: int
    quota: Quota


@dataclass(frozen=True)
class IamSummary:
    """Roles and customer managed policies of the account."""

    roles: Summed
    policies: Summed


@dataclass(frozen=True)
class RunningApp:
    """An app of any domain of the region that runs, or is about to. `space` is None in Studio's classic forms."""

    domain_id: str
    space: str | None
    type: str
    instance_type: str | None


def quota(session: Session, service: str, code: str) -> Quota:
    """Return one quota of the account.

    AWS stores an account's own value only after a request for an increase. Otherwise AWS's default applies.
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    client = session.client("service-quotas")
    try:
        with translated():
            return _quota(client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"])
    except MissingError:
        with translated():
            return _quota(client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"])


def editor_quotas(session: Session, instance_types: Iterable[str], app_type: str) -> dict[str, Quota | None]:
    """The quota for apps of one type on each of these types of instances; None where the region has none for it.

    Those whose code is not known are looked up by name among SageMaker's thousands of quotas.
    """
    names = {name: editor_quota_name(name, app_type) for name in instance_types}
    found = _named(session, names.values(), _codes_of_editors())
    return {name: found[quota_name] for name, quota_name in names.items()}


class Limits:
    """Reads quotas: AWS is asked once for each, and not at all for one that is known.

    Args:
        session: The account.
        known: Limits by the code or the name of a quota, each with the time of AWS's answer. New answers are added.
    """

    def __init__(self, session: Session, known: "Known | None" = None) -> None:
        self._session = session
        self._known: Known = {} if known is None else known
        self._asked: dict[str, Quota] = {}

    def quota(self, service: str, code: str) -> Quota:
        """Read one quota, see `quota`."""
        if code not in self._known:
            self._keep(code, quota(self._session, service, code))
        return self._told(service, code)

    def editor_quotas(self, instance_types: Iterable[str], app_type: str) -> dict[str, Quota | None]:
        """Read the quotas of apps on these types of instances, see `editor_quotas`."""
        names = {name: editor_quota_name(name, app_type) for name in instance_types}
        unknown = [name for name in names if names[name] not in self._known]
        found = editor_quotas(self._session, unknown, app_type) if unknown else {}
        for name, told in found.items():
            if told:
                self._keep(names[name], told)
        return found | {name: self._told(SAGEMAKER, names[name]) for name in names.keys() - unknown}

    def _keep(self, key: str, found: Quota) -> None:
        self._known[key], self._asked[key] = (found.limit, time.time()), found

    def _told(self, service: str, key: str) -> Quota:
        """All that AWS said of it, if it was asked here; of what others keep, the limit is known."""
        return self._asked.get(key) or Quota(service, key, key, self._known[key][0], is_adjustable=False)


def editor_quota(session: Session, name: str) -> Quota | None:
    """The quota of this name, of apps on a type of instances; None where the region has none."""
    return _named(session, [name], _codes_of_editors())[name]


def _codes_of_editors() -> Mapping[str, str]:
    return {editor_quota_name(name): code for name, code in EDITORS_ON.items()}


def training_quota(session: Session, instance_type: str, *, is_spot: bool) -> Quota | None:
    """The quota for training jobs on a type of instances; None where the region has none for it."""
    name = training_quota_name(instance_type, "spot training job" if is_spot else "training job")
    return _named(session, [name], TRAINING_ON)[name]


def _named(session: Session, names: Iterable[str], codes: Mapping[str, str]) -> dict[str, Quota | None]:
    """SageMaker's quotas by name: those whose code is known by that, others among SageMaker's thousands."""
    found: dict[str, Quota | None] = dict.fromkeys(names)
    for name in found.keys() & codes.keys():
        found[name] = quota(session, SAGEMAKER, codes[name])
    for listed in ("list_service_quotas", "list_aws_default_service_quotas"):
        if unknown := {name for name in found.keys() - codes.keys() if found[name] is None}:
            found |= _listed(session, listed, unknown)
    return found


def _listed(session: Session, operation: Any, names: Collection[str]) -> dict[str, Quota]:
    """Those of SageMaker's quotas with one of these names that AWS lists."""
    found: dict[str, Quota] = {}
    with translated():
        pages: Any = session.client("service-quotas").get_paginator(operation)
        for page in pages.paginate(ServiceCode=SAGEMAKER, PaginationConfig={"PageSize": 100}):
            found |= {shape["QuotaName"]: _quota(shape) for shape in page["Quotas"] if shape["QuotaName"] in names}
            if len(found) == len(names):
                break
    return found


def iam_summary(session: Session) -> IamSummary:
    """The account's use and quotas of IAM. IAM reports both, so this needs no permission for Service Quotas."""
    with translated():
        found = session.client("iam").get_account_summary()["SummaryMap"]
    roles = Quota(IAM, "L-FE177D64", "Roles per account", found["RolesQuota"], is_adjustable=True)
    policies = Quota(
        IAM, "L-E95E4862", "Customer managed policies per account", found["PoliciesQuota"], is_adjustable=True
    )
    return IamSummary(Summed(found["Roles"], roles), Summed(found["Policies"], policies))


def rds_summary(session: Session) -> tuple[Summed, ...]:
    """The account's use and quotas of RDS in this region, for the resources of which a database needs one each."""
    with translated():
        found = session.client("rds").describe_account_attributes()["AccountQuotas"]
    told = {each["AccountQuotaName"]: each for each in found}
    return tuple(
        Summed(told[key]["Used"], Quota(RDS, code, name, told[key]["Max"], is_adjustable=True))
        for key, (name, code) in RDS_QUOTAS.items()
        if key in told
    )


def open_request(session: Session, quota: Quota) -> Request | None:
    """The request for more of this that AWS has not decided yet; it takes one at a time for each quota."""
    with translated():
        pages = (
            _at_home(session, quota.service)
            .client("service-quotas")
            .get_paginator("list_requested_service_quota_change_history_by_quota")
            .paginate(ServiceCode=quota.service, QuotaCode=quota.code)
        )
        found = [each for page in pages for each in page["RequestedQuotas"] if each["Status"] in OPEN]
    return Request(int(found[0]["DesiredValue"]), found[0]["Id"], found[0]["Status"]) if found else None


def request(session: Session, quota: Quota, desired: int) -> Request:
    """Asks AWS for more. It decides within minutes or days."""
    with translated():
        made = (
            _at_home(session, quota.service)
            .client("service-quotas")
            .request_service_quota_increase(
                ServiceCode=quota.service, QuotaCode=quota.code, DesiredValue=float(desired)
            )["RequestedQuota"]
        )
    return Request(int(made["DesiredValue"]), made["Id"], made["Status"])


def _at_home(session: Session, service: str) -> Session:
    """The session in the region where a service's quotas are kept: IAM is global, and has one in each partition.

    Source: IAM User Guide, "IAM and AWS STS quotas".
    """
    region = session.target.region
    home = home_region(region) if service == IAM else region
    return Session(replace(session.target, region=home)) if home != region else session


def profiles(session: Session, domain_id: str = "") -> tuple[tuple[str, str], ...]:
    """The id of the domain and the name of each user profile in this region, or in one domain."""
    return _in_domains(session, domain_id, "list_user_profiles", "UserProfiles", "UserProfileName")


def spaces(session: Session, domain_id: str = "") -> tuple[tuple[str, str], ...]:
    """The id of the domain and the name of each space in this region, or in one domain."""
    return _in_domains(session, domain_id, "list_spaces", "Spaces", "SpaceName")


def _in_domains(
    session: Session, domain_id: str, operation: Any, member: str, name: str
) -> tuple[tuple[str, str], ...]:
    inside: Any = {"DomainIdEquals": domain_id} if domain_id else {}
    with translated():
        pages: Any = session.client("sagemaker").get_paginator(operation)
        pages = pages.paginate(PaginationConfig=PAGE, **inside)
        return tuple((each["DomainId"], each[name]) for page in pages for each in page[member])


def running_apps(session: Session) -> tuple[RunningApp, ...]:
    """Return the running apps in all domains of this region."""
    with translated():
        pages = session.client("sagemaker").get_paginator("list_apps").paginate(PaginationConfig=PAGE)
        found = [app for page in pages for app in page["Apps"] if app["Status"] in {"InService", "Pending"}]
    return tuple(
        RunningApp(
            domain_id=app["DomainId"],
            space=app.get("SpaceName"),
            type=app["AppType"],
            instance_type=app.get("ResourceSpec", {}).get("InstanceType"),
        )
        for app in found
    )


def count_vpcs(session: Session) -> int:
    """VPCs in this region."""
    with translated():
        pages = session.client("ec2").get_paginator("describe_vpcs").paginate()
        return sum(len(page["Vpcs"]) for page in pages)


def count_internet_gateways(session: Session) -> int:
    """Internet gateways in this region."""
    with translated():
        pages = session.client("ec2").get_paginator("describe_internet_gateways").paginate()
        return sum(len(page["InternetGateways"]) for page in pages)


def _quota(shape: "ServiceQuotaTypeDef") -> Quota:
    return Quota(
        service=shape["ServiceCode"],
        code=shape["QuotaCode"],
        name=shape["QuotaName"],
        limit=int(shape["Value"]),
        is_adjustable=shape["Adjustable"],
    )
