"""AWS KMS as strict as AWS about keys that cannot be used: moto lets them go on encrypting."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import urls as kms_urls
from moto.kms.exceptions import NotAuthorizedException
from moto.kms.models import Alias, Key, KmsBackend, kms_backends
from moto.kms.utils import RESERVED_ALIASES


class DisabledError(JsonRESTError):
    """The key is disabled."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("DisabledException", f"{arn} is disabled.")


class InvalidStateError(JsonRESTError):
    """The key is being deleted. The text is AWS's own, seen in many public logs."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("KMSInvalidStateException", f"{arn} is pending deletion.")


@dataclass(frozen=True)
class Unusable:
    """The reason why a key encrypts nothing: KMS's code, the fault of the key, and the remedy."""

    code: str
    fault: str
    advice: str


def why_unusable(account_id: str, region: str, key_id: str | None) -> Unusable | None:
    """Return the reason why a service cannot encrypt data with this key of the account; None if it can.

    Args:
        account_id: The account that the service works for. Other accounts' keys do not exist for it.
        region: The service's region.
        key_id: An id, an ARN, or an alias; None and AWS's own keys always work.
    """
    if not key_id or "alias/aws/" in key_id:
        return None
    keys = kms_backends[account_id][region].keys.values()
    key = next((key for key in keys if key_id in _names(key)), None)
    if key is None:
        return Unusable("NotFoundException", "does not exist", "You must choose a key that exists")
    usage = key.key_usage or "ENCRYPT_DECRYPT"  # moto keeps what the request said, which may be nothing
    if usage != "ENCRYPT_DECRYPT" or key.key_spec != "SYMMETRIC_DEFAULT":
        fault = f"has the usage {usage} and the spec {key.key_spec}"
        return Unusable("InvalidKeyUsageException", fault, "You must choose a symmetric encryption key")
    if key.key_state != "Enabled":
        code = "DisabledException" if key.key_state == "Disabled" else "KMSInvalidStateException"
        return Unusable(code, f"is {key.key_state}", "You must choose a key that is Enabled")
    return None


class StrictKmsBackend(KmsBackend):
    """KMS in which a key that is scheduled for deletion serves nobody.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html, its table of states and operations.
    """

    @property
    def _url_module(self) -> ModuleType:
        return kms_urls

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int) -> float:
        """Refuse a key that is already being deleted."""
        key = self._not_leaving(key_id)
        if not 7 <= pending_window_in_days <= 30:  # text assumed
            raise JsonRESTError("ValidationException", "PendingWindowInDays must be between 7 and 30")
        return super().schedule_key_deletion(key.id, pending_window_in_days)

    def create_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Create an alias, but not for a key that is being deleted; its aliases stay taken until it is gone."""
        _check_alias(alias_name)
        self._not_leaving(target_key_id)
        return super().create_alias(target_key_id, alias_name)

    def update_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Update an alias, but not to a key that is being deleted."""
        _check_alias(alias_name)
        self._not_leaving(target_key_id)
        return super().update_alias(target_key_id, alias_name)

    def delete_alias(self, alias_name: str) -> None:
        """Delete an alias, but none that AWS created."""
        _check_alias(alias_name)
        super().delete_alias(alias_name)

    def disable_key(self, key_id: str) -> None:
        """Accept an ARN, which moto does not, and refuse a key that is being deleted."""
        super().disable_key(self._not_leaving(key_id).id)

    def enable_key(self, key_id: str) -> None:
        """Like `disable_key`: the key's deletion must be cancelled first."""
        super().enable_key(self._not_leaving(key_id).id)

    def enable_key_rotation(self, key_id: str) -> None:
        """Enable the rotation of a key that can be used."""
        self._usable(key_id)
        super().enable_key_rotation(key_id)

    def encrypt(self, key_id: str, *args: Any, **kwargs: Any) -> tuple[bytes, str]:
        """Also behind GenerateDataKey and ReEncrypt."""
        self._usable(key_id)
        return super().encrypt(key_id, *args, **kwargs)

    def decrypt(self, *args: Any, **kwargs: Any) -> tuple[bytes, str]:
        """Decrypt data, but only if its key can be used."""
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


def _check_alias(name: str) -> None:
    """API reference, CreateAlias: "alias/aws/" is reserved, and something follows "alias/". moto makes AWS's here."""
    if name.startswith("alias/aws/") and name not in RESERVED_ALIASES:
        raise NotAuthorizedException
    if not name.removeprefix("alias/"):
        raise JsonRESTError("InvalidAliasNameException", "The alias name is not valid.")  # text assumed


def _names(key: Key) -> set[str]:
    """Return the names that a request may use for the key."""
    prefix = key.arn.rpartition(":")[0]
    return {key.id, key.arn, *key.aliases, *(f"{prefix}:{alias}" for alias in key.aliases)}
