"""Whatever comes through the door is answered as AWS answers it, leaves no traceback, and the next call is served."""

import json
import socket
import threading
import time
import xml.etree.ElementTree as Xml
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.wrappers import Response

from studio_emulator import framing, malformed, refusals
from studio_emulator.server import RunningEmulator
from studio_emulator.signatures import Refused
from studio_emulator.wire import LOOPBACK, RequestHandler, Server
from tests.unit.emulator.emulated import client, signed

JSON, FORM = "application/x-amz-json-1.1", "application/x-www-form-urlencoded"
BUCKET = "door-bucket"
TARGETS = {
    "secretsmanager": "secretsmanager.CreateSecret",
    "sagemaker": "SageMaker.DescribeDomain",
    "kms": "TrentService.DescribeKey",
    "ecr": "AmazonEC2ContainerRegistry_V20150921.CreateRepository",
    "logs": "Logs_20140328.CreateLogGroup",
    "ssm": "AmazonSSM.GetParameter",
}
UNREADABLE: tuple[bytes, ...] = (
    *(b"[]", b'"x"', b"1", b"null", b"{", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b"{" * 100_000),
    b'{"a": ' + b"9" * 5000 + b"}",
)


@pytest.fixture(scope="module", autouse=True)
def bucket(emulator: RunningEmulator) -> Iterator[None]:
    s3 = client(emulator, "s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield
    s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture(autouse=True)
def untroubled(emulator: RunningEmulator) -> Iterator[None]:
    """No request leaves a traceback, and each time the next one is served."""
    before = len(emulator.log_path.read_text())
    yield
    assert client(emulator, "sts").get_caller_identity()["Account"] == "123456789012"
    assert "Traceback" not in emulator.log_path.read_text()[before:]


def send(port: int, request: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer to these bytes, after which the client has nothing more to say."""
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def said(status: int, body: bytes) -> tuple[int, str]:
    """The status and the code of an error in any of AWS's protocols."""
    if body.startswith(b"{"):
        told = json.loads(body)
        return status, told.get("__type") or told["ErrorCode"]
    code = next(each for each in Xml.fromstring(body).iter() if each.tag.rpartition("}")[2] == "Code")
    return status, str(code.text)


def ask(
    emulator: RunningEmulator, service: str, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, str]:
    """The answer to a signed request that no SDK would send."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = signed(emulator, service, method, path, body, named)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return said(*send(emulator.port, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET http://[::1 HTTP/1.1\r\nHost: 127.0.0.1", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", 414),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 70_000, 431),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1" + b"".join(b"\r\nX-%d: a" % n for n in range(200)), 431),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nnonsense", 400),
        (b"GET /health HTTP/1.1\r\nHost: \xff\xfe", 403),
        (b"GET /health?challenge=%ff HTTP/1.1\r\nHost: 127.0.0.1", 400),
        (b"GET /studio/%zz/auth?token=x HTTP/1.1\r\nHost: 127.0.0.1", 400),
    ],
)
def test_what_is_no_http_is_refused(emulator: RunningEmulator, head: bytes, status: int) -> None:
    assert send(emulator.port, head + b"\r\n\r\n")[0] == status


@pytest.mark.parametrize(("line", "status"), [(b"GARBAGE", b"400"), (b"GET / HTTP/9.9", b"505")])
def test_a_client_of_no_known_version_is_refused_without_a_status(
    emulator: RunningEmulator, line: bytes, status: bytes
) -> None:
    with socket.create_connection((LOOPBACK, emulator.port), timeout=30) as connection:
        connection.sendall(line + b"\r\n\r\n")
        assert b"Error code: " + status in b"".join(iter(lambda: connection.recv(65536), b""))


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        (b"Content-Length: abc\r\n\r\nxx", (400, "BadRequest")),
        (b"Content-Length: -1\r\n\r\nxx", (400, "BadRequest")),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nxx", (400, "BadRequest")),
        (b"Content-Length: " + b"9" * 30 + b"\r\n\r\nxx", (400, "EntityTooLarge")),
        (b"Content-Length: 10\r\n\r\nxx", (400, "IncompleteBody")),
        (b"Content-Length: 2\r\n" + CHUNKED + b"0\r\n\r\n", (400, "BadRequest")),
        (CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", (400, "BadRequest")),
        (CHUNKED + b"-5\r\nab\r\n0\r\n\r\n", (400, "BadRequest")),
        (CHUNKED + b"2\r\nabXX0\r\n\r\n", (400, "BadRequest")),
        (CHUNKED + b"f" * 16 + b"\r\nab", (400, "EntityTooLarge")),
        (CHUNKED + b"5\r\nab", (400, "IncompleteBody")),
        (CHUNKED, (400, "IncompleteBody")),
        (b"Transfer-Encoding: gzip\r\n\r\nxx", (501, "NotImplemented")),
        (CHUNKED + b"2;a=b\r\nab\r\n0\r\nX-T: 1\r\n\r\n", (403, "AccessDenied")),  # whole, and signed by nobody
    ],
)
def test_a_body_without_an_end_is_refused(emulator: RunningEmulator, rest: bytes, wanted: tuple[int, str]) -> None:
    assert said(*send(emulator.port, b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + rest)) == wanted


def test_a_body_that_does_not_come_is_not_waited_for_long() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        try:
            body = framing.read(environ)
        except Refused as refused:
            return refusals.answer(refused, environ, "s3", "PutObject")(environ, start_response)
        return Response(body)(environ, start_response)

    class Hasty(RequestHandler):
        timeout = 1

    server = Server(LOOPBACK, 0, application, handler=Hasty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    begun = time.monotonic()
    with socket.create_connection((LOOPBACK, server.server_port), timeout=60) as connection:
        connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nxx")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    server.shutdown()
    server.server_close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"RequestTimeout" in answer
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("path", ["/moto-api/data.json", "//moto-api/reset", "/moto-api%2freset", "/_studioctl/faults"])
def test_only_the_administrator_has_the_emulators_own_paths(emulator: RunningEmulator, path: str) -> None:
    request = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n" % path.encode()
    assert said(*send(emulator.port, request)) == (400, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("service", list(TARGETS))
def test_what_is_no_json_object_is_refused(emulator: RunningEmulator, service: str) -> None:
    target = TARGETS[service]
    for body in UNREADABLE:
        answer = ask(emulator, service, "POST", "/", body, Content_Type=JSON, X_Amz_Target=target)
        assert answer == (400, "SerializationException"), body[:30]
    prefix = target.partition(".")[0]
    for unknown in (f"{prefix}.Nonsense", "Nonsense", "DynamoDB_20120810.ListTables"):
        answer = ask(emulator, service, "POST", "/", b"{}", Content_Type=JSON, X_Amz_Target=unknown)
        assert answer == (400, "UnknownOperationException"), unknown
    assert ask(emulator, service, "POST", "/", b"{}", Content_Type=JSON) == (404, "UnknownOperationException")
    for method in ("GET", "FOO"):
        assert ask(emulator, service, method, "/", X_Amz_Target=target) == (404, "UnknownOperationException")


@pytest.mark.parametrize(
    ("service", "body", "code"),
    [
        ("secretsmanager", b"", "ValidationException"),
        ("secretsmanager", b'{"Name": null}', "ValidationException"),
        ("secretsmanager", b'{"Name": 1}', "SerializationException"),
        ("secretsmanager", b'{"Name": "a", "Tags": "x"}', "SerializationException"),
        ("secretsmanager", b'{"Name": "a", "Tags": [1]}', "SerializationException"),
        ("sagemaker", b"", "ValidationException"),
        ("sagemaker", b'{"DomainId": 1}', "SerializationException"),
        ("kms", b"{}", "ValidationException"),
        ("kms", b'{"KeyId": {}}', "SerializationException"),
        ("ecr", b"{}", "InvalidParameterException"),
        ("ecr", b'{"repositoryName": "a", "tags": [{}]}', "InvalidParameterException"),
        ("ecr", b'{"repositoryName": true}', "SerializationException"),
        ("logs", b"{}", "InvalidParameterException"),
        ("logs", b'{"logGroupName": [], "tags": 1}', "SerializationException"),
        ("ssm", b"{}", "ValidationException"),
    ],
)
def test_values_of_another_type_and_missing_ones_are_refused(
    emulator: RunningEmulator, service: str, body: bytes, code: str
) -> None:
    answer = ask(emulator, service, "POST", "/", body, Content_Type=JSON, X_Amz_Target=TARGETS[service])
    assert answer == (400, code)


@pytest.mark.parametrize(
    ("service", "body", "wanted"),
    [
        ("iam", b"", (400, "MissingAction")),
        ("iam", b"{}", (400, "MissingAction")),
        ("iam", b"Action=Nonsense", (400, "InvalidAction")),
        ("iam", b"Action=GetCallerIdentity&Action=ListRoles", (400, "InvalidAction")),
        ("iam", b"Action=GetRole&RoleName=%zz", (404, "MalformedQueryString")),
        ("iam", b"Action=GetRole&RoleName=%ff", (404, "MalformedQueryString")),
        ("iam", b"Action=GetRole&RoleName=\xff", (404, "MalformedQueryString")),
        ("iam", b"Action=CreateRole&RoleName=a", (400, "ValidationError")),
        ("iam", b"Action=ListRoles&MaxItems=abc", (400, "MalformedInput")),
        ("sts", b"Action=AssumeRole", (400, "ValidationError")),
        ("sts", b"Action=AssumeRole&RoleArn=x&RoleSessionName=a&DurationSeconds=1e3", (400, "MalformedInput")),
        ("ec2", b"Action=Nonsense", (400, "InvalidAction")),
        ("ec2", b"%zz=%zz", (400, "MalformedQueryString")),
        ("ec2", b"Action=CreateSubnet", (400, "MissingParameter")),
        ("ec2", b"Action=DescribeVpcs&MaxResults=abc", (400, "InvalidParameterValue")),
        ("ec2", b"Action=DescribeVpcs&DryRun=maybe", (400, "InvalidParameterValue")),
        (
            "ec2",
            b"Action=AuthorizeSecurityGroupIngress&GroupId=sg-1&IpPermissions.1.FromPort=abc",
            (400, "InvalidParameterValue"),
        ),
    ],
)
def test_what_is_no_query_is_refused(
    emulator: RunningEmulator, service: str, body: bytes, wanted: tuple[int, str]
) -> None:
    assert ask(emulator, service, "POST", "/", body, Content_Type=FORM) == wanted


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("GET", "/%zz", b"", (400, "InvalidURI")),
        ("PUT", "/%ff%fe", b"x", (400, "InvalidURI")),
        ("GET", "?prefix=%ff", b"", (400, "InvalidURI")),
        ("GET", "?max-keys=abc", b"", (400, "InvalidArgument")),
        ("GET", "?list-type=2&max-keys=-1", b"", (400, "InvalidArgument")),
        ("PUT", "/k?partNumber=abc&uploadId=x", b"z", (400, "InvalidArgument")),
        ("PUT", f"/{'k' * 1025}", b"x", (400, "KeyTooLongError")),
        ("PUT", "?versioning", b"", (400, "MissingRequestBodyError")),
        ("PUT", "?versioning", b"<x", (400, "MalformedXML")),
        ("PUT", "?versioning", b"<x/>", (400, "MalformedXML")),
        (
            "PUT",
            "?versioning",
            b"<VersioningConfiguration><Status>On</Status></VersioningConfiguration>",
            (400, "MalformedXML"),
        ),
        ("PUT", "?tagging", b"\xff", (400, "MalformedXML")),
        ("PUT", "?tagging", b"<Tagging/>", (400, "MalformedXML")),
        ("PUT", "?tagging", b'<!DOCTYPE t [<!ENTITY a "b">]><Tagging>&a;</Tagging>', (400, "MalformedXML")),
        ("PUT", "?lifecycle", b"<LifecycleConfiguration><Rule/></LifecycleConfiguration>", (400, "MalformedXML")),
        ("PUT", "?publicAccessBlock", b"<a/>", (400, "MalformedXML")),
        ("POST", "?delete", b"<Delete><Object/></Delete>", (400, "MalformedXML")),
        ("PUT", "?policy", b"[]", (400, "MalformedPolicy")),
        ("PUT", "?policy", b"\xff", (400, "MalformedPolicy")),
        ("PATCH", "", b"", (405, "MethodNotAllowed")),
        ("FOO", "/k", b"", (405, "MethodNotAllowed")),
        ("POST", "/k", b"", (405, "MethodNotAllowed")),
    ],
)
def test_what_is_no_request_to_s3_is_refused(
    emulator: RunningEmulator, method: str, path: str, body: bytes, wanted: tuple[int, str]
) -> None:
    assert ask(emulator, "s3", method, f"/{BUCKET}{path}", body) == wanted


def test_what_is_well_formed_is_let_through(emulator: RunningEmulator) -> None:
    s3 = client(emulator, "s3")
    rule: dict[str, Any] = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}}
    rule |= {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}, "Expiration": {"ExpiredObjectDeleteMarker": True}}
    rule |= {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [rule]
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    cors = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 3}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [cors]})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "a", "Value": "b & <c>"}]})
    s3.put_bucket_acl(
        Bucket=BUCKET,
        AccessControlPolicy={
            "Owner": {"ID": "a"},
            "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "a"}, "Permission": "READ"}],
        },
    )
    key = {"Bucket": BUCKET, "Key": "é/ü+ %.txt"}
    s3.put_object(**key, Body=b"x", Metadata={"by": "ada"})
    upload = s3.create_multipart_upload(**key)["UploadId"]
    part = s3.upload_part(**key, UploadId=upload, PartNumber=1, Body=b"y")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(**key, UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=key)
    gone = {"Objects": [{"Key": "copy"}, {"Key": key["Key"]}], "Quiet": False}
    assert len(s3.delete_objects(Bucket=BUCKET, Delete=gone)["Deleted"]) == 2
    secrets = client(emulator, "secretsmanager")
    secrets.create_secret(Name="door-secret", SecretBinary=b"\xff", Tags=[{"Key": "a", "Value": "é"}])
    secrets.delete_secret(SecretId="door-secret", ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x_amz_meta_a": "a" * 2100}, "MetadataTooLarge"),
        ({"x_amz_meta_a": "a" * 8200}, "RequestHeaderSectionTooLarge"),
        ({"Content_MD5": "zz"}, "InvalidDigest"),
        ({"Content_MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, "BadDigest"),
        ({"x_amz_copy_source": "%zz"}, "InvalidArgument"),
    ],
)
def test_headers_that_s3_does_not_take_are_refused(
    emulator: RunningEmulator, headers: dict[str, str], code: str
) -> None:
    assert ask(emulator, "s3", "PUT", f"/{BUCKET}/k", b"x", **headers) == (400, code)


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("POST", "file-systems", b"", (400, "BadRequest")),
        ("POST", "file-systems", b"[]", (400, "BadRequest")),
        ("POST", "file-systems", b'{"CreationToken": 1}', (400, "BadRequest")),
        ("POST", "file-systems", b'{"CreationToken": "a", "Tags": 1}', (400, "BadRequest")),
        ("POST", "mount-targets", b"{}", (400, "BadRequest")),
        ("GET", "file-systems?MaxItems=abc", b"", (400, "BadRequest")),
        ("GET", "file-systems/%ff", b"", (400, "BadRequest")),
        ("GET", "nonsense", b"", (404, "UnknownOperationException")),
        ("PATCH", "file-systems", b"", (404, "UnknownOperationException")),
    ],
)
def test_what_is_no_request_to_efs_is_refused(
    emulator: RunningEmulator, method: str, path: str, body: bytes, wanted: tuple[int, str]
) -> None:
    assert ask(emulator, "elasticfilesystem", method, f"/2015-02-01/{path}", body) == wanted


def test_what_moto_stumbles_over_is_told_in_awss_form(emulator: RunningEmulator) -> None:
    status, code = ask(emulator, "iam", "POST", "/", b"Action=ListRoles&Marker=zz", Content_Type=FORM)
    assert (status, code) == (501, "NotImplemented")  # SDKs do not ask again
    assert "iam ListRoles: The emulator cannot do this: ValueError" in emulator.log_path.read_text()


def test_every_refusal_can_be_said_in_every_protocol() -> None:
    for why in malformed.MALFORMED:
        for service in ("s3", "efs", "iam", "ec2", "sagemaker", ""):
            answer = refusals.answer(Refused(why, "more"), {"PATH_INFO": "/"}, service, "")
            assert 400 <= answer.status_code < 502
    assert not set(malformed.MALFORMED) & set(refusals.REFUSALS)


def refused_at_once(emulator: RunningEmulator, head: Mapping[str, str], method: str = "PUT") -> tuple[int, str]:
    """The answer to a head whose body never comes: who waits for it would time out."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with socket.create_connection((LOOPBACK, emulator.port), timeout=60) as connection:
        connection.sendall(f"{method} /{BUCKET}/k HTTP/1.1\r\n{lines}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    return said(int(top.split()[1]), body)


def test_a_large_body_is_not_read_for_anybody(emulator: RunningEmulator) -> None:
    large = {"Content-Length": str(2**30), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    head = signed(emulator, "s3", "PUT", f"/{BUCKET}/k", b"", large) | large
    key = emulator.key[0]

    unknown = {**head, "Authorization": head["Authorization"].replace(key, "AKIDUNKNOWN")}
    assert refused_at_once(emulator, unknown) == (403, "InvalidAccessKeyId")
    guessed = {**head, "Authorization": f"{head['Authorization'].rpartition('=')[0]}={'0' * 64}"}
    assert refused_at_once(emulator, guessed) == (403, "SignatureDoesNotMatch")
    assert refused_at_once(emulator, {"Host": LOOPBACK, "Content-Length": str(2**30)}) == (400, "EntityTooLarge")
    chunked = {name: value for name, value in unknown.items() if name != "Content-Length"}
    assert refused_at_once(emulator, {**chunked, "Transfer-Encoding": "chunked"}) == (403, "InvalidAccessKeyId")
    other = signed(emulator, "iam", "POST", f"/{BUCKET}/k", b"", {}) | {"Content-Length": str(2**30)}
    strange = {**other, "Authorization": other["Authorization"].replace(key, "AKIDUNKNOWN")}
    assert refused_at_once(emulator, strange, "POST") == (403, "InvalidClientTokenId")
    assert refused_at_once(emulator, other, "POST") == (400, "MalformedQueryString")
    old = {"Host": LOOPBACK, "Authorization": "AWS AKIDUNKNOWN:c2lnbmF0dXJl", "Content-Length": str(2**30)}
    assert refused_at_once(emulator, old) == (403, "InvalidAccessKeyId")


def test_a_large_body_of_somebody_known_is_read(emulator: RunningEmulator) -> None:
    s3 = client(emulator, "s3")
    s3.put_object(Bucket=BUCKET, Key="large", Body=b"x" * (3 * 2**20))
    assert s3.head_object(Bucket=BUCKET, Key="large")["ContentLength"] == 3 * 2**20
    s3.delete_object(Bucket=BUCKET, Key="large")
