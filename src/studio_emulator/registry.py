"""The registry behind the emulator's ECR: what docker, podman and buildah speak when they push and pull.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md. Blobs and manifests go into ECR's own
repositories, so that a digest that a client computed is the one that DescribeImages shows.
"""

import hashlib
import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.models import Image, ecr_backends
from werkzeug.wrappers import Request, Response

from studio_emulator.backends import each
from studio_emulator.ecr import DOWNLOADS, USER, StrictECRBackend

DIGEST = r"sha256:[0-9a-f]{64}"
ROUTES = (
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/?"), "uploads"),
    (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)"), "upload"),
    (re.compile(rf"/v2/(?P<name>.+)/blobs/(?P<reference>{DIGEST})"), "blob"),
    (re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"), "manifest"),
)


def is_for_registry(environ: dict[str, Any]) -> bool:
    """Whether a request is a registry client's: API Gateway has paths below /v2/ too, and signs its requests."""
    signed = environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")
    return environ.get("PATH_INFO", "").startswith("/v2/") and not signed


def route_of(path: str) -> tuple[str, str] | None:
    """The repository and the kind of thing that a path is about; None for paths that are about neither."""
    found = ((pattern.fullmatch(path), kind) for pattern, kind in ROUTES)
    return next(((match["name"], kind) for match, kind in found if match), None)


def password_of(authorization: str) -> str:
    """Return the password from a client's header; "" for another kind of header."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, token = b64decode(encoded, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return ""
    return token if scheme.lower() == "basic" and user == USER else ""


def answer(request: Request) -> Response:
    """Return the registry's answer. The caller holds the lock."""
    if token := re.fullmatch(rf"{DOWNLOADS}([\w-]+)", request.path):
        return _download(token[1])
    backend = _backend_of(request)
    if backend is None:
        challenge = {"WWW-Authenticate": f'Basic realm="{StrictECRBackend.endpoint_url}/",service="ecr.amazonaws.com"'}
        return refusal("UNAUTHORIZED", "Not Authorized", 401, challenge)
    if request.path == "/v2/":
        return Response("{}", content_type="application/json")
    for pattern, kind in ROUTES:
        if found := pattern.fullmatch(request.path):
            handler = HANDLERS.get((kind, request.method))
            if handler is None:
                return refusal("UNSUPPORTED", f"{request.method} is not supported", 405)
            return _guarded(handler, backend, found, request)
    return refusal("NAME_INVALID", f"no such path: {request.path}", 404)


def _guarded(
    handler: Callable[[StrictECRBackend, "re.Match[str]", Request], Response],
    backend: StrictECRBackend,
    found: "re.Match[str]",
    request: Request,
) -> Response:
    """Runs a handler; ECR's refusals in the registry's own form."""
    try:
        backend.repository(found["name"])
        return handler(backend, found, request)
    except RepositoryNotFoundException as error:
        return refusal("NAME_UNKNOWN", str(error.message), 404)
    except ServiceException as error:
        return refusal(
            "TAG_INVALID" if error.code == "ImageAlreadyExistsException" else "MANIFEST_INVALID",
            str(error.message),
            400,
        )


def admits(environ: dict[str, Any]) -> bool:
    """Whether a client brings a password that ECR gave out."""
    return _backend_of(Request(environ)) is not None


def _backend_of(request: Request) -> StrictECRBackend | None:
    """The account and region whose password this is."""
    token = password_of(request.headers.get("Authorization", ""))
    backends = (backend for _, backend in each(ecr_backends) if isinstance(backend, StrictECRBackend))
    return next((backend for backend in backends if backend.admits(token)), None)


def _begin(backend: StrictECRBackend, found: "re.Match[str]", request: Request) -> Response:
    """A new upload; with `digest`, all of it at once. A mount from another repository is answered with an upload."""
    upload_id = str(backend.initiate_layer_upload(found["name"])["uploadId"])
    if "digest" in request.args:
        return _finish_upload(backend, found["name"], upload_id, request)
    return _upload_state(found["name"], upload_id, 0)


def _append(backend: StrictECRBackend, found: "re.Match[str]", request: Request) -> Response:
    name, upload_id = found["name"], found["reference"]
    size = _add(backend, name, upload_id, request.get_data())
    return _upload_state(name, upload_id, size)


def _finish(backend: StrictECRBackend, found: "re.Match[str]", request: Request) -> Response:
    return _finish_upload(backend, found["name"], found["reference"], request)


def _finish_upload(backend: StrictECRBackend, name: str, upload_id: str, request: Request) -> Response:
    _add(backend, name, upload_id, request.get_data())
    upload = backend.repository(name).uploads[upload_id]
    wanted, computed = request.args.get("digest", ""), _digest(bytes(upload.layer_parts))
    if wanted != computed:
        return refusal("DIGEST_INVALID", f"the content's digest is {computed}", 400)
    backend.complete_layer_upload(name, upload_id, [wanted])
    return Response(status=201, headers={"Location": f"/v2/{name}/blobs/{wanted}", "Docker-Content-Digest": wanted})


def _add(backend: StrictECRBackend, name: str, upload_id: str, data: bytes) -> int:
    """Adds to an upload, and says how long it is now."""
    upload = backend.repository(name).uploads.get(upload_id)
    first = len(upload.layer_parts) if upload else 0
    backend.upload_layer_part(name, upload_id, first, first + len(data) - 1, data)
    return first + len(data)


def _blob(backend: StrictECRBackend, found: "re.Match[str]", _request: Request) -> Response:
    blob = backend.blobs.get((found["name"], found["reference"]))
    if blob is None:
        return refusal("BLOB_UNKNOWN", "blob unknown to registry", 404)
    headers = {"Docker-Content-Digest": found["reference"]}
    return Response(blob, headers=headers, content_type="application/octet-stream")


def _put_manifest(backend: StrictECRBackend, found: "re.Match[str]", request: Request) -> Response:
    name, reference, manifest = found["name"], found["reference"], request.get_data()
    digest = _digest(manifest)
    tag: Any = None if re.fullmatch(DIGEST, reference) else reference
    if tag is None and reference != digest:
        return refusal("DIGEST_INVALID", f"the manifest's digest is {digest}", 400)
    if not _has(backend, name, digest, tag):
        backend.put_image(name, manifest.decode(), tag, request.content_type, digest)
    return Response(status=201, headers={"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest})


def _manifest(backend: StrictECRBackend, found: "re.Match[str]", _request: Request) -> Response:
    image = _image(backend, found["name"], found["reference"])
    if image is None:
        return refusal("MANIFEST_UNKNOWN", "Requested image not found", 404)
    headers = {"Docker-Content-Digest": image.get_image_digest()}
    return Response(image.image_manifest, headers=headers, content_type=image.image_manifest_media_type)


def _image(backend: StrictECRBackend, name: str, reference: str) -> Image | None:
    images = backend.repository(name).images
    return next((i for i in images if reference in {i.get_image_digest(), *i.image_tags}), None)


def _has(backend: StrictECRBackend, name: str, digest: str, tag: str | None) -> bool:
    """Whether a push brings nothing new: a registry takes the same manifest again, PutImage does not."""
    image = _image(backend, name, digest)
    return image is not None and (tag is None or tag in image.image_tags)


HANDLERS: dict[tuple[str, str], Callable[[StrictECRBackend, "re.Match[str]", Request], Response]] = {
    ("uploads", "POST"): _begin,
    ("upload", "PATCH"): _append,
    ("upload", "PUT"): _finish,
    ("blob", "GET"): _blob,
    ("blob", "HEAD"): _blob,
    ("manifest", "GET"): _manifest,
    ("manifest", "HEAD"): _manifest,
    ("manifest", "PUT"): _put_manifest,
}


def _download(token: str) -> Response:
    """The bytes behind an address of GetDownloadUrlForLayer; such an address works once."""
    for _, backend in each(ecr_backends):
        if isinstance(backend, StrictECRBackend) and (blob := backend.redeem(token)) is not None:
            return Response(blob, content_type="application/octet-stream")
    return refusal("DENIED", "This address has expired or was used before.", 403)


def _upload_state(name: str, upload_id: str, size: int) -> Response:
    headers = {
        "Location": f"/v2/{name}/blobs/uploads/{upload_id}",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": upload_id,
    }
    return Response(status=202, headers=headers)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def refusal(code: str, message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """A refusal in the registry's own form."""
    text = json.dumps({"errors": [{"code": code, "message": message}]})
    return Response(text, status, headers=headers, content_type="application/json")
