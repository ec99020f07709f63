"""Whether a space lets remote sessions in. AWS keeps that with the space, and Terraform does not know of it."""

import re

from studio_emulator.facts import TOO_SMALL_FOR_REMOTE_ACCESS as TOO_SMALL
from studioctl.aws.values import ResourceSpec, Space, SpaceDetails
from studioctl.aws.wait import until
from studioctl.errors import AwsError
from studioctl.events import Noted, Work
from studioctl.operations.environment import Account

TIMEOUT = 600.0  # seconds
# The words: aws/aws-toolkit-vscode, sagemaker/constants.ts.
_REFUSED = re.compile(r"not supported for remote\s+access enabled spaces")


def change(account: Account, space: Space, *, allowed: bool) -> Work[None]:
    """Allows remote sessions or not, and waits until AWS has done so. What runs keeps what it started with.

    Raises:
        AwsError: AWS refused.
    """
    action = "allow" if allowed else "turn off"

    def is_settled() -> bool:
        now = account.studio.space(space.domain_id, space.name)
        if now is None or now.status in {"Failed", "Update_Failed", "Deleting"}:
            why = now.failure or f"it is {now.status}" if now else "it is gone"
            raise AwsError(
                f"AWS did not {action} remote access to '{space.name}': {why}", hint="run the same command again"
            )
        return now.status == "InService"

    account.studio.update_space(space, remote_access=allowed)
    yield from until(is_settled, subject="remote access", action=action, timeout=TIMEOUT)


def turn_off_where_too_small(account: Account, space: SpaceDetails, spec: ResourceSpec) -> Work[bool]:
    """Makes a stopped space fit for a type that is too small for remote access; whether it had to.

    The space allows it since somebody connected to it on a larger type.
    """
    instance_type = spec.instance_type or default_instance_type(account, space)
    if not space.remote_access or instance_type not in TOO_SMALL:
        return False
    yield from turn_off(account, space, instance_type)
    return True


def turn_off(account: Account, space: SpaceDetails, instance_type: str | None) -> Work[None]:
    """Turns it off, and says why and how it comes back."""
    larger = TOO_SMALL.get(instance_type or "")
    yield Noted(
        f"{instance_type or 'Its instance type'} is too small for remote access, so it is turned off for"
        f" '{space.name}'; `connect` turns it on again{f' with --instance-type {larger}' if larger else ''}"
    )
    yield from change(account, space, allowed=False)


def is_refused(error: AwsError) -> bool:
    """Whether AWS refused a start because the type is too small for remote access."""
    return _REFUSED.search(error.message) is not None


def default_instance_type(account: Account, space: SpaceDetails) -> str | None:
    """Return the instance type of a space that names none; None if the domain or AWS chooses it."""
    return (
        account.studio.editor_defaults(space.domain_id, space.owner, space.editor_type).spec.instance_type
        if space.owner
        else None
    )
