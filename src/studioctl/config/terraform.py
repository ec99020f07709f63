"""The version of the AWS provider that Terraform uses, and the values that it accepts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema

from studioctl.catalog import provider as providers
from studioctl.catalog.provider import LOCK_FILE
from studioctl.config.aws_tables import REFUSED_INSTANCE_TYPES, REFUSED_REGIONS
from studioctl.config.closed import Model
from studioctl.config.plain import list_in, table_in
from studioctl.config.scripts import below
from studioctl.config.text import Location, Violation, quote
from studioctl.disk import open_regular

LOCKED = "locked"
_LARGEST_LOCK_FILE = 64 * 1024


def _constraint(value: str) -> str:
    try:
        return providers.constraint(value).text
    except ValueError as error:
        raise ValueError(f"{quote(value)} {error}") from None


ProviderVersion: TypeAlias = Annotated[
    str, AfterValidator(_constraint), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100})
]


class Terraform(Model):
    """Settings of Terraform."""

    provider: ProviderVersion = Field(
        providers.DEFAULT,
        description="Version of Terraform's AWS provider: one, or a range with an end, in Terraform's words."
        f' 5.100.0, or 6.40.0 and later. "{LOCKED}": the version in {LOCK_FILE} beside this file.',
        examples=[providers.DEFAULT, providers.CHECKED, ">= 5.100, < 7", LOCKED],
    )

    @property
    def versions(self) -> providers.Constraint:
        """The versions that may be used."""
        return providers.constraint(self.provider)


def read_lock_file(data: dict[str, Any], directory: Path) -> tuple[dict[str, Any], list[Violation]]:
    """The data with the version that the lock file holds in place of "locked", and why it could not be read.

    Args:
        data: The file as plain dicts and lists.
        directory: The file's directory.
    """
    table = data.get("terraform")
    if not isinstance(table, dict) or table.get("provider") != LOCKED:
        return data, []
    found: list[Violation] = []
    try:
        version = _locked_version(directory)
    except ValueError as error:
        found = [(("terraform", "provider"), str(error))]
        version = providers.DEFAULT
    return {**data, "terraform": {**table, "provider": version}}, found


def _locked_version(directory: Path) -> str:
    instead = f'write a version, such as "{providers.DEFAULT}"'
    try:
        with open_regular(below(directory, LOCK_FILE, because="it says which program runs")) as stream:
            content = stream.read(_LARGEST_LOCK_FILE)
    except FileNotFoundError:
        raise ValueError(f"there is no {LOCK_FILE} beside this file; {instead}") from None
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{LOCK_FILE} cannot be read: {reason}; {instead}") from None
    version = providers.locked_version(content.decode("utf-8", "replace"))
    if version is None:
        raise ValueError(f"{LOCK_FILE} holds no version of {providers.NAME}; {instead}")
    return version


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Regions and instance types that AWS has and version 5 of the provider does not let through."""
    if not _is_version_5(table_in(data, "terraform").get("provider", providers.DEFAULT)):
        return
    region = data.get("region")
    if isinstance(region, str) and region in REFUSED_REGIONS:
        yield ("region",), _refused(region, "another region")
    for place, value in instance_types(data):
        if value in REFUSED_INSTANCE_TYPES:
            yield place, _refused(value, "another instance type")


def _is_version_5(text: Any) -> bool:
    try:
        return isinstance(text, str) and not providers.constraint(text).names_versions_of_images
    except ValueError:
        return False


def _refused(value: str, other: str) -> str:
    return (
        f'AWS has "{value}", but provider {providers.DEFAULT} refuses it; write {other}, or a later provider:'
        f' [terraform] provider = "{providers.CHECKED}"'
    )


def instance_types(data: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Each instance type of the file that Terraform is given, with its place."""
    holders: list[tuple[Location, Mapping[str, Any]]] = [(("studio",), table_in(data, "studio"))]
    groups = table_in(data, "groups")
    holders += [(("groups", name), table_in(groups, name)) for name in groups]
    for index, user in enumerate(list_in(data, "users")):
        if isinstance(user, dict):
            holders.append((("users", index), user))
            spaces = enumerate(list_in(user, "spaces"))
            holders += [(("users", index, "spaces", n), space) for n, space in spaces if isinstance(space, dict)]
    for place, holder in holders:
        value = holder.get("instance_type")
        for each in value[:1] if isinstance(value, list | tuple) else [value]:  # Terraform is given the first
            if isinstance(each, str):
                yield (*place, "instance_type"), each
