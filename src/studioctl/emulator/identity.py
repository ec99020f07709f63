"""IAM as strict as AWS where moto is not."""

from types import ModuleType

from moto.iam import urls
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend


class StrictIAMBackend(IAMBackend):
    """IAM that keeps a policy which somebody still has."""

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def delete_policy(self, policy_arn: str) -> None:
        """Attachments block it: API reference, DeletePolicy."""
        if self.get_policy(policy_arn).attachment_count:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        super().delete_policy(policy_arn)
