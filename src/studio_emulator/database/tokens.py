"""IAM's tokens for databases: presigned addresses of the action `rds-db:connect`, which are used as passwords.

Source: Aurora User Guide, "UsingWithRDS.IAMDBAuth.Connecting" (15 minutes; host, port and user are signed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from studio_emulator.sigv4 import EMPTY, MOMENT, Scope, Signable, same, signature

LONGEST_SECONDS = 900
SERVICE = "rds-db"


@dataclass(frozen=True)
class Token:
    """The content of a valid token.

    Args:
        access_key: The access key that signed it.
        session_token: Of temporary credentials; "" of others.
    """

    access_key: str
    session_token: str


def verified(
    text: str, *, host: str, port: int, user: str, region: str, secret_of: Callable[[str], str | None]
) -> Token | None:
    """The token of this text; None where it does not hold for this place, user and moment."""
    address, _, query = text.partition("/?")
    given = {name: values[0] for name, values in parse_qs(query).items()}
    named = (address, given.get("Action"), given.get("DBUser"), given.get("X-Amz-SignedHeaders"))
    if named != (f"{host}:{port}", "connect", user, "host"):
        return None
    credential = given.get("X-Amz-Credential", "").split("/")
    if len(credential) != 5 or credential[2:] != [region, SERVICE, "aws4_request"]:
        return None
    moment, secret = given.get("X-Amz-Date", ""), secret_of(credential[0])
    if secret is None or not _is_now(moment, given.get("X-Amz-Expires", "")):
        return None
    request = Signable("GET", "/", query, (("host", address),), EMPTY)
    made = signature(secret, Scope(credential[1], region, SERVICE), moment, request)
    if not same(made, given.get("X-Amz-Signature", "")):
        return None
    return Token(credential[0], given.get("X-Amz-Security-Token", ""))


def _is_now(moment: str, expires: str) -> bool:
    try:
        signed = datetime.strptime(moment, MOMENT).replace(tzinfo=UTC)
        life = min(int(expires), LONGEST_SECONDS)
    except ValueError:
        return False
    return -300 < (datetime.now(UTC) - signed).total_seconds() < life
