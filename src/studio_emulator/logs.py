"""CloudWatch Logs as strict as AWS about retention, reserved names, and ARNs that nothing has."""

from types import ModuleType
from typing import Any

from moto.logs import urls as logs_urls
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend

# API reference, PutRetentionPolicy.
RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class StrictLogsBackend(LogsBackend):
    """Logs with AWS's checks. Those of its service model are in `form`."""

    @property
    def _url_module(self) -> ModuleType:
        return logs_urls

    def create_log_group(self, log_group_name: str, tags: dict[str, str], **kwargs: str) -> LogGroup:
        """Names that begin with "aws/" are AWS's: API reference, CreateLogGroup. The words are AWS's own."""
        if log_group_name.lower().startswith("aws/"):
            raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
        return super().create_log_group(log_group_name, tags, **kwargs)

    def put_retention_policy(self, log_group_name: str, retention_in_days: Any) -> None:
        """Only some numbers of days. The form of the text is that of other enumerations; its words are assumed."""
        if retention_in_days not in RETENTIONS:
            raise InvalidParameterException(
                constraint=f"Member must satisfy enum value set: [{', '.join(map(str, RETENTIONS))}]",
                parameter="retentionInDays",
                value=retention_in_days,
            )
        super().put_retention_policy(log_group_name, retention_in_days)

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Only what is there: moto keeps tags of anything."""
        self._check_there(arn)
        super().tag_resource(arn, tags)

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        """The same."""
        self._check_there(arn)
        super().untag_resource(arn, tag_keys)

    def list_tags_for_resource(self, resource_arn: str) -> dict[str, str]:
        """The same."""
        self._check_there(resource_arn)
        return super().list_tags_for_resource(resource_arn)

    def _check_there(self, arn: str) -> None:
        """Refuse a log group that does not exist; moto tags destinations and deliveries itself."""
        kind, _, name = arn.split(":", 5)[-1].partition(":")
        if kind == "log-group" and name.removesuffix(":*") not in self.groups:
            raise ResourceNotFoundException("The specified resource does not exist.")
