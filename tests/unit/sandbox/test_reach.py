"""The reach of a room: nothing, the emulator alone, the internet without this machine; and how it is reported."""

import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run

SEEN: list[str] = []


@contextmanager
def answering() -> Iterator[int]:
    """A server on loopback that says what it was asked, also as a proxy."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            SEEN.append(f"{self.path} {self.headers.get('Proxy-Authorization')}")
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"answer")

        def do_CONNECT(self) -> None:
            SEEN.append(f"CONNECT {self.path} {self.headers.get('Proxy-Authorization')}")
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        SEEN.clear()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_port
        server.shutdown()


def said(room: Room, script: str, reach: Reach) -> list[str]:
    with Run(room, script, room.environment(), reach=reach, seconds=60) as run:
        return [line.text for line in run.lines()]


def test_the_emulator_alone(room: Room) -> None:
    with answering() as emulator, answering() as other:
        script = (
            f"curl -sS http://127.0.0.1:{emulator}/x; echo; "
            f"curl -s http://127.0.0.1:{other}/; echo curl: $?; env | grep -i proxy"
        )
        lines = said(room, script, Reach().with_emulator(emulator))
    assert lines == ["answer", "curl: 7"]  # 7: could not connect


def test_a_host_of_this_machine_that_was_allowed(room: Room) -> None:
    with answering() as port, answering() as other:
        script = f"for port in {port} {other}; do curl -sS http://localhost:$port/; echo; done"
        lines = said(room, script, Reach.the_internet({}, allow=[f"localhost:{port}"]))
    assert lines == [
        "answer",
        "studioctl: localhost (127.0.0.1) is this machine or its network, which a rehearsal does not reach",
        "",
    ]


# The last four lead to 127.0.0.1 and 169.254.169.254 where a network translates, or as a tunnel.
NEAR = [
    "10.1.2.3",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "[fe80::1]",
    "[fec0::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::1]",
    "[2002:a9fe:a9fe::1]",
]


def test_its_network_and_its_metadata_are_not_reached(room: Room) -> None:
    script = "\n".join(f"curl -g -sS -m 20 'http://{address}/'" for address in NEAR)
    lines = said(room, script, Reach.the_internet({}))
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == [address.strip("[]") for address in NEAR]
    assert all(line.endswith("is this machine or its network, which a rehearsal does not reach") for line in lines)


def test_the_machines_own_proxy_is_used_and_its_password_never_shown(room: Room) -> None:
    with answering() as port:
        environ = {"http_proxy": f"http://ada:secret@127.0.0.1:{port}", "https_proxy": f"http://127.0.0.1:{port}"}
        script = "curl -s http://example.com/a; echo; curl -sS https://example.com/; env | grep -c secret"
        lines = said(room, script, Reach.the_internet(environ))
    assert SEEN == ["http://example.com/a Basic YWRhOnNlY3JldA==", "CONNECT example.com:443 None"]
    assert lines == ["answer", "curl: (56) CONNECT tunnel failed, response 403", "0"]


def test_nothing_is_reached_by_default(room: Room) -> None:
    lines = said(room, "curl -sS -m 5 http://192.0.2.1/; curl -sS -m 5 http://127.0.0.1:3128/", Reach())
    assert len(lines) == 2
    assert all("Couldn't connect to server" in line for line in lines)


def test_sockets_of_this_machine_have_no_name_in_the_room(room: Room) -> None:
    name = "\\0studioctl-test-abstract"
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(name.replace("\\0", "\0"))
        abstract.listen()
        code = f'import socket; s = socket.socket(socket.AF_UNIX); s.connect("{name}")'
        assert subprocess.run(["python3", "-c", code], check=False).returncode == 0
        assert said(room, f"python3 -c '{code}' 2>&1 | tail -n 1", Reach()) == [
            "ConnectionRefusedError: [Errno 111] Connection refused"
        ]
