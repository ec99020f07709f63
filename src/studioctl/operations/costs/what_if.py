"""The file with something else in it, for the question what that would cost."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from studioctl.config.model import EnvironmentConfig
from studioctl.config.problems import explain
from studioctl.config.text import path
from studioctl.errors import ExitCode, StudioctlError

MOST_USERS = 10_000
PERSON = "person"


@dataclass(frozen=True)
class Asked:
    """The differences that are asked about; None: as in the file.

    Args:
        users: The number of users: the file's first ones, and more with a space like everybody's.
        instance_type: The instance type of every space.
        volume_gb: The size of every space's volume.
        network: "public"; "nat": closed, with a NAT gateway; "none": closed, without the internet.
        idle: After how many minutes idle apps are stopped, or "never".
        region: The region.
    """

    users: int | None = None
    instance_type: str | None = None
    volume_gb: int | None = None
    network: str | None = None
    idle: int | str | None = None
    region: str | None = None


def changed(config: EnvironmentConfig, asked: Asked) -> EnvironmentConfig:
    """The environment as it would be.

    Raises:
        StudioctlError: There can be no such environment.
    """
    data = config.model_dump(exclude_unset=True, exclude={"groups", "users_file"})  # whose values all users have by now
    data["users"] = [{key: value for key, value in user.items() if key != "group"} for user in data["users"]]
    studio = data.setdefault("studio", {})
    if asked.users is not None:
        data["users"] = _people(data["users"], asked.users)
        _make_room(data)
    for key, value in (("instance_type", asked.instance_type), ("volume_gb", asked.volume_gb)):
        if value is not None:
            studio[key] = value
            data["users"] = [_without(user, key) for user in data["users"]]
    if asked.volume_gb is not None:
        studio["max_volume_gb"] = max(asked.volume_gb, config.studio.max_volume_gb)
    if asked.idle is not None:
        studio["idle_timeout_minutes"] = asked.idle
    if asked.network is not None:
        _close(data, asked.network)
    if asked.region is not None:
        data["region"] = asked.region
    try:
        return EnvironmentConfig.model_validate(data)
    except ValidationError as error:
        problems = "\n".join(sorted(f"  {path(place)}: {words}" for place, words in explain(error)))
    raise StudioctlError(
        f"There can be no such environment:\n{problems}", hint="studioctl cost --help", exit_code=ExitCode.USAGE
    )


def minutes(text: str | None) -> int | str | None:
    """The value of --idle-minutes: a number, or a word that the file may have in its place."""
    return int(text) if text is not None and text.isdecimal() else text


def _people(users: list[dict[str, Any]], wanted: int) -> list[dict[str, Any]]:
    if not 1 <= wanted <= MOST_USERS:
        raise StudioctlError(
            f"--users {wanted} is not from 1 to {MOST_USERS:,}.", hint="studioctl cost --help", exit_code=ExitCode.USAGE
        )
    taken = {str(user["name"]).casefold() for user in users}
    names = (name for number in range(1, 2 * wanted + 1) if (name := f"{PERSON}-{number}") not in taken)
    return [*users[:wanted], *({"name": next(names)} for _ in range(wanted - len(users)))]


def _make_room(data: dict[str, Any]) -> None:
    """The number of addresses costs nothing, and so is no reason to refuse a what-if."""
    network = data.setdefault("network", {})
    if network.get("vpc") is None:
        network.pop("subnet_prefix", None)
        network["cidr"] = "10.0.0.0/16"


def _without(user: dict[str, Any], key: str) -> dict[str, Any]:
    user = {name: value for name, value in user.items() if name != key}
    if not user.get("spaces"):
        return user
    spaces = [{name: value for name, value in space.items() if name != key} for space in user["spaces"]]
    return {**user, "spaces": spaces}


def _close(data: dict[str, Any], network: str) -> None:
    kept = {
        key: value for key, value in data.get("network", {}).items() if key in {"cidr", "availability_zones", "vpc"}
    }
    access = {"access": "public"} if network == "public" else {"access": "vpc-only", "internet": network}
    data["network"] = {**kept, **access}
    if network == "none":  # what is set up in the editor costs nothing, and much of it needs the internet
        data["editor"] = {}
        data["users"] = [{key: value for key, value in user.items() if key != "editor"} for user in data["users"]]
