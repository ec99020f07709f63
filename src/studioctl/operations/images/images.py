"""Images: built here, pushed to the environment's repository, listed there, and offered in apps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from studioctl.config import edit
from studioctl.config.apps import App
from studioctl.config.load import parse
from studioctl.config.model import EnvironmentConfig
from studioctl.containers.credentials import Login
from studioctl.containers.engine import PLATFORM, Engine
from studioctl.errors import AbsentError, RefusedError, StudioctlError
from studioctl.events import Work
from studioctl.operations.costs.rates import usd_per_month
from studioctl.operations.environment import Account

if TYPE_CHECKING:  # boto3 takes long to import, and building needs none
    from studioctl.aws.registry import Image, Registry
    from studioctl.operations.images.lifecycle_policy import Expiry

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
LONGEST_TAG = 128
TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{LONGEST_TAG - 1}}}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LATEST = "latest"
DOCKERFILES = ("Dockerfile", "Containerfile")


def build(
    config: EnvironmentConfig,
    engine: Engine,
    directory: Path,
    *,
    tag: str,
    dockerfile: Path | None,
    platform: str = PLATFORM,
) -> Work[str]:
    """Builds an image from a directory; returns the name that it has here. Needs no AWS.

    Raises:
        StudioctlError: The tag is none, there is nothing to build from, or the engine failed.
    """
    _check_tag(tag, "studioctl image build --tag torch-1")
    if dockerfile is None and not any((directory / name).is_file() for name in DOCKERFILES):
        raise StudioctlError(f"'{directory}' has no Dockerfile.", hint="studioctl image build DIR   (or --file FILE)")
    name = f"{config.repository}:{tag}"
    yield from engine.build(directory, name, dockerfile=dockerfile, platform=platform)
    return name


@dataclass(frozen=True)
class Pushed:
    """An image that is now in the repository.

    Args:
        place: The repository and tag.
        tag: Its tag there.
        digest: Its digest.
        size_bytes: The size that ECR stores and bills; layers that other images have, too, are billed once.
        usd_per_month: The cost of that; None if it is not known.
    """

    place: str
    tag: str
    digest: str
    size_bytes: int
    usd_per_month: float | None


def push(account: Account, engine: Engine, tag: str) -> Work[Pushed]:
    """Pushes an image that was built here under this tag. Where tags are immutable, `latest` becomes `latest-<time>`.

    Raises:
        StudioctlError: There is no such image, or no repository; or the engine failed.
        RefusedError: Tags are immutable, and this one is another image's.
        AwsError: AWS refused.
    """
    _check_tag(tag, "studioctl image push torch-1")
    name = f"{account.config.repository}:{tag}"
    if not engine.has(name):
        raise StudioctlError(f"{engine.name} has no image '{name}'.", hint=f"studioctl image build --tag {tag}")
    registry = _registry(account)
    there = _tag_there(account.config, tag, _images(account, registry))
    login = _login(registry)
    place = f"{login.registry}/{account.config.repository}:{there}"
    yield from engine.push(name, place, login)
    pushed = _tagged(_images(account, registry), there)
    if pushed is None:
        raise StudioctlError(
            f"{engine.name} says that it pushed '{place}', and the repository has no image of this tag.",
            hint=f"studioctl image push {tag}",
        )
    cost = usd_per_month(account, "repository", pushed.size_bytes)
    return Pushed(place, there, pushed.digest, pushed.size_bytes, cost)


def _tag_there(config: EnvironmentConfig, tag: str, images: "tuple[Image, ...]") -> str:
    """The tag in the repository. One that cannot move is never given to a second image, so `latest` needs the time.

    The lifecycle policy counts every tag that begins with latest, and `attach` takes the newest of them.
    """
    if not config.images.immutable_tags:
        return tag
    if tag == LATEST:
        return f"{LATEST}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if _tagged(images, tag):
        raise RefusedError(
            f"Tags are immutable, and '{tag}' is an image's already. Nothing was pushed.",
            hint=f"studioctl image build --tag {tag[: LONGEST_TAG - 2]}-2   (then push that)",
        )
    return tag


@dataclass(frozen=True)
class ListedImage:
    """An image of the repository.

    Args:
        image: ECR's description.
        attached_as: Its name in [[images.custom]]; None when no app offers it.
        expiry: Its expiry by the lifecycle policy; None if no rule is about it.
    """

    image: "Image"
    attached_as: str | None
    expiry: "Expiry | None"


@dataclass(frozen=True)
class Listing:
    """The repository and its images, the newest first."""

    repository: str
    images: tuple[ListedImage, ...]


def listing(account: Account) -> Listing:
    """Every image of the environment's repository, and when it expires.

    Raises:
        StudioctlError: There is no repository yet.
        AwsError: AWS refused.
    """
    from studioctl.operations.images.lifecycle_policy import expiries  # noqa: PLC0415 (boto3 takes long to import)

    registry = _registry(account)
    images = _images(account, registry)
    repository = account.config.repository
    fates = expiries(registry.lifecycle_policy(repository), images)
    names = {custom.digest: custom.name for custom in account.config.images.custom}
    return Listing(
        repository, tuple(ListedImage(image, names.get(image.digest), fates.get(image.digest)) for image in images)
    )


@dataclass(frozen=True)
class Attached:
    """An image that the file now offers: its name there, whether the file had to be changed, and the apps."""

    name: str
    listed: ListedImage
    changed: bool
    apps: tuple[App, ...]


def attach(
    account: Account, file: Path, reference: str, *, name: str | None = None, apps: Sequence[App] = ()
) -> Attached:
    """Writes an image of the repository into the file, so that from the next `up` on apps offer it.

    Args:
        account: The environment.
        file: The file that it was read from.
        reference: A tag or a digest. `latest` is the newest whose tag begins so, where tags are immutable.
        name: The name for it in Studio; the tag by default.
        apps: The apps that offer it. Left out: those that the file names for it, and Code Editor for a new one.

    Raises:
        StudioctlError: There is no such image.
        RefusedError: The image cannot run in Studio. The file was not changed.
        ConfigError: The file would break a rule with it. It was not changed.
    """
    found = listing(account)
    listed = next((i for i in found.images if _is_meant(i.image, reference, account.config)), None)
    if listed is None:
        raise StudioctlError(
            f"Repository '{found.repository}' has no image '{reference}'.", hint="studioctl image list"
        )
    _refuse_unsuited(_registry(account), found.repository, listed.image)
    called = name or _name_from(reference, listed.image)
    with edit.alone(file):
        before = file.read_bytes().decode("utf-8")
        after = edit.with_custom_image(before, called, listed.image.digest, file=str(file), apps=apps)
        if after != before:
            edit.replace(file, after)
    after_all = parse(after, str(file), file.parent)
    offered = next(image.apps for image in after_all.images.custom if image.name == called)
    return Attached(called, listed, changed=after != before, apps=offered)


def _is_meant(image: "Image", reference: str, config: EnvironmentConfig) -> bool:
    if reference == LATEST and config.images.immutable_tags:
        return any(tag == LATEST or tag.startswith(f"{LATEST}-") for tag in image.tags)
    return reference in {image.digest, *image.tags}


def _refuse_unsuited(registry: "Registry", repository: str, image: "Image") -> None:
    """Studio runs plain images for x86. https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-custom-images.html"""
    manifest = registry.manifest(repository, image.digest)
    rebuild = "studioctl image build, which makes such an image; then push and attach that"
    if "config" not in manifest:
        raise RefusedError(
            f"{image.digest} is an index of several images, and Studio takes a single one. Nothing was changed.",
            hint=rebuild,
        )
    built_for = registry.configuration(repository, manifest["config"]["digest"])
    platform = f"{built_for.get('os')}/{built_for.get('architecture')}"
    if platform != PLATFORM:
        raise RefusedError(
            f"{image.digest} is for {platform}, and Studio's instances are {PLATFORM}. Nothing was changed.",
            hint=rebuild,
        )


def _name_from(reference: str, image: "Image") -> str:
    """A name by SageMaker's rule: letters, digits and hyphens."""
    source = reference if not DIGEST.fullmatch(reference) else next(iter(image.tags), image.digest[:19])
    return re.sub(r"[^A-Za-z0-9]+", "-", source).strip("-")[:63].strip("-") or "image"


