"""Terraform's calls through the front, with a provider that a test plays."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from studioctl.terraform.front import http2, relay
from studioctl.terraform.front.answers import Answers

from .messages import field as message
from .messages import schema_of

READ = "/tfplugin5.Provider/ReadResource"
UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@dataclass
class Played(grpc.GenericRpcHandler):
    """A provider: what it answers, and what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    streams: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method: str = handler_call_details.method
        self.asked.append(method)
        if method in self.streams:
            return grpc.unary_stream_rpc_method_handler(self.streams[method])
        return grpc.unary_unary_rpc_method_handler(self.answers[method]) if method in self.answers else None


@dataclass
class Scene:
    """Terraform, the front and the provider."""

    provider: Played
    channel: grpc.Channel
    types: list[str] | None = None
    stop: Callable[[], object] = lambda: None

    def call(self, method: str, request: bytes = b"") -> bytes:
        return bytes(self.begin(method, request).result(120))

    def begin(self, method: str, request: bytes = b"") -> Any:
        """A call whose answer is yet to come."""
        call: Any = self.channel.unary_unary(method)
        return call.future(request)

    def refused(self, method: str) -> Any:
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method)
        return caught.value


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    played = Played()
    behind = grpc.server(futures.ThreadPoolExecutor(16), handlers=[played], options=UNLIMITED)
    behind.add_insecure_port(f"unix:{tmp_path}/p")
    behind.start()
    channel = grpc.insecure_channel(f"unix:{tmp_path}/f", options=UNLIMITED)
    made = Scene(played, channel, stop=lambda: behind.stop(0).wait())
    front = relay.Relay(tmp_path / "p", Answers(tmp_path / "cache", "h1:a"), lambda: made.types)
    with front.serving(tmp_path / "f"):
        yield made
        channel.close()
    behind.stop(0).wait()


def test_a_call_and_its_answer_pass_as_they_are(scene: Scene) -> None:
    scene.provider.answers[READ] = lambda request, _: request[::-1]
    large = bytes(range(256)) * 40_000  # 10 MB; gRPC's own limit is 4
    assert scene.call(READ, b"abc") == b"cba"
    assert scene.call(READ, large) == large[::-1]


def test_an_error_passes_with_its_details(scene: Scene) -> None:
    def fails(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\x08\x0d"), ("why", "so")))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much ü")
        raise AssertionError

    scene.provider.answers[READ] = fails
    error = scene.refused(READ)
    assert (error.code(), error.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "too much ü")
    assert {("grpc-status-details-bin", b"\x08\x0d"), ("why", "so")} <= {*map(tuple, error.trailing_metadata())}
    assert scene.refused("/tfplugin5.Provider/Unknown").code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_of_answers_passes_too(scene: Scene) -> None:
    def counts(request: bytes, _: grpc.ServicerContext) -> Iterator[bytes]:
        yield from (bytes([number]) for number in range(request[0]))

    scene.provider.streams["/plugin.GRPCStdio/StreamStdio"] = counts
    call: Any = scene.channel.unary_stream("/plugin.GRPCStdio/StreamStdio")
    assert [*call(b"\x05")] == [b"\0", b"\1", b"\2", b"\3", b"\4"]


