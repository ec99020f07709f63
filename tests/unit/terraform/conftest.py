"""The real engine against moto on loopback. One environment is applied once, and shared by the tests that read it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

from studioctl.events import Event, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import executable
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import Engine
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace
from tests.functional.warmth import warm_provider

from .blueprints import access, blueprint, network, storage

T = TypeVar("T")
# Announces its port, then serves until it is stopped.
_SERVER = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="session")
def moto() -> Iterator[Target]:
    """A moto server in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        target = Target("us-east-1", local=LocalEndpoint(url, "test", "test"))
        try:
            _wait_for(f"{target.endpoint_url}/moto-api/data.json")
            yield target
        finally:
            server.send_signal(signal.SIGTERM)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise TimeoutError(url)


def client(service: str, target: Target) -> Any:
    """A client of moto's."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=target.region,
        endpoint_url=target.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def warmed(place: Workspace, engine: Engine, described: Blueprint, backend: Backend | None = None) -> Terraform:
    """Terraform that uses this test process's warm provider."""
    return Terraform(place, engine, described, backend or Backend(), {**os.environ, **warm_provider()})


@dataclass
class Lived:
    """An environment that Terraform made, and what was said meanwhile."""

    terraform: Terraform
    target: Target
    events: list[Event] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def finish(self, work: Work[T]) -> T:
        """Carry work out; its result."""
        while True:
            try:
                self.events.append(next(work))
            except StopIteration as stop:
                result: T = stop.value
                return result

    def create(self) -> dict[str, Any]:
        """Plan and apply; the outputs."""
        return self.finish(self.terraform.apply(self.finish(self.terraform.plan())))

    @property
    def resources(self) -> set[str]:
        """Addresses of everything that Terraform knows of."""
        found = self.terraform.state().get("resources", ())
        return {f"{resource['type']}.{resource['name']}" for resource in found if resource["mode"] == "managed"}

    def with_blueprint(self, changed: Blueprint) -> Terraform:
        """Terraform in the same place for another blueprint."""
        terraform = self.terraform
        return warmed(terraform.workspace, terraform.engine, changed, terraform.backend)


@pytest.fixture(scope="session")
def lived(moto: Target, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A network, a bucket and a role, applied once by the engine of this machine. Tests leave it as it is."""
    work = Workspace.beside(tmp_path_factory.mktemp("lived") / "studio.toml", "demo", moto)
    environment = Lived(warmed(work, executable.find(), blueprint(network(), storage(), access())), moto)
    environment.outputs = environment.create()
    return environment


@pytest.fixture
def place(moto: Target, tmp_path: Path) -> Workspace:
    """A new workspace on moto."""
    return Workspace.beside(tmp_path / "studio.toml", "other", moto)
