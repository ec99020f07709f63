"""The ssh settings of a space: the same for a host in ssh's configuration and for one call of ssh."""

import os
import pwd
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from studioctl import homes
from studioctl.errors import StudioctlError
from studioctl.target import Target

USER = "sagemaker-user"  # without it an editor looks for its server in / and fails: aws/aws-toolkit-vscode#8096
CONFIG = "STUDIOCTL_SSH_CONFIG"


@dataclass(frozen=True)
class Host:
    """A space as ssh's host.

    Args:
        alias: The name that people type. Lower case, because editors lower it: microsoft/vscode-remote-release#9289.
        arn: The space's ARN.
        profile: The AWS profile that opens its sessions; None for AWS's own order.
        local: On the emulator.
    """

    alias: str
    arn: str
    profile: str | None = None
    local: bool = False

    @classmethod
    def of(cls, space: str, arn: str, environment: str, target: Target) -> "Host":
        """The host of a space of an environment."""
        profile = None if target.is_local else target.profile or os.environ.get("AWS_PROFILE")
        return cls(alias_of(space, environment, local=target.is_local), arn, profile, target.is_local)

    @property
    def known_hosts(self) -> Path:
        """The file in which ssh keeps the space's key. It is separate, because a new machine may have a new key."""
        return homes.state() / "known_hosts" / self.alias

    def settings(self) -> tuple[tuple[str, str], ...]:
        """Keywords and values, as ssh_config(5) reads them."""
        return (
            ("User", USER),
            ("ProxyCommand", _proxy_command([*studioctl(), "ssh-proxy", self.arn, *self._flags()])),
            ("UserKnownHostsFile", _path(self.known_hosts)),
            ("StrictHostKeyChecking", "accept-new"),
            ("ForwardAgent", "no"),  # whoever is root in the space could use the keys
            ("ServerAliveInterval", "15"),
            ("ServerAliveCountMax", "4"),
            ("ConnectTimeout", "120"),
        )

    def options(self) -> list[str]:
        """The settings as arguments of ssh: they come before every configuration file."""
        return [word for keyword, value in self.settings() for word in ("-o", f"{keyword}={value}")]

    def forget_key_before(self, started: datetime) -> None:
        """Forgets the key that was seen before this moment, when another machine answered.

        Who answers is AWS's business: a session leads to this space and to nothing else.
        """
        if self.known_hosts.exists() and self.known_hosts.stat().st_mtime < started.timestamp():
            self.known_hosts.unlink(missing_ok=True)
        self.known_hosts.parent.mkdir(parents=True, exist_ok=True)

    def _flags(self) -> Sequence[str]:
        if self.local:
            return ("--local",)
        return ("--profile", self.profile) if self.profile else ()


def alias_of(space: str, environment: str, *, local: bool) -> str:
    """The host's name: "ada-editor.acme-ml", and with ".local" on the emulator, so that neither replaces the other."""
    return f"{space}.{environment}{'.local' if local else ''}".lower()


def is_rehearsal(alias: str) -> bool:
    """Whether it was written for the emulator: neither a space's name nor an environment's has a dot in it."""
    return alias.count(".") == 2


def studioctl() -> list[str]:
    """The absolute command that runs this studioctl again, also from where nothing is on PATH."""
    script = Path(sys.executable).with_name("studioctl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "studioctl"]


def config_path() -> Path:
    """The user's ssh configuration: `STUDIOCTL_SSH_CONFIG`, or ~/.ssh/config."""
    named = os.environ.get(CONFIG)
    return Path(named).expanduser().absolute() if named else homes.required(homes.person()) / ".ssh" / "config"


def config_flag() -> list[str]:
    """Return the flags that make ssh read that file; empty if ssh reads it by default.

    ssh takes the home directory from the user database, not from HOME.
    """
    own = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"
    path = config_path()
    return [] if path == own else ["-F", str(path)]


def _proxy_command(words: Sequence[str]) -> str:
    """A command for the user's shell, in which ssh expands what begins with a per cent sign."""
    return _on_one_line(shlex.join(words)).replace("%", "%%")


def _path(path: Path) -> str:
    text = _on_one_line(str(path))
    if "${" in text:  # ssh expands it as a variable, and nothing quotes it
        raise StudioctlError(
            f"ssh cannot read a path with '${{' in it: {text}", hint="set XDG_STATE_HOME to another one"
        )
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{quoted}"'


def _on_one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise StudioctlError(f"ssh cannot read a name with a line break: {text!r}", hint="choose another name or place")
    return text
