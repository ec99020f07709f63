"""Ways into a running app: a presigned address for the browser, and a session for a remote editor."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from studio_emulator.clock import clock
from studio_emulator.studio.exceptions import ValidationException, not_found, not_registered
from studio_emulator.studio.models.app import AppBackend
from studio_emulator.studio.resource import Settings, random_id

DEFAULT_EXPIRY = 300


@dataclass(frozen=True)
class Grant:
    """The space or profile that one presigned address opens, once, until `expires` on the monotonic clock."""

    domain_id: str
    profile_name: str
    space_name: str | None
    landing_uri: str | None
    expires: float


class SessionBackend(AppBackend):
    """CreatePresignedDomainUrl and StartSession."""

    def create_presigned_domain_url(self, request: Settings) -> str:
        """AWS's address is https://<domain-id>.studio.<region>.sagemaker.aws/auth?token=...; ours leads here."""
        domain = self.get_domain(request["DomainId"])
        profile = self.get_profile(domain.domain_id, request["UserProfileName"])
        space_name = request.get("SpaceName")
        if space_name is not None:
            self.get_space(domain.domain_id, space_name)
        if domain.auth_mode != "IAM":  # API reference; text assumed
            raise ValidationException("CreatePresignedDomainUrl is only supported for domains with AuthMode IAM")
        for resource in (domain, profile):
            if resource.status != "InService":  # text assumed
                raise ValidationException(f"[{resource.arn}] is not InService.")
        self.grants = {token: grant for token, grant in self.grants.items() if grant.expires > clock.monotonic()}
        token = secrets.token_urlsafe(48)
        self.grants[token] = Grant(
            domain_id=domain.domain_id,
            profile_name=profile.name,
            space_name=space_name,
            landing_uri=request.get("LandingUri"),
            expires=clock.monotonic() + request.get("ExpiresInSeconds", DEFAULT_EXPIRY),
        )
        return f"{self.endpoint_url}/studio/{domain.domain_id}/auth?token={token}"

    def redeem(self, token: str) -> Grant | None:
        """The grant of a token that was not used before and is not too old."""
        grant = self.grants.pop(token, None)
        return grant if grant is not None and grant.expires > clock.monotonic() else None

    def start_session(self, arn: str) -> Settings:
        """A session for Session Manager's plugin. The stream's address is this machine's: nothing may reach AWS."""
        space = next((space for space in self.spaces.values() if space.arn == arn), None)
        if space is None:
            raise not_found("Space", arn)
        if not space.remote_access:  # text assumed
            raise ValidationException(f"RemoteAccess is not enabled for Space [{arn}].")
        running = self.apps_where(lambda app: app.space_name == space.name and app.domain_id == space.domain_id)
        app = next((app for app in running if app.status == "InService"), None)
        if app is None:  # text assumed
            raise ValidationException(f"Space [{arn}] has no InService App.")
        if not app.remote_access:  # the guide wants a new start; code and text assumed
            raise ValidationException(f"The App of Space [{arn}] started before RemoteAccess was enabled.")
        # aws/aws-toolkit-vscode, detached-server/utils.ts: it registers with Systems Manager after it is InService
        if clock.monotonic() - app.in_service_since < self.settings.registration_seconds:
            raise not_registered(arn)
        session_id = f"studioctl-{random_id(17)}"
        return {
            "SessionId": session_id,
            "StreamUrl": f"wss://{urlsplit(self.endpoint_url).netloc}/_studioctl/data-channel/{session_id}",
            "TokenValue": secrets.token_urlsafe(96),
        }
