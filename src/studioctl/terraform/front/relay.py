"""Terraform's calls, passed on to the provider as they come, but for two that always have the same answer.

Terraform speaks gRPC with its plugins over a Unix socket, which is HTTP/2. Frames pass in both directions: with them
calls, answers, errors, cancellations and whatever a later version brings. Messages pass as bytes, unread. Only those
calls are held back that ask for the schema, or have settings examined, until the request is whole; then they are
answered here, or passed on as well.
"""

import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from studioctl.terraform.front import http2, schema
from studioctl.terraform.front.answers import Answers
from studioctl.terraform.front.http2 import Frame

SCHEMA = "/tfplugin5.Provider/GetSchema"
SETTINGS = "/tfplugin5.Provider/PrepareProviderConfig"
_ANSWERED = {SCHEMA, SETTINGS}
_LONGEST_REQUEST = 32_768  # bytes that are held back; half of what a client sends without being told to go on
_AT_ONCE = 262_144  # bytes that are read at once


class Relay:
    """Stands between Terraform and a provider.

    Args:
        provider: The provider's socket.
        answers: Its known answers.
        types: Tells the types in which the Terraform that asks is interested; None for all.
    """

    def __init__(self, provider: Path, answers: Answers, types: Callable[[], Collection[str] | None]) -> None:
        self._provider, self._answers, self._types = provider, answers, types

    @contextmanager
    def serving(self, address: Path) -> Iterator[None]:
        """Listen, until the end of the block. Connections last until either side ends them."""
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(address))
        listening.listen()
        accepting = threading.Thread(target=self._accept, args=(listening,), daemon=True)
        accepting.start()
        try:
            yield
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # ends `accept`, which `close` alone does not
            accepting.join(1)
            listening.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                terraform, _ = listening.accept()
                _Connection(terraform, self._provider, self).start()

    def known(self, method: str, request: bytes) -> bytes | None:
        """The answer to a request, if it is known."""
        if method == SETTINGS:
            # The provider hands settings that it finds right back as they are, in a message that is built alike.
            return request if self._answers.finds_right(request) else None
        whole = self._answers.schema()
        types = self._types() if whole is not None else None
        return whole if whole is None or types is None else schema.only(whole, types)

    def learn(self, method: str, request: bytes, answer: bytes) -> None:
        """Take note of the provider's own answer."""
        if method == SETTINGS and answer == request:
            self._answers.keep_right(request)
        elif method == SCHEMA and not schema.has_diagnostics(answer):
            self._answers.keep_schema(answer)


class _Asked:
    """A call that may be answered here: the frames that are held back, its request and the provider's answer so far."""

    def __init__(self, method: str, headers: bytes) -> None:
        self.method = method
        self.held = [headers]
        self.length = 0  # of the data that is held
        self.opened = 0  # how much more data of the answer Terraform takes than of others
        self.request = bytearray()
        self.answer = bytearray()


