"""Send answers so that no client loses one.

AWS's SDK for Go, up to smithy-go 1.22, closes the connection when an answer's first bytes arrive before the goroutine
that wrote the request has looked for the end of its body: the late look fails, and that is taken for a failed write.
The SDK keeps what its one read brought, at most 4,096 bytes, fails on the rest, and calls again. A repeated create then
fails on its own name. On a busy machine that happened to one call in 2,000 to 6,000 (`make soak`), because head and
body left one after the other. So they leave together, and a long answer is compressed where the client can read that.

Every answer ends its connection (werkzeug says `Connection: close`), so no call can meet a connection that is about to
be closed for being idle.
"""

import gzip
import socketserver
from collections.abc import Callable, Iterable
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from typing import Any
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Request, Response

LOOPBACK = "127.0.0.1"
NOT_HEADERS = (MissingHeaderBodySeparatorDefect, FirstHeaderLineIsContinuationDefect)
LONG = 3000  # bytes of a body; the head has the rest of the 4,096
WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


class RequestHandler(MotoRequestHandler):
    """Answers at once: Nagle's algorithm could hold back a body until its headers are acknowledged."""

    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # werkzeug flushes after the head and the first piece of the body
    timeout = 60  # seconds without a byte; AWS gives up earlier

    def run_wsgi(self) -> None:
        """Refuse what is no HTTP: Python's parser ends the headers at a line that is none, and goes on."""
        try:
            urlsplit(self.path)
        except ValueError:
            self.send_error(400, "Bad request address")
            return
        if any(isinstance(defect, NOT_HEADERS) for defect in self.headers.defects):
            self.send_error(400, "Bad request header")
            return
        super().run_wsgi()

    def make_environ(self) -> dict[str, Any]:
        """The environment of a request, with the body as it comes, and every Content-Length: `framing` reads it."""
        environ = super().make_environ()
        environ["wsgi.input"] = self.rfile
        lengths = set(self.headers.get_all("Content-Length", ()))
        if len(lengths) > 1:
            environ["CONTENT_LENGTH"] = ", ".join(sorted(lengths))
        return environ

    def handle_expect_100(self) -> bool:
        """Tell the client to go on before its body is waited for, and once: werkzeug would say it again."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        del self.headers["Expect"]
        return goes_on

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One plain line: what was asked for, which attempt of which call it was. Queries may hold tokens."""
        headers = getattr(self, "headers", {})  # missing when the request's first line is broken
        path = getattr(self, "path", self.requestline).split("?")[0]
        named = ("X-Amz-Target", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request")
        words = (path, *(headers.get(name, "") for name in named))
        asked = " ".join(word for word in (self.command or "?", *words) if word).translate(self._control_char_table)
        self.log("info", "%s %s", asked, code)


class Server(ThreadedWSGIServer):
    """werkzeug's threaded server without the look-up of its name, which asks a resolver and can take seconds."""

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]


class InOneRead:
    """Compresses long answers to requests that have a body: only those can be cut off."""

    def __init__(self, application: WsgiApplication) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.method != "POST" or request.accept_encodings.quality("gzip") == 0:
            return self._application(environ, start_response)
        answer = Response.from_app(self._application, environ, buffered=True)
        if len(answer.data) > LONG and "Content-Encoding" not in answer.headers:
            answer.data = gzip.compress(answer.data, compresslevel=1)
            answer.headers["Content-Encoding"] = "gzip"
            answer.vary.add("Accept-Encoding")
        return answer(environ, start_response)
