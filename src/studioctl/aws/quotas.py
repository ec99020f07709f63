"""How much of what an account may have: Service Quotas, and what is used of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio_emulator import facts
from studio_emulator.facts import EDITORS_ON, TRAINING_ON, editor_quota_name, training_quota_name
from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

SAGEMAKER, VPC = "sagemaker", "vpc"
PROFILES = (SAGEMAKER, facts.PROFILES)
SPACES = (SAGEMAKER, facts.SPACES)
RUNNING_APPS = (SAGEMAKER, facts.RUNNING_APPS)
# AWS General Reference, "Amazon VPC quotas".
VPCS = (VPC, "L-F678F1CE")
INTERNET_GATEWAYS = (VPC, "L-A4707A72")


@dataclass(frozen=True)
class Quota:
    """A quota of this account and region."""

    service: str
    code: str
    name: str
    limit: int
    is_adjustable: bool


@dataclass(frozen=True)
class RunningApp:
    """An app of any domain of the region that runs, or is about to. `space` is None in Studio's classic forms."""

    domain_id: str
    space: str | None
    type: str
    instance_type: str | None


def quota(session: Session, service: str, code: str) -> Quota:
    """What the account may have of one thing.

    AWS knows an account's own value only where it was asked for more; else AWS's default is in force.
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    client = session.client("service-quotas")
    try:
        with translated():
            return _quota(client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"])
    except MissingError:
        with translated():
            return _quota(client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"])


def editor_quotas(session: Session, instance_types: Iterable[str]) -> dict[str, Quota | None]:
    """The quota for Code Editor apps on each of these types of instances; None where the region has none for it.

    Those whose code is not known are looked up by name among SageMaker's thousands of quotas.
    """
    names = {name: editor_quota_name(name) for name in instance_types}
    codes = {names[name]: EDITORS_ON[name] for name in names.keys() & EDITORS_ON.keys()}
    found = _named(session, names.values(), codes)
    return {name: found[quota_name] for name, quota_name in names.items()}


def training_quota(session: Session, instance_type: str, *, is_spot: bool) -> Quota | None:
    """The quota for training jobs on a type of instances; None where the region has none for it."""
    name = training_quota_name(instance_type, "spot training job" if is_spot else "training job")
    return _named(session, [name], TRAINING_ON)[name]


def _named(session: Session, names: Iterable[str], codes: Mapping[str, str]) -> dict[str, Quota | None]:
    """SageMaker's quotas by name: those whose code is known by that, others among SageMaker's thousands."""
    found: dict[str, Quota | None] = dict.fromkeys(names)
    for name in found.keys() & codes.keys():
        found[name] = quota(session, SAGEMAKER, codes[name])
    unknown = found.keys() - codes.keys()
    if unknown:
        with translated():
            pages = session.client("service-quotas").get_paginator("list_service_quotas")
            for page in pages.paginate(ServiceCode=SAGEMAKER, PaginationConfig={"PageSize": 100}):
                for shape in page["Quotas"]:
                    if shape["QuotaName"] in unknown:
                        unknown.remove(shape["QuotaName"])
                        found[shape["QuotaName"]] = _quota(shape)
                if not unknown:
                    break
    return found


def count_profiles(session: Session) -> int:
    """User profiles of all domains in this region."""
    with translated():
        pages = (
            session.client("sagemaker").get_paginator("list_user_profiles").paginate(PaginationConfig={"PageSize": 100})
        )
        return sum(len(page["UserProfiles"]) for page in pages)


def count_spaces(session: Session) -> int:
    """Spaces of all domains in this region."""
    with translated():
        pages = session.client("sagemaker").get_paginator("list_spaces").paginate(PaginationConfig={"PageSize": 100})
        return sum(len(page["Spaces"]) for page in pages)


def running_apps(session: Session) -> tuple[RunningApp, ...]:
    """What runs in all domains of this region."""
    with translated():
        pages = session.client("sagemaker").get_paginator("list_apps").paginate(PaginationConfig={"PageSize": 100})
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
