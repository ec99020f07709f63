"""Lending an engine the registry's password, without the password in a command line, an environment or a file.

Engines ask a program `docker-credential-NAME` when their configuration says so (docker's credential helpers, which
podman and buildah know too: https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol). Ours
fetches the answer from this process through a socket in a directory that only this user may enter.
"""

import json
import os
import shlex
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

HELPER = "studioctl"
# The helper: everything that stands behind the answer's address.
ASK = """\
import socket, sys
if sys.argv[2:] == ["get"]:
    with socket.socket(socket.AF_UNIX) as question:
        question.connect(sys.argv[1])
        while part := question.recv(4096):
            sys.stdout.buffer.write(part)
"""


@dataclass(frozen=True)
class Login:
    """Credentials for a registry.

    Args:
        registry: The registry's host, with a port if needed: "123456789012.dkr.ecr.us-east-1.amazonaws.com".
        user: The user name; "AWS" for ECR.
        password: The password. ECR's is valid for 12 hours.
        is_plain_http: Whether the registry uses HTTP without TLS, which is allowed only on this machine's loopback.
    """

    registry: str
    user: str
    password: SecretStr
    is_plain_http: bool = False


@contextmanager
def lent(login: Login) -> Iterator[dict[str, str]]:
    """Environment variables with which docker, podman and buildah ask us for this registry's password.

    They name a temporary configuration that exists during the block. The user's stored credentials, for this registry
    or for others, are neither read nor changed.
    """
    with tempfile.TemporaryDirectory(prefix="studioctl-") as name:
        directory = Path(name)
        with _answering(login, directory / "socket"):
            program = directory / f"docker-credential-{HELPER}"
            command = shlex.join([sys.executable, "-IS", str(directory / "ask.py"), str(directory / "socket")])
            (directory / "ask.py").write_text(ASK, encoding="utf-8")
            program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            program.chmod(0o700)
            config = directory / "config.json"
            config.write_text(json.dumps({"credHelpers": {login.registry: HELPER}}), encoding="utf-8")
            yield {
                "DOCKER_CONFIG": str(directory),
                "REGISTRY_AUTH_FILE": str(config),
                "PATH": os.pathsep.join((str(directory), os.environ.get("PATH", os.defpath))),
            }


@contextmanager
def _answering(login: Login, address: Path) -> Iterator[None]:
    """Answers whoever asks at this address, until the block is over."""
    secret = login.password.get_secret_value()
    answer = json.dumps({"ServerURL": login.registry, "Username": login.user, "Secret": secret}).encode()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(answer)

    with socketserver.ThreadingUnixStreamServer(str(address), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
