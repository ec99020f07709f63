"""Signatures that are let in: AWS's own examples hold, and nothing that differs from them by a byte."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from studio_emulator.signatures import Refused, Secret, verify
from studio_emulator.sigv4 import Scope, Signable, signature

# Examples of the S3 API Reference: "Signature calculations ...", in a single chunk, in chunks, with trailing headers.
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
V4, STS = "AWS4-HMAC-SHA256", "20130524/us-east-1/sts/aws4_request"
THEN = datetime(2013, 5, 24, tzinfo=UTC)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CHUNKS = [
    (b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]
TRAILED = [
    (b"a" * 65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    (b"a" * 1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    (b"", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
]
TRAILER = b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
OF_TRAILER = b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def secrets_of(access_key: str) -> Secret | None:
    return {KEY: Secret(SECRET), "ASIASESSION": Secret(SECRET, "its-token")}.get(access_key)


def request(method: str, address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A request as the server hands it on."""
    names = ((name.upper().replace("-", "_"), value) for name, value in headers.items())
    return {
        "REQUEST_METHOD": method,
        "RAW_URI": address,
        "QUERY_STRING": urlsplit(address).query,
        **{name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}": v for name, v in names},
    }


def of_aws(method: str, address: str, made: str, headers: Mapping[str, str], names: str = "") -> dict[str, Any]:
    """An example of the reference."""
    everything = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", **headers}
    signed = names or ";".join(sorted(everything))
    scope = f"Credential={KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed},Signature={made}"
    return request(method, address, {**everything, "authorization": f"AWS4-HMAC-SHA256 {scope}"})


def chunked(chunks: list[tuple[bytes, str]]) -> bytes:
    sent = (f"{len(chunk):x};chunk-signature={made}\r\n".encode() + chunk + b"\r\n" for chunk, made in chunks)
    return b"".join(sent)


