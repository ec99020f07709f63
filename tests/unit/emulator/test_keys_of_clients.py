"""The emulator lets in its own key and what IAM and STS gave out, and nobody else: in the words and forms of AWS."""

import http.server
import json
import os
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studio_emulator.sigv4 import headers
from studio_emulator.state_file import State
from studioctl.operations import emulation
from tests.unit.emulator.emulated import REGION, client, new_studio, refusal

REMEDY = (
    ' (This is studioctl\'s emulator, whose access key is new at each start. Run: eval "$(studioctl emulator env)")'
)
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("list_domains", {}),
    "ec2": ("describe_vpcs", {}),
    "sts": ("get_caller_identity", {}),
    "s3": ("list_buckets", {}),
    "efs": ("describe_file_systems", {}),
    "resourcegroupstaggingapi": ("get_resources", {}),
    "cloudwatch": ("list_metrics", {}),
    "cloudformation": ("list_stacks", {}),
}
MISMATCH = "The request signature we calculated does not match the signature you provided."
CONSULT = (
    f"{MISMATCH} Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
INVALID = "The security token included in the request is invalid."
EC2 = ("AuthFailure", "AWS was not able to validate the provided access credentials")
WRONG_SECRET = {
    "sagemaker": ("InvalidSignatureException", CONSULT),
    "ec2": EC2,
    "sts": ("SignatureDoesNotMatch", CONSULT),
    "s3": ("SignatureDoesNotMatch", f"{MISMATCH} Check your key and signing method."),
    "efs": ("InvalidSignatureException", CONSULT),
    "resourcegroupstaggingapi": ("InvalidSignatureException", CONSULT),
    "cloudwatch": ("InvalidSignatureException", CONSULT),
    "cloudformation": ("SignatureDoesNotMatch", CONSULT),
}
UNKNOWN_KEY = {
    "sagemaker": ("UnrecognizedClientException", INVALID),
    "ec2": EC2,
    "sts": ("InvalidClientTokenId", INVALID),
    "s3": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "efs": ("UnrecognizedClientException", INVALID),
    "resourcegroupstaggingapi": ("UnrecognizedClientException", INVALID),
    "cloudwatch": ("UnrecognizedClientException", INVALID),
    "cloudformation": ("InvalidClientTokenId", INVALID),
}
NOBODY = {
    "sagemaker": ("MissingAuthenticationTokenException", "Missing Authentication Token"),
    "ec2": ("MissingAuthenticationToken", "Request is missing Authentication Token"),
    "sts": ("MissingAuthenticationToken", "Request is missing Authentication Token"),
    "s3": ("AccessDenied", "Access Denied"),
}


def call(emulator: RunningEmulator, service: str, key: str, secret: str, token: str | None = None) -> Any:
    """One call of a service with these credentials."""
    config = Config(retries={"total_max_attempts": 1}, signature_version=None if key else UNSIGNED)
    made = boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=emulator.endpoint_url,
        aws_access_key_id=key or None,
        aws_secret_access_key=secret or None,
        aws_session_token=token,
        config=config,
    )
    name, arguments = CALLS[service]
    return getattr(made, name)(**arguments)


def ask(emulator: RunningEmulator, path: str, method: str = "GET", **sent: str) -> tuple[int, str]:
    """A request as anybody can make it; status and text."""
    request = urllib.request.Request(f"{emulator.endpoint_url}{path}", method=method, headers=sent)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("service", WRONG_SECRET)
def test_a_wrong_secret(emulator: RunningEmulator, service: str) -> None:
    code, message = WRONG_SECRET[service]
    assert refusal(lambda: call(emulator, service, emulator.key[0], "wrong")) == (code, message + REMEDY)


@pytest.mark.parametrize("service", UNKNOWN_KEY)
def test_a_key_of_an_earlier_start(emulator: RunningEmulator, service: str) -> None:
    code, message = UNKNOWN_KEY[service]
    assert refusal(lambda: call(emulator, service, "STUDIOCTLEARLIER0000", "s")) == (code, message + REMEDY)


@pytest.mark.parametrize("service", NOBODY)
def test_nobody(emulator: RunningEmulator, service: str) -> None:
    code, message = NOBODY[service]
    assert refusal(lambda: call(emulator, service, "", "")) == (code, message + REMEDY)


