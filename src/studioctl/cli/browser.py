"""Opening an address that is a credential in the browser."""

import secrets
import time
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0  # seconds until the browser must have come


def hand_over(url: str) -> bool:
    """Opens it; whether a browser came for it.

    A browser's command line can be read by everybody on the machine. So it is given an address on this machine that
    answers once, with a redirection.
    """
    path = f"/{secrets.token_urlsafe(32)}"
    served: list[bool] = []

    class Redirection(BaseHTTPRequestHandler):
        timeout = 1.0  # browsers also open connections on which they say nothing, and only one is served at a time

        def do_GET(self) -> None:
            if self.path != path or served:
                self.send_error(404)
                return
            served.append(True)
            self.send_response(303)
            self.send_header("Location", url)
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer((LOOPBACK, 0), Redirection) as server:
        server.timeout = 1.0
        if not webbrowser.open(f"http://{LOOPBACK}:{server.server_port}{path}"):
            return False
        deadline = time.monotonic() + PATIENCE
        while not served and time.monotonic() < deadline:
            server.handle_request()
    return bool(served)
