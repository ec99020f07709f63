"""The state's object in S3, as it is read: what is none, what is begun again, and what is told."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from studioctl.aws.session import Session
from studioctl.aws.state_bucket import READS, StoredState
from studioctl.errors import AwsError, ConfigError
from studioctl.target import LocalEndpoint, Target

ASKED = {"Bucket": "acme-tfstate", "Key": "acme-ml/terraform.tfstate"}
OWN_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"a key of thirty-two bytes, theirs"}


class Broken(StreamingBody):
    """An answer that breaks off."""

    def __init__(self) -> None:
        super().__init__(BytesIO(b'{"vers'), 99)

    def read(self, amt: int | None = None) -> bytes:
        raise ReadTimeoutError(endpoint_url="https://s3.amazonaws.com", error="broken off")


def whole(text: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(BytesIO(text), len(text)), "ETag": '"a"'}


@pytest.fixture
def stored() -> StoredState:
    session = Session(Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "k", "s")))
    return StoredState(session, ASKED["Bucket"], ASKED["Key"], {})


@pytest.fixture
def s3(stored: StoredState) -> Iterator[Stubber]:
    with Stubber(stored.session.client("s3")) as aws:
        yield aws
        aws.assert_no_pending_responses()


def test_one_call_reads_it_whatever_bytes_it_is_of(stored: StoredState, s3: Stubber) -> None:
    s3.add_response("get_object", whole(b'{"a": "\xff"}'), ASKED)
    assert stored.read() == '{"a": "\udcff"}'


def test_no_object_is_no_state(stored: StoredState, s3: Stubber) -> None:
    s3.add_client_error("get_object", "NoSuchKey", expected_params=ASKED)
    assert stored.read() is None


def test_no_bucket_is_never_taken_for_no_state(stored: StoredState, s3: Stubber) -> None:
    s3.add_client_error("get_object", "NoSuchBucket", expected_params=ASKED)
    with pytest.raises(ConfigError) as refused:
        stored.read()
    assert refused.value.message == "The state's bucket 'acme-tfstate' does not exist"
    assert refused.value.hint == (
        "Create the bucket first: studioctl state bucket create acme-tfstate. Or correct its name or region in [state]."
    )


def test_what_may_not_be_read_is_told_as_such(stored: StoredState, s3: Stubber) -> None:
    s3.add_client_error("get_object", "AccessDenied", "Access Denied", 403, expected_params=ASKED)
    with pytest.raises(AwsError, match="AWS refused GetObject: Access Denied"):
        stored.read()


def test_an_answer_that_breaks_off_is_asked_for_again(stored: StoredState, s3: Stubber) -> None:
    for _ in range(READS - 1):
        s3.add_response("get_object", {"Body": Broken(), "ETag": '"a"'}, ASKED)
    s3.add_response("get_object", whole(b"{}"), ASKED)
    assert stored.read() == "{}"


def test_at_last_it_is_told_and_no_part_is_taken(stored: StoredState, s3: Stubber) -> None:
    for _ in range(READS):
        s3.add_response("get_object", {"Body": Broken(), "ETag": '"a"'}, ASKED)
    with pytest.raises(AwsError, match="AWS did not answer, time and again"):
        stored.read()


def test_a_key_of_the_users_own_opens_all_of_it(stored: StoredState, s3: Stubber) -> None:
    sealed = StoredState(stored.session, stored.bucket, stored.key, {}, OWN_KEY)
    lock = {"Bucket": ASKED["Bucket"], "Key": ASKED["Key"] + ".tflock"}
    body = {"Body": b"{}", "ContentType": "application/json"}
    s3.add_response("get_object", whole(b"{}"), ASKED | OWN_KEY)
    s3.add_response("get_object", whole(b'{"ID": "b"}'), lock | OWN_KEY)
    s3.add_response("put_object", {}, lock | OWN_KEY | {"Body": b"{}", "IfNoneMatch": "*"})
    s3.add_response("put_object", {}, ASKED | OWN_KEY | body)
    assert sealed.read() == "{}"
    assert sealed.lock() == {"ID": "b"}
    assert sealed.acquire({})
    sealed.write("{}")
