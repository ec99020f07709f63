"""Terraform's calls, passed on to the provider as they come, but for two that always have the same answer.

Terraform speaks gRPC with its plugins over a Unix socket. Each call is passed on as bytes, and so is its answer, its
error and its end before time. Not passed on are the calls of the plugin framework itself, by which Terraform would take
over the provider's output or end it: it takes their absence for an older plugin.
https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md
"""

from collections.abc import Callable, Collection
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from studioctl.terraform.front import schema
from studioctl.terraform.front.answers import Answers

SCHEMA = "/tfplugin5.Provider/GetSchema"
SETTINGS = "/tfplugin5.Provider/PrepareProviderConfig"
_PROVIDER = "/tfplugin5.Provider/"
# Terraform makes ten calls at once, and more while it stops the provider.
_AT_ONCE = 64
# Of messages: a state of a thousand people is large. And nothing between two programs on this machine takes a proxy.
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


class Relay(grpc.GenericRpcHandler):
    """Answers Terraform.

    Args:
        provider: The provider's socket.
        answers: What it is known to answer.
        types: Tells the types in which the Terraform that asks is interested; None for all.
    """

    def __init__(self, provider: Path, answers: Answers, types: Callable[[], Collection[str] | None]) -> None:
        self._channel = grpc.insecure_channel(f"unix:{provider}", options=_OPTIONS)
        self._answers, self._types = answers, types

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """The answer to a call; None for "not implemented"."""
        method: str = handler_call_details.method
        if not method.startswith(_PROVIDER):
            return None
        answer = {SCHEMA: self._schema, SETTINGS: self._settings}.get(method) or self._passing(method)
        return grpc.unary_unary_rpc_method_handler(answer)

    def _passing(self, method: str) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        call: Any = self._channel.unary_unary(method)

        def passed(request: bytes, context: grpc.ServicerContext) -> bytes:
            pending = call.future(request)
            context.add_callback(pending.cancel)  # Terraform gave up, waited long enough, or died
            try:
                return bytes(pending.result())
            except grpc.FutureCancelledError:
                context.abort(grpc.StatusCode.CANCELLED, "Terraform gave up")
            except grpc.RpcError as error:
                told: Any = error
                context.set_trailing_metadata(told.trailing_metadata() or ())
                context.abort(told.code(), told.details() or "")
            raise AssertionError(method)  # `abort` raises

        return passed

    def _schema(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        answer = self._answers.schema()
        if answer is None:
            answer = self._passing(SCHEMA)(request, context)
            if schema.has_diagnostics(answer):
                return answer
            self._answers.keep_schema(answer)
        types = self._types()
        return answer if types is None else schema.only(answer, types)

    def _settings(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """The provider hands settings that it finds right back as they are, in a message that is built alike."""
        if self._answers.finds_right(request):
            return request
        answer = self._passing(SETTINGS)(request, context)
        if answer == request:
            self._answers.keep_right(request)
        return answer


def serving(relay: Relay, socket: Path) -> grpc.Server:
    """A server that listens; stop it."""
    server = grpc.server(futures.ThreadPoolExecutor(_AT_ONCE), handlers=[relay], options=_OPTIONS)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server