class _Connection:
    """One connection of Terraform's, and the one to the provider that stands for it.

    Two threads read, one from each side. What both know is guarded by `_turn`, on which also waits who may not send to
    Terraform yet: it says how much data it takes, of each stream and of all together.
    """

    def __init__(self, terraform: socket.socket, provider: Path, relay: Relay) -> None:
        self._terraform, self._relay = terraform, relay
        self._provider = socket.socket(socket.AF_UNIX)
        self._address = str(provider)
        self._turn = threading.Condition()
        self._window = http2.WINDOW  # for data to Terraform, of all streams together
        self._owed = 0  # how much of what Terraform opens is not the provider's, because it was used here
        self._stream_window = http2.WINDOW
        self._ours: set[int] = set()  # streams of which the provider never learns
        self._windows: dict[int, int] = {}  # of those that are still answered
        self._asked: dict[int, _Asked] = {}
        self._held: int | None = None  # the stream whose frames are held back
        self._reading = 2  # threads
        self._is_over = False

    def start(self) -> None:
        """Connect, and pass on until either side ends."""
        try:
            self._provider.connect(self._address)
        except OSError:
            self._close()
            return
        for way in (self._from_terraform, self._from_provider):
            threading.Thread(target=self._until_the_end, args=(way,), daemon=True).start()

    def _until_the_end(self, way: Callable[[], None]) -> None:
        try:
            with suppress(OSError):
                way()
        finally:
            self._end()
            with self._turn:
                self._reading -= 1
                if not self._reading:
                    self._close()

    def _end(self) -> None:
        with self._turn:
            self._is_over = True
            self._turn.notify_all()
        for side in (self._terraform, self._provider):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        self._terraform.close()
        self._provider.close()

    # From Terraform to the provider.

    def _from_terraform(self) -> None:
        received, headers = bytearray(), http2.Headers()
        while len(received) < http2.PREFACE:
            if not (piece := self._terraform.recv(_AT_ONCE)):
                return
            received += piece
        self._provider.sendall(received[: http2.PREFACE])
        del received[: http2.PREFACE]
        while True:
            if passed := b"".join(self._to_provider(frame, headers) for frame in http2.frames(received)):
                self._provider.sendall(passed)
            if not (piece := self._terraform.recv(_AT_ONCE)):
                return
            received += piece

    def _to_provider(self, frame: Frame, headers: http2.Headers) -> bytes:
        """The bytes that the provider gets for a frame."""
        match frame.kind:
            case http2.WINDOW_UPDATE:
                return self._opened(frame)
            case http2.SETTINGS if not frame.flags & http2.ACK:
                self._set(frame)
            case http2.HEADERS | http2.CONTINUATION:
                return self._called(frame, headers)
            case http2.DATA if frame.stream == self._held:
                return self._requested(frame, self._asked[frame.stream])
            case http2.RST_STREAM:
                return self._given_up(frame)
            case http2.PING if not frame.flags & http2.ACK:
                # gRPC's client pings while data comes. A server ends the connection ("too_many_pings") after the third
                # ping between which it sent no data, and it did not send what is answered here.
                self._send(http2.frame(http2.PING, http2.ACK, 0, frame.payload))
                return b""
        return frame.raw

    def _opened(self, frame: Frame) -> bytes:
        with self._turn:
            if frame.stream in self._windows:
                self._windows[frame.stream] += frame.increment
                self._turn.notify_all()
            if frame.stream and frame.stream == self._held:
                asked = self._asked[frame.stream]
                asked.held.append(frame.raw)
                asked.opened += frame.increment
                return b""
            if frame.stream:
                return b"" if frame.stream in self._ours else frame.raw
            self._window += frame.increment
            paid = min(self._owed, frame.increment)
            self._owed -= paid
            self._turn.notify_all()
            return http2.opened(0, frame.increment - paid)

    def _set(self, frame: Frame) -> None:
        size = frame.setting(http2.INITIAL_WINDOW_SIZE)
        with self._turn:
            if size is not None:
                for stream in self._windows:
                    self._windows[stream] += size - self._stream_window
                self._stream_window = size
                self._turn.notify_all()

    def _called(self, frame: Frame, headers: http2.Headers) -> bytes:
        if (found := headers.fields(frame)) is None:
            return b""
        fields, flags = found
        passed, block = self._release(), http2.headers(frame.stream, fields, flags)
        method = dict(fields).get(b":path", b"").decode("latin-1")
        if method not in _ANSWERED or flags & http2.END_STREAM:
            return passed + block
        with self._turn:
            self._asked[frame.stream] = _Asked(method, block)
        self._held = frame.stream
        return passed

    def _release(self) -> bytes:
        """Hold nothing back any longer: streams begin in their order."""
        if self._held is None:
            return b""
        held, self._held = self._asked[self._held].held, None
        return b"".join(held)

    def _requested(self, frame: Frame, asked: _Asked) -> bytes:
        asked.held.append(frame.raw)
        asked.length += frame.length
        asked.request += frame.content
        if not frame.flags & http2.END_STREAM:
            return b"" if asked.length < _LONGEST_REQUEST else self._release()
        request = http2.unpacked(asked.request)
        answer = None if request is None else self._relay.known(asked.method, request)
        if answer is None:
            return self._release()
        self._held = None
        with self._turn:
            del self._asked[frame.stream]
            self._ours.add(frame.stream)
            self._windows[frame.stream] = self._stream_window + asked.opened
        begin = http2.opened(0, asked.length) + http2.answer_begins(frame.stream)  # the provider never takes this data
        answering = (frame.stream, begin, http2.packed(answer))
        threading.Thread(target=self._until_answered, args=answering, daemon=True).start()
        return b""

    def _given_up(self, frame: Frame) -> bytes:
        with self._turn:
            self._asked.pop(frame.stream, None)
            self._windows.pop(frame.stream, None)
            self._turn.notify_all()
        if self._held == frame.stream:
            self._held = None
            self._ours.add(frame.stream)
        return b"" if frame.stream in self._ours else frame.raw

    # From the provider, and from here, to Terraform.

    def _until_answered(self, stream: int, begin: bytes, data: bytes) -> None:
        with suppress(OSError):
            self._send(begin)
            while data:
                with self._turn:
                    self._turn.wait_for(lambda: self._room(stream) != 0)
                    size = min(len(data), http2.LARGEST, self._room(stream))
                    if size < 0:  # Terraform gave up, or the connection is over
                        return
                    self._window -= size
                    self._owed += size
                    self._windows[stream] -= size
                    self._terraform.sendall(http2.frame(http2.DATA, 0, stream, data[:size]))
                data = data[size:]
            self._send(http2.answer_ends(stream))

    def _room(self, stream: int) -> int:
        """The bytes of a stream's data that Terraform accepts now; -1 if it accepts no more."""
        if self._is_over or stream not in self._windows:
            return -1
        return max(0, min(self._window, self._windows[stream]))

    def _send(self, data: bytes) -> None:
        with self._turn:
            self._terraform.sendall(data)

    def _from_provider(self) -> None:
        received, headers = bytearray(), http2.Headers()
        while piece := self._provider.recv(_AT_ONCE):
            received += piece
            passed: list[bytes] = []
            for frame in http2.frames(received):
                if frame.kind in {http2.HEADERS, http2.CONTINUATION}:
                    if found := headers.fields(frame):
                        passed.append(http2.headers(frame.stream, *found))
                    continue
                if frame.kind == http2.DATA:
                    if self._asked:
                        self._answered(frame)
                    if not self._takes(frame):
                        self._send(b"".join(passed))
                        passed.clear()
                        self._wait_to_send(frame)
                passed.append(frame.raw)
            if passed:
                self._send(b"".join(passed))

    def _takes(self, frame: Frame) -> bool:
        with self._turn:
            if self._window < frame.length:
                return False
            self._window -= frame.length
            return True

    def _wait_to_send(self, frame: Frame) -> None:
        """The provider knows nothing of the data that was sent from here."""
        with self._turn:
            self._turn.wait_for(lambda: self._is_over or self._window >= frame.length)
            self._window -= frame.length

    def _answered(self, frame: Frame) -> None:
        with self._turn:
            asked = self._asked.get(frame.stream)
        if asked is None:
            return
        asked.answer += frame.content
        request, answer = http2.unpacked(asked.request), http2.unpacked(asked.answer)
        if request is not None and answer is not None:
            with self._turn:
                self._asked.pop(frame.stream, None)
            self._relay.learn(asked.method, request, answer)
