"""optuna-dashboard of a study, on loopback."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from optuna_dashboard import wsgi  # type: ignore[attr-defined] # it is public, and not typed as such

from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.places import Place, chosen

HOST = "127.0.0.1"
RENEW_SECONDS = 10.0  # between two looks for a newer copy


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Each request would be a line on the terminal."""


class _Newest:
    """The dashboard over the newest copy of a study: another file takes the place of the one that it has read.

    Args:
        found: The study's place.
        renew: Called before a request where the last time was a while ago.
    """

    def __init__(self, found: Place, renew: Callable[[], None]) -> None:
        self._found, self._renew = found, renew
        self._renewed = time.monotonic()
        self._edition, self._application = self._opened()

    def _opened(self) -> tuple[tuple[int, ...], Any]:
        return self._found.edition, wsgi(studies.storage(self._found))

    def __call__(self, environment: dict[str, Any], start: Any) -> Any:
        if self._found.is_shared and time.monotonic() - self._renewed > RENEW_SECONDS:
            self._renew()
            self._renewed = time.monotonic()
        if self._found.is_shared and self._found.edition not in {(), self._edition}:
            self._edition, self._application = self._opened()
        return self._application(environment, start)


class Dashboard:
    """Serves a study on loopback, in a thread, until it is closed or its `with` block ends.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
        port: On loopback; 0 takes a free one.
        renew: Takes a newer copy of a study that workers share.

    Raises:
        StudioctlError: The port is taken, or there is no such study.
    """

    def __init__(self, beside: Path, name: str | None, port: int, renew: Callable[[], None]) -> None:
        found = chosen(beside, name)
        try:
            self._server = make_server(HOST, port, _Newest(found, renew), handler_class=_Silent)
        except OSError as error:
            raise StudioctlError(
                f"Port {port} on {HOST} cannot be used: {error.strerror}.", hint="studioctl tune dashboard --port 0"
            ) from None
        self.study, self.url = found.name, f"http://{HOST}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Returns when somebody closes it, or raises what Ctrl-C does."""
        self._thread.join()

    def close(self) -> None:
        """Ends it. Once more does nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
