"""Two inventories are equal when the same things exist."""

from typing import Any

from studioctl.emulator import server
from studioctl.emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, new_studio, refusal

REGION = "ca-central-1"
MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'


def test_everything_that_a_person_makes_is_in_it(emulator: RunningEmulator) -> None:
    before = server.inventory(emulator)
    studio = new_studio(emulator, REGION)
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    studio.app(domain_id)
    studio.script("setup")
    clients: dict[str, Any] = {name: client(emulator, name, REGION) for name in ("s3", "ecr", "secretsmanager", "logs")}
    bucket = f"acme-{studio.tag}"
    clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients["s3"].put_object(Bucket=bucket, Key="a/b", Body=b"x")
    clients["ecr"].create_repository(repositoryName=bucket)
    clients["ecr"].put_image(repositoryName=bucket, imageManifest=MANIFEST, imageTag="one")
    clients["secretsmanager"].create_secret(Name=bucket)
    clients["secretsmanager"].create_secret(Name=f"{bucket}-full", SecretString="do-not-show")
    clients["logs"].create_log_group(logGroupName=f"/aws/sagemaker/{bucket}")
    after = server.inventory(emulator)
    assert {kind for kind in after if after[kind] != before[kind]} == set(after) - {
        "app_image_configs",
        "custom_images",
        "elastic_addresses",
        "internet_gateways",
        "key_aliases",
        "keys",
        "nat_gateways",
        "policies",
        "vpc_endpoints",
    }
    assert after["buckets"][bucket] == ["a/b@null"]
    (repository,) = [digests for arn, digests in after["repositories"].items() if arn.endswith(bucket)]
    assert len(repository) == 1
    assert repository[0].startswith("sha256:")
    values = {arn.split(":")[-1][:-7]: held["has_value"] for arn, held in after["secrets"].items() if bucket in arn}
    assert values == {bucket: False, f"{bucket}-full": True}
    assert "do-not-show" not in str(after)
    assert server.inventory(emulator) == after


def test_what_is_not_empty_stays(emulator: RunningEmulator) -> None:
    """moto's own strictness, which teardown relies on."""
    name = f"full-{new_studio(emulator, REGION).tag}"
    s3, ecr = client(emulator, "s3", REGION), client(emulator, "ecr", REGION)
    secrets = client(emulator, "secretsmanager", REGION)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert refusal(lambda: s3.delete_bucket(Bucket=name)) == (
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
    )
    ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName=name, imageManifest=MANIFEST, imageTag="one")
    assert refusal(lambda: ecr.delete_repository(repositoryName=name)) == (
        "RepositoryNotEmptyException",
        (
            f"The repository with name '{name}' in registry with id '123456789012' cannot be deleted because it still"
            " contains images"
        ),
    )
    secrets.create_secret(Name=name)
    secrets.delete_secret(SecretId=name)
    assert refusal(lambda: secrets.create_secret(Name=name)) == (
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