def test_what_iam_and_sts_gave_out(emulator: RunningEmulator) -> None:
    studio = new_studio(emulator)
    studio.iam.create_user(UserName=f"ada-{studio.tag}")
    made = studio.iam.create_access_key(UserName=f"ada-{studio.tag}")["AccessKey"]
    assert call(emulator, "sts", made["AccessKeyId"], made["SecretAccessKey"])["Arn"].endswith(f"ada-{studio.tag}")
    assert refusal(lambda: call(emulator, "sts", made["AccessKeyId"], "x"))[0] == "SignatureDoesNotMatch"
    studio.iam.update_access_key(UserName=f"ada-{studio.tag}", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert refusal(lambda: call(emulator, "sts", made["AccessKeyId"], made["SecretAccessKey"]))[0] == (
        "InvalidClientTokenId"
    )

    sts = client(emulator, "sts")
    for session in (
        sts.assume_role(RoleArn=studio.role_arn, RoleSessionName="s")["Credentials"],
        sts.get_session_token()["Credentials"],
        sts.assume_role(RoleArn="arn:aws:iam::111122223333:role/Admin", RoleSessionName="s")["Credentials"],
    ):
        key, secret, token = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        assert call(emulator, "sts", key, secret, token)["Account"] in {"123456789012", "111122223333"}
        assert refusal(lambda key=key, secret=secret: call(emulator, "sts", key, secret)) == (  # type: ignore[misc]
            "InvalidClientTokenId",
            INVALID + REMEDY,
        )
        assert refusal(lambda key=key, secret=secret: call(emulator, "s3", key, secret, "other"))[0] == "InvalidToken"  # type: ignore[misc]


@pytest.mark.parametrize(
    "path", ["/moto-api/config", "/moto-api/reset", "/_studioctl/inventory", "/_studioctl/faults", "/_studioctl/x"]
)
def test_what_is_the_emulators_own_is_the_administrators(emulator: RunningEmulator, path: str) -> None:
    studio = new_studio(emulator)
    role = client(emulator, "sts").assume_role(RoleArn=studio.role_arn, RoleSessionName="s")["Credentials"]
    host, method = emulator.endpoint_url.partition("//")[2], "POST" if path.endswith("reset") else "GET"
    session = headers((role["AccessKeyId"], role["SecretAccessKey"]), method, host, path)

    assert ask(emulator, path, method)[0] == 400
    assert ask(emulator, path, method, Authorization="Basic QVdTOng=")[0] == 400
    with_token = ask(emulator, path, method, **session, **{"X-Amz-Security-Token": role["SessionToken"]})
    assert with_token[0] == 403
    assert json.loads(with_token[1])["__type"] == "AccessDeniedException"
    if not path.endswith("reset"):  # other tests live here
        expected = {"/_studioctl/x": 404, "/moto-api/config": 201}.get(path, 200)
        assert ask(emulator, path, **headers(emulator.key, "GET", host, path))[0] == expected


def test_ways_round_a_signature_lead_nowhere(emulator: RunningEmulator) -> None:
    for path in ("/", "//moto-api/reset", "/latest/meta-data/iam/", "/%6doto-api/data.json", "/v2/x", "/studio/d/x"):
        assert ask(emulator, path)[0] in {400, 401, 403, 404}, path
    assumed = "/?Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/a&RoleSessionName=s"
    assert ask(emulator, assumed)[0] == 403
    assert ask(emulator, assumed, "POST", **{"Content-Type": "application/x-www-form-urlencoded"})[0] == 403


@pytest.mark.usefixtures("fresh_emulators")
def test_nobody_else_may_read_the_key(home: Path) -> None:
    place = home / "emulator"
    place.mkdir(mode=0o755)
    running = server.start(state_dir=place)
    try:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.iterdir() if path.is_file()}
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert (modes["state.json"], modes["emulator.log"]) == (0o600, 0o600)
        secret = running.key[1]
        assert secret not in repr((running, emulation.target(running, REGION), State.read(place)))
        assert secret.encode() not in Path(f"/proc/{running.pid}/cmdline").read_bytes()
        first = running.key
        server.stop(place)
        again = server.start(state_dir=place)
        assert not set(first) & set(again.key)
        with pytest.raises(EmulatorError, match="has ended"):
            emulation.target(running, REGION)
        (place / "state.json").chmod(0o666)
        assert server.find(place) is None  # somebody else may have written it
        (place / "state.json").chmod(0o600)
    finally:
        server.stop(place)


def test_a_directory_of_somebody_else_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    with pytest.raises(EmulatorError) as caught:
        server.start(state_dir=home)
    assert caught.value.message == (
        f"The emulator's directory '{home}' belongs to another user, who could read its access key."
    )
    assert caught.value.hint.startswith(f"sudo chown -R {home.stat().st_uid + 1} '{home}'")


class Impostor(http.server.BaseHTTPRequestHandler):
    """Says what the emulator told everybody."""

    health: bytes = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.health)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def impostor(home: Path) -> Iterator[int]:
    """A process that took the port of an emulator that was killed; its port."""
    server_ = http.server.HTTPServer(("127.0.0.1", 0), Impostor)
    threading.Thread(target=server_.serve_forever, daemon=True).start()
    Impostor.health = json.dumps({"ok": True, "pid": 1, "instance_id": "known", "proof": "0" * 64}).encode()
    State(1, server_.server_port, "known", "STUDIOCTLKEY", "secret").write(home)
    yield server_.server_port
    server_.shutdown()
    server_.server_close()


def test_a_process_that_does_not_know_the_secret_is_not_the_emulator(home: Path, impostor: int) -> None:
    assert impostor
    assert server.find(home) is None


def test_tests_of_others_may_be_let_in_with_any_key_but_run_no_code(home: Path) -> None:
    with pytest.raises(ValueError, match="runs no lifecycle scripts"):
        EmulatorSettings(accept_any_key=True, run_lifecycle=True)
    running = server.start(state_dir=home, settings=EmulatorSettings(accept_any_key=True))
    assert running.accepts_any_key
    assert call(running, "sts", "AKIAIOSFODNN7EXAMPLE", "any")["Account"] == "123456789012"
    assert call(running, "s3", "", "")["Buckets"] == []
    assert ask(running, "/moto-api/reset", "POST")[0] == 200
    assert ask(running, "/_studioctl/inventory")[0] == 200
    assert server.inventory(running)["domains"] == []
