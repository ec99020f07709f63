"""Images in the repository, on the emulator: what may be attached, and letting go of the last one."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from studioctl.aws.values import App
from studioctl.containers.credentials import Login
from studioctl.errors import RefusedError, StudioctlError
from studioctl.events import Stage, Work
from studioctl.operations import emulation
from studioctl.operations.environment import Account, Environment
from studioctl.operations.images import images
from studioctl.operations.provisioning import custom_images, meeting
from studioctl.terraform.plan import PlanSummary, ResourceChange
from tests.environments import environment
from tests.fakes.work import done
from tests.unit.emulator.pushing import MANIFEST_TYPE, Registry
from tests.unit.operations.conftest import REGION, World

FILE = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'


@dataclass(frozen=True)
class Repository:
    """The world's repository, and the environment's file that names it."""

    world: World
    environment: Environment
    registry: Registry
    account: Account
    file: Path

    def attach(self, reference: str, **options: Any) -> images.Attached:
        return images.attach(self.account, self.file, reference, **options)


@pytest.fixture
def repository(world: World, tmp_path: Path) -> Repository:
    file = tmp_path / "studio.toml"
    file.write_text(FILE)
    described = world.studio.sagemaker.describe_domain(DomainId=world.domain_id)
    name, arn = described["DomainName"], described["DomainArn"]
    world.studio.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "studioctl:environment", "Value": name}])
    config = environment(name=name, images={"repository": world.bucket})
    account = Account(config, emulation.target(world.emulator, REGION))
    whole = replace(world.environment, config=config)
    return Repository(world, whole, Registry.of(world.emulator, REGION), account, file)


def test_an_image_is_written_into_the_file_by_its_digest(repository: Repository) -> None:
    pushed = repository.registry.push(repository.world.bucket, "torch_2.1")
    attached = repository.attach("torch_2.1")

    assert (attached.name, attached.changed) == ("torch-2-1", True)
    assert repository.file.read_text() == f'{FILE}\n[[images.custom]]\nname = "torch-2-1"\ndigest = "{pushed}"\n'
    assert not repository.attach(pushed, name="torch-2-1").changed


def test_an_image_for_another_processor_is_refused(repository: Repository) -> None:
    repository.registry.push(repository.world.bucket, "arm", architecture="arm64")
    with pytest.raises(RefusedError, match=r"is for linux/arm64, and Studio's instances are linux/amd64\."):
        repository.attach("arm")

    assert repository.file.read_text() == FILE


def test_an_index_is_refused(repository: Repository) -> None:
    """An index, as BuildKit makes it for attestations or for several platforms, is refused."""
    name = repository.world.bucket
    plain = repository.registry.push(name, "plain")
    index = {"schemaVersion": 2, "manifests": [{"mediaType": MANIFEST_TYPE, "digest": plain, "size": 1}]}
    body, media_type = json.dumps(index).encode(), "application/vnd.oci.image.index.v1+json"
    assert repository.registry.ask("PUT", f"/v2/{name}/manifests/index", body, media_type).status == 201
    with pytest.raises(RefusedError, match="is an index of several images, and Studio takes a single one"):
        repository.attach("index")

    assert repository.file.read_text() == FILE


def test_without_a_repository_it_says_what_to_run(repository: Repository) -> None:
    account = replace(repository.account, config=environment(images={"repository": "nobodys"}))
    with pytest.raises(StudioctlError) as refused:
        images.listing(account)

    assert (refused.value.message, refused.value.hint) == ("There is no repository 'nobodys' yet.", "studioctl up")


def _offering(world: World, digest: str) -> Any:
    custom = [{"name": "torch", "digest": digest}]
    return replace(world.environment, config=environment(images={"repository": world.bucket, "custom": custom}))


def test_up_refuses_to_offer_what_is_not_there(repository: Repository) -> None:
    pushed = repository.registry.push(repository.world.bucket, "torch")
    custom_images.refuse_missing(_offering(repository.world, pushed))

    with pytest.raises(StudioctlError) as refused:
        custom_images.refuse_missing(_offering(repository.world, f"sha256:{'0' * 64}"))
    assert refused.value.message.endswith("which [[images.custom]] 'torch' offers. Nothing was changed.")


@pytest.fixture
def offered(repository: Repository) -> str:
    """The ARN of a SageMaker image that the domain and its profile offer."""
    world, sagemaker = repository.world, repository.world.studio.sagemaker
    name = f"image-{world.studio.tag}"
    pushed = repository.registry.push(world.bucket, "torch")
    arn = sagemaker.create_image(ImageName=name, RoleArn=world.studio.role_arn)["ImageArn"]
    _until(lambda: sagemaker.describe_image(ImageName=name)["ImageStatus"])
    uri = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{world.bucket}@{pushed}"
    sagemaker.create_image_version(ImageName=name, BaseImage=uri, ClientToken="one")
    _until(lambda: sagemaker.describe_image_version(ImageName=name)["ImageVersionStatus"])
    sagemaker.create_app_image_config(AppImageConfigName=name)
    settings: Any = {"CodeEditorAppSettings": {"CustomImages": [{"ImageName": name, "AppImageConfigName": name}]}}
    sagemaker.update_domain(DomainId=world.domain_id, DefaultUserSettings=settings)
    world.studio.wait_domain(world.domain_id)
    sagemaker.update_user_profile(DomainId=world.domain_id, UserProfileName="ada", UserSettings=settings)
    return arn


def _until(status: Any) -> None:
    from tests.unit.emulator.emulated import eventually

    eventually(status, lambda found: found == "CREATED")


def test_the_last_image_is_taken_out_of_every_profile(repository: Repository, offered: str) -> None:
    world, sagemaker = repository.world, repository.world.studio.sagemaker
    done(custom_images.detach_from_users(repository.environment, ("CodeEditor", "JupyterLab")))

    profile: Any = sagemaker.describe_user_profile(DomainId=world.domain_id, UserProfileName="ada")
    assert profile["UserSettings"]["CodeEditorAppSettings"] == {"CustomImages": []}
    assert profile["UserSettings"]["JupyterLabAppSettings"] == {"CustomImages": []}
    settings: Any = {"CodeEditorAppSettings": {"CustomImages": []}}  # the domain's own are `studio_settings`' to change
    sagemaker.update_domain(DomainId=world.domain_id, DefaultUserSettings=settings)
    sagemaker.delete_image(ImageName=offered.rpartition("/")[2])


def test_the_apps_are_known_that_no_image_is_left_for(repository: Repository) -> None:
    gone = PlanSummary(
        (ResourceChange("aws_sagemaker_app_image_config.it", "aws_sagemaker_app_image_config", "it", "", "delete"),),
        (),
        (),
        destroy=False,
        has_changes=True,
        file=Path("plan"),
    )
    assert custom_images.emptied(repository.environment, gone) == ("CodeEditor", "JupyterLab")
    assert custom_images.emptied(repository.environment, replace(gone, changes=())) == ()
    torch = {"name": "torch", "digest": f"sha256:{'ab' * 32}", "apps": ["jupyterlab"]}
    other = replace(repository.environment, config=environment(images={"custom": [torch]}))
    assert custom_images.emptied(other, gone) == ("CodeEditor",)


def test_apps_that_run_an_image_are_in_the_way_of_its_removal(repository: Repository, offered: str) -> None:
    world = repository.world
    world.studio.app(world.domain_id, ResourceSpec={"SageMakerImageArn": offered, "InstanceType": "ml.t3.medium"})
    world.terraform.resources.append(("aws_sagemaker_image", {"id": "it", "arn": offered}))
    index = len(world.terraform.resources) - 1
    address = f"aws_sagemaker_image.n{index}"
    change = ResourceChange(address, "aws_sagemaker_image", f"n{index}", "", "delete")
    summary = PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))

    in_the_way: tuple[App, ...] = meeting.apps(repository.environment, summary).in_the_way
    assert [app.title for app in in_the_way] == ["CodeEditor in 'editor'"]
    now = meeting.look(repository.environment, summary)
    assert {where: [app.space for app in apps] for where, apps in now.using.items()} == {address: ["editor"]}


@dataclass
class FakeEngine:
    """An engine that has one image, and pushes it as docker would: the registry of the emulator gets it."""

    repository: Repository
    name: str = "docker"

    def has(self, name: str) -> bool:
        return name == f"{self.repository.world.bucket}:{self.tag}"

    tag: str = "latest"

    def push(self, _: str, place: str, __: Login) -> Work[None]:
        yield Stage(f"Pushing {place}")
        self.repository.registry.push(self.repository.world.bucket, place.rpartition(":")[2])


def immutable(repository: Repository) -> Repository:
    """The repository as `up` makes it with immutable_tags = true."""
    world = repository.world
    world.client("ecr").put_image_tag_mutability(repositoryName=world.bucket, imageTagMutability="IMMUTABLE")
    config = environment(images={"repository": world.bucket, "immutable_tags": True})
    return replace(repository, account=replace(repository.account, config=config))


def test_latest_is_pushed_again_and_again_where_tags_cannot_move(repository: Repository) -> None:
    fixed = immutable(repository)
    engine = FakeEngine(fixed)
    first = done(images.push(fixed.account, engine, "latest"))  # type: ignore[arg-type]
    assert re.fullmatch(r"latest-\d{8}-\d{6}", first.tag)
    assert first.place.endswith(f"/{fixed.world.bucket}:{first.tag}")

    newer = fixed.registry.push(fixed.world.bucket, "latest-29991231-235959", layer=b"newer")
    attached = fixed.attach("latest")
    assert (attached.name, attached.listed.image.digest) == ("latest", newer)
    (listed, older) = images.listing(fixed.account).images
    assert [image.image.digest for image in (listed, older)] == [newer, first.digest]
    assert older.expiry == listed.expiry  # the fake has no lifecycle policy


def test_a_tag_that_cannot_move_is_given_once(repository: Repository) -> None:
    fixed = immutable(repository)
    engine = FakeEngine(fixed, tag="v1")
    assert done(images.push(fixed.account, engine, "v1")).tag == "v1"  # type: ignore[arg-type]

    with pytest.raises(RefusedError) as refused:
        done(images.push(fixed.account, engine, "v1"))  # type: ignore[arg-type]
    assert refused.value.message == "Tags are immutable, and 'v1' is an image's already. Nothing was pushed."
    assert refused.value.hint == "studioctl image build --tag v1-2   (then push that)"
