"""The image repository, and how long images live in it."""

import json
from dataclasses import dataclass
from typing import Any

from studioctl.config.stores import Images
from studioctl.infrastructure.block import Module, Output, Ref, Resource
from studioctl.infrastructure.kms import Kms


@dataclass(frozen=True)
class Ecr:
    """The repository's blocks, its ARN, and where its images are."""

    module: Module
    repository_arn: Ref
    repository_url: Ref


def build(images: Images, name: str, kms: Kms) -> Ecr:
    """The repository of this name, as `[images]` describes it."""
    repository = Resource(
        "aws_ecr_repository",
        "images",
        {
            "name": name,
            "force_delete": False,
            "image_tag_mutability": "IMMUTABLE" if images.immutable_tags else "MUTABLE",
            "image_scanning_configuration": {"scan_on_push": images.scan_on_push},
            **_encryption(kms),
        },
        why="Terraform never deletes images: only `--delete-data` of studioctl does, on the user's word.",
    )
    lifecycle = Resource(
        "aws_ecr_lifecycle_policy",
        "images",
        {"repository": repository.ref("name"), "policy": json.dumps(lifecycle_policy(images), indent=2)},
    )
    output = Output("repository_url", repository.ref("repository_url"), "Where images are pushed to.")
    purpose = "The repository of container images, and how long images live in it."
    module = Module("ecr", purpose, (repository, lifecycle, output))
    return Ecr(module=module, repository_arn=repository.ref("arn"), repository_url=repository.ref("repository_url"))


def _encryption(kms: Kms) -> dict[str, Any]:
    # It cannot change: another key is another repository, which `up` refuses while there are images in it.
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    if kms.key_arn is None:
        return {}
    return {"encryption_configuration": {"encryption_type": "KMS", "kms_key": kms.key_arn}}


def lifecycle_policy(images: Images) -> dict[str, Any]:
    """The repository's lifecycle policy: two rules in ECR's own grammar, which Terraform does not check.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    """
    keep_latest = {
        "rulePriority": 1,
        "description": f"Keep the {images.keep_latest} most recent images tagged latest...",
        "selection": {
            "tagStatus": "tagged",
            "tagPrefixList": ["latest"],
            "countType": "imageCountMoreThan",
            "countNumber": images.keep_latest,
        },
        "action": {"type": "expire"},
    }
    expire_untagged = {
        "rulePriority": 2,
        "description": f"Expire untagged images after {images.expire_untagged_days} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": images.expire_untagged_days,
        },
        "action": {"type": "expire"},
    }
    return {"rules": [keep_latest, expire_untagged]}
