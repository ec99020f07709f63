"""Find the AWS provider for Terraform without a network.

In this order: the directory that the user names, the user's own Terraform configuration, the directories in which
Terraform looks by itself, and any directory in the usual homes of machine-wide software that is laid out as a mirror.
https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

import json
import os
import platform
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from studioctl import homes
from studioctl.catalog.provider import NAME as PROVIDER
from studioctl.catalog.provider import USUAL, Constraint
from studioctl.errors import ConfigError, TerraformError
from studioctl.terraform.environment import CACHE, CONFIG_FILES, place_of

MIRROR_VARIABLE = "STUDIOCTL_PROVIDER_MIRROR"
MACHINE_WIDE = (Path("/opt"), Path("/usr/local/share"), Path("/usr/share"))
TERRAFORM_REGISTRY = "registry.terraform.io"
TOFU_REGISTRY = "registry.opentofu.org"
_ARCHIVE = re.compile(r"terraform-provider-aws_([0-9.]+)_(\w+)\.zip")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Mirror:
    """A directory that holds the provider as `<registry>/hashicorp/aws/<version>/<platform>/`, or as a zip file."""

    directory: Path
    registry: str


def find(
    environ: Mapping[str, str],
    registry: str,
    *,
    wanted: Constraint = USUAL,
    homes: tuple[Path, ...] = MACHINE_WIDE,
) -> Mirror | None:
    """The mirror that Terraform has to be told of; None where it finds the provider, or the registry, by itself.

    Args:
        environ: Our own environment.
        registry: Host from which the engine takes providers: Terraform's or OpenTofu's.
        wanted: Versions of the provider, one of which the mirror has to hold.
        homes: Directories whose direct children may be mirrors.

    Raises:
        ConfigError: The directory that the user names does not hold the provider for this platform.
    """
    named = environ.get(MIRROR_VARIABLE)
    # Not Path.expanduser(), which fails where no home is known.
    given = {MIRROR_VARIABLE: os.path.expanduser(named or "")}  # noqa: PTH111
    directory = place_of(MIRROR_VARIABLE, given) or _setting()
    if directory:
        return _required(directory, registry, wanted)
    if has_installation_rules(environ) or any(_held(path, registry, wanted) for path in _implied(environ)):
        return None
    candidates = (child for home in homes if _open_to_us(home) for child in sorted(home.iterdir()))
    return next((mirror for path in candidates if (mirror := _held(path, registry, wanted))), None)


def place(
    environ: Mapping[str, str],
    registry: str,
    *,
    wanted: Constraint = USUAL,
    homes: tuple[Path, ...] = MACHINE_WIDE,
) -> str | None:
    """The source of the provider on this machine, for a person; None if it has to be downloaded.

    Raises:
        ConfigError: See `find`.
    """
    if mirror := find(environ, registry, wanted=wanted, homes=homes):
        return str(mirror.directory)
    if has_installation_rules(environ):
        return f"where {user_config(environ)} says"
    cache = place_of(CACHE, environ)
    directories = (*_implied(environ), *([cache] if cache else []))
    return next((str(path) for path in directories if _held(path, registry, wanted)), None)


def refuse_unsupported(taken: str | None, wanted: Constraint) -> None:
    """Refuses what lies in the gap of a range that begins in 5 and ends in 6: a mirror may have nothing newer.

    Raises:
        TerraformError: `init` took such a version.
    """
    if taken is not None and not wanted.admits(taken):
        raise TerraformError(
            f"Terraform took version {taken} of its AWS provider, which `[terraform] provider` admits, and studioctl"
            " does not work with",
            hint=f'leave it out: provider = "{wanted.text}, != {taken}"',
        )


def cli_config(mirror: Mirror, environ: Mapping[str, str]) -> str:
    """Terraform's CLI configuration that takes our provider from the mirror, followed by the user's own settings."""
    source = f"{mirror.registry}/{PROVIDER}"
    rules = f"""\
