"""Uploads by an HTML form are signed like any other call, and do what their policy allows and nothing else."""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, SESSION, client, key_of

PAST = "2020-01-01T00:00:00Z"


@pytest.fixture
def bucket(emulator: RunningEmulator) -> Iterator[str]:
    s3, name = client(emulator, "s3"), f"forms-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield name
    for found in s3.list_objects_v2(Bucket=name).get("Contents", ()):
        s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


def presigned(emulator: RunningEmulator, bucket: str, version: str = "s3v4", **more: Any) -> dict[str, Any]:
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    s3 = SESSION.client("s3", region_name=REGION, endpoint_url=emulator.endpoint_url, config=config, **key_of(emulator))
    made: dict[str, Any] = s3.generate_presigned_post(bucket, "in/a.txt", **more)
    return made


def post(url: str, fields: dict[str, str], file: bytes = b"hello", name: str = "a.txt") -> tuple[int, str, str]:
    """The status, and of an error the code and the message."""
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join(f"--X\r\n{part}" for part in parts).encode() + f"--X\r\n{head}".encode() + file + b"\r\n--X--\r\n"
    return send(url, body)


def send(url: str, body: bytes) -> tuple[int, str, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "multipart/form-data; boundary=X"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, "", ""
    except urllib.error.HTTPError as error:
        told = Xml.fromstring(error.read())
        return error.code, told.findtext("Code") or "", told.findtext("Message") or ""


def with_policy(emulator: RunningEmulator, fields: dict[str, str], policy: object) -> dict[str, str]:
    """The fields with another policy, signed as it has to be."""
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    key = b"AWS4" + emulator.key[1].encode()
    for word in fields["x-amz-credential"].split("/")[1:]:
        key = hmac.digest(key, word.encode(), "sha256")
    made = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return fields | {"policy": text, "x-amz-signature": made}


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_form_is_taken_and_another_signature_is_not(emulator: RunningEmulator, bucket: str, version: str) -> None:
    made = presigned(emulator, bucket, version)
    assert post(made["url"], made["fields"])[0] == 204
    s3 = client(emulator, "s3")
    assert s3.get_object(Bucket=bucket, Key="in/a.txt")["Body"].read() == b"hello"
    field, key = ("x-amz-signature", None) if version == "s3v4" else ("signature", "AWSAccessKeyId")
    assert post(made["url"], made["fields"] | {field: "0" * 64})[:2] == (403, "SignatureDoesNotMatch")
    stranger = {key: "AKIAIOSFODNN7EXAMPLE"} if key else {"x-amz-credential": "AKIAX/20250101/a/s3/aws4_request"}
    assert post(made["url"], made["fields"] | stranger)[:2] == (403, "InvalidAccessKeyId")
    missing = {name: value for name, value in made["fields"].items() if name != field}
    assert post(made["url"], missing)[:2] == (400, "InvalidArgument")
    assert post(made["url"], {"key": "in/a.txt"})[:2] == (403, "AccessDenied")
    altered = made["fields"] | {"policy": made["fields"]["policy"][:-8] + "AAAAAAA="}
    assert post(made["url"], altered)[:2] == (403, "SignatureDoesNotMatch")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["in/a.txt"]


def test_a_form_is_what_its_policy_says(emulator: RunningEmulator, bucket: str) -> None:
    made = presigned(
        emulator,
        bucket,
        Fields={"x-amz-meta-by": "ada"},
        Conditions=[{"x-amz-meta-by": "ada"}, ["content-length-range", 2, 10]],
    )
    url, fields = made["url"], made["fields"]
    other = post(url, fields | {"key": "in/b.txt"})
    assert other == (
        403,
        "AccessDenied",
        'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "in/a.txt"]',
    )
    extra = post(url, fields | {"acl": "public-read"})
    assert extra == (403, "AccessDenied", "Invalid according to Policy: Extra input fields: acl")
    assert post(url, fields, b"x" * 11)[:2] == (400, "EntityTooLarge")
    assert post(url, fields, b"x")[:2] == (400, "EntityTooSmall")
    assert post(url, fields | {"x-ignore-this": "1"})[0] == 204
    policy = json.loads(base64.b64decode(fields["policy"]))
    expired = post(url, with_policy(emulator, fields, policy | {"expiration": PAST}))
    assert expired == (403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    unknown = policy | {"conditions": [["like", "$key", "x"]]}
    broken: object
    for broken in ([], {}, policy | {"expiration": 1}, unknown, {"a": None}):
        assert post(url, with_policy(emulator, fields, broken))[:2] == (400, "InvalidPolicyDocument"), broken
    kept = [each for each in policy["conditions"] if each != {"key": "in/a.txt"}]
    begins = policy | {"conditions": [*kept, ["starts-with", "$key", "in/"]]}
    named = with_policy(emulator, fields | {"key": "in/${filename}"}, begins)
    assert post(url, named, name="c.txt")[0] == 204
    keys = [each["Key"] for each in client(emulator, "s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["in/a.txt", "in/c.txt"]


def test_what_is_no_form_is_refused(emulator: RunningEmulator, bucket: str) -> None:
    made = presigned(emulator, bucket)
    assert send(made["url"], b"nonsense")[:2] == (400, "MalformedPOSTRequest")
    fieldless = b'--X\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n--X--\r\n'
    assert send(made["url"], fieldless)[1:] == ("InvalidArgument", "POST requires exactly one file upload per request.")