STREAMED = {
    "host": "s3.amazonaws.com",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "x-amz-decoded-content-length": "66560",
    "content-encoding": "aws-chunked",
}
PUT_CHUNKS = of_aws(
    "PUT",
    "/examplebucket/chunkObject.txt",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    {**STREAMED, "content-length": "66824", "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
)
PUT_TRAILER = of_aws(
    "PUT",
    "/examplebucket/chunkObject.txt",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    {
        **STREAMED,
        "x-amz-trailer": "x-amz-checksum-crc32c",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    },
)
EXAMPLES: dict[str, tuple[dict[str, Any], bytes]] = {
    "a header with a range": (
        of_aws(
            "GET",
            "/test.txt",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            {"range": "bytes=0-9", "x-amz-content-sha256": EMPTY},
        ),
        b"",
    ),
    "a body, and a path to be encoded": (
        of_aws(
            "PUT",
            "/test$file.text",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
                "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            },
        ),
        b"Welcome to Amazon S3.",
    ),
    "a query without a value": (
        of_aws(
            "GET",
            "/?lifecycle",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            {"x-amz-content-sha256": EMPTY},
        ),
        b"",
    ),
    "a query in another order": (
        of_aws(
            "GET",
            "/?prefix=J&max-keys=2",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            {"x-amz-content-sha256": EMPTY},
        ),
        b"",
    ),
    "chunks": (PUT_CHUNKS, chunked(CHUNKS)),
    "chunks with a trailer": (
        PUT_TRAILER,
        chunked(TRAILED)[:-2] + TRAILER + b"x-amz-trailer-signature:" + OF_TRAILER + b"\r\n\r\n",
    ),
    "a presigned address": (
        request(
            "GET",
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential={KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
            "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
            {"host": "examplebucket.s3.amazonaws.com"},
        ),
        b"",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_aws_hold(name: str) -> None:
    environ, body = EXAMPLES[name]

    verify(environ, body, secrets_of, now=THEN)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("part", ["REQUEST_METHOD", "RAW_URI", "HTTP_HOST"])
def test_another_method_path_or_host_does_not(name: str, part: str) -> None:
    environ, body = EXAMPLES[name]
    other = {"REQUEST_METHOD": "DELETE", "RAW_URI": environ["RAW_URI"].replace("?", "x?") + "x", "HTTP_HOST": "other"}
    assert why({**environ, part: other[part]}, body) == "wrong signature"


@pytest.mark.parametrize("name", ["chunks", "chunks with a trailer", "a body, and a path to be encoded"])
def test_another_body_does_not(name: str) -> None:
    environ, body = EXAMPLES[name]
    broken = body.replace(b"aaa", b"aab", 1).replace(b"Welcome", b"Goodbye")
    assert why(environ, broken) == ("wrong digest" if b"Goodbye" in broken else "wrong signature")


def test_a_trailer_is_signed_and_a_chunk_must_be_whole() -> None:
    environ, body = EXAMPLES["chunks with a trailer"]
    assert why(environ, body.replace(b"sOO8", b"sOO9")) == "wrong signature"
    assert why(environ, body.replace(OF_TRAILER, b"")) == "wrong signature"
    assert why(PUT_CHUNKS, chunked(CHUNKS)[:-400]) == "incomplete"
    assert why(PUT_CHUNKS, chunked(CHUNKS[:1])) == "incomplete"  # without the last one, which is empty
    assert why(PUT_CHUNKS, b"") == "incomplete"
    assert why(PUT_CHUNKS, b"ffffffffffffffff;chunk-signature=" + b"0" * 64 + b"\r\n") == "incomplete"


def test_the_clock() -> None:
    environ, body = EXAMPLES["a query without a value"]
    assert why(environ, body, THEN + timedelta(minutes=16)) == "too late"
    assert why(environ, body, THEN - timedelta(minutes=16)) == "too early"
    assert why(*EXAMPLES["a presigned address"], THEN + timedelta(hours=23)) == ""
    assert why(*EXAMPLES["a presigned address"], THEN + timedelta(hours=25)) == "expired address"


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
@pytest.mark.parametrize(
    "path", ["/", "/2015-02-01/tags/arn%3Aaws%3Aa/b", "/a//b/../c%20d/", "/caf%C3%A9/~x", "/?b=%26&a=1%2B1&a=&c"]
)
def test_it_agrees_with_botocore_for_a_service_that_is_not_s3(signer: Any, path: str) -> None:
    credentials = Credentials("ASIASESSION", SECRET, "its-token")
    asked = AWSRequest("POST", f"http://127.0.0.1:1{path}", {"X-Own": "  a   b "}, data=b"{}" * (signer is SigV4Auth))
    signer(credentials, "elasticfilesystem", "eu-west-1").add_auth(asked)
    parts = urlsplit(asked.prepare().url)
    address = parts.path + (f"?{parts.query}" if parts.query else "")
    environ = request("POST", address, {**dict(asked.headers.items()), "host": "127.0.0.1:1"})
    body = b"{}" * (signer is SigV4Auth)

    verify(environ, body, secrets_of)
    assert why({**environ, "HTTP_X_OWN": "a c"}, body, datetime.now(UTC)) == "wrong signature"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Bearer x", "incomplete"),
        ("AWS4-HMAC-SHA256 ", "incomplete"),
        (f"{V4} Credential={KEY}, SignedHeaders=host, Signature=0", "incomplete"),
        (f"{V4} Credential={KEY}/{STS}, Signature=0", "incomplete"),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", "incomplete"),
        (f"{V4} Credential=A/{STS}, SignedHeaders=host, Signature=0", "unknown key"),
        (f"{V4} Credential={KEY}/{STS}, SignedHeaders=date, Signature=0", "incomplete"),
        (f"{V4} Credential={KEY}/{STS}, SignedHeaders=host, Signature=é", "wrong signature"),
        (f"{V4} Credential=ASIASESSION/{STS}, SignedHeaders=host, Signature=0", "unknown key"),
        (f"AWS {KEY}:bm8=", "wrong signature"),
        ("AWS x", "unknown key"),
        ("", "missing"),
    ],
)
def test_what_is_not_a_signature_is_refused(header: str, told: str) -> None:
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": "/", "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": header}
    assert why(environ, b"") == told


def test_a_signature_is_of_the_day_of_its_request() -> None:
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": EMPTY,
        "x-amz-date": "20130524T000000Z",
    }

    def let_in(day: str) -> None:
        scope = Scope(day, "us-east-1", "s3")
        made = signature(SECRET, scope, headers["x-amz-date"], Signable("GET", "/", "", headers.items(), EMPTY))
        signed = f"{V4} Credential={KEY}/{scope},SignedHeaders={';'.join(headers)},Signature={made}"
        verify(request("GET", "/", {**headers, "authorization": signed}), b"", secrets_of, now=THEN)

    let_in("20130524")
    with pytest.raises(Refused, match="wrong signature"):
        let_in("20130523")


def test_a_session_brings_its_token() -> None:
    header = f"{V4} Credential=ASIASESSION/{STS}, SignedHeaders=host, Signature=0"
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": "/", "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": header}
    assert why({**environ, "HTTP_X_AMZ_SECURITY_TOKEN": "another"}, b"") == "wrong token"
    assert why({**environ, "HTTP_X_AMZ_SECURITY_TOKEN": "its-token"}, b"") == "wrong signature"


def why(environ: Mapping[str, Any], body: bytes, now: datetime = THEN) -> str:
    """Why a request is refused; "" when it is not."""
    try:
        verify(environ, body, secrets_of, now=now)
    except Refused as refused:
        return refused.why
    return ""
