"""A Git host on this machine: Git's own http-backend behind HTTPS, which serves only those who know the token."""

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme


@dataclass
class GitServer:
    """Serves the bare repositories below `root`.

    Args:
        root: Their directory.
        username: The one user's name.
        token: The one user's token, which may change while it runs.
        before: Is called before Git gets an answer.
    """

    root: Path
    username: str
    token: str
    port: int = 0
    authority: Path = Path()
    refused: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    before: Callable[[], object] | None = None

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def url(self, repository: str) -> str:
        return f"https://{self.host}/{repository}"

    def knows(self, authorization: str | None) -> bool:
        expected = base64.b64encode(f"{self.username}:{self.token}".encode()).decode()
        return authorization == f"Basic {expected}"

    def make(self, repository: str, files: dict[str, str]) -> None:
        """A repository with one commit."""
        work = self.root / "work"
        work.mkdir(parents=True)
        for name, text in files.items():
            (work / name).write_text(text)
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        for command in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-qm", "first")):
            subprocess.run(["git", *command], cwd=work, check=True)
        subprocess.run(["git", "clone", "-q", "--bare", work, self.root / repository], check=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Asks for the token, else lets http-backend answer: git-http-backend(1)."""
        if self.before and request.headers.get("User-Agent", "").startswith("git/"):
            self.before()
        if not self.knows(request.headers.get("Authorization")):
            self.refused.append(request.path)
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="git"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        self.served.append(request.path)
        path, _, query = request.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": self.username,
            "REQUEST_METHOD": request.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        said = subprocess.run(["git", "http-backend"], input=body, env=environ, capture_output=True, check=True).stdout
        head, _, content = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        request.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


@contextmanager
def git_server(directory: Path, *, username: str, token: str) -> Iterator[GitServer]:
    """A server on a free port of 127.0.0.1, for as long as the block lasts."""
    server = GitServer(directory / "repositories", username, token)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    authority = trustme.CA()
    server.authority = directory / "authority.pem"
    authority.cert_pem.write_to_path(str(server.authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server.port = listening.server_port
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
