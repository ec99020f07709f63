"""ECR and the registry behind it: one repository, seen from both sides."""

import json
import uuid
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal
from tests.unit.emulator.pushing import MANIFEST_TYPE, Registry, digest

REGION = "eu-central-1"


@pytest.fixture
def ecr(emulator: RunningEmulator) -> Any:
    return client(emulator, "ecr", REGION)


@pytest.fixture
def registry(emulator: RunningEmulator) -> Registry:
    return Registry.of(emulator, REGION)


@pytest.fixture
def name(ecr: Any) -> str:
    """A repository whose name has a slash, as many have."""
    name = f"acme/images-{uuid.uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name)
    return name


def test_what_is_pushed_is_what_ecr_shows(registry: Registry, ecr: Any, name: str) -> None:
    pushed = registry.push(name, "one", layer=b"x" * 1000)
    (image,) = ecr.describe_images(repositoryName=name)["imageDetails"]

    assert (image["imageDigest"], image["imageTags"]) == (pushed, ["one"])
    assert image["imageSizeInBytes"] == 1000 + len(
        '{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers"}, "config": {}}'
    )
    got = registry.ask("GET", f"/v2/{name}/manifests/one")
    assert (digest(got.body), got.headers["Content-Type"]) == (pushed, MANIFEST_TYPE)
    assert registry.ask("GET", f"/v2/{name}/manifests/{pushed}").body == got.body
    layer = json.loads(got.body)["layers"][0]["digest"]
    assert registry.ask("GET", f"/v2/{name}/blobs/{layer}").body == b"x" * 1000
    assert registry.ask("HEAD", f"/v2/{name}/blobs/{layer}").headers["Content-Length"] == "1000"


def test_the_same_push_again_changes_nothing(registry: Registry, ecr: Any, name: str) -> None:
    assert registry.push(name, "one") == registry.push(name, "one")
    registry.push(name, "two")

    (image,) = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert sorted(image["imageTags"]) == ["one", "two"]


def test_a_tag_that_moves_on_leaves_the_older_image_untagged(registry: Registry, ecr: Any, name: str) -> None:
    old, new = registry.push(name, "latest", layer=b"old layer"), registry.push(name, "latest", layer=b"new layer")

    tags = {i["imageDigest"]: i.get("imageTags") for i in ecr.describe_images(repositoryName=name)["imageDetails"]}
    assert tags == {old: None, new: ["latest"]}


def test_an_immutable_tag_stays_where_it_is(registry: Registry, ecr: Any) -> None:
    name = f"fixed-{uuid.uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    first = registry.push(name, "one", layer=b"first")
    manifest = registry.ask("GET", f"/v2/{name}/manifests/{first}").body

    refused = registry.ask("PUT", f"/v2/{name}/manifests/one", manifest.replace(b'"schema', b' "schema'), MANIFEST_TYPE)

    assert (refused.status, refused.code) == (400, "TAG_INVALID")
    assert registry.ask("GET", f"/v2/{name}/manifests/one").body == manifest


def test_what_a_registry_refuses(registry: Registry, name: str) -> None:
    manifest = json.dumps({"config": {"digest": digest(b"nowhere"), "size": 7}, "layers": []}).encode()
    place = registry.ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    asked = {
        "PUT manifest without its parts": registry.ask("PUT", f"/v2/{name}/manifests/one", manifest, MANIFEST_TYPE),
        "GET unknown manifest": registry.ask("GET", f"/v2/{name}/manifests/none"),
        "GET unknown blob": registry.ask("GET", f"/v2/{name}/blobs/{digest(b'?')}"),
        "POST to unknown repository": registry.ask("POST", "/v2/nobodys/blobs/uploads/"),
        "PUT wrong digest": registry.ask("PUT", f"{place}?digest={digest(b'other')}", b"content"),
        "DELETE": registry.ask("DELETE", f"/v2/{name}/manifests/none"),
        "GET elsewhere": registry.ask("GET", "/v2/_catalog"),
    }

    assert {what: (answer.status, answer.code) for what, answer in asked.items()} == {
        "PUT manifest without its parts": (400, "MANIFEST_INVALID"),
        "GET unknown manifest": (404, "MANIFEST_UNKNOWN"),
        "GET unknown blob": (404, "BLOB_UNKNOWN"),
        "POST to unknown repository": (404, "NAME_UNKNOWN"),
        "PUT wrong digest": (400, "DIGEST_INVALID"),
        "DELETE": (405, "UNSUPPORTED"),
        "GET elsewhere": (404, "NAME_INVALID"),
    }


@pytest.mark.parametrize("authorization", [None, "Basic QVdTOndyb25n", "Basic !", "Bearer QVdTOndyb25n"])
def test_nobody_gets_in_without_the_password(emulator: RunningEmulator, name: str, authorization: str | None) -> None:
    stranger = Registry(emulator, authorization)

    for path in ("/v2/", f"/v2/{name}/manifests/one"):
        refused = stranger.ask("GET", path)
        assert (refused.status, refused.code) == (401, "UNAUTHORIZED")
        assert refused.headers["WWW-Authenticate"].startswith('Basic realm="http://127.0.0.1:')


def test_a_password_opens_its_own_region_only(emulator: RunningEmulator, name: str) -> None:
    assert Registry.of(emulator, "eu-north-1").ask("GET", f"/v2/{name}/manifests/one").code == "NAME_UNKNOWN"


def test_a_layer_is_downloaded_once_and_without_a_password(
    emulator: RunningEmulator, registry: Registry, ecr: Any, name: str
) -> None:
    layer = registry.put_blob(name, b"the bytes")["digest"]
    address = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=layer)["downloadUrl"]
    path = address.removeprefix(emulator.endpoint_url)

    stranger = Registry(emulator, None)
    assert stranger.ask("GET", path).body == b"the bytes"
    assert stranger.ask("GET", path).status == 403
    code, _ = refusal(lambda: ecr.get_download_url_for_layer(repositoryName=name, layerDigest=digest(b"?")))
    assert code == "LayerInaccessibleException"


def test_put_image_itself_is_as_strict(registry: Registry, ecr: Any, name: str) -> None:
    pushed = registry.push(name, "one")
    manifest = registry.ask("GET", f"/v2/{name}/manifests/one").body.decode()

    def put(text: str, **more: str) -> object:
        return ecr.put_image(repositoryName=name, imageManifest=text, imageTag="two", **more)

    assert refusal(lambda: put(manifest, imageDigest=digest(b"?")))[0] == "ImageDigestDoesNotMatchException"
    unknown = manifest.replace(pushed[-4:], "0000").replace(json.loads(manifest)["layers"][0]["digest"], digest(b"?"))
    assert refusal(lambda: put(unknown))[0] == "LayersNotFoundException"