# Written by studioctl: takes the provider from a directory on this machine.
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(mirror.directory.as_posix(), ensure_ascii=False)}
    include = ["{source}"]
  }}
  direct {{
    exclude = ["{source}"]
  }}
}}
"""
    own = user_config(environ)
    if own is None or has_installation_rules(environ):
        return rules
    return f"{rules}\n# From {own}\n{own.read_text(encoding='utf-8', errors='surrogateescape')}"


def user_config(environ: Mapping[str, str]) -> Path | None:
    """The person's own Terraform CLI configuration, if there is one.

    Raises:
        ConfigError: See `place_of`.
    """
    named = next((path for name in CONFIG_FILES if (path := place_of(name, environ))), None)
    home = homes.person()
    path = named or (home / ".terraformrc" if home else None)
    return path if path and _readable(path) and path.is_file() else None


def has_installation_rules(environ: Mapping[str, str]) -> bool:
    """Whether the person's own configuration already says where providers come from."""
    path = user_config(environ)
    return path is not None and "provider_installation" in path.read_text(encoding="utf-8", errors="replace")


def platform_name() -> str:
    """This machine as Terraform's packages name it, such as "linux_amd64"."""
    machine = platform.machine().lower()
    return f"{sys.platform}_{_MACHINES.get(machine, machine)}"


def _setting() -> Path | None:
    directory = homes.settings()
    path = directory / "settings.toml" if directory else None
    if path is None or not _readable(path):
        return None
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8")).get("provider_mirror")
    except ValueError as error:  # bytes that are no UTF-8, too
        raise ConfigError(f'Settings file "{path}" is not TOML: {error}', hint="Correct the file.") from error
    if not isinstance(value, str | None):
        raise ConfigError(
            f'Settings file "{path}": provider_mirror is no text',
            hint='Write the directory in quotes: provider_mirror = "/path/to/mirror"',
        )
    mirror = Path(value).expanduser() if value else None
    if mirror and not mirror.is_absolute():
        raise ConfigError(
            f'Settings file "{path}": provider_mirror is "{value}", a relative path; a repository could bring it',
            hint='Write the whole path: provider_mirror = "/path/to/mirror"',
        )
    return mirror


def _required(directory: Path, registry: str, wanted: Constraint) -> Mirror:
    mirror = _held(directory, registry, wanted)
    if mirror is None:
        raise ConfigError(
            f'Provider mirror "{directory}" does not hold {PROVIDER} {wanted.text} for {platform_name()}'
            f"{_instead(directory, registry, wanted)}",
            hint=f"Fill it with `terraform providers mirror {directory}`, or unset {MIRROR_VARIABLE}.",
        )
    return mirror


def _instead(directory: Path, registry: str, wanted: Constraint) -> str:
    """The versions in a mirror that do not fit; empty if it has none."""
    found = sorted({version for host in _hosts(registry) for version in _versions(directory / host / PROVIDER)})
    if not found:
        return ""
    gap = [version for version in found if wanted.spans(version)]
    why = f"; studioctl does not work with {', '.join(gap)}" if gap else ""
    return f", only {', '.join(found)}{why}"


def _held(directory: Path, registry: str, wanted: Constraint) -> Mirror | None:
    for host in _hosts(registry):
        packages = directory / host / PROVIDER
        if any(wanted.admits(version) for version in _versions(packages)):
            return Mirror(directory, host)
    return None


def _hosts(registry: str) -> tuple[str, ...]:
    """OpenTofu takes the same provider from its own registry; a mirror of Terraform's serves it too (`Workspace`)."""
    return tuple(dict.fromkeys((registry, TERRAFORM_REGISTRY)))


def _versions(packages: Path) -> Iterator[str]:
    """The versions that are there for this platform, unpacked or as archives."""
    platform = platform_name()
    try:
        names = sorted(entry.name for entry in packages.iterdir())
    except OSError:
        return
    for name in names:
        if _open_to_us(packages / name / platform):
            yield name
        elif (archive := _ARCHIVE.fullmatch(name)) and archive[2] == platform and _readable(packages / name):
            yield archive[1]


def _readable(path: Path) -> bool:
    """Whether it is there, for us: `Path.is_file` raises PermissionError below a directory that is closed to us."""
    return os.access(path, os.R_OK)


def _open_to_us(directory: Path) -> bool:
    return os.access(directory, os.R_OK | os.X_OK) and directory.is_dir()


def _implied(environ: Mapping[str, str]) -> Iterator[Path]:
    home = homes.person()
    if home:
        yield home / ".terraform.d/plugins"
    if sys.platform == "darwin":
        for library in (*([home / "Library"] if home else []), Path("/Library")):
            yield library / "Application Support/io.terraform/plugins"
        return
    shared = environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = environ.get("XDG_DATA_HOME") or (str(home / ".local/share") if home else "")
    for base in (own, *shared.split(os.pathsep)):
        if Path(base).is_absolute():  # Terraform passes over others, too
            yield Path(base) / "terraform/plugins"
