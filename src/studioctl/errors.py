"""The one error type that users see, its subclasses and their exit codes.

The code that raises it says what happened and what to do next. Only `cli/main.py` prints it and exits. This module
imports no other module of studioctl.
"""

from enum import IntEnum

# To whom has no file. `cli/main.py` adds `--env` for commands that need none.
WRITE_ONE = "write one with: studioctl init"
# Ends a hint about the real account. `cli/main.py` leaves it out of what is said of a command without `--local`.
REHEARSE = "; or add --local to act on the emulator"


class ExitCode(IntEnum):
    """The process's exit codes. They are stable, because scripts rely on these numbers."""

    OK = 0
    FAILED = 1
    CHANGES = 2  # who only looks found something: `plan` changes, `audit` findings; nothing else uses 2
    FINDINGS = 2
    CONFIG = 3
    REFUSED = 4
    USAGE = 64  # sysexits' EX_USAGE, so that a typing error is never taken for "changes"
    INTERRUPTED = 130


class StudioctlError(Exception):
    """Something went wrong that a person can do something about.

    Args:
        message: What happened and why, in one or more lines, names quoted.
        hint: What to do next, best one full command.
        exit_code: Overrides the family's own.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str, exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class ConfigError(StudioctlError):
    """The user's file, or a file it names, is wrong. Nothing was started."""

    exit_code = ExitCode.CONFIG


class RefusedError(StudioctlError):
    """We could, but will not without the user's word: data would be lost, or nobody confirmed."""

    exit_code = ExitCode.REFUSED


class DeclinedError(RefusedError):
    """The user was asked, and did not agree. That is no failure, but what was asked for was not done."""


class AbsentError(StudioctlError):
    """The environment is not where the command acts: it was not created there, or is gone.

    Args:
        message: As for every error.
        hint: As for every error.
        is_local: Whether it acted on the emulator.
    """

    def __init__(self, message: str, *, hint: str, is_local: bool) -> None:
        super().__init__(message, hint=hint)
        self.is_local = is_local


class TerraformError(StudioctlError):
    """Terraform is missing, or ran and failed."""


class NameTakenError(TerraformError):
    """AWS has something of that name already, and Terraform did not know of it."""


class AwsError(StudioctlError):
    """AWS, or the emulator in its place, refused a call."""


class EmulatorError(StudioctlError):
    """The emulator cannot be started, found or stopped."""


class InterruptedByUserError(StudioctlError):
    """Ctrl-C, after what was running has stopped cleanly."""

    exit_code = ExitCode.INTERRUPTED
