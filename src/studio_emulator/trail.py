"""CloudTrail's record of calls to SageMaker that change something, for 90 days, and LookupEvents, which moto lacks.

Sources: CloudTrail API reference, "LookupEvents"; CloudTrail User Guide, "cloudtrail-event-reference-record-contents".
"""

import json
import secrets
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

from moto.cloudtrail import urls
from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from studio_emulator.clock import clock
from studio_emulator.settings import EmulatorSettings

DAYS = 90
PAGE = 50
_READS = ("Describe", "Get", "List", "Query", "Search")
_FIELDS = {"EventName": "EventName", "EventSource": "EventSource", "EventId": "EventId", "Username": "Username"}


class RecordingCloudTrailBackend(CloudTrailBackend):
    """The events of one account and region, oldest first."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.events: list[dict[str, Any]] = []

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def note(self, action: str, who: Mapping[str, str], asked: Mapping[str, Any], answer: bytes, status: int) -> None:
        """Keeps a call, also one that was refused; reading calls are not kept."""
        if action.startswith(_READS):
            return
        moment = clock.now().replace(microsecond=0)
        answered = _read(answer)
        record: dict[str, Any] = {
            "eventVersion": "1.09",
            "userIdentity": dict(who),
            "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": action,
            "awsRegion": self.region_name,
            "requestParameters": _camel(asked),
            "responseElements": _camel(answered) or None if status < 400 else None,
            "eventID": secrets.token_hex(16),
            "readOnly": False,
            "managementEvent": True,
        }
        if status >= 400:
            record |= {"errorCode": str(answered.get("__type", "")).rpartition("#")[2] or "Failure"}
        self.events.append(
            {
                "EventId": record["eventID"],
                "EventName": action,
                "EventSource": record["eventSource"],
                "EventTime": moment.timestamp(),
                "Username": who.get("userName", ""),
                "ReadOnly": "false",
                "Resources": [],
                "CloudTrailEvent": json.dumps(record),
            }
        )
        oldest = clock.time() - DAYS * 86400
        while self.events[0]["EventTime"] < oldest:
            del self.events[0]

    def lookup(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page of LookupEvents, the newest first. Raises as AWS does for two attributes and for a wrong time."""
        attributes = request.get("LookupAttributes", [])
        start, end = request.get("StartTime", 0), request.get("EndTime", float("inf"))
        if len(attributes) > 1:
            raise JsonRESTError("InvalidLookupAttributesException", "You can use only one lookup attribute.")
        if start > end:
            raise JsonRESTError("InvalidTimeRangeException", "The start time is after the end time.")
        shown = clock.time() - self.settings.trail_seconds
        found = [
            event
            for event in reversed(self.events)
            if start <= event["EventTime"] <= min(end, shown) and all(_has(event, each) for each in attributes)
        ]
        begin, size = int(request.get("NextToken", 0)), min(request.get("MaxResults", PAGE), PAGE)
        more = {"NextToken": str(begin + size)} if begin + size < len(found) else {}
        return {"Events": found[begin : begin + size], **more}


class RecordingCloudTrailResponse(CloudTrailResponse):
    """The action that moto lacks."""

    def lookup_events(self) -> str:
        """LookupEvents."""
        backend = cloudtrail_backends[self.current_account][self.region]
        assert isinstance(backend, RecordingCloudTrailBackend)  # noqa: S101 - install.py sees to it
        return json.dumps(backend.lookup(json.loads(self.body or "{}")))


def note(
    region: str, account: str, action: str, who: Mapping[str, str], body: bytes, answer: bytes, status: int
) -> None:
    """Keeps a call to SageMaker."""
    backend = cloudtrail_backends[account][region]
    if isinstance(backend, RecordingCloudTrailBackend):
        backend.note(action, who, _read(body), answer, status)


def _has(event: Mapping[str, Any], attribute: Mapping[str, str]) -> bool:
    field = _FIELDS.get(attribute.get("AttributeKey", ""))
    return field is not None and event[field] == attribute.get("AttributeValue")


def _read(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _camel(value: Any) -> Any:
    """CloudTrail begins the names of members with a small letter."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _camel(member) for name, member in value.items()}
    return [_camel(member) for member in value] if isinstance(value, list) else value
