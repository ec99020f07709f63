"""Terraform's backend, which keeps the state: its value, its written forms, and the effect of changing it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studioctl.disk import text_named
from studioctl.errors import ConfigError
from studioctl.infrastructure.block import literal
from studioctl.target import Target
from studioctl.terraform import document

STATE_FILE = "terraform.tfstate"
# The settings that say which state it is. The others only say how to reach it.
_LOCATION = ("bucket", "key", "region", "workspace_key_prefix")
# What may be given by hand, and so is written down: nothing that is, or could hold, a credential. For those there are
# profiles, which can assume a role too. https://developer.hashicorp.com/terraform/language/backend/s3
_SETTINGS = (*_LOCATION, "profile", "kms_key_id", "encrypt", "acl", "use_lockfile")
_ASSIGNMENT = re.compile(r'^\s*([A-Za-z_]\w*)\s*=\s*("(?:[^"\\]|\\.)*"|true|false|\d+)\s*$')


@dataclass(frozen=True)
class Backend:
    """A Terraform backend.

    Args:
        kind: "local", a file in the workspace, or "s3", an object locked by Terraform's own lock file.
        settings: The arguments of an S3 backend, as Terraform names them; a local one has none.
        overrides: Those of them that were given by hand.
    """

    kind: Literal["local", "s3"] = "local"
    settings: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict, compare=False)

    def overridden(self, overrides: Mapping[str, str]) -> "Backend":
        """This backend with some settings replaced; on a local backend a bucket makes it S3.

        Raises:
            ConfigError: It is local, and the settings name no bucket.
        """
        if overrides and self.kind == "local" and not overrides.get("bucket"):
            raise ConfigError(
                f"The state is {self}, which has no {' or '.join(overrides)}",
                hint="Give --backend-config bucket=... too, or --backend-config none to do without such settings.",
            )
        return Backend("s3" if overrides else self.kind, {**self.settings, **overrides}, overrides)

    def require_place(self) -> None:
        """Make sure that it says where.

        Raises:
            ConfigError: It is S3 without a bucket or a key.
        """
        missing = [key for key in ("bucket", "key") if self.kind == "s3" and not self.settings.get(key)]
        if missing:
            raise ConfigError(
                f"The state is to be in S3, but its {' and '.join(missing)} is not given",
                hint=f'write {missing[0]} = "..." under [state], or add: --backend-config {missing[0]}=...',
            )

    @property
    def location(self) -> dict[str, str]:
        """The settings that distinguish this state from others."""
        place = {key: self.settings[key] for key in _LOCATION if key in self.settings} if self.kind == "s3" else {}
        return place | {"kind": self.kind}

    def __str__(self) -> str:
        """The backend in words, for a message."""
        if self.kind == "local":
            return f'the file "{STATE_FILE}" on this machine'
        return f"s3://{self.settings.get('bucket', '?')}/{self.settings.get('key', '?')}"


@dataclass(frozen=True)
class BackendChange:
    """The state has to move. `before` and `after` print in words."""

    before: Backend
    after: Backend

    def __str__(self) -> str:
        """One sentence for a person who has to agree to it."""
        return f"Terraform's state moves from {self.before} to {self.after}"


def parse_overrides(values: Iterable[str]) -> dict[str, str]:
    """Settings from `KEY=VALUE` and from paths of files in the style of `backend.hcl`, the last one winning.

    Raises:
        ConfigError: A file is missing, a line of it is not `key = "value"`, or it is a setting that we do not keep.
    """
    settings: dict[str, str] = {}
    for value in values:
        key, equals, word = value.partition("=")
        settings |= _kept({key.strip(): word.strip()}) if equals else _kept(parse_file(Path(value)))
    return settings


def _kept(settings: dict[str, str]) -> dict[str, str]:
    """The settings, all of which can be written down. The message never repeats a value: it may be a credential."""
    unknown = [key for key in settings if key not in _SETTINGS]
    if unknown:
        raise ConfigError(
            f'Unknown setting "{unknown[0]}" of the state. Known settings are {", ".join(_SETTINGS)}.',
            hint="For credentials, or a role to assume, name a profile of your AWS configuration: profile=...",
        )
    return settings


def parse_file(path: Path) -> dict[str, str]:
    """The settings in a `backend.hcl`: `key = "value"` lines and comments, which is all that a backend needs.

    Raises:
        ConfigError: The file cannot be read, or a line is something else.
    """
    try:
        lines = text_named(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise ConfigError(
            f'Backend file "{path}" cannot be read: {why}',
            hint="Name an existing file, or give single settings as KEY=VALUE.",
        ) from error
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith(("#", "//")):
            continue
        match = _ASSIGNMENT.match(_without_comment(line))
        if match is None:
            raise ConfigError(
                f"{path}:{number}: not a backend setting",
                hint='Write each setting on its own line as key = "value".',
            )
        if re.search(r"(?<![$])[$]{|(?<!%)%{", match[2]):
            raise ConfigError(
                f"{path}:{number}: a backend's settings take no templates",
                hint='Write the value itself; if it has such a mark in it, double its first character: "$${", "%%{".',
            )
        settings[match[1]] = _unquoted(match[2]) if match[2].startswith('"') else match[2]
    return settings


def render(backend: Backend, target: Target) -> dict[str, str]:
    """The `backend.tf.json` of a workspace: file name -> text."""
    purpose = f"Where Terraform keeps what it knows: {backend}."
    return {
        "backend.tf.json": document.text(
            {"//": purpose, "terraform": {"backend": {backend.kind: _literals(arguments(backend, target))}}}
        )
    }


def render_hcl(backend: Backend) -> str:
    """The `backend.hcl` that belongs to an exported `backend "s3" {}`."""
    lines = (f"{key} = {_hcl(value)}" for key, value in arguments(backend, None).items())
    return "\n".join(("# terraform init -backend-config=backend.hcl", *lines)) + "\n"


def arguments(backend: Backend, target: Target | None) -> dict[str, Any]:
    """The backend's arguments with what we add: the lock file, and the emulator's address for a local target."""
    if backend.kind == "local":
        return {}
    ours = {"encrypt": True, "use_lockfile": True}
    if target is not None and target.endpoint_url:
        place = {key: backend.settings[key] for key in _LOCATION if key in backend.settings}
        return {**ours, **place, **_emulator(target.endpoint_url)}
    profile = {"profile": target.profile} if target is not None and target.profile else {}
    return {**ours, **profile, **backend.settings}


def _literals(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: literal(value) if isinstance(value, str) else value for key, value in arguments.items()}


def _emulator(endpoint_url: str) -> dict[str, Any]:
    return {
        "endpoints": dict.fromkeys(("s3", "sts", "iam"), endpoint_url),
        "use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
    }


def _hcl(value: str | bool) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(value: str) -> str:
    """Text as a string of Terraform's own language: nothing in it is a template."""
    return literal(json.dumps(value, ensure_ascii=False))


def _unquoted(word: str) -> str:
    """The text of such a string."""
    return str(json.loads(word)).replace("$${", "${").replace("%%{", "%{")


def _without_comment(line: str) -> str:
    return re.sub(r'\s+(#|//)[^"]*$', "", line)
