"""The data that people store: private, by TLS alone, with old versions, and encrypted with the key that they chose."""

import json
from typing import Any

import pytest
from tests.environments import environment
from tests.unit.infrastructure.test_blueprint import blocks

from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Output, Ref

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OWN = Ref("aws_kms_key.studio.arn")
EVERYTHING: dict[str, Any] = {
    "encryption": {"customer_key": True, "deletion_days": 7},
    "storage": {"access_logs": "acme-logs"},
    "images": {"immutable_tags": True},
    "secrets": {"github": {"username": "ada"}},
    "iam": {"per_user_roles": True},
}
DOMAIN, SECRET = "aws_sagemaker_domain.studio", "aws_secretsmanager_secret.github"
REPOSITORY, BUCKET = "aws_ecr_repository.images", "aws_s3_bucket.data"
ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration.data"


def made(**sections: Any) -> dict[str, dict[str, Any]]:
    return blocks(blueprint.build(environment(**sections)))


@pytest.mark.parametrize("sections", [{}, EVERYTHING, {**EVERYTHING, "iam": {"permissions": "managed"}}])
def test_no_two_blocks_have_one_address(sections: dict[str, Any]) -> None:
    """Terraform would refuse all of it."""
    modules = blueprint.build(environment(**sections)).modules
    addresses = [block.address for m in modules for block in m.blocks if not isinstance(block, Output)]

    assert sorted(addresses) == sorted(set(addresses))


def test_without_a_word_aws_encrypts_with_keys_of_its_own() -> None:
    everything = made(secrets={"github": {"username": "ada"}})

    assert not [address for address in everything if "kms" in address]
    assert "kms" not in json.dumps(list(everything.values()), default=str)
    assert "encryption_configuration" not in everything[REPOSITORY]
    assert everything[ENCRYPTION]["rule"] == [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}]


@pytest.mark.parametrize(("encryption", "key"), [({"customer_key": True}, OWN), ({"key": KEY}, KEY)])
def test_one_key_encrypts_all_that_people_store(encryption: dict[str, Any], key: Any) -> None:
    everything = made(encryption=encryption, secrets={"github": {"username": "ada"}})

    assert everything[DOMAIN]["kms_key_id"] == key
    assert everything[SECRET]["kms_key_id"] == key
    assert everything[REPOSITORY]["encryption_configuration"] == {"encryption_type": "KMS", "kms_key": key}
    assert everything[ENCRYPTION]["rule"] == [
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key},
            "bucket_key_enabled": True,
        }
    ]


def test_a_key_of_ones_own_rotates_has_a_name_and_waits_before_it_goes() -> None:
    everything = made(encryption={"customer_key": True, "deletion_days": 9})
    key, alias = everything["aws_kms_key.studio"], everything["aws_kms_alias.studio"]

    assert (key["enable_key_rotation"], key["deletion_window_in_days"]) == (True, 9)
    assert alias == {"name": "alias/acme-ml", "target_key_id": Ref("aws_kms_key.studio.key_id")}
    (statement,) = everything["data.aws_iam_policy_document.key"]["statement"]
    account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
    assert statement["principals"] == [{"type": "AWS", "identifiers": [account]}]


def test_a_key_that_exists_already_is_used_and_nothing_else() -> None:
    assert not [address for address in made(encryption={"key": KEY}) if address.startswith("aws_kms")]


def test_the_bucket_goes_before_its_key() -> None:
    """Or Terraform would delete the key beside a bucket that it then cannot delete."""
    assert made(encryption={"customer_key": True})[BUCKET]["depends_on"] == ["aws_kms_key.studio"]
    assert made()[BUCKET]["depends_on"] == ["aws_iam_role.execution"]


@pytest.mark.parametrize("permissions", ["scoped", "managed"])
def test_the_role_uses_the_key_through_services_alone(permissions: str) -> None:
    everything = made(encryption={"customer_key": True}, iam={"permissions": permissions})
    use, grant, look = everything["data.aws_iam_policy_document.kms"]["statement"]

    assert {arn for statement in (use, grant, look) for arn in statement["resources"]} == {str(OWN)}
    ((through,), (for_aws,)) = use["condition"], grant["condition"]
    suffix = "us-east-1.${data.aws_partition.current.dns_suffix}"
    assert through["variable"] == "kms:ViaService"
    assert through["values"] == [f"{name}.{suffix}" for name in ("ec2", "s3", "sagemaker", "secretsmanager")]
    assert (grant["actions"], for_aws["variable"]) == (["kms:CreateGrant"], "kms:GrantIsForAWSResource")
    assert look["actions"] == ["kms:DescribeKey"]
    assert everything["aws_iam_role_policy_attachment.kms"]["role"] == Ref("aws_iam_role.execution.name")


def test_nothing_passes_without_tls() -> None:
    (statement,) = made()["data.aws_iam_policy_document.data_bucket"]["statement"]

    assert (statement["effect"], statement["actions"]) == ("Deny", ["s3:*"])
    assert statement["resources"] == ["${aws_s3_bucket.data.arn}", "${aws_s3_bucket.data.arn}/*"]
    assert statement["condition"] == [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}]


def test_old_versions_are_kept_for_a_while_and_present_objects_for_ever() -> None:
    everything = made(storage={"keep_old_versions_days": 90})
    (rule,) = everything[BUCKET]["lifecycle_rule"]

    assert everything["aws_s3_bucket_versioning.data"]["versioning_configuration"] == {"status": "Enabled"}
    assert rule == {
        "id": "tidy",
        "enabled": True,
        "noncurrent_version_expiration": {"days": 90},
        "expiration": {"expired_object_delete_marker": True},
        "abort_incomplete_multipart_upload_days": 7,
    }


def test_of_what_gpus_tell_old_versions_go_after_a_day() -> None:
    rules = made(limits={"idle_gpu_minutes": 30}, iam={"per_user_roles": True})[BUCKET]["lifecycle_rule"]

    assert [rule["id"] for rule in rules] == ["tidy", "words"]
    assert rules[1] == {
        "id": "words",
        "enabled": True,
        "prefix": "shared/studioctl-gpu/",
        "noncurrent_version_expiration": {"days": 1},
    }


def test_without_versioning_unfinished_uploads_still_go() -> None:
    everything = made(storage={"versioning": False})

    assert "aws_s3_bucket_versioning.data" not in everything
    assert everything[BUCKET]["lifecycle_rule"][0]["abort_incomplete_multipart_upload_days"] == 7


def test_who_used_the_bucket_is_logged_on_request() -> None:
    assert made(storage={"access_logs": "acme-logs"})["aws_s3_bucket_logging.data"] == {
        "bucket": Ref("aws_s3_bucket.data.id"),
        "target_bucket": "acme-logs",
        "target_prefix": "${aws_s3_bucket.data.id}/",
    }
    assert "aws_s3_bucket_logging.data" not in made()


@pytest.mark.parametrize(
    ("images", "mutability", "scan"),
    [({}, "MUTABLE", True), ({"immutable_tags": True, "scan_on_push": False}, "IMMUTABLE", False)],
)
def test_what_is_pushed_is_looked_through_and_may_keep_its_tag(
    images: dict[str, Any], mutability: str, scan: bool
) -> None:
    repository = made(images=images)[REPOSITORY]

    assert repository["image_tag_mutability"] == mutability
    assert repository["image_scanning_configuration"] == {"scan_on_push": scan}
