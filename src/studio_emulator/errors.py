"""The errors of this package: each says what happened, and what a person can do about it."""

import shlex
import sys


class EmulatorError(Exception):
    """The emulator cannot be started, found, asked or stopped.

    Args:
        message: What happened and why, names quoted.
        hint: What to do next, best one full command.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PackageMissingError(EmulatorError):
    """Moto, or a package that it needs, is not installed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=f"{shlex.quote(sys.executable)} -m pip install 'studioctl[local]'")


class SandboxError(EmulatorError):
    """A script cannot be rehearsed.

    Args:
        message: As above.
        hint: As above.
        usage: Whether what was asked for does not exist.
    """

    def __init__(self, message: str, *, hint: str, usage: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.usage = usage
