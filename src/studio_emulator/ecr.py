"""Amazon ECR with AWS's checks of images, and with the bytes of their layers, which moto forgets.

moto has no registry behind its ECR; ours is `registry.py`, and both work on the same repositories.
"""

import hashlib
import json
import secrets
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, ClassVar

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr import urls as ecr_urls
from moto.ecr.models import ECRBackend, Image, Repository
from moto.ecr.responses import ECRResponse

USER = "AWS"
DOWNLOADS = "/v2/_downloads/"  # no repository's name begins so
TOKEN_LIFE = timedelta(hours=12)  # API reference, GetAuthorizationToken


class LayersNotFoundException(ServiceException):
    """A manifest names a layer that was not uploaded to its repository."""

    code = "LayersNotFoundException"


class LayerInaccessibleException(ServiceException):
    """A layer that is asked for is not there."""

    code = "LayerInaccessibleException"


class ImageDigestDoesNotMatchException(ServiceException):
    """The digest that a client computed is another than the manifest's."""

    code = "ImageDigestDoesNotMatchException"


class StoredImage(Image):
    """An image whose digest is that of its manifest, and whose size is that of its layers."""

    def get_image_size_in_bytes(self) -> int | None:
        """The sizes that the manifest states, as ECR counts them: compressed layers, and the configuration."""
        parts = parts_of(json.loads(self.image_manifest))
        return sum(int(part["size"]) for part in parts) if parts else None


class StrictECRBackend(ECRBackend):
    """ECR that keeps layers, checks manifests, and leaves an image untagged when its tag moves on."""

    endpoint_url: ClassVar[str] = "http://127.0.0.1"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.blobs: dict[tuple[str, str], bytes] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._downloads: dict[str, bytes] = {}

    @property
    def _url_module(self) -> ModuleType:
        return ecr_urls

    def repository(self, name: str) -> Repository:
        """Raises RepositoryNotFoundException."""
        return self._get_repository(name)

    def new_token(self, access_key: str) -> str:
        """A password for the registry, with which one may do what this access key may."""
        token = secrets.token_urlsafe(96)
        self._tokens[token] = time.monotonic() + TOKEN_LIFE.total_seconds(), access_key
        return token

    def owner_of(self, token: str) -> str:
        """The access key that a password was given to."""
        return self._tokens[token][1]

    def admits(self, token: str) -> bool:
        """Whether the registry knows this password."""
        return token in self._tokens and self._tokens[token][0] > time.monotonic()

    def complete_layer_upload(self, repository_name: str, upload_id: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Keeps the layer's bytes."""
        upload = self.repository(repository_name).uploads.get(upload_id)
        answer: dict[str, Any] = super().complete_layer_upload(repository_name, upload_id, *args, **kwargs)
        if upload is not None:
            self.blobs[repository_name, answer["layerDigest"]] = bytes(upload.layer_parts)
        return answer

    def put_image(
        self,
        repository_name: str,
        image_manifest: str,
        image_tag: str,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> Image:
        """Every part must be there; an image that loses its last tag stays, untagged (API reference, PutImage)."""
        repository = self.repository(repository_name)
        computed = f"sha256:{hashlib.sha256(image_manifest.encode()).hexdigest()}"
        if digest not in (None, computed):  # text assumed
            raise ImageDigestDoesNotMatchException(f"The image digest '{digest}' does not match '{computed}'")
        self._check_parts(repository, image_manifest)
        known = {id(image) for image in repository.images}
        others = [image for image in repository.images if image.image_manifest != image_manifest]
        self._resolve_image_tag_mutability(repository, image_tag)  # refuses before anything is taken from others
        for other in others:
            if image_tag in other.image_tags:
                other.remove_tag(image_tag)
                if not other.image_tags:
                    other.image_tag = None  # type: ignore[assignment]  # as moto itself leaves it
        image = super().put_image(repository_name, image_manifest, image_tag, image_manifest_mediatype, computed)
        if id(image) not in known:
            image.__class__ = StoredImage  # moto makes the object and offers no way to make another kind
        return image

    def _check_parts(self, repository: Repository, manifest: str) -> None:
        missing = [part["digest"] for part in parts_of(json.loads(manifest)) if part["digest"] not in repository.layers]
        if missing:  # text assumed
            raise LayersNotFoundException(
                f"Layers with digests '{missing}' do not exist in the repository with name '{repository.name}'"
            )

    def delete_repository(self, repository_name: str, *args: Any, **kwargs: Any) -> Repository:
        """Its layers go with it."""
        gone = super().delete_repository(repository_name, *args, **kwargs)
        self.blobs = {key: blob for key, blob in self.blobs.items() if key[0] != repository_name}
        return gone

    def download_address(self, repository_name: str, digest: str) -> str:
        """AWS's address leads to S3, carries its own permission, and needs no other; so does ours."""
        self.repository(repository_name)
        blob = self.blobs.get((repository_name, digest))
        if blob is None:  # text assumed
            raise LayerInaccessibleException(f"Layer '{digest}' in the repository '{repository_name}' is not available")
        token = secrets.token_urlsafe(32)
        self._downloads[token] = blob
        return f"{self.endpoint_url}{DOWNLOADS}{token}"

    def redeem(self, token: str) -> bytes | None:
        """The layer behind an address from `download_address`, once."""
        return self._downloads.pop(token, None)


class StrictECRResponse(ECRResponse):
    """The wire of what moto has not, or answers with a fixed value."""

    @property
    def _strict(self) -> StrictECRBackend:
        backend = self.ecr_backend
        assert isinstance(backend, StrictECRBackend)  # noqa: S101 - install.py sees to it
        return backend

    def get_authorization_token(self) -> ActionResult:
        """A password that nobody can guess, and the address of the registry on this machine."""
        token = b64encode(f"{USER}:{self._strict.new_token(self.access_key)}".encode()).decode()
        data = {
            "authorizationToken": token,
            "expiresAt": datetime.now(UTC) + TOKEN_LIFE,
            "proxyEndpoint": StrictECRBackend.endpoint_url,
        }
        return ActionResult({"authorizationData": [data]})

    def get_download_url_for_layer(self) -> ActionResult:  # type: ignore[override]
        """An address for the bytes of a layer."""
        digest = self._get_param("layerDigest")
        address = self._strict.download_address(self._get_param("repositoryName"), digest)
        return ActionResult({"downloadUrl": address, "layerDigest": digest})


def parts_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The configuration and the layers that a manifest names; an index names images instead, and so none."""
    return [part for part in (manifest.get("config"), *manifest.get("layers", ())) if part]
