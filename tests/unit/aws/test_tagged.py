"""The resources that carry a tag: the calls that it takes to know that one is there."""

from types import SimpleNamespace
from typing import Any, cast

from studioctl.aws.errors import MissingError
from studioctl.aws.tagged import listed, tagged

TAG = ("studioctl:environment", "acme-ml")
HERE = "arn:aws:sagemaker:us-east-1:123456789012"
PEOPLE = [f"{HERE}:{kind}/{domain}/ada" for domain in ("d-gone", "d-here") for kind in ("user-profile", "space")]
BUCKET = "arn:aws:s3:::acme-ml-data"


class Account:
    """An index of tags, and a domain that is there beside one that is gone."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def client(self, service: str) -> Any:
        if service == "resourcegroupstaggingapi":
            entries = [{"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "ml"}]} for arn in (*PEOPLE, BUCKET)]
            pages = [{"ResourceTagMappingList": entries}]
            return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: pages))
        return SimpleNamespace(
            describe_domain=lambda DomainId: self.look(DomainId, DomainId == "d-here"),  # noqa: N803 - AWS's name
            list_tags=lambda ResourceArn: self.look(ResourceArn.rpartition(":")[2], True),  # noqa: N803
            get_bucket_location=lambda Bucket: self.look(Bucket, True),  # noqa: N803
        )

    def look(self, what: str, is_there: bool) -> dict[str, str]:
        self.asked.append(what)
        if not is_there:
            raise MissingError("gone", hint="")
        return {"what": what}


def test_of_a_domain_that_is_gone_nobody_is_asked_about() -> None:
    account = Account()

    assert tagged(cast("Any", account), TAG) == (BUCKET, *sorted(PEOPLE[2:]))
    assert sorted(account.asked) == ["acme-ml-data", "d-gone", "d-here", "space/d-here/ada", "user-profile/d-here/ada"]


def test_what_nobody_wants_to_know_of_takes_no_call() -> None:
    account = Account()

    assert tagged(cast("Any", account), TAG, lambda arn: arn == BUCKET) == (BUCKET,)
    assert account.asked == ["acme-ml-data"]


def test_the_index_tells_tags() -> None:
    assert listed(cast("Any", Account()), TAG)[BUCKET] == {"team": "ml"}