def test_a_call_that_terraform_gives_up_ends_at_the_provider_too(scene: Scene) -> None:
    begun, ended = threading.Event(), threading.Event()

    def waits(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.add_callback(ended.set)
        begun.set()
        assert ended.wait(30)
        return b""

    scene.provider.answers[READ] = waits
    pending = scene.begin(READ)
    assert begun.wait(30)
    assert not ended.is_set()
    pending.cancel()
    assert ended.wait(30)


def test_many_wait_side_by_side_and_a_stop_comes_through(scene: Scene) -> None:
    stopped, all_here = threading.Event(), threading.Barrier(11)

    def waits(_: bytes, __: grpc.ServicerContext) -> bytes:
        all_here.wait(30)
        assert stopped.wait(30)
        return b"stopped"

    def stop(_: bytes, __: grpc.ServicerContext) -> bytes:
        stopped.set()
        return b""

    scene.provider.answers |= {READ: waits, "/tfplugin5.Provider/Stop": stop}
    pending = [scene.begin(READ) for _ in range(10)]
    all_here.wait(30)
    scene.call("/tfplugin5.Provider/Stop")
    assert [call.result() for call in pending] == [b"stopped"] * 10


def test_the_schema_is_asked_for_once_and_told_in_part(scene: Scene) -> None:
    whole = schema_of("aws_vpc", "aws_subnet", data=("aws_partition",))
    scene.provider.answers[relay.SCHEMA] = lambda *_: whole
    assert scene.call(relay.SCHEMA) == whole
    scene.types = ["aws_vpc"]
    assert scene.call(relay.SCHEMA) == schema_of("aws_vpc")
    assert scene.provider.asked == [relay.SCHEMA]


def test_a_schema_with_complaints_is_told_whole_and_not_kept(scene: Scene) -> None:
    whole = schema_of("aws_vpc") + message(4, b"broken")
    scene.provider.answers[relay.SCHEMA] = lambda *_: whole
    scene.types = []
    assert [scene.call(relay.SCHEMA), scene.call(relay.SCHEMA)] == [whole, whole]
    assert len(scene.provider.asked) == 2


def test_settings_are_examined_once(scene: Scene) -> None:
    scene.provider.answers[relay.SETTINGS] = lambda request, _: request
    assert [scene.call(relay.SETTINGS, b"\x0a\x01a"), scene.call(relay.SETTINGS, b"\x0a\x01a")] == [b"\x0a\x01a"] * 2
    assert scene.provider.asked == [relay.SETTINGS]
    scene.call(relay.SETTINGS, b"\x0a\x01b")
    assert len(scene.provider.asked) == 2


def test_settings_with_complaints_are_examined_each_time(scene: Scene) -> None:
    scene.provider.answers[relay.SETTINGS] = lambda request, _: request + message(2, b"no such region")
    for _ in range(2):
        assert scene.call(relay.SETTINGS, b"\x0a\x01a") == b"\x0a\x01a" + message(2, b"no such region")
    assert len(scene.provider.asked) == 2


def test_large_schemas_come_whole_while_others_are_answered(scene: Scene) -> None:
    """Both wait for the room that Terraform gives: what was sent from here is not the provider's to use."""
    whole = schema_of(*(f"aws_type_{number}" for number in range(5_000)))  # 5 MB
    scene.provider.answers |= {relay.SCHEMA: lambda *_: whole, READ: lambda request, _: request}
    assert scene.call(relay.SCHEMA) == whole
    large = bytes(1_000_000)
    pending = [scene.begin(method, large) for method in (READ, relay.SCHEMA, READ, READ, relay.SCHEMA, READ)]
    answers = [call.result(120) for call in pending]
    assert [answer == whole for answer in answers] == [False, True, False, False, True, False]
    assert [len(answer) for answer in answers if answer != whole] == [len(large)] * 4


def test_calls_are_told_apart_on_many_connections(scene: Scene, tmp_path: Path) -> None:
    scene.provider.answers |= {READ: lambda request, _: request, relay.SETTINGS: lambda request, _: request}
    options = (*UNLIMITED, ("grpc.use_local_subchannel_pool", 1))
    channels = [grpc.insecure_channel(f"unix:{tmp_path}/f", options=options) for _ in range(8)]
    scene.channel, own = channels[0], scene.channel
    pending: list[tuple[bytes, Any]] = []
    for number in range(240):
        scene.channel = channels[number % 8]
        request = b"\x0a\x02" + number.to_bytes(2)
        pending.append((request, scene.begin(relay.SETTINGS if number % 3 == 0 else READ, request)))
    assert [call.result(120) for _, call in pending] == [request for request, _ in pending]
    for channel in channels:
        channel.close()
    scene.channel = own


def test_a_known_answer_that_nobody_waits_for_breaks_nothing(scene: Scene) -> None:
    whole = schema_of(*(f"aws_type_{number}" for number in range(500)))
    scene.provider.answers |= {relay.SCHEMA: lambda *_: whole, READ: lambda request, _: request}
    scene.call(relay.SCHEMA)
    for _ in range(20):
        scene.begin(relay.SCHEMA).cancel()
        assert scene.call(READ, b"x") == b"x"
    assert scene.call(relay.SCHEMA) == whole


def test_pings_are_answered_here_as_are_calls(tmp_path: Path) -> None:
    """The provider would end a connection whose pings it gets without the calls that they belong to."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    ping, settings = http2.frame(http2.PING, 0, 0, b"12345678"), http2.frame(http2.SETTINGS, 0, 0, b"")
    with socket.socket(socket.AF_UNIX) as behind, socket.socket(socket.AF_UNIX) as terraform:
        behind.bind(str(tmp_path / "p"))
        behind.listen()
        front = relay.Relay(tmp_path / "p", Answers(tmp_path / "cache", "h1:a"), lambda: None)
        with front.serving(tmp_path / "f"):
            terraform.connect(str(tmp_path / "f"))
            terraform.sendall(preface + ping * 4 + settings)
            provider, _ = behind.accept()
            with provider:
                answered = http2.frame(http2.PING, http2.ACK, 0, b"12345678") * 4
                assert _received(terraform, len(answered)) == answered
                assert _received(provider, len(preface + settings)) == preface + settings
                provider.sendall(ping)  # one of the provider's own passes, and so does its answer
                assert _received(terraform, len(ping)) == ping
                terraform.sendall(answered[: len(ping)])
                assert _received(provider, len(ping)) == answered[: len(ping)]


def _received(side: socket.socket, size: int) -> bytes:
    """So many bytes. With a time limit a socket does not wait for all of them, whatever MSG_WAITALL says."""
    side.settimeout(30)
    received = b""
    while len(received) < size and (piece := side.recv(size - len(received))):
        received += piece
    return received


def test_a_provider_that_ends_ends_the_calls(scene: Scene) -> None:
    begun = threading.Event()

    def waits(_: bytes, __: grpc.ServicerContext) -> bytes:
        begun.set()
        threading.Event().wait(5)
        return b""

    scene.provider.answers[READ] = waits
    pending = scene.begin(READ)
    assert begun.wait(30)
    scene.stop()
    assert pending.exception(30).code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
