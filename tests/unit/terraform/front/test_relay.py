"""Terraform's calls through the front, with a provider that a test plays."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from studioctl.terraform.front import relay
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
    asked: list[str] = field(default_factory=list)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method: str = handler_call_details.method
        self.asked.append(method)
        return grpc.unary_unary_rpc_method_handler(self.answers[method]) if method in self.answers else None


@dataclass
class Scene:
    """Terraform, the front and the provider."""

    provider: Played
    channel: grpc.Channel
    types: list[str] | None = None

    def call(self, method: str, request: bytes = b"") -> bytes:
        return bytes(self.begin(method, request).result(30))

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
    made = Scene(played, channel)
    answers = Answers(tmp_path / "cache", "h1:a")
    front = relay.serving(relay.Relay(tmp_path / "p", answers, lambda: made.types), tmp_path / "f")
    yield made
    channel.close()
    front.stop(0).wait()
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


def test_the_frameworks_own_calls_do_not_reach_the_provider(scene: Scene) -> None:
    for method in (
        "/plugin.GRPCController/Shutdown",
        "/plugin.GRPCStdio/StreamStdio",
        "/plugin.GRPCBroker/StartStream",
    ):
        assert scene.refused(method).code() == grpc.StatusCode.UNIMPLEMENTED
    assert scene.provider.asked == []


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
