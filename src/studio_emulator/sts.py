"""STS with sessions that hold: moto gives the same made-up credentials to everybody who asks for a session token."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from moto.core.responses import ActionResult
from moto.sts import urls as sts_urls
from moto.sts.models import STSBackend, Token
from moto.sts.responses import TokenResponse
from moto.sts.utils import random_session_token


@dataclass(frozen=True)
class SessionToken:
    """A session from GetSessionToken, with the same rights as the key that asked for it until it expires."""

    secret: str
    token: str
    expiration: datetime


class StrictSTSBackend(STSBackend):
    """STS that knows the session tokens that it gave out."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.session_tokens: dict[str, SessionToken] = {}

    @property
    def _url_module(self) -> ModuleType:
        return sts_urls

    def get_federation_token(self, name: str | None, duration: int) -> Token:
        """A federated user may do what both its policy and its maker's allow, which is not evaluated here."""
        raise NotImplementedError("GetFederationToken")


class StrictTokenResponse(TokenResponse):
    """The wire of it."""

    def get_session_token(self) -> ActionResult:
        """Credentials that are let in."""
        backend = self.backend
        assert isinstance(backend, StrictSTSBackend)  # noqa: S101 - install.py sees to it
        expiration = backend.get_session_token(duration=self._get_int_param("DurationSeconds", 43200)).expiration
        access_key = f"ASIA{''.join(secrets.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567') for _ in range(16))}"
        made = SessionToken(secrets.token_urlsafe(30), random_session_token(), expiration)
        backend.session_tokens[access_key] = made
        return ActionResult(
            {
                "Credentials": {
                    "AccessKeyId": access_key,
                    "SecretAccessKey": made.secret,
                    "SessionToken": made.token,
                    "Expiration": expiration,
                }
            }
        )
