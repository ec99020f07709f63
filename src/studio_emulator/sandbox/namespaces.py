"""Explain why a machine does not allow namespaces, and what to do about it."""

import shutil
import sys
from pathlib import Path

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox.programs import PLACES

WHAT = "A lifecycle script is rehearsed only in separate namespaces, where it cannot change this machine"
ANYWHERE = "without it everything else works: studioctl editor script prints the script, and SageMaker runs it"
SYSCTL = Path("/proc/sys")


def require() -> None:
    """Raises SandboxError where it is known beforehand that nothing can be run."""
    if sys.platform != "linux":
        raise SandboxError(
            f"{WHAT}, and only Linux has namespaces.",
            hint="run the same command in a Linux virtual machine (for example lima or multipass), or on any Linux"
            f" machine; {ANYWHERE}",
        )
    if shutil.which("bwrap", path=":".join(PLACES)) is None:
        raise SandboxError(
            f"{WHAT}. They are made by bubblewrap, and there is no program 'bwrap'.",
            hint="install the package bubblewrap (Debian, Ubuntu: sudo apt-get install bubblewrap)",
        )


def diagnose(said: str) -> SandboxError:
    """The error for a run that could not begin.

    Args:
        said: The last words of what was to begin it.
    """
    words = said.strip().splitlines()[-1:] or ["it said nothing"]
    cause, remedy = _cause()
    return SandboxError(f"{WHAT}, and they cannot be had here: {words[0]}.{cause}", hint=remedy)


def _cause() -> tuple[str, str]:
    if _number("kernel/apparmor_restrict_unprivileged_userns") == 1:
        return (
            " AppArmor keeps programs from making user namespaces, as in Ubuntu since 23.10.",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run it in a virtual machine",
        )
    if _number("kernel/unprivileged_userns_clone") == 0:
        return (" The kernel lets only root make user namespaces.", "sudo sysctl -w kernel.unprivileged_userns_clone=1")
    if _number("user/max_user_namespaces") == 0:
        return (" The kernel allows no user namespaces.", "sudo sysctl -w user.max_user_namespaces=10000")
    if _in_container():
        return (
            " This is a container, and its engine forbids namespaces within.",
            (
                "run it outside the container, or start that with: docker run --security-opt seccomp=unconfined"
                " --security-opt apparmor=unconfined --security-opt systempaths=unconfined ..."
            ),
        )
    return ("", f"run the same command on another Linux machine; {ANYWHERE}")


def _in_container() -> bool:
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return True
    status = Path("/proc/self/status").read_text()
    return any(line.split() == ["Seccomp:", "2"] for line in status.splitlines())


def _number(name: str) -> int | None:
    try:
        return int((SYSCTL / name).read_text())
    except (OSError, ValueError):
        return None
