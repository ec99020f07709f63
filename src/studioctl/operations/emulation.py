"""The emulator as the place where commands act."""

from datetime import UTC, datetime

from studio_emulator import server
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
    return datetime.fromisoformat(server.clock(running)["now"]) if running else datetime.now(UTC)
