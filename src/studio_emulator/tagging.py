"""The Resource Groups Tagging API as strict as AWS about whose things it tags."""

from types import ModuleType
from typing import Any

from moto.resourcegroupstaggingapi import urls as tagging_urls
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from studio_emulator.server import ACCOUNT_ID

Failures = dict[str, dict[str, Any]]


class StrictTaggingBackend(ResourceGroupsTaggingAPIBackend):
    """Tags what is of this account, partition and region, and tells the rest thing by thing.

    Source: API reference, TagResources, FailedResourcesMap and FailureInfo. The sentence is assumed.
    """

    @property
    def _url_module(self) -> ModuleType:
        return tagging_urls

    def tag_resources(self, resource_arns: list[str], tags: dict[str, str]) -> Failures:
        """The failures."""
        here, failures = self._divided(resource_arns)
        return failures | super().tag_resources(here, tags)

    def untag_resources(self, resource_arn_list: list[str], tag_keys: list[str]) -> Failures:
        """The failures."""
        here, failures = self._divided(resource_arn_list)
        return failures | super().untag_resources(here, tag_keys)

    def _divided(self, arns: list[str]) -> tuple[list[str], Failures]:
        here = [arn for arn in arns if self._is_here(arn)]
        failures = {
            arn: {
                "StatusCode": 400,
                "ErrorCode": "InvalidParameterException",
                "ErrorMessage": f"The resource ARN '{arn}' is not valid.",
            }
            for arn in arns
            if arn not in here
        }
        return here, failures

    def _is_here(self, arn: str) -> bool:
        """Global things have no region in their ARNs, and S3's have no account either."""
        parts = arn.split(":", 5)
        return (
            len(parts) == 6
            and parts[:2] == ["arn", self.partition]
            and parts[3] in {"", self.region_name}
            and parts[4] in {"", ACCOUNT_ID}
        )
