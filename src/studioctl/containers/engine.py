"""Find the container engine, and write its commands to build, to sign in and to push."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from studioctl.containers.credentials import Login, lent
from studioctl.containers.process import run
from studioctl.errors import StudioctlError
from studioctl.events import Work

Name = Literal["docker", "podman", "buildah", "finch"]
NAMES: tuple[Name, ...] = ("docker", "podman", "buildah", "finch")
# Studio's instances are x86, also when this machine is not.
PLATFORM = "linux/amd64"
# BuildKit would wrap the image in an index together with an attestation, and SageMaker takes plain images.
# https://docs.docker.com/build/metadata/attestations/
PLAIN_IMAGE = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
ASK_SECONDS = 20


@dataclass(frozen=True)
class Engine:
    """One engine of the user's."""

    name: Name
    program: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def build(
        self, directory: Path, image: str, *, dockerfile: Path | None = None, platform: str = PLATFORM
    ) -> Work[None]:
        """Builds an image from a directory and names it.

        Raises:
            StudioctlError: The engine failed.
        """
        flags = ["--platform", platform, "--tag", image]
        flags += ["--file", str(dockerfile)] if dockerfile else []
        command = [self.program, "build", *flags, str(directory)]
        environment = {**self.environment, **PLAIN_IMAGE}
        yield from run(command, subject=f"image {image}", action="build", environment=environment)

    def push(self, image: str, destination: str, login: Login) -> Work[None]:
        """Pushes an image that is here to a place in a registry.

        Raises:
            StudioctlError: The engine failed, or the registry refused.
        """
        if self.name == "finch":
            yield from self._push_from_virtual_machine(image, destination, login)
            return
        with lent(login) as variables:
            environment = {**self.environment, **variables}
            if self.name != "docker":
                insecure = ["--tls-verify=false"] if login.is_plain_http else []
                command = [self.program, "push", *insecure, image, f"docker://{destination}"]
                yield from self._push(command, destination, environment)
                return
            yield from self._named(image, destination, environment)
            yield from self._push([self.program, "push", destination], destination, environment)

    def _push_from_virtual_machine(self, image: str, destination: str, login: Login) -> Work[None]:
        """Finch's machine cannot reach our credential helper: it keeps the password itself until it is signed out."""
        password = login.password.get_secret_value()
        sign_in = [self.program, "login", "--username", login.user, "--password-stdin", login.registry]
        yield from run(sign_in, subject=login.registry, action="sign in to", stdin=password)
        try:
            yield from self._named(image, destination, self.environment)
            insecure = ["--insecure-registry"] if login.is_plain_http else []
            yield from self._push([self.program, "push", *insecure, destination], destination, self.environment)
        finally:
            _ask([self.program, "logout", login.registry], self.environment)

    def _named(self, image: str, destination: str, environment: Mapping[str, str]) -> Work[None]:
        """Gives the image the name that says where it goes: these engines push nothing under another."""
        command = [self.program, "tag", image, destination]
        yield from run(command, subject=f"image {image}", action="tag", environment=environment)

    def _push(self, command: list[str], destination: str, environment: Mapping[str, str]) -> Work[None]:
        yield from run(command, subject=f"image {destination}", action="push", environment=environment)

    def has(self, image: str) -> bool:
        """Whether the image is here."""
        kind = [] if self.name in {"docker", "finch"} else ["--type", "image"]
        return _ask([self.program, "inspect", *kind, image], self.environment) is not None


def find(wanted: str | None = None) -> Engine:
    """The engine of this name, else the first that is there and answers.

    Raises:
        StudioctlError: There is none, or not the wanted one.
    """
    candidates = NAMES if wanted is None else tuple(name for name in NAMES if name == wanted)
    if not candidates:
        raise StudioctlError(f"'{wanted}' is not an engine that studioctl knows.", hint=f"--engine {NAMES[0]}")
    for name in candidates:
        program = shutil.which(name)
        engine = Engine(name, program, _context(name, program)) if program else None
        if engine and _answers(engine):
            return engine
    raise StudioctlError(
        f"No container engine answers: looked for {wanted or ', '.join(NAMES)}.",
        hint="install Docker, Podman or Finch and start it; on Debian: apt-get install buildah",
    )


def answers(name: Name, program: str, environment: Mapping[str, str]) -> bool:
    """Whether this program can work now."""
    return _answers(Engine(name, program, environment))


def _answers(engine: Engine) -> bool:
    """Whether it can work: docker's and finch's clients are of no use while their daemon does not run."""
    question = ["info"] if engine.name in {"docker", "finch"} else ["--version"]
    return _ask([engine.program, *question], engine.environment) is not None


def _context(name: Name, program: str) -> dict[str, str]:
    """Return the address of docker's daemon, because our configuration hides the context that the user has chosen."""
    if name != "docker" or "DOCKER_HOST" in os.environ:
        return {}
    place = _ask([program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], {})
    return {"DOCKER_HOST": place.strip()} if place and place.strip() else {}


def _ask(command: list[str], environment: Mapping[str, str]) -> str | None:
    """Return the output of a command; None if it fails."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
