"""The surroundings that Studio's resources need: a network, roles, keys, a bucket, a file system, secrets."""

import json
from typing import Any

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
PAIR = ("first", "second")

WORLD: dict[str, dict[str, dict[str, Any]]] = {
    "aws_vpc": {"world": {"cidr_block": "10.0.0.0/16"}, "elsewhere": {"cidr_block": "10.9.0.0/16"}},
    "aws_subnet": {
        "world": {
            "vpc_id": "${aws_vpc.world.id}",
            "cidr_block": "10.0.1.0/24",
            "availability_zone": "us-east-1a",
        }
    },
    "aws_security_group": {
        "first": {"name": "first", "vpc_id": "${aws_vpc.world.id}"},
        "elsewhere": {"name": "elsewhere", "vpc_id": "${aws_vpc.elsewhere.id}"},
    },
    "aws_iam_role": {name: {"name": name, "assume_role_policy": TRUST} for name in PAIR},
    "aws_kms_key": {name: {"description": name, "deletion_window_in_days": 7} for name in PAIR},
    "aws_s3_bucket": {"world": {"bucket": "studio-contract", "force_destroy": True}},
    "aws_secretsmanager_secret": {name: {"name": name, "recovery_window_in_days": 0} for name in PAIR},
    "aws_efs_file_system": {name: {"creation_token": name} for name in PAIR},
    "aws_efs_mount_target": {
        name: {"file_system_id": f"${{aws_efs_file_system.{name}.id}}", "subnet_id": "${aws_subnet.world.id}"}
        for name in PAIR
    },
}
