"""The purpose of a policy is told from its label, and the key behind it from its purpose."""

import pytest
from tests.environments import environment

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.blueprint import build
from studioctl.infrastructure.iam import purposes

PEOPLE = [{"name": "ada", "github": {"username": "ada"}}, {"name": "images"}]
STATEMENT = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-lake/*"]}


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("s3", ("s3", None)),
        ("secrets_ada", ("secrets", "ada")),
        ("remote_access", ("remote_access", None)),
        ("execution_images", ("execution", "images")),
        ("images_secrets", ("images", "secrets")),
        ("hold", ("hold", None)),
    ],
)
def test_a_label_says_what_for_and_whose(label: str, told: tuple[str, str | None]) -> None:
    assert purposes.told_apart(label) == told


@pytest.mark.parametrize(
    "config",
    [
        environment(
            users=PEOPLE,
            iam={"per_user_roles": True, "extra_statements": [STATEMENT]},
            encryption={"customer_key": True},
        ),
        environment(secrets={"github": {"username": "ada"}}),
        environment(iam={"permissions": "managed"}),
    ],
    ids=["own roles", "one role", "managed"],
)
def test_each_policy_of_a_role_has_a_purpose_that_is_known(config: EnvironmentConfig) -> None:
    policies = [it.label for it in build(config).resources() if it.type in {"aws_iam_policy", "aws_iam_role"}]
    users = {user.name for user in config.users}

    assert policies
    for label in policies:
        purpose, user = purposes.told_apart(label)
        assert purpose in {*purposes.KEYS, *purposes.OTHERS}
        assert user is None or user in users
