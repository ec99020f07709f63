"""More control over a running emulator: clock, kills, a policy for its administrator. Light, as `server` is."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from studio_emulator import server
from studio_emulator.server import RunningEmulator


def clock(emulator: RunningEmulator, change: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The time of the emulator's clock, after this change, see `clock_setting.change`.

    Raises:
        EmulatorError: it does not answer, or the change is none.
    """
    method, seconds = ("GET", 60.0) if change is None else ("POST", 24 * 3600.0)  # as long as it takes what falls due
    return server.own(emulator, method, "clock", change, hint="studioctl emulator clock --help", seconds=seconds)


def calls(emulator: RunningEmulator) -> Counter[str]:
    """Return the number of calls so far of each action, such as "sagemaker ListApps".

    Raises:
        EmulatorError: it does not answer.
    """
    return Counter(server.own(emulator, "GET", "calls"))


def kill_functions(emulator: RunningEmulator, after_calls: int) -> None:
    """Let the processes of functions that run be killed at this many calls of AWS from now.

    Raises:
        EmulatorError: it does not answer.
    """
    server.own(emulator, "POST", "functions", {"kill_after_calls": after_calls})


def hold(emulator: RunningEmulator, policy: str) -> None:
    """Limit the administrator's key to what this policy allows; an empty one lifts the limit.

    Raises:
        EmulatorError: It is no policy.
    """
    server.own(emulator, "PUT", "administrator", {"policy": policy}, hint="studioctl iam deployer   (prints one)")


def refusals(emulator: RunningEmulator) -> list[str]:
    """The refusals by the policy of `hold` since then, as AWS puts them."""
    return [str(said) for said in server.own(emulator, "GET", "administrator")]
