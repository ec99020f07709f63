"""The way people sign in to Studio: IAM, or IAM Identity Center."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from studioctl.config.closed import Model
from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Violation, quote

SSO = "sso"


class Access(Model):
    """Users' sign-in."""

    auth: Literal["iam", "sso"] = Field(
        "iam",
        description="How users authenticate: with IAM, where `open` gets an address for anybody who may ask AWS for"
        " one; or with IAM Identity Center, where users sign in at the domain's own address. It cannot change"
        " while the domain exists.",
    )


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Users of Identity Center who are missing, too many, or named twice.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html
    """
    is_sso = table_in(data, "access").get("auth") == SSO
    seen: dict[str, str] = {}
    for index, user in enumerate(list_in(data, "users")):
        if not isinstance(user, dict) or not isinstance(user.get("name"), str):
            continue
        place, said = ("users", index), user.get("sso_user")
        if said is None:
            if is_sso:
                words = f"{quote(user['name'])} has no sso_user; write the user's name in IAM Identity Center"
                yield place, words
            continue
        if not is_sso:
            yield (*place, "sso_user"), 'is for [access] auth = "sso"; delete this line, or write that'
        elif str(said).casefold() in seen:
            other = seen[str(said).casefold()]
            yield (*place, "sso_user"), f"{quote(str(said))} is {quote(other)} already; write another user"
        seen.setdefault(str(said).casefold(), user["name"])
