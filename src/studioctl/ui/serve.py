"""The server of the page: on 127.0.0.1 alone, without a log of requests."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import uvicorn

from studioctl.errors import StudioctlError
from studioctl.ui.app import application
from studioctl.ui.desk import Desk
from studioctl.ui.gate import HOST, Keys, can_tell_users

PATIENCE = 2  # seconds that open streams may take to end
LOOK = 0.02


def bound(port: int) -> socket.socket:
    """The socket of the page.

    Args:
        port: 0 for a free one.

    Raises:
        StudioctlError: It is taken, or not for this user.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        message = f"Port {port} on {HOST} cannot be used: {os.strerror(error.errno or 0)}."
        raise StudioctlError(message, hint="studioctl ui --port 0") from None


@contextlib.contextmanager
def serving(desk: Desk, keys: Keys, listening: socket.socket) -> Iterator[None]:
    """Answers requests while it lasts."""
    config = uvicorn.Config(
        application(desk, keys),
        access_log=False,
        log_config=None,
        log_level="critical",
        lifespan="off",
        ws="none",
        http="h11",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="page", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(LOOK)
    keys.tells_users = can_tell_users(keys.port)
    try:
        yield
    finally:
        desk.stopping.set()
        server.should_exit = True
        thread.join()