def _check_tag(tag: str, example: str) -> None:
    if not TAG.fullmatch(tag):
        raise StudioctlError(
            f"'{tag}' is not a tag: letters, digits, dots, hyphens and underscores, at most {LONGEST_TAG}.",
            hint=f"write one, such as: {example}",
        )


def _registry(account: Account) -> "Registry":
    from studioctl.aws.registry import Registry  # noqa: PLC0415 (as above)

    return Registry(account.session)


def _images(account: Account, registry: "Registry") -> "tuple[Image, ...]":
    from studioctl.aws.errors import MissingError  # noqa: PLC0415 (as above)

    repository = account.config.repository
    try:
        return registry.images(repository)
    except MissingError:
        raise AbsentError(
            f"There is no repository '{repository}' yet.", hint="studioctl up", is_local=account.target.is_local
        ) from None


def _tagged(images: "tuple[Image, ...]", tag: str) -> "Image | None":
    return next((image for image in images if tag in image.tags), None)


def _login(registry: "Registry") -> Login:
    found = registry.login()
    address = urlsplit(found.address)
    is_plain_http = address.scheme == "http"
    if is_plain_http and address.hostname != "127.0.0.1":
        raise RefusedError(f"'{found.address}' is not encrypted. Nothing was pushed.", hint="report this to AWS")
    return Login(address.netloc, found.user, found.password, is_plain_http)
