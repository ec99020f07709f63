"""A stack of what the emulator cannot make is refused as a whole; others are made."""

import json
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Studio, client, refusal

DOMAIN = {
    "Type": "AWS::SageMaker::Domain",
    "Properties": {"DomainName": "d", "AuthMode": "IAM", "VpcId": "nonsense", "SubnetIds": ["nonsense"]},
}
STUDIO = ("Domain", "UserProfile", "Space", "App", "StudioLifecycleConfig", "Image", "ImageVersion", "AppImageConfig")


def refused(*types: str) -> tuple[str, str]:
    said = (
        f"The emulator does not make {', '.join(types)} through CloudFormation, so nothing of this template was made."
    )
    return "ValidationError", f"{said} Make these by their own API, or leave them out."


def template(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


def bucket(name: str) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}


def test_a_stack_of_what_is_not_made_is_refused_and_makes_nothing(emulator: RunningEmulator, studio: Studio) -> None:
    stacks, before = client(emulator, "cloudformation"), server.inventory(emulator)
    body = template(Bucket=bucket(f"b-{studio.tag}"), Domain=DOMAIN, Odd={"Type": "AWS::No::Such"})
    wanted = refused("AWS::No::Such", "AWS::SageMaker::Domain")
    calls: list[Any] = [
        lambda: stacks.create_stack(StackName=studio.tag, TemplateBody=body),
        lambda: stacks.create_change_set(
            StackName=studio.tag, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body
        ),
        lambda: stacks.create_stack_set(StackSetName=f"s{studio.tag}", TemplateBody=body),
    ]
    assert [refusal(call) for call in calls] == [wanted] * 3
    assert server.inventory(emulator) == before
    assert studio.tag not in str(stacks.list_stacks()["StackSummaries"])


@pytest.mark.parametrize("kind", STUDIO)
def test_each_type_of_studio_is_refused(emulator: RunningEmulator, kind: str) -> None:
    stacks, name = client(emulator, "cloudformation"), f"AWS::SageMaker::{kind}"
    call = {"StackName": "studio", "TemplateBody": template(Thing={"Type": name})}
    assert refusal(lambda: stacks.create_stack(**call)) == refused(name)


def test_a_stack_of_known_types_is_made_and_keeps_its_own_when_an_update_is_refused(
    emulator: RunningEmulator, studio: Studio
) -> None:
    stacks, name = client(emulator, "cloudformation"), f"b-{studio.tag}"
    plain = f"Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Sub '{name}'\n"
    before = server.inventory(emulator)
    stacks.create_stack(StackName=name, TemplateBody=f"{plain}  CDK:\n    Type: AWS::CDK::Metadata\n")
    assert name in server.inventory(emulator)["buckets"]
    worse = template(Bucket=bucket(name), Domain=DOMAIN)
    assert refusal(lambda: stacks.update_stack(StackName=name, TemplateBody=worse)) == refused("AWS::SageMaker::Domain")
    assert stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete_stack(StackName=name)
    assert server.inventory(emulator) == before


def test_what_a_nested_stack_holds_is_looked_at_first(emulator: RunningEmulator, studio: Studio) -> None:
    stacks, s3, name = client(emulator, "cloudformation"), client(emulator, "s3"), f"t-{studio.tag}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=name, Key="inner", Body=template(Domain=DOMAIN).encode())
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"https://s3.amazonaws.com/{name}/inner"},
    }
    before = server.inventory(emulator)
    body = template(Bucket=bucket(f"b-{studio.tag}"), Nested=nested)
    assert refusal(lambda: stacks.create_stack(StackName=name, TemplateBody=body)) == refused("AWS::SageMaker::Domain")
    assert server.inventory(emulator) == before


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("Resources: [", "Template format error: YAML not well-formed. (while parsing a flow node)"),
        ("[]", "Template format error: unsupported structure."),
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        ("Resources: {A: 1}", "Template format error: [/Resources/A] has no type."),
        (
            "Resources: !!python/object/apply:os.getpid []",
            (
                "Template format error: YAML not well-formed. (could not determine a constructor for the tag"
                " 'tag:yaml.org,2002:python/object/apply:os.getpid')"
            ),
        ),
    ],
)
def test_what_is_no_template_is_refused_and_no_tag_of_it_runs(emulator: RunningEmulator, body: str, told: str) -> None:
    stacks = client(emulator, "cloudformation")
    assert refusal(lambda: stacks.create_stack(StackName="bad", TemplateBody=body)) == ("ValidationError", told)
