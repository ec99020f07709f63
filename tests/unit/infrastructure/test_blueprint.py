import json
import random
import re
from typing import Any

import pytest
from tests.environments import environment

from studioctl.config.stores import Images
from studioctl.errors import ConfigError
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Blueprint, Output, Ref, Resource, literal
from studioctl.infrastructure.ecr import lifecycle_policy
from studioctl.infrastructure.naming import Naming, label


def blocks(of: Blueprint) -> dict[str, dict[str, Any]]:
    """The arguments of every resource and look-up, by address."""
    found = (block for module in of.modules for block in module.blocks if not isinstance(block, Output))
    return {block.address: dict(block.arguments) for block in found}


def test_the_modules_are_those_of_the_seed() -> None:
    everything = blueprint.build(environment(secrets={"github": {"username": "ada"}}))

    assert [module.name for module in everything.modules] == [
        "account",
        "vpc",
        "security_groups",
        "secrets_manager",
        "s3",
        "iam",
        "ecr",
        "sagemaker",
    ]


def test_without_secrets_there_is_no_document_of_them() -> None:
    names = [module.name for module in blueprint.build(environment()).modules]

    assert "secrets_manager" not in names


def test_an_image_is_pinned_where_the_file_says_and_left_to_aws_elsewhere() -> None:
    spaces = [{"name": "a"}, {"name": "b", "image": "4", "instance_type": "ml.g5.xlarge"}]
    users = [{"name": "ada", "image": "4.3", "spaces": spaces}, {"name": "grace"}]
    everything = blocks(blueprint.build(environment(users=users)))

    def spec(address: str, settings: str) -> tuple[Any, ...]:
        found = everything[address][settings]["code_editor_app_settings"]["default_resource_spec"]
        ignored = [key for key in everything[address]["lifecycle"]["ignore_changes"] if "image" in key]
        arn = found.get("sagemaker_image_arn", "").rpartition("/")[2]
        return arn, found.get("sagemaker_image_version_alias"), len(ignored)

    cpu, gpu = "sagemaker-distribution-cpu", "sagemaker-distribution-gpu"
    assert spec("aws_sagemaker_domain.studio", "default_user_settings") == ("", None, 4)
    assert spec("aws_sagemaker_user_profile.ada", "user_settings") == (cpu, "4.3", 0)
    assert spec("aws_sagemaker_user_profile.grace", "user_settings") == ("", None, 4)
    assert spec("aws_sagemaker_space.a", "space_settings") == (cpu, "4.3", 0)
    assert spec("aws_sagemaker_space.b", "space_settings") == (gpu, "4", 0)
    assert spec("aws_sagemaker_space.grace-editor", "space_settings") == ("", None, 2)


def test_every_reference_leads_to_a_block_that_exists() -> None:
    everything = blueprint.build(environment(secrets={"github": {"username": "ada"}}))
    text = json.dumps([block.__dict__ for module in everything.modules for block in module.blocks], default=str)
    referred = set(re.findall(r"\$\{((?:data\.)?aws_\w+\.[\w-]+)\.", text))
    there = {b.address for module in everything.modules for b in module.blocks if hasattr(b, "address")}

    assert referred
    assert referred - there == set()


def test_the_lifecycle_configuration_is_selected_and_not_only_listed() -> None:
    everything = blueprint.build(environment())
    arn = Ref("aws_sagemaker_studio_lifecycle_config.editor.arn")
    domain = blocks(everything)["aws_sagemaker_domain.studio"]["default_user_settings"]["code_editor_app_settings"]
    profile = blocks(everything)["aws_sagemaker_user_profile.ada"]["user_settings"]["code_editor_app_settings"]
    space = blocks(everything)["aws_sagemaker_space.ada-editor"]["space_settings"]["code_editor_app_settings"]

    for settings in (domain, profile):
        assert settings["lifecycle_config_arns"] == [arn]
        assert settings["default_resource_spec"]["lifecycle_config_arn"] == arn
    assert space["default_resource_spec"]["lifecycle_config_arn"] == arn


def test_another_script_is_another_lifecycle_configuration_made_before_the_old_one_goes() -> None:
    address = "aws_sagemaker_studio_lifecycle_config.editor"
    plain, changed = (
        blocks(blueprint.build(environment(editor=editor)))[address] for editor in ({}, {"tools": ["uv"]})
    )

    assert plain["studio_lifecycle_config_name"] != changed["studio_lifecycle_config_name"]
    assert plain["lifecycle"] == {"create_before_destroy": True}


def test_a_script_that_sagemaker_does_not_take_is_refused() -> None:
    settings = {f"a.key{number}": random.Random(number).randbytes(100).hex() for number in range(200)}

    with pytest.raises(ConfigError) as refused:
        blueprint.build(environment(editor={"settings": settings}))

    assert re.fullmatch(
        r"\[editor\] makes a lifecycle script of [\d,]+ bytes, compressed, and SageMaker takes 12,288\."
        r" What takes the room: settings [\d,]+;"
        r" [\d,]+ are studioctl's own programs for the keys in use\.",
        refused.value.message,
    )


