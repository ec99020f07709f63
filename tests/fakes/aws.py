"""An account that answers what the emulator cannot."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from studioctl.aws.session import Identity, Session
from studioctl.target import Target


def refused(code: str, operation: str, *, status: int = 400, message: str = "refused") -> ClientError:
    """The error that boto3 raises when AWS answers with this code."""
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@dataclass
class FakeSession:
    """Hands out these clients, and for every other service those of a session behind it."""

    clients: Mapping[str, Any]
    behind: Session
    identity: Identity = field(default_factory=lambda: Identity("111122223333", "arn:aws:iam::111122223333:user/ada"))

    @property
    def target(self) -> Target:
        return self.behind.target

    def endpoint(self, service: Any = "sagemaker") -> str | None:
        return self.behind.endpoint(service)

    def client(self, service: Any) -> Any:
        return self.clients[service] if service in self.clients else self.behind.client(service)


class FakeS3OfSomebodyElse:
    """A world in which every name is a bucket of another account's."""

    def head_bucket(self, **_: object) -> NoReturn:
        raise refused("403", "HeadBucket", status=403, message="Forbidden")


@dataclass
class FakeQuotas:
    """Service Quotas that has a value for nothing but these names."""

    values: Mapping[str, float] = field(default_factory=dict)

    def get_paginator(self, operation: str) -> "FakeQuotas":
        assert operation in {"list_service_quotas", "list_aws_default_service_quotas"}
        return self

    def paginate(self, *, ServiceCode: str, **_: object) -> Iterator[dict[str, Any]]:  # noqa: N803 (AWS's name)
        for code, (name, value) in enumerate(self.values.items()):
            shape = {"ServiceCode": ServiceCode, "QuotaCode": f"L-{code:08}", "QuotaName": name, "Value": value}
            yield {"Quotas": [{**shape, "Adjustable": True}]}


@dataclass
class FakeQuotasWithoutOwnValues:
    """Service Quotas of an account that never asked for more: only AWS's defaults are known."""

    default: float

    def get_service_quota(self, **_: object) -> NoReturn:
        raise refused("NoSuchResourceException", "GetServiceQuota")

    def get_aws_default_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        shape = {"ServiceCode": ServiceCode, "QuotaCode": QuotaCode, "QuotaName": "the quota", "Value": self.default}
        return {"Quota": {**shape, "Adjustable": True}}


@dataclass
class FakeCall:
    """A client of which every call does the same."""

    answer: Callable[[], Any]

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return lambda **_: self.answer()
