"""Users of IAM Identity Center are named where the domain is of it, and nowhere else."""

from typing import Any

import pytest

from studioctl.config.load import parse
from studioctl.errors import ConfigError

HEAD = 'name = "acme-ml"\nregion = "us-east-1"\n'
SSO = '[access]\nauth = "sso"\n'
ADA = '[[users]]\nname = "ada"\n'
EVE = '[[users]]\nname = "eve"\nsso_user = "Ada@acme.example"\n'
NAMED = 'sso_user = "ada@acme.example"\n'
WRONG = {
    "missing": (
        HEAD + SSO + ADA,
        'users[0]: "ada" has no sso_user; write the user\'s name in IAM Identity Center',
    ),
    "not of it": (
        HEAD + ADA + NAMED,
        'users[0].sso_user: is for [access] auth = "sso"; delete this line, or write that',
    ),
    "twice": (
        HEAD + SSO + ADA + NAMED + EVE,
        'users[1].sso_user: "Ada@acme.example" is "ada" already; write another user',
    ),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert words in refused.value.message


def test_a_domain_of_identity_center_has_its_users() -> None:
    config: Any = parse(HEAD + SSO + ADA + NAMED)
    assert (config.access.auth, config.users[0].sso_user) == ("sso", "ada@acme.example")
    assert parse(HEAD + ADA).access.auth == "iam"
