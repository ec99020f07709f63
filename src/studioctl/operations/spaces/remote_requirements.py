"""AWS's requirements of a space for remote access by a local editor."""

from studio_emulator.facts import DEFAULT_INSTANCE_TYPE, REMOTE_ACCESS_GB
from studio_emulator.facts import TOO_SMALL_FOR_REMOTE_ACCESS as TOO_SMALL
from studioctl.aws.values import DISTRIBUTION, App, ResourceSpec, Space, SpaceDetails
from studioctl.catalog.images import FOR_REMOTE_ACCESS, is_too_old_for_remote_access, newest
from studioctl.config.apps import title
from studioctl.findings import Finding, Key, Rule, Severity
from studioctl.remote.machine import REFERENCE

ACCESS = Rule(
    "remote-access",
    Severity.ERROR,
    "The space does not allow remote access",
    "AWS lets no local editor in.",
    "{remedy}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html",
)
INSTANCE = Rule(
    "instance-type",
    Severity.ERROR,
    "The instance has too little memory",
    "The editor in the browser works on it.",
    "{remedy}",
    REFERENCE,
)
IMAGE = Rule(
    "image",
    Severity.ERROR,
    "The image is too old, or not known",
    "Older images lack what remote sessions need.",
    "{remedy}",
    REFERENCE,
)
APP = Rule(
    "app",
    Severity.WARNING,
    "The editor does not run",
    "There is nothing to connect to until it runs.",
    "{remedy}",
    REFERENCE,
)
SESSION = Rule(
    "session",
    Severity.ERROR,
    "AWS opens no session",
    "The connection goes through one, and AWS alone knows whether the space is registered for it.",
    "{remedy}",
    REFERENCE,
)


def large_enough(instance_type: str | None) -> str | None:
    """The type that has the memory where this one has not; None where it has."""
    return TOO_SMALL.get(instance_type or DEFAULT_INSTANCE_TYPE)


def spec_of(space: SpaceDetails, app: App | None) -> ResourceSpec:
    """Return the instance type and image that the space runs on, or will run on when it starts."""
    return app.spec if app is not None and app.is_running else space.spec


def instance(space: str, instance_type: str | None, *, flag: str = "", at: Key = ()) -> Finding:
    """Whether the instance has the memory. `flag` tells `connect` which editor; `at` is where the file decides it."""
    chosen = instance_type or DEFAULT_INSTANCE_TYPE
    if chosen not in TOO_SMALL:
        return INSTANCE.ok(chosen)
    return INSTANCE.broken(
        f"{chosen} has less than {REMOTE_ACCESS_GB} GB of memory, and AWS refuses remote access on it",
        at=at,
        remedy=f"studioctl connect {space}{flag} --instance-type {TOO_SMALL[chosen]}",
    )


def image(spec: ResourceSpec, *, space: str = "", pinned: Key = ()) -> Finding:
    """Whether the image is new enough, as far as what AWS shows of it tells.

    Args:
        spec: The present or default instance type and image of the space.
        space: Its name.
        pinned: The location of the version in the file; then the next `up` puts back what was chosen in Studio.
    """
    wanted = ".".join(map(str, FOR_REMOTE_ACCESS))
    remedy = f"choose image {wanted} or newer for the space in Studio, then start it again"
    if not spec.is_distribution:
        why = (
            f"AWS does not tell what is in '{spec.image}'; it must be, or be built on, {DISTRIBUTION} {wanted} or newer"
        )
        return IMAGE.broken(why, severity=Severity.WARNING, remedy=f"if it connects, nothing; else {remedy}")
    if spec.image_alias is None:
        return IMAGE.ok(f"{spec.image or DISTRIBUTION}, the newest version")
    if is_too_old(spec):
        return IMAGE.broken(
            f"{spec.image}: AWS wants {wanted} or newer", at=pinned, remedy=in_file(space) if pinned else remedy
        )
    return IMAGE.ok(str(spec.image))


def is_too_old(spec: ResourceSpec) -> bool:
    """Whether it is known to be a version of SageMaker Distribution that lets no remote session in."""
    if not spec.is_distribution or spec.image_alias is None:
        return False
    return is_too_old_for_remote_access(spec.image_alias)


def in_file(space: str, flags: str = "") -> str:
    """The remedy for a space whose version the file pins."""
    return f'write image = "{newest()}" there, then: studioctl up{flags} && studioctl restart {space}{flags}'


def remote_access(space: SpaceDetails, *, asked_for: bool, flag: str = "") -> Finding:
    """Whether the space lets remote sessions in, and whether it shall. `flag` tells `connect` which editor."""
    if space.remote_access:
        return ACCESS.ok(f"'{space.name}' allows it")
    if not asked_for:
        why = f"'{space.name}' does not allow it, and neither does the file"
        at = ("studio", "remote_access")
        return ACCESS.broken(why, at=at, remedy="write remote_access = true under [studio]")
    why = f"'{space.name}' does not allow it yet"
    return ACCESS.broken(why, severity=Severity.WARNING, remedy=f"studioctl connect {space.name}{flag}")


def running(space: Space, app: App | None, *, flag: str = "") -> Finding:
    """Whether there is something to connect to. `flag` tells `connect` which editor."""
    if app is not None and app.status == "InService":
        return APP.ok(f"{title(space.editor_type)} runs in '{space.name}'")
    status = app.status if app is not None and app.status not in {"Deleted", "Failed"} else "stopped"
    message = f"{title(space.editor_type)} in '{space.name}' is {status}"
    return APP.broken(message, remedy=f"studioctl connect {space.name}{flag}")