@pytest.mark.parametrize(
    ("key", "name", "changes"),
    [
        ("role", "ACME-ml-flow-logs", {"network": {"flow_logs": True}}),
        (
            "secret",
            "acme-ml/grace/github",
            {
                "iam": {"per_user_roles": True},
                "secrets": {"github": {"username": "acme"}},
                "users": [{"name": "grace", "github": {"username": "grace"}}],
            },
        ),
    ],
)
def test_no_name_is_given_twice(key: str, name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        blueprint.build(environment(names={key: name}, **changes))

    found = refused.value.message
    assert found.casefold() == f'[names] {key}: the environment has another {key} of the name "{name}".'.casefold()


def test_only_sagemaker_of_this_account_may_assume_the_role() -> None:
    (statement,) = blocks(blueprint.build(environment()))["data.aws_iam_policy_document.trust"]["statement"]
    account = "${data.aws_caller_identity.current.account_id}"
    partition = "${data.aws_partition.current.partition}"

    assert statement["principals"] == [{"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]}]
    assert [(c["variable"], c["values"]) for c in statement["condition"]] == [
        ("aws:SourceAccount", [account]),
        ("aws:SourceArn", [f"arn:{partition}:sagemaker:us-east-1:{account}:*"]),
    ]


def test_the_role_reaches_the_data_bucket_and_the_further_ones_and_no_other() -> None:
    everything = blueprint.build(environment(storage={"bucket": "acme-data", "extra_buckets": ["acme-state"]}))
    statements = blocks(everything)["data.aws_iam_policy_document.s3"]["statement"]
    reached = {arn for statement in statements for arn in statement["resources"]}

    state = "arn:${data.aws_partition.current.partition}:s3:::acme-state"
    assert reached == {"${aws_s3_bucket.data.arn}", "${aws_s3_bucket.data.arn}/*", state, f"{state}/*"}


def test_without_remote_access_the_role_may_not_start_sessions() -> None:
    everything = blueprint.build(environment(studio={"remote_access": False}))

    assert "StartSession" not in json.dumps([m.blocks for m in everything.modules], default=str)


def test_the_data_bucket_is_private_encrypted_and_never_emptied_by_terraform() -> None:
    everything = blueprint.build(environment())
    blocked = blocks(everything)["aws_s3_bucket_public_access_block.data"]

    bucket = blocks(everything)["aws_s3_bucket.data"]
    assert {key: bucket[key] for key in ("bucket", "force_destroy")} == {
        "bucket": "acme-ml-data-${data.aws_caller_identity.current.account_id}",
        "force_destroy": False,
    }
    assert [value for key, value in blocked.items() if key != "bucket"] == [True] * 4
    assert blocks(everything)["aws_s3_bucket_ownership_controls.data"]["rule"] == {
        "object_ownership": "BucketOwnerEnforced"
    }
    assert "aws_s3_bucket_server_side_encryption_configuration.data" in {r.address for r in everything.resources()}


def test_the_policy_of_images_follows_ecrs_grammar() -> None:
    rules = lifecycle_policy(Images(keep_latest=3, expire_untagged_days=7))["rules"]

    assert [rule["rulePriority"] for rule in rules] == [1, 2]
    assert [rule["selection"] for rule in rules] == [
        {"tagStatus": "tagged", "tagPrefixList": ["latest"], "countType": "imageCountMoreThan", "countNumber": 3},
        {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7},
    ]
    assert {rule["action"]["type"] for rule in rules} == {"expire"}


TORCH = {"name": "torch", "digest": f"sha256:{'ab' * 32}"}


def test_a_custom_image_is_pinned_by_its_digest_and_offered_to_everybody() -> None:
    made = blocks(blueprint.build(environment(images={"custom": [TORCH]})))
    image, version = made["aws_sagemaker_image.torch"], made["aws_sagemaker_image_version.torch"]
    offered = [
        {
            "app_image_config_name": Ref("aws_sagemaker_app_image_config.torch.app_image_config_name"),
            "image_name": Ref("aws_sagemaker_image_version.torch.image_name"),
            "image_version_number": Ref("aws_sagemaker_image_version.torch.version"),
        }
    ]

    assert (image["image_name"], image["display_name"]) == ("acme-ml-image-ababababab", "torch")
    assert version["base_image"] == f"${{aws_ecr_repository.images.repository_url}}@{TORCH['digest']}"
    assert made["aws_sagemaker_app_image_config.torch"]["code_editor_app_image_config"] == {
        "container_config": {"container_entrypoint": ["entrypoint-code-editor"]}
    }
    for address, settings in (("domain.studio", "default_user_settings"), ("user_profile.ada", "user_settings")):
        assert made[f"aws_sagemaker_{address}"][settings]["code_editor_app_settings"]["custom_image"] == offered


def test_a_custom_image_is_offered_in_the_apps_that_the_file_names() -> None:
    torch = TORCH | {"apps": ["code-editor", "jupyterlab"]}
    lab = {"name": "lab", "digest": f"sha256:{'cd' * 32}", "apps": ["jupyterlab"], "entrypoint": "start-lab"}
    made = blocks(blueprint.build(environment(images={"custom": [torch, lab]})))

    configs = {
        address.rpartition(".")[2]: (
            it["app_image_config_name"],
            next(it[key] for key in it if key.endswith("_config")),
        )
        for address, it in made.items()
        if address.startswith("aws_sagemaker_app_image_config.")
    }
    assert configs == {
        "torch": ("acme-ml-image-ababababab", started_by("entrypoint-code-editor")),
        "torch_jupyterlab": ("acme-ml-image-ababababab-jupyterlab", started_by("entrypoint-jupyter-server")),
        "lab_jupyterlab": ("acme-ml-image-cdcdcdcdcd-jupyterlab", started_by("start-lab")),
    }
    settings = made["aws_sagemaker_user_profile.ada"]["user_settings"]
    offered = {
        app: [str(each["app_image_config_name"]) for each in settings[app]["custom_image"]]
        for app in ("code_editor_app_settings", "jupyter_lab_app_settings")
    }
    assert offered == {
        "code_editor_app_settings": ["${aws_sagemaker_app_image_config.torch.app_image_config_name}"],
        "jupyter_lab_app_settings": [
            "${aws_sagemaker_app_image_config.torch_jupyterlab.app_image_config_name}",
            "${aws_sagemaker_app_image_config.lab_jupyterlab.app_image_config_name}",
        ],
    }


def started_by(program: str) -> dict[str, Any]:
    return {"container_config": {"container_entrypoint": [program]}}


def test_an_image_goes_only_after_everything_has_let_go_of_it() -> None:
    made = blocks(blueprint.build(environment(images={"custom": [TORCH]})))

    for type_ in ("image", "image_version", "app_image_config"):
        assert made[f"aws_sagemaker_{type_}.torch"]["lifecycle"] == {"create_before_destroy": True}


def test_without_custom_images_there_are_none_and_the_domain_says_so() -> None:
    made = blocks(blueprint.build(environment()))

    assert "aws_sagemaker_image" not in json.dumps(list(made))
    for address, settings in (("domain.studio", "default_user_settings"), ("user_profile.ada", "user_settings")):
        assert made[f"aws_sagemaker_{address}"][settings]["code_editor_app_settings"]["custom_image"] == []


def test_plain_text_can_be_kept_from_becoming_a_template() -> None:
    assert literal("${var.secret} %{ if true }") == "$${var.secret} %%{ if true }"


@pytest.mark.parametrize(("name", "expected"), [("ada", "ada"), ("7of9", "_7of9"), ("Ada-L", "Ada-L")])
def test_a_label_is_the_name_where_terraform_allows_it(name: str, expected: str) -> None:
    assert label(name) == expected


def test_every_derived_name_fits_aws_limits_with_the_longest_environment_name() -> None:
    naming = Naming("a" * 32)

    assert len(naming.lifecycle_config("0" * 10)) <= 63
    assert len(naming.execution_role) <= 64
    assert len(f"{naming.environment}-data-123456789012") <= 63


def test_a_resource_knows_its_address() -> None:
    assert str(Resource("aws_vpc", "studio", {}).ref("id")) == "${aws_vpc.studio.id}"


EVERYTHING = environment(
    secrets={"github": {"username": "ada"}},
    encryption={"customer_key": True},
    network={"access": "vpc-only", "endpoints": "all", "flow_logs": True},
    iam={"per_user_roles": True},
    images={"custom": [TORCH]},
)


def test_nothing_is_begun_before_the_role_that_aws_gives_to_one_environment_only() -> None:
    everything = blueprint.build(EVERYTHING)
    parts = {block.address: block for m in everything.modules for block in m.blocks if not isinstance(block, Output)}
    needs = {
        address: set(re.findall(r"(?:data\.)?aws_\w+\.[\w-]+", json.dumps(block.arguments, default=str))) & set(parts)
        for address, block in parts.items()
    }

    def waits(address: str) -> bool:
        return address == "aws_iam_role.execution" or any(waits(needed) for needed in needs[address] - {address})

    assert [r.address for r in everything.resources() if not waits(r.address)] == []
    assert not needs["aws_iam_role.execution"] - {a for a in parts if a.startswith("data.")}


def test_the_mark_is_on_that_role_alone_and_changes_nothing_that_exists() -> None:
    plain = blueprint.build(EVERYTHING)
    before, after = blocks(plain), blocks(blueprint.born(plain, "c0ffee"))

    assert {address for address in before if before[address] != after[address]} == {"aws_iam_role.execution"}
    assert after["aws_iam_role.execution"]["tags"] == {"studioctl:birth": "c0ffee"}
    assert before["aws_iam_role.execution"]["lifecycle"] == {"ignore_changes": ['tags["studioctl:birth"]']}
    assert blueprint.born(plain, "") == plain
