"""The emulator's own process: one WSGI application around moto's, on 127.0.0.1."""

import io
import json
import os
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.model import OperationNotFoundError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer
from werkzeug.wrappers import Request, Response

from studio_emulator import (
    calls,
    clock_setting,
    fault_answers,
    foreign_arns,
    form,
    framing,
    named_keys,
    post_form,
    public_access,
    refusals,
    registry,
    trail,
)
from studio_emulator.calls import Call, call_of, signature_of
from studio_emulator.database.clusters import Cluster, bundle
from studio_emulator.faults import SLOW_SECONDS, Fault, Faults, Kind, unknown
from studio_emulator.functions import gate
from studio_emulator.functions.timetable import Timetable
from studio_emulator.guard import is_loopback
from studio_emulator.iam.credentials import AdministratorKey
from studio_emulator.iam.door import Door
from studio_emulator.iam.policy import MalformedPolicyError
from studio_emulator.install import disturb_job, install, settle
from studio_emulator.inventory import take_inventory
from studio_emulator.page import open_studio, sign_in
from studio_emulator.sandbox.reach import CREDENTIALS_ADDRESS
from studio_emulator.server import ACCOUNT_ID
from studio_emulator.settings import EmulatorSettings
from studio_emulator.signatures import Refused, verify, verify_before_body
from studio_emulator.state_file import proof
from studio_emulator.studio.store import Outcome, StudioStore
from studio_emulator.training.peers import is_platform, peers
from studio_emulator.wire import LOOPBACK, InOneRead, Server, WsgiApplication

ADMINISTRATORS = ("/_studioctl/", "/moto-api")
CHECKS = (foreign_arns.refuse, named_keys.refuse, public_access.refuse)


@dataclass(frozen=True)
class Identity:
    """The answer of `/health`, by which a caller recognises the process that it started."""

    instance_id: str = field(default_factory=lambda: secrets.token_hex(8))
    pid: int = field(default_factory=os.getpid)
    runs_lifecycle: bool = False
    accepts_any_key: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @classmethod
    def of(cls, settings: EmulatorSettings) -> "Identity":
        """The identity of a new one."""
        return cls(runs_lifecycle=settings.run_lifecycle, accepts_any_key=settings.accept_any_key)


