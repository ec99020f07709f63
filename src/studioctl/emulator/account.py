"""IAM and Secrets Manager as strict as AWS where moto is not."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from moto.iam import urls as iam_urls
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.secretsmanager import urls as secretsmanager_urls
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend


class StrictIAMBackend(IAMBackend):
    """IAM that keeps a policy which somebody still has."""

    @property
    def _url_module(self) -> ModuleType:
        return iam_urls

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """A second attachment of the same policy changes nothing; moto would count it twice.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html: a role has a policy once.
        An interrupted client, whose state does not know the first one, sends it again.
        """
        if policy_arn not in self.get_role(role_name).managed_policies:
            super().attach_role_policy(policy_arn, role_name)

    def delete_policy(self, policy_arn: str) -> None:
        """Attachments block it: API reference, DeletePolicy."""
        if self.get_policy(policy_arn).attachment_count:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        super().delete_policy(policy_arn)


@dataclass(frozen=True)
class Described:
    """A secret as DescribeSecret shows it: moto does not know when its value was last read."""

    secret: Any
    last_used: float | None

    def to_dict(self) -> dict[str, Any]:
        """The shape DescribeSecretResponse."""
        described: dict[str, Any] = self.secret.to_dict()
        return described | {"LastAccessedDate": self.last_used}


class StrictSecretsManagerBackend(SecretsManagerBackend):
    """Secrets Manager that keeps a name for the whole recovery window, and remembers who was read."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._last_used: dict[str, float] = {}

    @property
    def _url_module(self) -> ModuleType:
        return secretsmanager_urls

    def create_secret(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The words are AWS's own, seen in many public logs of Terraform."""
        known = self.secrets.get(name)
        if known is not None and known.is_deleted():
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        return super().create_secret(name, *args, **kwargs)

    def put_secret_value(self, secret_id: str, *args: Any, **kwargs: Any) -> str:
        """Refused while the secret is scheduled for deletion; the words are those of DeleteSecret's own page."""
        known = self.secrets.get(secret_id)
        if known is not None and known.is_deleted():
            raise InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        return super().put_secret_value(secret_id, *args, **kwargs)

    def get_secret_value(self, secret_id: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """AWS remembers the day of the last use, and no time: API reference, DescribeSecret, LastAccessedDate."""
        answer = super().get_secret_value(secret_id, *args, **kwargs)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._last_used[answer["ARN"]] = today.timestamp()
        return answer

    def describe_secret(self, secret_id: str) -> Any:
        """With the day of the last use."""
        secret = super().describe_secret(secret_id)
        return Described(secret, self._last_used.get(secret.arn))
