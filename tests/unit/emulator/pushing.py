"""Pushing a small image as registry clients do it, with nothing but HTTP."""

import hashlib
import json
import urllib.error
import urllib.request
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Answer, client

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


class RegistryAnswer(Answer):
    """An answer of the registry."""

    @property
    def code(self) -> str:
        """The registry's own code of an error."""
        return str(json.loads(self.body)["errors"][0]["code"])


@dataclass(frozen=True)
class Registry:
    """The emulator's registry, as somebody sees it who has a password."""

    emulator: RunningEmulator
    authorization: str | None

    @classmethod
    def of(cls, emulator: RunningEmulator, region: str) -> "Registry":
        """Signed in through ECR of this region."""
        data = client(emulator, "ecr", region).get_authorization_token()["authorizationData"][0]
        assert data["proxyEndpoint"] == emulator.endpoint_url
        assert b64decode(data["authorizationToken"]).startswith(b"AWS:")
        return cls(emulator, f"Basic {data['authorizationToken']}")

    def ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> RegistryAnswer:
        request = urllib.request.Request(f"{self.emulator.endpoint_url}{path}", data=body, method=method)
        if self.authorization:
            request.add_header("Authorization", self.authorization)
        request.add_header("Content-Type", content_type or "application/octet-stream")
        try:
            with urllib.request.urlopen(request) as response:
                return RegistryAnswer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return RegistryAnswer(error.code, dict(error.headers), error.read())

    def put_blob(self, repository: str, content: bytes) -> dict[str, Any]:
        """Uploads in two pieces; returns the blob's descriptor."""
        place = self.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        self.ask("PATCH", place, content[:3])
        done = self.ask("PUT", f"{place}?digest={digest(content)}", content[3:])
        assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest(content))
        return {"mediaType": "application/octet-stream", "size": len(content), "digest": digest(content)}

    def push(
        self,
        repository: str,
        tag: str,
        *,
        layer: bytes = b"a layer",
        architecture: str = "amd64",
        runs: dict[str, Any] | None = None,
    ) -> str:
        """Pushes an image of one layer, which says what it `runs`; returns its digest."""
        about = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers"}, "config": runs or {}}
        config = json.dumps(about).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self.put_blob(repository, config),
            "layers": [self.put_blob(repository, layer)],
        }
        body = json.dumps(manifest).encode()
        done = self.ask("PUT", f"/v2/{repository}/manifests/{tag}", body, MANIFEST_TYPE)
        assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest(body)), done.body
        return digest(body)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
