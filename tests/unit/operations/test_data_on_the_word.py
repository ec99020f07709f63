"""The data that `up --delete-data` empties: what it named and the plan removes, and nothing else."""

import dataclasses
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from studioctl.events import result_of
from studioctl.operations.provisioning import data_loss, up
from studioctl.terraform.plan import Action, PlanSummary
from studioctl.terraform.state_resources import Estate
from tests.unit.operations.conftest import World
from tests.unit.operations.test_losses import plan

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_what_the_flag_names_and_the_plan_removes_is_emptied_before_it_goes(world: World, action: Action) -> None:
    _fill(world, other := f"{world.bucket}-other")
    summary = _going(world, other, action)
    _carried_out(world, summary, lose=tuple(data_loss.held(world.environment, summary)))

    assert _stored(world) == {f"bucket {other}": 2, f"repository {other}": 1}


def test_what_came_after_it_was_shown_and_what_stays_is_not_emptied(world: World) -> None:
    _fill(world, other := f"{world.bucket}-other")
    summary = _going(world, other, "delete")
    staying = dataclasses.replace(
        summary, changes=tuple(dataclasses.replace(c, action="update") for c in summary.changes)
    )
    everything = tuple(data_loss.held(world.environment, summary))
    before = _stored(world)
    for plan_, lose in ((summary, ()), (staying, everything)):
        with pytest.raises(ClientError, match="BucketNotEmpty"):
            _carried_out(world, plan_, lose=lose)

    assert _stored(world) == before


def _fill(world: World, other: str) -> None:
    """The environment's bucket and repository, and others that the state knows too, hold something of everybody's."""
    world.client("s3").create_bucket(Bucket=other)
    world.client("ecr").create_repository(repositoryName=other)
    for name in (world.bucket, other):
        world.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"first", b"second"):
            world.client("s3").put_object(Bucket=name, Key="ada/results.csv", Body=body)
        world.client("ecr").put_image(repositoryName=name, imageManifest=MANIFEST, imageTag="one")
    world.terraform.resources[:] = [
        (type_, {"id": name, argument: name})
        for name in (world.bucket, other)
        for type_, argument in (("aws_s3_bucket", "bucket"), ("aws_ecr_repository", "name"))
    ]


def _going(world: World, other: str, action: Action) -> PlanSummary:
    """A plan that removes the environment's bucket and repository."""
    changes = [
        plan(type_, address.partition(".")[2], action).changes
        for type_ in ("aws_s3_bucket", "aws_ecr_repository")
        for address, attributes in Estate(world.terraform.state()).resources(type_)
        if attributes["id"] != other
    ]
    return dataclasses.replace(plan("aws_vpc", "it", "update"), changes=sum(changes, ()), destroy=True)


def _carried_out(world: World, summary: PlanSummary, *, lose: tuple[str, ...]) -> None:
    """By a Terraform that asks AWS as the provider does, for whom a repository that is gone is as it should be."""

    def destroy() -> None:
        world.client("s3").delete_bucket(Bucket=world.bucket)
        with suppress(world.client("ecr").exceptions.RepositoryNotFoundException):
            world.client("ecr").delete_repository(repositoryName=world.bucket)

    world.terraform.destroy = destroy
    result_of(up.apply(world.environment, summary, lose=lose), None)


def _stored(world: World) -> dict[str, int]:
    """The number of objects and images in each of the test's buckets and repositories."""
    s3, ecr = world.client("s3"), world.client("ecr")
    buckets = [b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith(world.bucket)]
    repositories = [
        r["repositoryName"]
        for r in ecr.describe_repositories()["repositories"]
        if r["repositoryName"].startswith(world.bucket)
    ]
    return {
        **{f"bucket {it}": len(s3.list_object_versions(Bucket=it).get("Versions", [])) for it in buckets},
        **{f"repository {it}": len(ecr.list_images(repositoryName=it)["imageIds"]) for it in repositories},
    }


def test_whether_a_space_that_goes_holds_files_follows_from_what_was_listed(world: World) -> None:
    for name in ("stays", "goes"):
        world.studio.space(world.domain_id, name)
    world.terraform.resources[:] = [
        ("aws_sagemaker_domain", {"id": world.domain_id}),
        ("aws_sagemaker_space", {"id": "arn", "space_name": "goes"}),
    ]
    (address,) = [it for it, _ in Estate(world.terraform.state()).resources("aws_sagemaker_space")]
    type_, _, label = address.partition(".")
    summary, environment = plan(type_, label, "delete"), world.environment
    assert data_loss.held(environment, summary) == {}  # nobody has started it

    for name in ("stays", "goes"):
        world.studio.app(world.domain_id, name)
    found = data_loss.held(environment, summary)
    assert {at: (it.kind, it.name) for at, it in found.items()} == {address: ("space", "goes")}

    spaces, apps = environment.studio.spaces(world.domain_id), environment.studio.apps(world.domain_id)
    asked = environment.session.calls
    assert data_loss.held(environment, summary, apps=apps, spaces=spaces) == found
    assert data_loss.held(environment, summary, apps=(), spaces=spaces) == {}
    assert environment.session.calls == asked
