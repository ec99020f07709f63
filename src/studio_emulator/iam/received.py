"""A request as it came in, and one thing that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio_emulator.iam.patterns import Values


@dataclass(frozen=True)
class Need:
    """One action on one resource, with what is known about it: condition keys in lower case."""

    action: str
    resource: str
    context: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A request to AWS.

    Args:
        service: Its name in boto3.
        action: Such as "CreateApp"; "" when it cannot be told.
        account: Twelve digits.
        region: The region that it was signed for.
        parameters: The members of the request, where they are in its body.
        method: Of HTTP.
        path: The path, in which S3 has bucket and key.
        query: The part after the question mark.
        headers: Of HTTP, in lower case.
        body: As it came.
    """

    service: str
    action: str
    account: str
    region: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def arn(self, service: str, path: str, *, region: str | None = None) -> str:
        """An ARN of this account and, unless it is said otherwise, region."""
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account}:{path}"

    def listed(self, member: str) -> list[Any]:
        """A member that is a list; nothing where it is none, for nobody has checked the request's form yet."""
        found = self.parameters.get(member)
        return found if isinstance(found, list) else []

    def request_tags(self) -> dict[str, Values]:
        """The keys aws:RequestTag/... and aws:TagKeys."""
        listed = self.listed("Tags") or self.listed("tags")
        return put_on({str(tag.get("Key")): str(tag.get("Value")) for tag in listed if isinstance(tag, dict)})


def tags_of(tags: Mapping[str, str], service: str) -> dict[str, Values]:
    """A resource's tags under the global key and under the service's own. The tag's key has no case, either."""
    return {f"{prefix}:resourcetag/{key.lower()}": value for key, value in tags.items() for prefix in ("aws", service)}


def put_on(tags: Mapping[str, str]) -> dict[str, Values]:
    """The keys aws:RequestTag/... and aws:TagKeys of a request that puts these tags on; none where there are none."""
    if not tags:
        return {}
    return {f"aws:requesttag/{key.lower()}": value for key, value in tags.items()} | {"aws:tagkeys": tuple(tags)}


def query_tags(said: Mapping[str, Any], before: str) -> dict[str, Values]:
    """The keys aws:RequestTag/... and aws:TagKeys of a request in the query protocol: `<before>1.Key` and so on."""
    named = {name: str(value) for name, value in said.items() if name.startswith(before) and name.endswith(".Key")}
    return put_on({key: str(said.get(f"{name.removesuffix('Key')}Value", "")) for name, key in named.items()})
