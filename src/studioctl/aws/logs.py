"""Reads the logs of Studio's apps from CloudWatch Logs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session
from studioctl.aws.values import EDITOR_APP, Space

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import GetLogEventsRequestTypeDef

GROUP = "/aws/sagemaker/studio"
# Programs colour what they write; on another terminal these sequences could do anything.
UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def streams_of(space: Space) -> dict[str, str]:
    """The log streams of a space's editor, by what writes to them.

    That of the lifecycle configuration is documented, the app's own is its stem:
    https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-lifecycle-configurations-studio-debug.html
    """
    app = f"{space.domain_id}/{space.name}/{space.editor_type}/{EDITOR_APP}"
    return {"lifecycle": f"{app}/LifecycleConfigOnStart", "app": app}


class Reader:
    """Reads one stream: first its end, then what comes. A stream that is not there yet is empty.

    Args:
        session: The account.
        stream: Its name.
        lines: The number of existing lines to begin with.
    """

    def __init__(self, session: Session, stream: str, *, lines: int) -> None:
        self._logs = session.client("logs")
        self._stream = stream
        self._lines = lines
        self._token: str | None = None

    def read(self) -> Iterator[tuple[datetime, str]]:
        """Yield time and text of each new line, in the order written, without unprintable characters."""
        while True:
            before = self._token
            try:
                with translated():
                    answer = self._logs.get_log_events(**self._request())
            except MissingError:
                return
            self._token = answer["nextForwardToken"]
            for event in answer["events"]:
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                for text in event["message"].splitlines():
                    yield moment, UNPRINTABLE.sub("", text)
            if before is None or self._token == before:
                return  # AWS gives the same token again at the end

    def _request(self) -> "GetLogEventsRequestTypeDef":
        request: GetLogEventsRequestTypeDef = {"logGroupName": GROUP, "logStreamName": self._stream}
        if self._token is None:
            return {**request, "limit": self._lines, "startFromHead": False}
        return {**request, "nextToken": self._token, "startFromHead": True}
