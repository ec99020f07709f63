"""Service Quotas: moto knows Amazon VPC's, and SageMaker's are added. Values are the defaults, or what was set."""

import json
import secrets
from collections.abc import Callable
from types import ModuleType
from typing import Any, ClassVar

from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time
from moto.servicequotas import urls
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

from studio_emulator.database import quotas as databases
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.quotas import SERVICE, Quota, all_quotas
from studio_emulator.training.quotas import training_quotas

Shape = dict[str, Any]
IAM = "iam"
RDS_NAME = "Amazon Relational Database Service (Amazon RDS)"
# IAM User Guide, "IAM and AWS STS quotas"; the values are those that GetAccountSummary tells.
IAM_QUOTAS = (
    Quota("L-FE177D64", "Roles per account", 1000, "Roles"),
    Quota("L-E95E4862", "Customer managed policies per account", 1500, "Policies"),
)
PAGE = 100  # the default, and the most, of one answer: API reference, ListServiceQuotas


class QuotaBackend(ServiceQuotasBackend):
    """Service Quotas of one account and region."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.requested: list[Shape] = []

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def list_aws_default_service_quotas(self, service_code: str) -> list[Shape]:
        """Return the quotas of a new account. Raises NoSuchResource for a service that the emulator does not know."""
        if service_code == IAM:
            return [self._shape(quota, IAM, "AWS Identity and Access Management (IAM)") for quota in IAM_QUOTAS]
        if service_code == databases.SERVICE:
            return [self._shape(quota, service_code, RDS_NAME) for quota in databases.QUOTAS.values()]
        if service_code != SERVICE:
            return super().list_aws_default_service_quotas(service_code)
        known = (*all_quotas().values(), *training_quotas())
        return [self._shape(quota, SERVICE, "Amazon SageMaker") for quota in known]

    def list_service_quotas(self, service_code: str) -> list[Shape]:
        """Return the quotas of this account that have a value."""
        shapes = self.list_aws_default_service_quotas(service_code)
        return [self._applied(shape) for shape in shapes if self._has_value(shape["QuotaCode"])]

    def get_service_quota(self, service_code: str, quota_code: str) -> Shape:
        """Return one quota of this account. Raises NoSuchResource, also for one without a value."""
        shape = self.get_aws_default_service_quota(service_code, quota_code)
        if not self._has_value(quota_code):
            raise NoSuchResource
        return self._applied(shape)

    def get_aws_default_service_quota(self, service_code: str, quota_code: str) -> Shape:
        """Return one quota of a new account. Raises NoSuchResource."""
        for shape in self.list_aws_default_service_quotas(service_code):
            if shape["QuotaCode"] == quota_code:
                return shape
        raise NoSuchResource

    def request_increase(self, service_code: str, quota_code: str, desired: float, caller: str) -> Shape:
        """Files a request, which stays open. Raises as AWS does for a value that is none, and beside an open one."""
        quota = self._applied(self.get_aws_default_service_quota(service_code, quota_code))
        if desired <= quota["Value"]:
            raise IllegalValueError(float(quota["Value"]))
        if any(each["QuotaCode"] == quota_code for each in self.requested):
            raise AlreadyRequestedError
        now = unix_time()
        made = {
            "Id": secrets.token_hex(16),
            "ServiceCode": service_code,
            "ServiceName": quota["ServiceName"],
            "QuotaCode": quota_code,
            "QuotaName": quota["QuotaName"],
            "DesiredValue": desired,
            "Status": "PENDING",
            "Created": now,
            "LastUpdated": now,
            "Requester": json.dumps({"accountId": self.account_id, "callerArn": caller}),
            "QuotaArn": quota["QuotaArn"],
            "GlobalQuota": quota["GlobalQuota"],
            "Unit": quota["Unit"],
        }
        self.requested.append(made)
        return made

    def _has_value(self, code: str) -> bool:
        return self.settings.quotas_have_values or code in self.settings.quotas

    def _applied(self, shape: Shape) -> Shape:
        return shape | {"Value": self.settings.quotas.get(shape["QuotaCode"], shape["Value"])}

    def _shape(self, quota: Quota, service: str, name: str) -> Shape:
        """The shape ServiceQuota."""
        place = f"{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": service,
            "ServiceName": name,
            "QuotaArn": f"arn:{self.partition}:servicequotas:{place}:{service}/{quota.code}",
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": float(quota.default),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": service == IAM,
        }


class QuotaResponse(ServiceQuotasResponse):
    """The actions that moto lacks."""

    @property
    def quotas(self) -> QuotaBackend:
        """The backend of the request's account and region."""
        backend = servicequotas_backends[self.current_account][self.region]
        assert isinstance(backend, QuotaBackend)  # noqa: S101 - install.py sees to it
        return backend

    def get_aws_default_service_quota(self) -> str:
        asked = json.loads(self.body)
        return json.dumps(
            {"Quota": self.quotas.get_aws_default_service_quota(asked["ServiceCode"], asked["QuotaCode"])}
        )

    def list_service_quotas(self) -> str:
        return self._page(self.quotas.list_service_quotas)

    def list_aws_default_service_quotas(self) -> str:
        return self._page(self.quotas.list_aws_default_service_quotas)

    def _page(self, listed: Callable[[str], list[Shape]]) -> str:
        asked = json.loads(self.body)
        found = listed(asked["ServiceCode"])
        begin, size = int(asked.get("NextToken", 0)), asked.get("MaxResults", PAGE)
        more = {"NextToken": str(begin + size)} if begin + size < len(found) else {}
        return json.dumps({"Quotas": found[begin : begin + size], **more})

    def request_service_quota_increase(self) -> str:
        asked = json.loads(self.body)
        caller = f"arn:{self.quotas.partition}:iam::{self.current_account}:root"
        made = self.quotas.request_increase(asked["ServiceCode"], asked["QuotaCode"], asked["DesiredValue"], caller)
        return json.dumps({"RequestedQuota": made})

    def list_requested_service_quota_change_history_by_quota(self) -> str:
        asked = json.loads(self.body)
        self.quotas.get_aws_default_service_quota(asked["ServiceCode"], asked["QuotaCode"])
        wanted = {key: asked[key] for key in ("ServiceCode", "QuotaCode", "Status") if key in asked}
        found = [each for each in self.quotas.requested if wanted.items() <= each.items()]
        return json.dumps({"RequestedQuotas": found})


class IllegalValueError(JsonRESTError):
    """A desired value that asks for no more."""

    def __init__(self, current: float) -> None:
        super().__init__(
            "IllegalArgumentException",
            f"You must provide a quota value greater than the current quota value of {current}",
        )


class AlreadyRequestedError(JsonRESTError):
    """A request beside one that is open."""

    def __init__(self) -> None:
        super().__init__(
            "ResourceAlreadyExistsException",
            "Only one open service quota increase request is allowed per quota.",
        )
