"""The owners of access keys: those that the emulator made at its start, and those that IAM and STS issued since."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from studio_emulator.backends import each
from studio_emulator.signatures import Secret
from studio_emulator.sts import StrictSTSBackend

PREFIX = "STUDIOCTL"
"""Nothing that looks like a key of AWS: whoever sees it in a log knows that it opens nothing there."""


def _random_id() -> str:
    return PREFIX + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(11))


@dataclass(frozen=True)
class AdministratorKey:
    """The access key of the account's administrator, random at each start."""

    access_key_id: str = field(default_factory=_random_id)
    secret_access_key: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)

    def secret_of(self, access_key_id: str) -> Secret | None:
        """Return the secret of an access key, the administrator's or another; None if there is no such key.

        Expired sessions of roles are found too: the client learns of the expiry once its signature is valid.
        """
        if access_key_id == self.access_key_id:
            return Secret(self.secret_access_key)
        for _, sts in each(sts_backends):
            if assumed := sts.get_assumed_role_from_access_key(access_key_id):
                return Secret(assumed.secret_access_key, assumed.session_token)
            given = sts.session_tokens.get(access_key_id) if isinstance(sts, StrictSTSBackend) else None
            if given is not None and given.expiration.replace(tzinfo=UTC) > datetime.now(UTC):
                return Secret(given.secret, given.token)
        for _, iam in each(iam_backends):
            key = iam.access_keys.get(access_key_id)
            if key is not None and key.user_name and key.status == "Active":
                return Secret(key.secret_access_key)
        return None
