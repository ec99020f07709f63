"""AWS Secrets Manager as a typed port. A value is a SecretStr: nothing that prints or logs one shows it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session


@dataclass(frozen=True)
class Secret:
    """AWS's description of a secret, without its value.

    Args:
        name: Its name, such as "acme-ml/github".
        arn: Its ARN.
        has_value: Whether it ever had a value.
        changed_at: When its value or a setting last changed.
        used_at: The day on which the value was last read, at midnight UTC; None if it never was.
        deletion_at: When AWS may delete it permanently; None unless it is scheduled for deletion.
    """

    name: str
    arn: str
    has_value: bool
    changed_at: datetime | None
    used_at: datetime | None
    deletion_at: datetime | None


class Secrets:
    """Secrets of one account and region. Every method raises AwsError when AWS refuses."""

    def __init__(self, session: Session) -> None:
        self._client = session.client("secretsmanager")

    def find(self, name: str) -> Secret | None:
        """The secret of this name, also one that is scheduled for deletion; None when there is none."""
        try:
            with translated():
                found = self._client.describe_secret(SecretId=name)
        except MissingError:
            return None
        return Secret(
            name=found["Name"],
            arn=found["ARN"],
            has_value=bool(found.get("VersionIdsToStages")),
            changed_at=found.get("LastChangedDate"),
            used_at=found.get("LastAccessedDate"),
            deletion_at=found.get("DeletedDate"),
        )

    def restore(self, secret: Secret) -> None:
        """Takes back that a secret is scheduled for deletion. Its value is what it was."""
        with translated():
            self._client.restore_secret(SecretId=secret.arn)

    def put(self, secret: Secret, value: SecretStr) -> None:
        """Makes this the value. The former one stays in AWS as AWSPREVIOUS until the next change."""
        with translated():
            self._client.put_secret_value(SecretId=secret.arn, SecretString=value.get_secret_value())

    def value(self, secret: Secret) -> SecretStr:
        """The value; AWS counts this as a use."""
        with translated():
            return SecretStr(self._client.get_secret_value(SecretId=secret.arn)["SecretString"])
