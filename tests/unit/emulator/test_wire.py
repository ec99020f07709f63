"""Every call is seen once by server and client, also by a client that gives up an answer that comes in pieces."""

import gzip
import json
import re
import socket
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Answer, Studio, signed

ONE_READ = 4096  # what Go's net/http reads at once
JSON = "application/x-amz-json-1.1"
QUERY = "application/x-www-form-urlencoded"


class OneRead(Answer):
    """The bytes of one read of the connection."""

    @property
    def is_whole(self) -> bool:
        return len(self.body) == int(self.headers["content-length"])

    @property
    def text(self) -> str:
        return (gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body).decode()


def call(emulator: RunningEmulator, service: str, body: str, *, wait: float = 0, headers: Mapping[str, str]) -> OneRead:
    """Calls as AWS's SDK for Go does when its writer is late: head, body, one read, and the connection is closed."""
    form = JSON if body.startswith("{") else QUERY
    sent = signed(emulator, service, "POST", "/", body, {"Content-Type": form, **headers})
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        connection.sendall(f"POST / HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(body.encode())
        time.sleep(wait)
        return parsed(connection.recv(ONE_READ))


def parsed(read: bytes) -> OneRead:
    head, _, body = read.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return OneRead(int(first.split()[1]), {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}, body)


def create_secret(emulator: RunningEmulator, name: str) -> OneRead:
    target = {"X-Amz-Target": "secretsmanager.CreateSecret", "Amz-Sdk-Invocation-Id": name}
    return call(emulator, "secretsmanager", json.dumps({"Name": name}), headers=target)


def test_each_create_of_four_clients_at_once_is_answered_in_one_read(emulator: RunningEmulator) -> None:
    names = [f"once-{uuid.uuid4()}" for _ in range(200)]
    with ThreadPoolExecutor(4) as four:
        answers = list(four.map(lambda name: create_secret(emulator, name), names))

    assert [answer.status for answer in answers] == [200] * 200
    assert [json.loads(answer.text)["Name"] for answer in answers if answer.is_whole] == names
    assert all(answer.headers["connection"] == "close" for answer in answers)
    served = re.findall(r"CreateSecret (once-\S+) 200", emulator.log_path.read_text())
    assert sorted(set(served) & set(names)) == sorted(name for name in served if name in names) == sorted(names)


def test_a_refusal_is_answered_in_one_read(emulator: RunningEmulator) -> None:
    name = f"twice-{uuid.uuid4()}"
    create_secret(emulator, name)
    answer = create_secret(emulator, name)

    assert (answer.status, answer.is_whole) == (400, True)
    assert json.loads(answer.text)["__type"] == "ResourceExistsException"


def test_a_long_answer_is_compressed_to_fit_where_the_client_says_that_it_reads_it(
    emulator: RunningEmulator, studio: Studio
) -> None:
    for number in range(30):
        studio.ec2.create_security_group(GroupName=f"g{number}", Description="long", VpcId=studio.vpc_id)
    body = f"Action=DescribeSecurityGroups&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1={studio.vpc_id}"
    gzipped, plainly = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip;q=0, identity"}
    answer = call(emulator, "ec2", body, headers=gzipped)
    plain = call(emulator, "ec2", body, headers=plainly, wait=0.5)
    short = call(emulator, "ec2", "Action=DescribeAddresses&Version=2016-11-15", headers=gzipped)

    assert (answer.status, answer.is_whole, answer.headers["vary"]) == (200, True, "Accept-Encoding")
    assert answer.text.count("<groupName>g") == 30
    assert len(answer.text) > ONE_READ
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(answer.text)
    assert (short.is_whole, "content-encoding" in short.headers) == (True, False)


def test_a_client_that_waits_for_leave_to_send_gets_it_before_the_body(emulator: RunningEmulator) -> None:
    sent = signed(emulator, "s3", "PUT", "/no-bucket/key", "abc", {})
    head = "PUT /no-bucket/key HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=60) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        leave = connection.recv(ONE_READ)
        connection.sendall(b"abc")
        answer = b""
        while piece := connection.recv(ONE_READ):
            answer += piece

    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 404")
