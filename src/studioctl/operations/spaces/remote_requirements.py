"""What AWS wants of a space before it lets a local editor in."""

import re

from studio_emulator.facts import DEFAULT_INSTANCE_TYPE, REMOTE_ACCESS_GB
from studio_emulator.facts import TOO_SMALL_FOR_REMOTE_ACCESS as TOO_SMALL
from studioctl.aws.values import DISTRIBUTION, App, ResourceSpec, Space, SpaceDetails
from studioctl.config.apps import title
from studioctl.remote.finding import Finding

MINIMUM_IMAGE = (2, 7)
REMOTE_SETUP = "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html"


def large_enough(instance_type: str | None) -> str | None:
    """The type that has the memory where this one has not; None where it has."""
    return TOO_SMALL.get(instance_type or DEFAULT_INSTANCE_TYPE)


def spec_of(space: SpaceDetails, app: App | None) -> ResourceSpec:
    """What the space runs on, or will when it is started."""
    return app.spec if app is not None and app.is_running else space.spec


def instance(space: str, instance_type: str | None, *, flag: str = "") -> Finding:
    """Whether the instance has the memory. `flag` tells `connect` which editor."""
    chosen = instance_type or DEFAULT_INSTANCE_TYPE
    if chosen not in TOO_SMALL:
        return Finding("instance-type", "ok", chosen)
    return Finding(
        "instance-type",
        "error",
        f"{chosen} has less than {REMOTE_ACCESS_GB} GB of memory, and AWS refuses remote access on it",
        f"studioctl connect {space}{flag} --instance-type {TOO_SMALL[chosen]}",
    )


def image(spec: ResourceSpec) -> Finding:
    """Whether the image is new enough, as far as what AWS shows of it tells."""
    wanted = ".".join(map(str, MINIMUM_IMAGE))
    remedy = f"choose image {wanted} or newer for the space in Studio, then start it again"
    if not spec.is_distribution:
        why = (
            f"AWS does not tell what is in '{spec.image}'; it must be, or be built on, {DISTRIBUTION} {wanted} or newer"
        )
        return Finding("image", "warning", why, f"if it connects, nothing; else {remedy}")
    if spec.image_alias is None:
        return Finding("image", "ok", f"{spec.image or DISTRIBUTION}, the newest version")
    if is_too_old(spec):
        return Finding("image", "error", f"{spec.image}: AWS wants {wanted} or newer", remedy)
    return Finding("image", "ok", str(spec.image))


def is_too_old(spec: ResourceSpec) -> bool:
    """Whether it is known to be a version of SageMaker Distribution that lets no remote session in."""
    if not spec.is_distribution or spec.image_alias is None:
        return False
    numbers = tuple(int(part) for part in re.findall(r"\d+", spec.image_alias)[:2])
    return numbers < MINIMUM_IMAGE[: len(numbers)]  # "2" is the newest of 2.x


def remote_access(space: SpaceDetails, *, asked_for: bool, flag: str = "") -> Finding:
    """Whether the space lets remote sessions in, and whether it shall. `flag` tells `connect` which editor."""
    if space.remote_access:
        return Finding("remote-access", "ok", f"'{space.name}' allows it", reference=REMOTE_SETUP)
    if not asked_for:
        why = f"'{space.name}' does not allow it, and neither does the file"
        return Finding("remote-access", "error", why, "write remote_access = true under [studio]", REMOTE_SETUP)
    why = f"'{space.name}' does not allow it yet"
    return Finding("remote-access", "warning", why, f"studioctl connect {space.name}{flag}", REMOTE_SETUP)


def running(space: Space, app: App | None, *, flag: str = "") -> Finding:
    """Whether there is something to connect to. `flag` tells `connect` which editor."""
    if app is not None and app.status == "InService":
        return Finding("app", "ok", f"{title(space.editor_type)} runs in '{space.name}'")
    status = app.status if app is not None and app.status not in {"Deleted", "Failed"} else "stopped"
    message = f"{title(space.editor_type)} in '{space.name}' is {status}"
    return Finding("app", "warning", message, f"studioctl connect {space.name}{flag}")
