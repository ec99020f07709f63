"""Who a request's credentials belong to: the account's administrator, or a session of a role.

Whoever signs with the emulator's own key, as studioctl does, is the administrator and may do everything. A session is
what sts:AssumeRole gave out, or `Sessions.begin`: what SageMaker gives to a user's app.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.iam.exceptions import NotFoundException
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sts.models import AssumedRole, sts_backends

from studio_emulator.iam.evaluate import Document, Policies, evaluate, refusal
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.policy import Asked, Principal
from studio_emulator.iam.studio_needs import PASSED_TO
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.models.profile import UserProfile

PARTITION = "aws"
SESSION_NAME = "SageMaker"
"""What Studio calls its sessions, as CloudTrail and AWS's refusals show them."""
SECONDS = 3600
S3_ARN = "arn:aws:s3:::"
NOTHING: Document = {"Version": "2012-10-17", "Statement": []}


@dataclass(frozen=True)
class Session:
    """A role that somebody has assumed.

    Args:
        principal: As AWS shows it.
        keys: What condition keys say about it, in lower case.
        expired: Whether its time is over.
        narrowed: The policy that was passed when the role was assumed, or nothing.
    """

    principal: Principal
    keys: Mapping[str, Values]
    expired: bool
    narrowed: str

    def policies(self, resource: str) -> Policies:
        """All that concerns it, as it is now."""
        role = _role(self.principal)
        named = (role.permissions_boundary_arn or "") if role else ""
        return Policies(
            identity=_documents_of(role) if role else {},
            boundary={named: _boundary(self.principal.account, named)} if named else {},
            session={"the session's policy": self.narrowed} if self.narrowed else {},
            resource=_bucket_policy(self.principal.account, resource),
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
        self._check_trust(role_arn, wanted, {"aws:sourcearn": profile.arn, "aws:sourceaccount": self.account, **keys})
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

    def _check_trust(self, role_arn: str, actions: list[str], keys: Mapping[str, Values]) -> None:
        principal = Principal(arn=PASSED_TO, role_arn=role_arn, account=self.account, service=PASSED_TO)
        role = _role(principal)
        if role is None:
            raise ValueError(f"the role {role_arn} does not exist")
        trust = Policies(resource={"the trust policy": role.assume_role_policy_document})
        for action in actions:
            asked = Asked(action, role_arn, keys)
            decision = evaluate(principal, asked, trust)
            if not decision.allowed:
                said = refusal(principal, asked, decision).replace("identity-based", "resource-based")
                raise ValueError(f"SageMaker cannot begin a session: {said}")


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
    now = datetime.now(UTC)
    role = _role(principal)
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


def _role(principal: Principal) -> Role | None:
    try:
        return iam_backends[principal.account][PARTITION].get_role_by_arn(principal.role_arn)
    except NotFoundException:
        return None


def _documents_of(role: Role) -> dict[str, Document]:
    attached = {arn: _document(policy) for arn, policy in role.managed_policies.items()}
    return {**attached, **role.policies}


def _document(policy: ManagedPolicy) -> Document:
    """The default version; a policy that has none allows nothing."""
    default = (version.document for version in policy.versions if version.version_id == policy.default_version_id)
    return next(default, NOTHING)


def _boundary(account: str, arn: str) -> Document:
    """A boundary that is gone allows nothing."""
    policy = iam_backends[account][PARTITION].managed_policies.get(arn)
    return _document(policy) if policy else NOTHING


def _bucket_policy(account: str, resource: str) -> dict[str, Document]:
    """Of resources only buckets' policies are evaluated."""
    if not resource.startswith(S3_ARN):
        return {}
    bucket = s3_backends[account][PARTITION].buckets.get(resource.removeprefix(S3_ARN).partition("/")[0])
    return {f"the policy of {bucket.name}": bucket.policy.decode()} if bucket and bucket.policy else {}
