"""The parts that moto had before are still there, and missing ones are reported plainly."""

from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Studio, client, refusal


def test_motos_own_sagemaker_still_works(studio: Studio) -> None:
    arn = studio.sagemaker.create_model(
        ModelName=f"m-{studio.tag}",
        ExecutionRoleArn=studio.role_arn,
        PrimaryContainer={"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image:one"},
        Tags=[{"Key": "a", "Value": "1"}],
    )["ModelArn"]
    assert studio.sagemaker.describe_model(ModelName=f"m-{studio.tag}")["ModelArn"] == arn
    studio.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    studio.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("service", "action", "request_"),
    [
        ("sagemaker", "list_projects", {}),
        ("ec2", "describe_fpga_images", {}),
    ],
)
def test_what_moto_has_not(emulator: RunningEmulator, service: str, action: str, request_: dict[str, Any]) -> None:
    code, message = refusal(lambda: getattr(client(emulator, service), action)(**request_))
    assert (code, message) == (
        "NotImplemented",
        f"The emulator cannot do this: The {action} action has not been implemented",
    )
