"""optuna-dashboard of a study, on loopback."""

from collections.abc import Callable
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from optuna_dashboard import wsgi  # type: ignore[attr-defined] # it is public, and not typed as such

from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.places import chosen

HOST = "127.0.0.1"


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Each request would be a line on the terminal."""


def serve(beside: Path, name: str | None, port: int, on_ready: Callable[[str, str], None]) -> None:
    """Serves the dashboard until Ctrl-C.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
        port: On loopback; 0 takes a free one.
        on_ready: Called with the study's name and the address.

    Raises:
        StudioctlError: The port is taken, or there is no such study.
    """
    found = chosen(beside, name)
    application = wsgi(studies.storage(found))
    try:
        server = make_server(HOST, port, application, handler_class=_Silent)
    except OSError as error:
        raise StudioctlError(
            f"Port {port} on {HOST} cannot be used: {error.strerror}.", hint="studioctl tune dashboard --port 0"
        ) from None
    with server:
        on_ready(found.name, f"http://{HOST}:{server.server_port}")
        server.serve_forever()
