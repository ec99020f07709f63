"""AWS KMS as strict as AWS about keys that cannot be used: moto lets them go on encrypting."""

from types import ModuleType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import urls as kms_urls
from moto.kms.models import Alias, Key, KmsBackend


class DisabledError(JsonRESTError):
    """The key is disabled."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("DisabledException", f"{arn} is disabled.")


class InvalidStateError(JsonRESTError):
    """The key is on its way out. The words are AWS's own, seen in many public logs."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("KMSInvalidStateException", f"{arn} is pending deletion.")


class StrictKmsBackend(KmsBackend):
    """KMS in which a key that is scheduled for deletion serves nobody.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html, its table of states and operations.
    """

    @property
    def _url_module(self) -> ModuleType:
        return kms_urls

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int) -> float:
        """Once: what is on its way out cannot be sent there again."""
        key = self._not_leaving(key_id)
        if not 7 <= pending_window_in_days <= 30:  # text assumed
            raise JsonRESTError("ValidationException", "PendingWindowInDays must be between 7 and 30")
        return super().schedule_key_deletion(key.id, pending_window_in_days)

    def create_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Not for a key on its way out; what it is called already stays taken until it is gone."""
        self._not_leaving(target_key_id)
        return super().create_alias(target_key_id, alias_name)

    def update_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Not to a key on its way out."""
        self._not_leaving(target_key_id)
        return super().update_alias(target_key_id, alias_name)

    def encrypt(self, key_id: str, *args: Any, **kwargs: Any) -> tuple[bytes, str]:
        """Also behind GenerateDataKey and ReEncrypt."""
        self._usable(key_id)
        return super().encrypt(key_id, *args, **kwargs)

    def decrypt(self, *args: Any, **kwargs: Any) -> tuple[bytes, str]:
        """Without the key, nothing of what it encrypted can be read."""
        plaintext, arn = super().decrypt(*args, **kwargs)
        self._usable(arn)
        return plaintext, arn

    def _not_leaving(self, key_id: str) -> Key:
        key = self.keys[self.any_id_to_key_id(key_id)]
        if key.key_state == "PendingDeletion":
            raise InvalidStateError(key.arn)
        return key

    def _usable(self, key_id: str) -> None:
        key = self._not_leaving(key_id)
        if key.key_state == "Disabled":
            raise DisabledError(key.arn)
