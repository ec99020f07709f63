"""Amazon ECR as a typed port: images, the policy that lets them expire, and what opens the registry."""

import json
import urllib.request
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session
from studioctl.errors import AwsError

LARGEST_CONFIG = 4 * 1024 * 1024  # bytes; an image's configuration has a few thousand
MANIFESTS = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]


@dataclass(frozen=True)
class Image:
    """An image in a repository.

    Args:
        digest: "sha256:..." of its manifest.
        tags: Its tags, sorted; none when they have moved on to other images.
        size_bytes: The size that ECR stores and bills: the compressed layers.
        pushed_at: When it was pushed.
        pulled_at: When it was last pulled, as far as AWS knows; AWS may be a day behind.
    """

    digest: str
    tags: tuple[str, ...]
    size_bytes: int
    pushed_at: datetime
    pulled_at: datetime | None


@dataclass(frozen=True)
class RegistryLogin:
    """Credentials for a registry, valid for 12 hours: its address, a user name and a password."""

    address: str
    user: str
    password: SecretStr


class Registry:
    """The account's registry in one region. Every method raises AwsError when AWS refuses."""

    def __init__(self, session: Session) -> None:
        self._ecr = session.client("ecr")
        self._is_local = session.target.is_local

    def images(self, repository: str) -> tuple[Image, ...]:
        """Every image, the newest first.

        Raises:
            MissingError: There is no such repository.
        """
        with translated():
            pages = self._ecr.get_paginator("describe_images").paginate(repositoryName=repository)
            found = [
                Image(
                    digest=details["imageDigest"],
                    tags=tuple(sorted(details.get("imageTags", ()))),
                    size_bytes=details.get("imageSizeInBytes", 0),
                    pushed_at=details["imagePushedAt"],
                    pulled_at=details.get("lastRecordedPullTime"),
                )
                for page in pages
                for details in page["imageDetails"]
            ]
        return tuple(sorted(found, key=lambda image: (image.pushed_at, image.digest), reverse=True))

    def lifecycle_policy(self, repository: str) -> Mapping[str, Any]:
        """The policy by which images expire; empty when there is none."""
        try:
            with translated():
                text = self._ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"]
        except MissingError:
            return {}
        policy: Mapping[str, Any] = json.loads(text)
        return policy

    def login(self) -> RegistryLogin:
        """A password for the registry, and where it is."""
        with translated():
            data = self._ecr.get_authorization_token()["authorizationData"][0]
        user, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
        return RegistryLogin(data["proxyEndpoint"], user, SecretStr(password))

    def manifest(self, repository: str, digest: str) -> Mapping[str, Any]:
        """An image's manifest: what it consists of; or an index, which names images.

        Raises:
            MissingError: There is no such image.
        """
        with translated():
            answer = self._ecr.batch_get_image(
                repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=MANIFESTS
            )
        if not answer["images"]:
            raise MissingError(f"Repository '{repository}' has no image {digest}.", hint="studioctl image list")
        manifest: Mapping[str, Any] = json.loads(answer["images"][0]["imageManifest"])
        return manifest

    def configuration(self, repository: str, digest: str) -> Mapping[str, Any]:
        """An image's configuration, by the digest that its manifest names: architecture, system, entry point."""
        with translated():
            answer = self._ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)
        configuration: Mapping[str, Any] = json.loads(self._download(answer["downloadUrl"]))
        return configuration

    def _download(self, url: str) -> bytes:
        if urlsplit(url).scheme != ("http" if self._is_local else "https"):
            raise AwsError(f"AWS names a place that is not safe: {urlsplit(url).scheme}", hint="report this to AWS")
        past_proxies = [urllib.request.ProxyHandler({})] if self._is_local else []
        try:
            with urllib.request.build_opener(*past_proxies).open(url, timeout=60) as answer:
                content: bytes = answer.read(LARGEST_CONFIG)
                return content
        except OSError as error:
            raise AwsError(
                f"The image's configuration cannot be read: {error}", hint="check the network, then run it again"
            ) from error
