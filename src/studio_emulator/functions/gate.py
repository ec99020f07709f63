"""Requests of functions and for them, before they get to moto."""

import json
import threading
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from studio_emulator import fault_answers, framing
from studio_emulator.calls import Call, call_of, signature_of
from studio_emulator.clock import clock
from studio_emulator.functions.running import PATH, processes
from studio_emulator.functions.timetable import invoke, named
from studio_emulator.iam.door import Door
from studio_emulator.wire import RequestHandler, WsgiApplication

INVOKE = Call("lambda", "Invoke")


class Handler(RequestHandler):
    """A function has no clock but AWS's, which is the date of answers. Others compare those with the machine's."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The date of an answer."""
        is_function = processes.at(self.client_address[0]) is not None
        return super().date_time_string(clock.time() if is_function and timestamp is None else timestamp)


class Gate:
    """Answers to functions' processes as Lambda's own interface does, and passes everything else on."""

    def __init__(self, application: WsgiApplication) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        address, path = environ.get("REMOTE_ADDR", ""), environ.get("PATH_INFO", "")
        process = processes.at(address)
        if process is not None and path.startswith(PATH):
            body = framing.read(environ, framing.LARGEST_ELSEWHERE)
            answer, headers = process.answer(path.removeprefix(PATH), body)
            return Response(answer, headers=dict(headers), content_type="application/json")(environ, start_response)
        if process is not None and call_of(environ, b"").service and processes.is_killed(address):
            fault_answers.reset(environ)
        return self._application(environ, start_response)


def invocation(environ: dict[str, Any], call: Call, door: Door, turn: threading.RLock) -> Response:
    """The Invoke of a function. That asks the emulator, and so the turn is not held."""
    with turn:
        refused = door.refuse(environ, call)
        signature = signature_of(environ)
        name = environ["PATH_INFO"].split("/")[3]
        function = named(signature.region, name) if signature else None
    if refused is not None:
        return refused
    if function is None:
        return fault_answers.error_answer("lambda", "ResourceNotFoundException", f"Function not found: {name}", 404)
    if function.reserved_concurrency == 0:
        return fault_answers.error_answer("lambda", "TooManyRequestsException", "Rate Exceeded.", 429)
    outcome = invoke(function, environ["wsgi.input"].getvalue() or b"{}", turn)
    failed = {"X-Amz-Function-Error": "Unhandled"} if outcome.failed else {}
    return Response(outcome.payload, headers=failed, content_type="application/json")


def kill(request: Request) -> Response:
    """Let the processes of functions be killed: `{"kill_after_calls": 3}`."""
    try:
        processes.kill_after(int(json.loads(request.get_data() or b"{}")["kill_after_calls"]))
    except (KeyError, TypeError, ValueError) as error:
        return Response(f"{error}\n", 400)
    return Response("{}\n", content_type="application/json")