class Application:
    """Guards the door, answers for the emulator itself, and passes everything else on to moto.

    moto keeps its state in plain dicts, and Studio's changes reach into EC2 and EFS: so one request is let in at a
    time, after its body has been read, and each one finds Studio's state settled.
    """

    def __init__(self, identity: Identity, key: AdministratorKey, settings: EmulatorSettings) -> None:
        self.identity = identity
        self.key = key
        self.settings = settings
        self.faults = Faults()
        self.door = Door(ACCOUNT_ID, records=settings.record_permissions)
        self._moto: WsgiApplication = DomainDispatcherApplication(create_backend_app)
        self.turn = threading.RLock()
        self.timetable = Timetable(self.turn)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        refusal = _refuse_stranger(environ)
        if refusal is not None:
            return refusal(environ, start_response)
        call = call_of(environ, b"")
        peer = peers.at(environ.get("REMOTE_ADDR", ""))
        if peer is not None and not peer.admits(environ.get("PATH_INFO", ""), call.service):
            fault_answers.reset(environ)  # its network does not reach that
        try:
            framing.check_address(environ)
            if (unsigned := self._unsigned_answer(Request(environ))) is not None:
                return unsigned(environ, start_response)
            framing.check_headers(environ, call.service)
            body = _read_body(environ, self._largest_body(environ, call))
            call = call_of(environ, body)
            self._admit(environ, body)
            if calls.FORM in environ:  # an upload, which is known for one only now
                call = call_of(environ, body)
            elif not environ.get("PATH_INFO", "").startswith(ADMINISTRATORS):
                form.check(environ, call, body)
        except Refused as refused:
            return refusals.answer(refused, environ, call.service, call.action)(environ, start_response)
        if environ.get("PATH_INFO", "").startswith("/_studioctl/"):
            return self._own_answer(Request(environ))(environ, start_response)
        with self.turn:
            fault = None if is_platform(environ) else self.faults.hit(call.service, call.action)
        if fault is None:
            return self._carry_out(environ, start_response, call)
        return self._misbehave(fault, call, environ, start_response)

    def _misbehave(self, fault: Fault, call: Call, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match fault.kind:
            case Kind.SLOW:
                answer = self._carry_out(environ, start_response, call)
                time.sleep(SLOW_SECONDS if fault.seconds is None else fault.seconds)
            case Kind.TIMEOUT:
                fault_answers.hang(environ, fault.seconds)
            case Kind.RESET:
                fault_answers.reset(environ)
            case Kind.LOST_ANSWER:
                self._carry_out(environ, lambda *_: None, call)
                fault_answers.reset(environ)
            case Kind.FAILED | Kind.CAPACITY | Kind.INTERRUPTION:
                outcome = fault_answers.outcome_of(fault, call.action)
                answer = self._carry_out(environ, start_response, call, outcome)
            case _:
                answer = fault_answers.answer(fault, call)(environ, start_response)
        return answer

    def _carry_out(
        self, environ: dict[str, Any], start_response: Any, call: Call, outcome: Outcome | None = None
    ) -> Iterable[bytes]:
        """Answer in AWS's form where moto lacks or fails a call. Clients would retry after a plain server error."""
        if call == gate.INVOKE:
            return gate.invocation(environ, call, self.door, self.turn)(environ, start_response)
        with self.turn:
            settle()
            StudioStore.outcome = outcome
            try:
                if registry.is_for_registry(environ):
                    refused = self.door.refuse_push_or_pull(environ)
                    return (refused or registry.answer(Request(environ)))(environ, start_response)
                body = environ["wsgi.input"].getvalue()
                if refused := self.door.refuse(environ, call) or _refuse(environ, call, body):
                    return refused(environ, start_response)
                return self._moto_answers(environ, start_response, call, body)
            except Exception as error:  # noqa: BLE001 - moto trusts its clients, so it may be anything
                said = f"The emulator cannot do this: {_told(error)}"
                environ["wsgi.errors"].write(f"{call.service} {call.action}: {said}\n")
                return fault_answers.error_answer(call.service, "NotImplemented", said, 501)(environ, start_response)
            finally:
                StudioStore.outcome = None

    def _moto_answers(self, environ: dict[str, Any], start_response: Any, call: Call, body: bytes) -> list[bytes]:
        """The answer of moto, which CloudTrail keeps of a call to SageMaker."""
        if call.service != "sagemaker":
            return list(self._moto(environ, start_response))
        statuses: list[str] = []

        def begin(status: str, *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, *rest)

        answer = list(self._moto(environ, begin))
        signature = signature_of(environ)
        if signature is not None:
            who = self.door.sessions.told(signature.access_key)
            status = int(statuses[0].partition(" ")[0])
            trail.note(signature.region, ACCOUNT_ID, call.action, who, body, b"".join(answer), status)
        return answer

    def _largest_body(self, environ: dict[str, Any], call: Call) -> int:
        """The most bytes of a body that are read. Raises Refused for a large body whose signer is not known."""
        if self.identity.accepts_any_key:
            return framing.LARGEST
        with self.turn:
            if registry.is_for_registry(environ):
                return framing.LARGEST if registry.admits(environ) else framing.LARGEST_ELSEWHERE
            if signature_of(environ) is not None and framing.is_large(environ):
                verify_before_body(environ, self.key.secret_of)
        return framing.LARGEST if call.service == "s3" else framing.LARGEST_ELSEWHERE

    def _admit(self, environ: dict[str, Any], body: bytes) -> None:
        """Refuses a request that is not signed by somebody whom this account knows.

        A registry's client brings a password instead, which the registry looks at. What is not AWS's own, this
        emulator's and moto's, is the administrator's alone.
        """
        if self.identity.accepts_any_key or registry.is_for_registry(environ):
            return
        with self.turn:
            if not post_form.admit(environ, body, self.key.secret_of):
                verify(environ, body, self.key.secret_of)
            self._check_is_administrator(environ)

    def _check_is_administrator(self, environ: dict[str, Any]) -> None:
        signature = signature_of(environ)
        if environ.get("PATH_INFO", "").startswith(ADMINISTRATORS) and (
            signature is None or signature.access_key != self.key.access_key_id
        ):
            raise Refused("not the administrator")

    def _unsigned_answer(self, request: Request) -> Response | None:
        """Answer requests that need no signature: the health check, and pages whose address is a permission."""
        if "Authorization" in request.headers or request.method != "GET":
            return None
        match request.path.split("/")[1:]:
            case ["v2", "credentials", token]:
                return self._credentials(request, token)
            case ["health"]:
                return _json({"ok": True, "version": version("studioctl")} | vars(self.identity) | self._proof(request))
            case ["_studioctl", "global-bundle.pem"]:
                return Response(bundle(), mimetype="application/x-pem-file")
            case ["studio", domain_id, *rest] if rest in ([], ["auth"]):
                with self.turn:
                    settle()
                    return open_studio(domain_id, request.args.get("token", "")) if rest else sign_in(domain_id)
            case _:
                return None

    def _credentials(self, request: Request, token: str) -> Response:
        """A job's container asks for its role's: whoever knows the address, and is there."""
        peer = peers.at(request.remote_addr or "")
        if peer is None or peer.credentials is None or not secrets.compare_digest(peer.token, token):
            return Response("Not found\n", 404)
        with self.turn:
            return _json(peer.credentials())

    def _proof(self, request: Request) -> dict[str, str]:
        """Lets a caller who knows our secret see that we know it, too: anybody can take a port that is free again."""
        challenge = request.args.get("challenge", "")
        return {"proof": proof(self.key.secret_access_key, challenge)} if challenge else {}

    def _own_answer(self, request: Request) -> Response:
        """Paths of the emulator itself."""
        answers: Mapping[str, Callable[[Request], Response]] = {
            "inventory": lambda _: self._inventory(),
            "settings": lambda _: _json(asdict(self.settings)),
            "faults": self._change_faults,
            "calls": lambda _: _json(self.faults.asked),
            "training-jobs": self._disturb,
            "sessions": self._begin_session,
            "permissions": self._permissions,
            "clock": lambda request: clock_setting.answer(request, self.turn, self.timetable.run),
            "functions": gate.kill,
            "administrator": self._hold,
        }
        answer = answers.get("/".join(request.path.split("/")[2:]))
        return answer(request) if answer else Response("Not found\n", 404)

    def _inventory(self) -> Response:
        """Everything that exists."""
        with self.turn:
            settle()
            return _json(take_inventory())

    def _permissions(self, request: Request) -> Response:
        """GET shows what was asked for, DELETE forgets it."""
        with self.turn:
            if request.method == "DELETE":
                self.door.permissions.clear()
            return _json(self.door.permissions.to_json())

    def _hold(self, request: Request) -> Response:
        """PUT holds the administrator to a policy, an empty one to nothing; GET shows what was refused since."""
        with self.turn:
            if request.method == "PUT":
                try:
                    self.door.hold(json.loads(request.get_data())["policy"])
                except (MalformedPolicyError, TypeError, ValueError, KeyError, RecursionError) as error:
                    return Response(f"{error}\n", 400)
            return _json(self.door.refusals)

    def _begin_session(self, request: Request) -> Response:
        """Credentials as a user's app has them: `{"region", "user", "domain_id"}`."""
        with self.turn:
            settle()
            try:
                return _json(self.door.sessions.begin(**json.loads(request.get_data() or b"{}")))
            except (TypeError, ValueError, AttributeError, RecursionError) as error:
                return Response(f"{error}\n", 400)

    def _disturb(self, request: Request) -> Response:
        """Disturb a job as AWS may: `{"region", "name", "event"}`, see `disturb_training_job`."""
        with self.turn:
            settle()
            try:
                wanted = json.loads(request.get_data() or b"{}")
                disturb_job(wanted["region"], wanted["name"], wanted["event"])
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                return Response(f"{error}\n", 400)
            return _json({})

    def _change_faults(self, request: Request) -> Response:
        """GET shows them, PUT replaces them, POST adds to them, DELETE removes them."""
        with self.turn:
            try:
                wanted = json.loads(request.get_data() or b"{}")
                match request.method:
                    case "PUT" | "DELETE":
                        _refuse_unknown_actions(wanted)
                        self.faults.change(wanted)
                    case "POST":
                        _refuse_unknown_actions(wanted)
                        self.faults.add(wanted)
            except (TypeError, ValueError, AttributeError, RecursionError) as error:
                return Response(f"{error}\n", 400)
            return _json(self.faults.to_json())


def _refuse_unknown_actions(wanted: dict[str, Any]) -> None:
    """A misspelt action would never be hit."""
    for fault in wanted.get("faults", []):
        service, action = fault.get("service", ""), fault.get("action", "")
        if service and service not in calls.SERVICES:
            raise ValueError(unknown("service", service, calls.SERVICES))
        if action and not calls.exists(service, action):
            near = get_close_matches(action, calls.names(service), n=1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"{service or 'AWS'} has no action '{action}'{meant}")


def bind(
    port: int,
    settings: EmulatorSettings,
    identity: Identity,
    key: AdministratorKey,
    volumes: Path,
    reach: Mapping[str, str],
) -> BaseWSGIServer:
    """A server that listens on 127.0.0.1, on a free port when `port` is 0. Raises SystemExit when it is taken."""
    application = Application(identity, key, settings)
    Cluster.turn = application.turn
    server = Server(LOOPBACK, port, InOneRead(gate.Gate(application)), handler=gate.Handler)
    install(settings, f"http://{LOOPBACK}:{server.server_port}", key, volumes=volumes, reach=reach)
    application.timetable.begin()
    return server


def _refuse_stranger(environ: dict[str, Any]) -> Response | None:
    """Refuse web pages: one in a browser may reach loopback under its own name (DNS rebinding) or from its origin."""
    host = _host_in(f"//{environ.get('HTTP_HOST', '')}")
    asks_for_credentials = host == CREDENTIALS_ADDRESS and peers.at(environ.get("REMOTE_ADDR", "")) is not None
    if not is_loopback(host) and not asks_for_credentials:
        return Response(f"The emulator answers only to this machine's own names, not to {host!r}.\n", 403)
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not is_loopback(_host_in(origin)):
        return Response(f"The emulator answers no page from {origin!r}.\n", 403)
    return None


def _refuse(environ: dict[str, Any], call: Call, body: bytes) -> Response | None:
    """The refusal of a request for what its members name, by the first check that has one."""
    return next((said for check in CHECKS if (said := check(environ, call, body)) is not None), None)


def _host_in(address: str) -> str:
    """The host of an address; "" where it is none, such as that of brackets which do not close."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _told(error: Exception) -> str:
    """moto's own words for what it has not; of anything else what and where it was, for the log."""
    if isinstance(error, (NotImplementedError, OperationNotFoundError)):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def _read_body(environ: dict[str, Any], largest: int) -> bytes:
    """Read the body before the turn is taken, so that a slow client holds up nobody."""
    body = framing.read(environ, largest)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return body


def _json(value: Any) -> Response:
    return Response(json.dumps(value, sort_keys=True) + "\n", content_type="application/json")
