"""Terraform and the real AWS provider on the emulator: what it makes stays as it is, and goes without a trace."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studioctl.emulator import server
from studioctl.emulator.server import RunningEmulator

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
HOMES_OF_SOFTWARE = (Path("/opt"), Path("/usr/local/share"), Path("/usr/share"))
SERVICES = ("ec2", "ecr", "efs", "iam", "s3", "sagemaker", "secretsmanager", "sts")
NO_CHANGES, CHANGES = 0, 2
FILLED_IN = "space_settings[0].code_editor_app_settings[0].default_resource_spec[0].sagemaker_image_arn"
"""What AWS adds to a space by itself: hashicorp/terraform-provider-aws#39894."""


def provider_mirror() -> Path | None:
    """A directory of providers among the machine's software; None leaves Terraform to the registry."""
    found = (
        candidate
        for home in HOMES_OF_SOFTWARE
        if home.is_dir()
        for candidate in sorted(home.iterdir())
        if (candidate / PROVIDER).is_dir()
    )
    return next(found, None)


@dataclass(frozen=True)
class Workspace:
    """A directory in which Terraform runs against one emulator, and nothing of the user's."""

    directory: Path
    emulator: RunningEmulator

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> int:
        """Runs Terraform; its whole output is the message when it ends otherwise than accepted."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "TF_IN_AUTOMATION": "1"}
        variables |= server.environment(self.emulator, "us-east-1")
        mirror = provider_mirror()
        if mirror is not None:
            configuration = self.directory / "terraform.rc"
            configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
            variables["TF_CLI_CONFIG_FILE"] = str(configuration)
        done = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=self.directory,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode in accept, done.stdout
        return done.returncode

    def write(self, **changes: Any) -> None:
        """Write the whole environment, with these changes."""
        (self.directory / "main.tf.json").write_text(json.dumps(document(self.emulator, **changes), indent=2))

    def apply(self) -> None:
        self.run("apply", "-auto-approve", "-input=false")

    def plan(self) -> int:
        """0 when there is nothing to do, 2 when there is."""
        return self.run("plan", "-detailed-exitcode", "-input=false", accept=(NO_CHANGES, CHANGES))

    def inventory(self) -> dict[str, Any]:
        return server.inventory(self.emulator)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("emulator")
    yield server.start(state_dir=home)
    server.stop(home)


@dataclass(frozen=True)
class Applied:
    """A workspace after its first apply, and what existed before."""

    workspace: Workspace
    before: dict[str, Any]


@pytest.fixture(scope="module")
def applied(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    workspace = Workspace(tmp_path_factory.mktemp("terraform"), emulator)
    before = workspace.inventory()
    workspace.write()
    workspace.run("init", "-input=false")
    workspace.apply()
    return Applied(workspace, before)


def test_a_second_plan_is_empty(applied: Applied) -> None:
    assert applied.workspace.plan() == NO_CHANGES


def test_everything_is_in_the_inventory(applied: Applied) -> None:
    found = applied.workspace.inventory()
    counts = {kind: len(found[kind]) - len(applied.before[kind]) for kind in found}
    assert counts == {
        "access_points": 1,
        "apps": 0,
        "buckets": 1,
        "domains": 1,
        "elastic_addresses": 0,
        "file_systems": 2,
        "internet_gateways": 1,
        "lifecycle_configs": 1,
        "log_groups": 0,
        "mount_targets": 3,
        "nat_gateways": 0,
        "network_interfaces": 3,
        "policies": 1,
        "repositories": 1,
        "roles": 1,
        "route_tables": 2,
        "secrets": 1,
        "security_groups": 4,
        "spaces": 1,
        "subnets": 2,
        "user_profiles": 1,
        "vpc_endpoints": 1,
        "vpcs": 1,
    }


def test_updates_in_place(applied: Applied) -> None:
    """Another script under another name, a bigger disk, another instance: nothing but the script is replaced."""
    workspace = applied.workspace
    before = workspace.inventory()
    workspace.write(script="two", volume_gb=30, instance_type="ml.t3.large", docker="DISABLED")
    assert workspace.plan() == CHANGES
    workspace.apply()
    assert workspace.plan() == NO_CHANGES
    after = workspace.inventory()
    assert {kind for kind in after if after[kind] != before[kind]} == {"lifecycle_configs"}
    assert after["lifecycle_configs"] == ["arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/acme-two"]


def test_a_destroy_leaves_nothing(applied: Applied) -> None:
    applied.workspace.run("destroy", "-auto-approve", "-input=false")
    assert applied.workspace.inventory() == applied.before


def document(
    emulator: RunningEmulator,
    *,
    script: str = "one",
    volume_gb: int = 20,
    instance_type: str = "ml.t3.medium",
    docker: str = "ENABLED",
) -> dict[str, Any]:
    """One resource of each kind that studioctl makes."""
    provider = {
        "region": "us-east-1",
        "s3_use_path_style": True,
        "default_tags": {"tags": {"studioctl": "acme"}},
        "endpoints": [dict.fromkeys(SERVICES, emulator.endpoint_url)],
    }
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}},
        "provider": {"aws": provider},
        "resource": _network() | _stores() | _studio(script, volume_gb, instance_type, docker),
    }


def _network() -> dict[str, Any]:
    vpc, group = "${aws_vpc.studio.id}", "${aws_security_group.studio.id}"
    subnets = {
        f"zone_{zone}": {
            "vpc_id": vpc,
            "cidr_block": f"10.0.{number}.0/24",
            "availability_zone": f"us-east-1{zone}",
        }
        for number, zone in enumerate("ab")
    }
    rule = {"security_group_id": group, "ip_protocol": "tcp", "from_port": 8192, "to_port": 65535}
    return {
        "aws_vpc": {"studio": {"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": True}},
        "aws_subnet": subnets,
        "aws_internet_gateway": {"studio": {"vpc_id": vpc}},
        "aws_route_table": {"studio": {"vpc_id": vpc}},
        "aws_route": {
            "internet": {
                "route_table_id": "${aws_route_table.studio.id}",
                "destination_cidr_block": "0.0.0.0/0",
                "gateway_id": "${aws_internet_gateway.studio.id}",
            }
        },
        "aws_route_table_association": {
            name: {"route_table_id": "${aws_route_table.studio.id}", "subnet_id": f"${{aws_subnet.{name}.id}}"}
            for name in subnets
        },
        "aws_vpc_endpoint": {
            "s3": {
                "vpc_id": vpc,
                "service_name": "com.amazonaws.us-east-1.s3",
                "route_table_ids": ["${aws_route_table.studio.id}"],
            }
        },
        "aws_security_group": {"studio": {"vpc_id": vpc, "name": "acme-studio", "description": "Studio"}},
        "aws_vpc_security_group_ingress_rule": {"own": rule | {"referenced_security_group_id": group}},
        "aws_vpc_security_group_egress_rule": {
            "all": {"security_group_id": group, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
        },
        "aws_efs_file_system": {"own": {"creation_token": "acme", "encrypted": True}},
        "aws_efs_mount_target": {
            "own": {
                "file_system_id": "${aws_efs_file_system.own.id}",
                "subnet_id": "${aws_subnet.zone_a.id}",
                "security_groups": [group],
            }
        },
    }


def _stores() -> dict[str, Any]:
    trust = _policy({"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"})
    bucket, role = "${aws_s3_bucket.data.id}", "${aws_iam_role.studio.name}"
    expiry = {
        "rulePriority": 1,
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 14,
        },
        "action": {"type": "expire"},
    }
    shut = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    return {
        "aws_iam_role": {"studio": {"name": "acme-studio", "assume_role_policy": trust}},
        "aws_iam_policy": {
            "own": {"name": "acme-studio", "policy": _policy({"Action": "s3:GetObject", "Resource": "*"})}
        },
        "aws_iam_role_policy_attachment": {
            "own": {"role": role, "policy_arn": "${aws_iam_policy.own.arn}"},
            "aws": {"role": role, "policy_arn": "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"},
        },
        "aws_s3_bucket": {"data": {"bucket": "acme-data"}},
        "aws_s3_bucket_public_access_block": {"data": {"bucket": bucket} | dict.fromkeys(shut, True)},
        "aws_s3_bucket_ownership_controls": {
            "data": {"bucket": bucket, "rule": {"object_ownership": "BucketOwnerEnforced"}}
        },
        "aws_s3_bucket_versioning": {"data": {"bucket": bucket, "versioning_configuration": {"status": "Enabled"}}},
        "aws_s3_bucket_server_side_encryption_configuration": {
            "data": {
                "bucket": bucket,
                "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
            }
        },
        "aws_ecr_repository": {
            "images": {"name": "acme-images", "image_scanning_configuration": {"scan_on_push": True}}
        },
        "aws_ecr_lifecycle_policy": {
            "images": {"repository": "${aws_ecr_repository.images.name}", "policy": json.dumps({"rules": [expiry]})}
        },
        "aws_secretsmanager_secret": {"github": {"name": "acme/github", "recovery_window_in_days": 0}},
    }


def _studio(script: str, volume_gb: int, instance_type: str, docker: str) -> dict[str, Any]:
    script_arn = "${aws_sagemaker_studio_lifecycle_config.setup.arn}"
    domain_id = "${aws_sagemaker_domain.studio.id}"
    resources = {"instance_type": instance_type, "lifecycle_config_arn": script_arn}
    idle = {
        "lifecycle_management": "ENABLED",
        "idle_timeout_in_minutes": 60,
        "min_idle_timeout_in_minutes": 60,
        "max_idle_timeout_in_minutes": 60,
    }
    volumes = {"default_ebs_volume_size_in_gb": 20, "maximum_ebs_volume_size_in_gb": 100}
    return {
        "aws_sagemaker_studio_lifecycle_config": {
            "setup": {
                "studio_lifecycle_config_name": f"acme-{script}",
                "studio_lifecycle_config_app_type": "CodeEditor",
                "studio_lifecycle_config_content": base64.b64encode(f"#!/bin/bash\necho {script}\n".encode()).decode(),
                "lifecycle": {"create_before_destroy": True},
            }
        },
        "aws_sagemaker_domain": {
            "studio": {
                "domain_name": "acme",
                "auth_mode": "IAM",
                "vpc_id": "${aws_vpc.studio.id}",
                "subnet_ids": ["${aws_subnet.zone_a.id}", "${aws_subnet.zone_b.id}"],
                "retention_policy": {"home_efs_file_system": "Delete"},
                "domain_settings": {
                    "docker_settings": {"enable_docker_access": docker},
                    "execution_role_identity_config": "USER_PROFILE_NAME",
                },
                "default_user_settings": {
                    "execution_role": "${aws_iam_role.studio.arn}",
                    "security_groups": ["${aws_security_group.studio.id}"],
                    "code_editor_app_settings": {
                        "default_resource_spec": resources,
                        "lifecycle_config_arns": [script_arn],
                        "app_lifecycle_management": {"idle_settings": idle},
                    },
                    "space_storage_settings": {"default_ebs_storage_settings": volumes},
                },
            }
        },
        "aws_sagemaker_user_profile": {"ada": {"domain_id": domain_id, "user_profile_name": "ada"}},
        "aws_sagemaker_space": {
            "ada": {
                "domain_id": domain_id,
                "space_name": "ada-editor",
                "ownership_settings": {
                    "owner_user_profile_name": "${aws_sagemaker_user_profile.ada.user_profile_name}"
                },
                "space_sharing_settings": {"sharing_type": "Private"},
                "space_settings": {
                    "app_type": "CodeEditor",
                    "code_editor_app_settings": {"default_resource_spec": resources},
                    "space_storage_settings": {"ebs_storage_settings": {"ebs_volume_size_in_gb": volume_gb}},
                },
                "lifecycle": {"ignore_changes": [FILLED_IN]},
            }
        },
    }


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})
