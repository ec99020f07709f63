"""Running the system's ssh, and asking it what it makes of a configuration."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import NoReturn

from studioctl import programs
from studioctl.errors import StudioctlError
from studioctl.programs import Program
from studioctl.remote.host import Host, config_flag, config_path

INSTALL = "install OpenSSH's client, for instance: apt-get install openssh-client"


def find(environ: Mapping[str, str]) -> Program | None:
    """The system's ssh."""
    return programs.find("ssh", environ, asked=("-V",))


def remote_command(words: Sequence[str]) -> list[str]:
    """One word is a line for the shell over there; several are a command whose arguments arrive as they are."""
    return list(words) if len(words) == 1 else [shlex.join(words)] if words else []


def become(host: Host, words: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Turns this process into ssh, so that its exit code and its terminal are ours.

    Raises:
        StudioctlError: There is no ssh.
    """
    program = find(environ)
    if program is None:
        raise StudioctlError("ssh was not found on PATH.", hint=INSTALL)
    flag = config_flag() if config_path().exists() else []
    arguments = ["ssh", *flag, *host.options(), host.alias, *remote_command(words)]
    os.execve(program.path, arguments, dict(environ))  # noqa: S606 - no shell is wanted


def disagreement(program: Program, host: Host, environ: Mapping[str, str]) -> str | None:
    """The reason why ssh does not take the host as written: its own words, or the setting from somebody else's line.

    None when all is well.
    """
    done = subprocess.run(
        [program.path, *config_flag(), "-G", host.alias],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    if done.returncode:
        return done.stderr.strip()
    shown = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    for keyword, value in host.settings()[:2]:
        if (found := shown.get(keyword.lower(), "nothing")) != value:
            return f"for '{host.alias}' it takes {keyword} {found}"
    return None
