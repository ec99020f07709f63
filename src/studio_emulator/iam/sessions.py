"""The owner of a request's credentials: the account's administrator, or a session of a role.

Whoever signs with the emulator's own key, as studioctl does, is the administrator and may do everything. A session is
what sts:AssumeRole gave out, or `Sessions.begin`: what SageMaker gives to a user's app.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.sagemaker.models import sagemaker_backends
from moto.sts.models import AssumedRole, sts_backends

from studio_emulator.clock import clock
from studio_emulator.iam.evaluate import Policies
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.policy import Principal
from studio_emulator.iam.roles import (
    PARTITION,
    boundary_of,
    bucket_policy,
    documents_of,
    refusal_of_sagemaker,
    role_of,
)
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.models.profile import UserProfile

SESSION_NAME = "SageMaker"
"""The name of Studio's sessions in CloudTrail and in AWS's refusals."""
SECONDS = 3600


@dataclass(frozen=True)
class Session:
    """A role that somebody has assumed.

    Args:
        principal: As AWS shows it.
        keys: The session's condition keys, in lower case.
        expired: Whether its time is over.
        narrowed: The policy that was passed when the role was assumed, or nothing.
    """

    principal: Principal
    keys: Mapping[str, Values]
    expired: bool
    narrowed: str

    def policies(self, resource: str) -> Policies:
        """All that concerns it, as it is now."""
        role = role_of(self.principal)
        named = (role.permissions_boundary_arn or "") if role else ""
        return Policies(
            identity=documents_of(role) if role else {},
            boundary={named: boundary_of(self.principal.account, named)} if named else {},
            session={"the session's policy": self.narrowed} if self.narrowed else {},
            resource=bucket_policy(self.principal.account, resource),
        )


@dataclass(frozen=True)
class Administrator(Session):
    """The account's administrator, who is held to a policy: it is kept as `narrowed`."""

    def policies(self, resource: str) -> Policies:
        """The policy, and that of the thing that is acted on."""
        return Policies(
            identity={"the policy that the administrator is held to": self.narrowed},
            resource=bucket_policy(self.principal.account, resource),
        )


class Sessions:
    """The sessions of Studio's users; further ones are those of moto's STS. The caller holds the lock."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._users: dict[str, Mapping[str, Values]] = {}

    def begin(self, region: str, user: str, domain_id: str = "") -> dict[str, str]:
        """Credentials as an app of this user has them in Studio.

        The role is the profile's, else the domain's, and its trust policy must admit SageMaker. What AWS tells
        policies about a Studio session is kept with it: its domain and profile and, where the domain wants it, a
        source identity.

        Raises:
            ValueError: There is no such region or profile, or several, or SageMaker may not assume the role.
        """
        if region not in sagemaker_backends[self.account]:
            raise ValueError(f"there is no region '{region}'")
        backend = sagemaker_backends[self.account][region]
        assert isinstance(backend, StudioBackend)  # noqa: S101 - install.py sees to it
        profile = _profile(backend, user, domain_id)
        domain = backend.get_domain(profile.domain_id)
        role_arn = str(profile.user_settings.get("ExecutionRole") or domain.default_user_settings["ExecutionRole"])
        keys: dict[str, Values] = {
            "sagemaker:domainid": profile.domain_id,
            "sagemaker:userprofilename": profile.name,
        }
        wanted = ["sts:AssumeRole"]
        if domain.describe().get("DomainSettings", {}).get("ExecutionRoleIdentityConfig") == "USER_PROFILE_NAME":
            keys["aws:sourceidentity"] = profile.name
            wanted.append("sts:SetSourceIdentity")
        about = {"aws:sourcearn": profile.arn, "aws:sourceaccount": self.account, **keys}
        if refused := refusal_of_sagemaker(role_arn, self.account, wanted, about):
            raise ValueError(refused)
        assumed: AssumedRole = sts_backends[self.account][PARTITION].assume_role(
            region_name=region,
            role_session_name=SESSION_NAME,
            role_arn=role_arn,
            policy="",
            duration=SECONDS,
            external_id="",
        )
        self._users[assumed.access_key_id] = keys
        return {
            "AccessKeyId": assumed.access_key_id,
            "SecretAccessKey": assumed.secret_access_key,
            "SessionToken": assumed.session_token,
        }

    def told(self, access_key: str) -> dict[str, str]:
        """The identity behind an access key, as CloudTrail records it."""
        session = self.of(access_key)
        if session is None:
            return {"type": "Root", "arn": f"arn:aws:iam::{self.account}:root", "accountId": self.account}
        name = session.principal.arn.rpartition("/")[2]
        return {"type": "AssumedRole", "arn": session.principal.arn, "accountId": self.account, "userName": name}

    def of(self, access_key: str) -> Session | None:
        """The session of an access key; None for any other key, which is the administrator's."""
        assumed = sts_backends[self.account][PARTITION].get_assumed_role_from_access_key(access_key)
        if assumed is None:
            return None
        principal = Principal(arn=assumed.arn, role_arn=assumed.role_arn, account=assumed.account_id)
        return Session(
            principal=principal,
            keys={**_keys_of(principal, assumed), **self._users.get(access_key, {})},
            expired=assumed.expiration.replace(tzinfo=UTC) <= datetime.now(UTC),
            narrowed=assumed.policy or "",
        )


def _profile(backend: StudioBackend, user: str, domain_id: str) -> UserProfile:
    found = [
        profile
        for (domain, name), profile in backend.profiles.items()
        if name == user.lower() and domain_id in {"", domain} and profile.status == "InService"
    ]
    if not found:
        where = f"domain {domain_id}" if domain_id else backend.region_name
        there = {p.name for (domain, _), p in backend.profiles.items() if domain_id in {"", domain}}
        others = f"there is: {', '.join(sorted(there))}" if there else "there is none"
        raise ValueError(f"no user profile '{user}' is InService in {where}; {others}")
    if len(found) > 1:
        domains = ", ".join(sorted(profile.domain_id for profile in found))
        raise ValueError(f"'{user}' is a user of several domains, so name one with --domain: {domains}")
    return found[0]


def _keys_of(principal: Principal, assumed: AssumedRole) -> dict[str, Values]:
    """Global condition keys. Source: IAM User Guide, "reference_policies_condition-keys".

    The emulator's plain HTTP on loopback stands for HTTPS, so aws:SecureTransport is true.
    """
    now = clock.now()
    role = role_of(principal)
    tags = {f"aws:principaltag/{tag['Key'].lower()}": tag["Value"] for tag in (role.tags if role else ())}
    return {
        **tags,
        "aws:currenttime": now.isoformat(timespec="seconds"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalaccount": principal.account,
        "aws:principalarn": principal.role_arn,
        "aws:principalisawsservice": "false",
        "aws:principaltype": "AssumedRole",
        "aws:securetransport": "true",
        "aws:sourceip": "127.0.0.1",
        "aws:userid": assumed.user_id,
        "aws:viaawsservice": "false",
    }
