"""The one error of this package."""


class SandboxError(Exception):
    """Something cannot be rehearsed, and a person can do something about it.

    Args:
        message: What happened and why, names quoted.
        hint: What to do next, best one full command.
        usage: Whether what was asked for does not exist.
    """

    def __init__(self, message: str, *, hint: str, usage: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.usage = usage
