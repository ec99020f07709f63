"""The emulator as the place where commands act."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from studio_emulator import controls, faults, server
from studio_emulator.errors import EmulatorError as EmulatorsError
from studio_emulator.errors import PackageMissingError, SandboxError
from studio_emulator.server import RunningEmulator
from studioctl.errors import EmulatorError, ExitCode
from studioctl.extras import installing
from studioctl.target import LocalEndpoint, Target


def begin(region: str) -> tuple[Target, str]:
    """A region of the emulator, which is started if it does not run, and the random id of its start.

    Raises:
        EmulatorError: It cannot be started.
    """
    try:
        emulator = server.start()
        return target(emulator, region), emulator.instance_id
    except EmulatorsError as error:
        raise as_ours(error) from error


def found(region: str) -> Target:
    """A region of the emulator that runs.

    Raises:
        EmulatorError: None does.
    """
    try:
        running = server.find()
    except EmulatorsError as error:
        raise as_ours(error) from error
    if running is None:
        raise EmulatorError(
            "The emulator has ended, and everything in it is gone.",
            hint="studioctl emulator start   (then make the environment again)",
        )
    return target(running, region)


def target(emulator: RunningEmulator, region: str) -> Target:
    """A region of a running emulator, as its administrator."""
    return Target(region, local=LocalEndpoint(emulator.endpoint_url, *emulator.key))


def as_ours(error: EmulatorsError) -> EmulatorError:
    """The same error as one of this package."""
    is_extra = isinstance(error, PackageMissingError)
    is_usage = isinstance(error, SandboxError) and error.usage
    return EmulatorError(
        error.message,
        hint=installing("studioctl[local]") if is_extra else error.hint,
        exit_code=ExitCode.USAGE if is_usage else None,
    )


def now(target: Target) -> datetime:
    """The time: the machine's, or that of the emulator's clock."""
    running = server.find() if target.is_local else None
    return datetime.fromisoformat(controls.clock(running)["now"]) if running else datetime.now(UTC)


def kinds() -> tuple[str, ...]:
    """The ways in which AWS can be made to fail."""
    return tuple(faults.Kind)


def wrong() -> Mapping[str, Any]:
    """The faults that are set, see `studio_emulator.server.faults`."""
    return _asked(server.faults)


def go_wrong(kind: str, *, action: str = "", code: str = "", times: int | None = None) -> None:
    """Sets a fault beside those that are.

    Args:
        kind: One of `kinds`.
        action: AWS's operation, which may end with `*`; empty for all.
        code: AWS's error code; for the kind "error", which needs one.
        times: The number of times; None for always.

    Raises:
        EmulatorError: There is no such fault.
    """
    wanted = {"kind": kind, "action": action, "times": times} | ({"code": code} if code else {})
    _asked(lambda running: server.add_faults(running, {"faults": [wanted]}))


def go_well() -> None:
    """Clears every fault."""
    _asked(lambda running: server.set_faults(running, {}))


def inventory() -> Mapping[str, Any]:
    """Everything that exists in the emulator, see `studio_emulator.inventory.take_inventory`."""
    return _asked(server.inventory)


def _asked(ask: Callable[[RunningEmulator], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return ask(server.start())
    except EmulatorsError as error:
        raise as_ours(error) from error
