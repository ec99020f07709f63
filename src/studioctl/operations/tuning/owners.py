"""The owner of a study: its name is one person's in the environment, or one user's where each has a role."""

import json
import re

from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account
from studioctl.tuning.cloud import Cloud, parsed

OWNER = "owner.json"
# Names of sessions that say nothing about who they are of.
_ANYBODY = re.compile(r"SageMaker|i-[0-9a-f]+|aws-cli-session|.*\d{8,}.*")


def user_of(account: Account, asked: str | None) -> str | None:
    """The user whose role jobs get: who was asked for, or the caller, where each user has a role.

    Raises:
        StudioctlError: The caller is another user.
    """
    config = account.config
    if not config.iam.per_user_roles:
        return asked
    kind, *names = _parts(account.session.identity.arn)
    role, naming = names[0] if kind == "assumed-role" and names else None, Naming.of(config)
    caller = next((user.name for user in config.users if naming.user_role(user.name) == role), None)
    if caller is not None and asked not in (None, caller):
        raise StudioctlError(
            f"You are '{caller}', and '{asked}' is another user. Nothing was started.",
            hint="leave --user out",
            exit_code=ExitCode.USAGE,
        )
    return asked or caller


def who(arn: str) -> str:
    """The person behind an ARN, as far as it tells: a role, and of its session what is no number."""
    kind, *names = _parts(arn)
    if kind != "assumed-role" or not names:
        return "/".join((kind, *names))
    role, session = names[0], names[-1]
    return role if _ANYBODY.fullmatch(session) else f"{role}/{session}"


def _parts(arn: str) -> list[str]:
    """The kind of a caller, such as "root", "user", "assumed-role" or "federated-user", and its names."""
    return arn.rpartition(":")[2].split("/")


def refuse_others(account: Account, cloud: Cloud, root: str, study: str, bucket: str) -> None:
    """Goes on where the study in the bucket is the caller's, or nobody's.

    Raises:
        RefusedError: It is somebody else's.
    """
    owner = parsed(cloud.get(f"{root}/{OWNER}"))
    if isinstance(owner, str) and owner != (caller := who(account.session.identity.arn)):
        raise RefusedError(
            f"Study '{study}' of '{account.config.name}' is of '{owner[:200]}', and you are '{caller}'. Nothing was"
            " changed.",
            hint="name another study with --study; where both are you:"
            f" aws s3 rm s3://{bucket}/{root}/{OWNER}{account.target.aws_flags}",
        )


def claim(account: Account, cloud: Cloud, root: str, study: str, bucket: str) -> None:
    """Notes that the study is the caller's, unless somebody has at the same moment.

    Raises:
        RefusedError: It is somebody else's.
    """
    refuse_others(account, cloud, root, study, bucket)
    if not cloud.put_new(f"{root}/{OWNER}", json.dumps(who(account.session.identity.arn)).encode()):
        refuse_others(account, cloud, root, study, bucket)
