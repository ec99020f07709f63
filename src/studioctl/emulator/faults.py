"""Slowness and failures on demand, to rehearse what a program does when AWS misbehaves."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

TEMPORARY = frozenset(
    {"ServiceUnavailable", "InternalServerException", "InternalFailure", "RequestLimitExceeded", "SlowDown"}
)
"""Codes that AWS sends with status 503: "try again"."""


@dataclass(frozen=True)
class Fault:
    """An error that an action answers with, `times` times.

    Args:
        action: AWS's name, such as "CreateApp".
        code: AWS's error code, such as "ThrottlingException".
        message: AWS's error message.
        times: How often; None for ever.
    """

    action: str
    code: str
    message: str = "Injected by the emulator."
    times: int | None = 1


@dataclass
class Faults:
    """What is wrong at present. `latency_seconds` is added to every request to AWS's services."""

    latency_seconds: float = 0
    errors: dict[str, Fault] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The shape that `change` reads."""
        return {"latency_seconds": self.latency_seconds, "errors": [asdict(fault) for fault in self.errors.values()]}

    def change(self, wanted: dict[str, Any]) -> None:
        """Replace all of it. Raises TypeError or ValueError for what is not `{"latency_seconds", "errors": [...]}`."""
        errors = [Fault(**fault) for fault in wanted.get("errors", [])]
        self.latency_seconds = float(wanted.get("latency_seconds", 0))
        self.errors = {fault.action: fault for fault in errors}

    def answer(self, environ: dict[str, Any], body: bytes) -> Response | None:
        """The error for this request, if one is wanted, in the form of the service's protocol."""
        action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or _query_action(environ, body)
        fault = self.errors.get(action)
        if fault is None:
            return None
        if fault.times is not None:
            left = Fault(fault.action, fault.code, fault.message, fault.times - 1)
            self.errors[action] = left
            if left.times == 0:
                del self.errors[action]
        return error_answer(environ, fault.code, fault.message, _status(fault.code))


def error_answer(environ: dict[str, Any], code: str, message: str, status: int) -> Response:
    """An error in the form of the service's protocol: JSON for those that name a target, else XML."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        text = json.dumps({"__type": code, "message": message})
        return Response(text, status, content_type="application/x-amz-json-1.1")
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    text = f"<Response><Errors>{error}</Errors>{error}<RequestID>0</RequestID></Response>"
    return Response(text, status, content_type="text/xml")


def _query_action(environ: dict[str, Any], body: bytes) -> str:
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


def _status(code: str) -> int:
    return 503 if code in TEMPORARY else 400
