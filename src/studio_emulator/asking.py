"""One request to an emulator on this machine, past any proxy."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

from studio_emulator import sigv4

LOOPBACK = "127.0.0.1"


class RefusedError(Exception):
    """The emulator's own word on a request that it does not take."""


def ask(
    port: int,
    method: str,
    path: str,
    *,
    timeout: float,
    content: Mapping[str, Any] | None = None,
    key: tuple[str, str] | None = None,
) -> Any:
    """A request to loopback, past any proxy that the user's environment names; signed, when there is a key."""
    body = b"" if content is None else json.dumps(content).encode()
    headers = sigv4.headers(key, method, f"{LOOPBACK}:{port}", path, body) if key else {}
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if http.HTTPStatus.BAD_REQUEST <= answer.status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RefusedError(text.strip())
        return json.loads(text)
    finally:
        connection.close()
