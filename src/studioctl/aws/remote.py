"""A remote session to a space: what Session Manager's plugin needs to open the stream."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from botocore.exceptions import ClientError

from studioctl.aws.errors import DENIED, code_of, translated
from studioctl.aws.permissions import read_denial
from studioctl.aws.session import Patience, Session
from studioctl.errors import AwsError
from studioctl.target import Target

# The form of AWS's own script, docs.aws.amazon.com/sagemaker/latest/dg/remote-access-local-ide-setup.html
SPACE_ARN = re.compile(r"arn:aws[-a-z]*:sagemaker:([a-z0-9-]+):([0-9]{12}):space/([^/\s]+)/([^/\s]+)")
PAUSES = (1.5, 2.25, 3.375)
"""Seconds between attempts. A space registers with Systems Manager a little after its app is InService, and until then
StartSession fails inside AWS: aws/aws-toolkit-vscode, awsService/sagemaker/detached-server/utils.ts."""
PASSING = re.compile(r"Throttl|TooManyRequests|InternalFailure|InternalServer|ServiceUnavailable")


@dataclass(frozen=True)
class SpaceArn:
    """A space's ARN, taken apart."""

    arn: str
    region: str
    account_id: str
    domain_id: str
    space: str

    @classmethod
    def parse(cls, text: str) -> "SpaceArn | None":
        """None for what is not the ARN of a space."""
        found = SPACE_ARN.fullmatch(text)
        return cls(text, *found.groups()) if found else None


@dataclass(frozen=True)
class RemoteSession:
    """An open door: whoever has the token is in. Neither token nor address is ever shown."""

    id: str
    stream_url: str = field(repr=False)
    token: str = field(repr=False)

    def response(self) -> str:
        """The JSON that the plugin reads: StartSession's answer."""
        return json.dumps({"SessionId": self.id, "StreamUrl": self.stream_url, "TokenValue": self.token})


def start_session(target: Target, arn: str, *, sleep: Callable[[float], None] = time.sleep) -> RemoteSession:
    """Asks for a session, again while the space registers.

    Raises:
        AwsError: AWS refused, or was not ready in time.
    """
    with translated():
        sagemaker = Session(target, Patience(attempts=1)).client("sagemaker")
        for pause in (*PAUSES, None):
            try:
                answer = sagemaker.start_session(ResourceIdentifier=arn)
            except ClientError as error:
                if DENIED.search(code_of(error)):
                    raise _not_allowed(arn, error) from error
                if pause is None or not _passes(error):
                    raise
                sleep(pause)
            else:
                return RemoteSession(answer["SessionId"], answer["StreamUrl"], answer["TokenValue"])
    raise AssertionError("the last attempt either answers or raises")


def _passes(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or PASSING.search(code_of(error)) is not None


def _not_allowed(arn: str, error: ClientError) -> AwsError:
    denial = read_denial("StartSession", error.response.get("Error", {}).get("Message", ""))
    if denial.action is None:
        denial = replace(denial, action="sagemaker:StartSession", resource=arn)
    # Its `sagemaker:*` names what it does not apply to, spaces among it; and the caller is asked, not the space's role.
    note = "AmazonSageMakerFullAccess does not include it, and the role of the space does not count."
    return AwsError(f"AWS refused StartSession: {denial.message} {note}", hint=denial.remedy)
