"""IAM and Secrets Manager as strict as AWS where moto is not."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from moto.iam import urls as iam_urls
from moto.iam.exceptions import (
    DeleteConflictException,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceededException,
    MalformedPolicyDocument,
    NotFoundException,
)
from moto.iam.models import IAMBackend, ManagedPolicy, PolicyVersion, Role
from moto.secretsmanager import urls as secretsmanager_urls
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.utilities.utils import PARTITION_NAMES

from studio_emulator.iam.policy import MalformedPolicyError, read_policy

BOUNDARY = 2
"""The place of a role's boundary in moto's responses, after its name."""
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters without white space, and the
# default of what can be raised. The words are AWS's own, seen in many public logs.
LONGEST_POLICY, MOST_POLICIES_OF_A_ROLE = 6144, 10
LONGEST_TRUST, LONGEST_INLINE = 2048, 10240
NO_PRINCIPALS = (  # terraform-aws-modules/terraform-aws-iam#47
    "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement"
    " with no principals!"
)


class StrictIAMBackend(IAMBackend):
    """IAM with AWS's checks of attachments, permissions boundaries and partitions."""

    @property
    def _url_module(self) -> ModuleType:
        return iam_urls

    def create_role(self, role_name: str, *args: Any, **kwargs: Any) -> Role:
        """The policy that is to be the role's boundary must exist, the name be nobody's, and somebody be trusted."""
        check_trust(args[0] if args else kwargs["assume_role_policy_document"])
        if any(role.name.lower() == role_name.lower() for role in self.roles.values()):
            raise EntityAlreadyExists(f"Role with name {role_name} already exists.")
        self._check_boundary(args[BOUNDARY] if len(args) > BOUNDARY else kwargs.get("permissions_boundary"))
        return super().create_role(role_name, *args, **kwargs)

    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        """Somebody is trusted."""
        self.get_role(role_name)
        check_trust(policy_document)
        super().update_assume_role_policy(role_name, policy_document)

    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str) -> None:
        """The same."""
        self._check_boundary(permissions_boundary)
        super().put_role_permissions_boundary(role_name, permissions_boundary)

    def create_policy(self, *args: Any, **kwargs: Any) -> ManagedPolicy:
        """Its resources are of this partition, it is not too long, and its name is nobody's."""
        _, _, document, name, *_ = args or (None, None, kwargs["policy_document"], kwargs["policy_name"])
        own = (policy for policy in self.managed_policies.values() if policy.arn.split(":")[4] == self.account_id)
        if any(policy.name.lower() == name.lower() for policy in own):
            raise EntityAlreadyExists(f"A policy called {name} already exists. Duplicate names are not allowed.")
        self._check_document(document)
        return super().create_policy(*args, **kwargs)

    def create_policy_version(self, policy_arn: str, policy_document: str, set_as_default: bool) -> PolicyVersion:
        """Its resources are of this partition."""
        self._check_document(policy_document)
        return super().create_policy_version(policy_arn, policy_document, set_as_default)

    def put_role_policy(self, role_name: str, policy_name: str, policy_json: str) -> None:
        """Its resources are of this partition, and all of a role's inline policies together are not too long."""
        self._check_partitions(policy_json)
        kept = (each for name, each in self.get_role(role_name).policies.items() if name != policy_name)
        if sum(map(_length, (policy_json, *kept))) > LONGEST_INLINE:
            raise LimitExceededException(f"Maximum policy size of {LONGEST_INLINE} bytes exceeded for role {role_name}")
        super().put_role_policy(role_name, policy_name, policy_json)

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """A second attachment of the same policy changes nothing; moto would count it twice.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html: a role has a policy once.
        An interrupted client, whose state does not know the first one, sends it again.
        """
        self._check_policy_arn(policy_arn)
        attached = self.get_role(role_name).managed_policies
        if policy_arn not in attached:
            if len(attached) >= MOST_POLICIES_OF_A_ROLE:
                raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {MOST_POLICIES_OF_A_ROLE}")
            super().attach_role_policy(policy_arn, role_name)

    def delete_policy(self, policy_arn: str) -> None:
        """Attachments block it (API reference, DeletePolicy), and so does a role whose boundary it is."""
        bounds = any(role.permissions_boundary_arn == policy_arn for role in self.roles.values())
        if self.get_policy(policy_arn).attachment_count or bounds:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        super().delete_policy(policy_arn)

    def _check_boundary(self, arn: str | None) -> None:
        if not arn:
            return
        self._check_policy_arn(arn)
        if arn not in self.managed_policies:
            raise NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")

    def _check_policy_arn(self, arn: str) -> None:
        parts = arn.split(":")
        if parts[0] == "arn" and parts[1:2] != [self.partition]:
            raise InvalidInput(f"ARN {arn} is not valid.")

    def _check_document(self, document: str) -> None:
        if _length(document) > LONGEST_POLICY:
            raise LimitExceededException(f"Cannot exceed quota for PolicySize: {LONGEST_POLICY}")
        self._check_partitions(document)

    def _check_partitions(self, document: str) -> None:
        """Refuse other partitions in moto's words, which are AWS's."""
        for arn in _resources(document):
            partition = arn.split(":")[1] if arn.startswith("arn:") else "*"
            if partition in PARTITION_NAMES and partition != self.partition:
                raise MalformedPolicyDocument(f'Partition "{partition}" is not valid for resource "{arn}".')


def check_trust(document: str | dict[str, Any]) -> None:
    """Raises MalformedPolicyDocument for what is no trust policy.

    Source: IAM User Guide, "reference_policies_elements_principal". The sentences are AWS's
    own, seen in public logs; that a missing Principal is told as for buckets is assumed.
    """
    try:
        statements = [statement.elements for statement in read_policy(document)]
    except MalformedPolicyError as error:
        is_json = str(error) != "it is not JSON"
        said = "Syntax errors in policy." if is_json else "This policy contains invalid Json"
        raise MalformedPolicyDocument(said) from None
    for statement in statements:
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicyDocument("Missing required field Principal")
        named = statement.get("Principal", "*")
        if not named or (isinstance(named, dict) and not any(named.values())):
            raise MalformedPolicyDocument(NO_PRINCIPALS)
        actions = statement.get("Action", [])
        listed = [actions] if isinstance(actions, str) else actions
        if not all(str(each).lower().startswith("sts:") for each in listed):
            raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
    if isinstance(document, str) and _length(document) > LONGEST_TRUST:
        raise LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST}")


def _length(document: str) -> int:
    """The length without white space, which IAM does not count."""
    return len("".join(document.split()))


def _resources(document: str) -> list[str]:
    """Every resource that a policy names; none if it is no policy, which moto says better."""
    try:
        statements = json.loads(document)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    found: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        for key in ("Resource", "NotResource"):
            named = statement.get(key, []) if isinstance(statement, dict) else []
            found += [arn for arn in (named if isinstance(named, list) else [named]) if isinstance(arn, str)]
    return found


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
        """Describe a secret with the day of its last use."""
        secret = super().describe_secret(secret_id)
        return Described(secret, self._last_used.get(secret.arn))
