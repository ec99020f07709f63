"""Where the commands act: an AWS account, or the emulator on this machine. Imports nothing of ours."""

from dataclasses import dataclass

# Nothing that looks like a real key: whoever sees it in a log knows that it opens nothing.
EMULATOR_KEY = "studioctl-emulator"


@dataclass(frozen=True)
class Target:
    """An account and region.

    Args:
        region: AWS region, such as "us-east-1".
        profile: Name of a profile in the user's AWS configuration; None takes AWS's own order.
        endpoint_url: The emulator's address, always on loopback; None for real AWS.
    """

    region: str
    profile: str | None = None
    endpoint_url: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether this is the emulator."""
        return self.endpoint_url is not None

    @property
    def name(self) -> str:
        """The word that stands for it in paths and messages: "aws" or "local"."""
        return "local" if self.is_local else "aws"
