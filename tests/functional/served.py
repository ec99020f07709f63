"""`studioctl ui` as a process, and as much of a browser as most tests need."""

import http.client
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.functional.conftest import STUDIOCTL, Shell, wait_for


@dataclass
class Browser:
    """It keeps a cookie, and says where a request comes from."""

    address: str
    root: str
    cookie: str = ""

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and text of an answer.

        Args:
            method: HTTP method.
            path: Below where the page begins.
            headers: Besides, or in place of, what a browser sends.
        """
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        sent = {"Cookie": self.cookie, "Origin": self.address, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        connection.request(method, self.root + path, headers=sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        if cookie := answer.getheader("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        connection.close()
        return answer.status, text


@contextmanager
def page(
    shell: Shell, *flags: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[Browser, str, "subprocess.Popen[str]"]]:
    """A page that is served: a browser outside of it, the one-time path below its root, and the process."""
    process = subprocess.Popen(
        [STUDIOCTL, "ui", "--print", "--local", *flags],
        cwd=shell.directory,
        env=environment or shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(process, "until you press Ctrl-C")
        assert process.stdout is not None
        printed = urlsplit(process.stdout.readline().strip())
        root, _, way_in = printed.path.partition("/enter/")
        yield Browser(f"http://{printed.netloc}", f"{root}/"), f"enter/{way_in}", process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
