"""Handing an address that is a credential to the browser, so that only the user who asked for it can read it.

A browser's command line can be read by everybody on the machine. So the browser is given an address on this machine,
which answers once, with a redirection, and only to a program of the same user.
"""

import contextlib
import secrets
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from studioctl.remote import peers

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0  # seconds until the browser must have come
AFTERWARDS = 2.0  # seconds that a browser may take which is said not to have started: some hand over and end
LOOK = 0.1
SETTLING = 1.0  # seconds until a browser on the terminal has it: w3m gives it back for a moment while it loads

# The standard library's choice of a browser waits for those that stay in the foreground, so it gets its own process.
# Ctrl-C belongs to a browser on the terminal: it must not end the choice, nor make it start another browser.
CHOICE = """
import os, signal, sys, webbrowser
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
sys.addaudithook(lambda event, _: event == "webbrowser.open" and stopped and os._exit(1))
try:
    started = webbrowser.open(sys.argv[1])
except (webbrowser.Error, ValueError):
    started = False
sys.exit(not started)
"""


@dataclass(frozen=True)
class Visit:
    """The result of a visit. `refused` has other users who asked with the right address; None for an unknown one."""

    came: bool
    started: bool
    refused: tuple[int | None, ...]


def hand_over(url: str, *, patience: float = PATIENCE) -> Visit:
    """Opens the address in the user's browser. Returns when the browser has it, and a browser on the terminal ended.

    Args:
        url: The credential. It is written nowhere.
        patience: Seconds until the browser must have come.
    """
    with _serving(url) as door, _readable_by_us_alone(door) as address, _chosen_browser(address) as browser:
        deadline = time.monotonic() + patience
        started = True
        while not door.opened.wait(LOOK) and (time.monotonic() < deadline or browser.has_the_terminal()):
            if started and browser.failed():
                started, deadline = False, min(deadline, time.monotonic() + AFTERWARDS)
        if browser.takes_the_terminal():
            browser.wait()
        return Visit(door.opened.is_set(), started, tuple(door.refused))


class Door(ThreadingHTTPServer):
    """The server at the address on this machine. Browsers also open connections on which they send nothing."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__((LOOPBACK, 0), Visitor)
        self.url, self.path = url, f"/{secrets.token_urlsafe(32)}"
        self.address: peers.Address = (LOOPBACK, self.server_port)
        self.opened = threading.Event()
        self.refused: list[int | None] = []
        self.tells_users = peers.can_be_told(self.address)
        self._first = threading.Lock()

    def handle_error(self, *of_connection: Any) -> None:
        """A visitor who leaves early is no fault."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*of_connection)

    def admits(self, client: peers.Address) -> bool:
        """Whether the client is our own program. Otherwise remembers its user."""
        if not self.tells_users:
            return True  # the path was told to nobody else
        user = peers.owner(client, self.address)
        if peers.is_ours(user):
            return True
        self.refused.append(user)
        return False

    def is_first(self) -> bool:
        """True once."""
        return self._first.acquire(blocking=False)


class Visitor(BaseHTTPRequestHandler):
    """One connection."""

    server: Door
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Redirects whom it is for, once."""
        if self.path != self.server.path:
            self.send_error(404)
        elif not self.server.admits(self.client_address):
            self.send_error(403, "This page is for another user of this machine")
        elif not self.server.is_first():
            self.send_error(410, "This page worked once. Run studioctl open again")
        else:
            self.send_response(303)
            self.send_header("Location", self.server.url)
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.server.opened.set()

    def log_message(self, *_: object) -> None:
        """Says nothing: the terminal is the user's."""


@contextlib.contextmanager
def _serving(url: str) -> Iterator[Door]:
    with Door(url) as door:
        server = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": LOOK}, daemon=True)
        server.start()
        try:
            yield door
        finally:
            door.shutdown()
            server.join()


@contextlib.contextmanager
def _readable_by_us_alone(door: Door) -> Iterator[str]:
    """The address for the browser's command line: where users cannot be told apart, a file that leads to the page."""
    page = f"http://{LOOPBACK}:{door.server_port}{door.path}"
    if door.tells_users:
        yield page
        return
    with tempfile.NamedTemporaryFile("w", prefix="studioctl-", suffix=".html") as file:  # its mode is 0600
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={page}"><a href="{page}">Open</a>\n')
        file.flush()
        yield f"file://{file.name}"


class Browser:
    """The browser that was started, through the process that chose it.

    On a terminal it may be a text browser. Otherwise it inherits none of our streams, because it could keep pipes open.
    """

    def __init__(self, address: str) -> None:
        self._on_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not _is_drawn_on()
        streams = None if self._on_terminal else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", CHOICE, address],
            stdin=streams,
            stdout=streams,
            stderr=streams,
            start_new_session=not self._on_terminal,
        )

    def failed(self) -> bool:
        """Whether there is no browser that could be started."""
        return bool(self.process.poll())

    def has_the_terminal(self) -> bool:
        """Whether it draws on the terminal and reads single keys there, as lynx and w3m do."""
        return self._on_terminal and self.process.poll() is None and _is_drawn_on()

    def takes_the_terminal(self) -> bool:
        """Whether it has the terminal, or will in a moment."""
        end = time.monotonic() + SETTLING
        while not (has := self.has_the_terminal()) and self._on_terminal and self.process.poll() is None:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK / 10)
        return has

    def wait(self) -> None:
        """Wait until the user leaves it. Ctrl-C is for the browser."""
        while self.process.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):
                self.process.wait()


@contextlib.contextmanager
def _chosen_browser(address: str) -> Iterator[Browser]:
    browser = Browser(address)
    try:
        yield browser
    finally:
        browser.process.kill()  # only who waits for the browser: the browser itself goes on
        browser.process.wait()


def _is_drawn_on() -> bool:
    return not termios.tcgetattr(sys.stdin)[3] & termios.ICANON
