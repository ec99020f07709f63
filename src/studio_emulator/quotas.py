"""Service Quotas: moto knows Amazon VPC's, and SageMaker's are added. Values are the defaults, or what was set."""

import json
from types import ModuleType
from typing import Any, ClassVar

from moto.servicequotas import urls
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.quotas import SERVICE, Quota, all_quotas
from studio_emulator.training.quotas import training_quotas

Shape = dict[str, Any]
PAGE = 100  # the default, and the most, of one answer: API reference, ListServiceQuotas


class QuotaBackend(ServiceQuotasBackend):
    """Service Quotas of one account and region."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def list_aws_default_service_quotas(self, service_code: str) -> list[Shape]:
        """What a new account has. Raises NoSuchResource for a service that the emulator does not know."""
        if service_code != SERVICE:
            return super().list_aws_default_service_quotas(service_code)
        return [self._shape(quota) for quota in (*all_quotas().values(), *training_quotas())]

    def list_service_quotas(self, service_code: str) -> list[Shape]:
        """What this account has."""
        return [self._applied(shape) for shape in self.list_aws_default_service_quotas(service_code)]

    def get_service_quota(self, service_code: str, quota_code: str) -> Shape:
        """What this account has of one. Raises NoSuchResource."""
        return self._applied(self.get_aws_default_service_quota(service_code, quota_code))

    def get_aws_default_service_quota(self, service_code: str, quota_code: str) -> Shape:
        """What a new account has of one. Raises NoSuchResource."""
        for shape in self.list_aws_default_service_quotas(service_code):
            if shape["QuotaCode"] == quota_code:
                return shape
        raise NoSuchResource

    def _applied(self, shape: Shape) -> Shape:
        return shape | {"Value": self.settings.quotas.get(shape["QuotaCode"], shape["Value"])}

    def _shape(self, quota: Quota) -> Shape:
        """The shape ServiceQuota."""
        place = f"{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": SERVICE,
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": f"arn:{self.partition}:servicequotas:{place}:{SERVICE}/{quota.code}",
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": float(quota.default),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
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
        asked = json.loads(self.body)
        found = self.quotas.list_service_quotas(asked["ServiceCode"])
        begin, size = int(asked.get("NextToken", 0)), asked.get("MaxResults", PAGE)
        more = {"NextToken": str(begin + size)} if begin + size < len(found) else {}
        return json.dumps({"Quotas": found[begin : begin + size], **more})
