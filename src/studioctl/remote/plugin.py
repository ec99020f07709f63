"""AWS's Session Manager plugin: it opens a session's stream and pipes it to stdin and stdout.

The session's token goes to it in an environment variable, never in its arguments, which everybody on the machine can
read. Its first argument is then the variable's name; one that does not know this form takes the name for the answer
itself and fails, so no version can show the token.
"""

import os
from collections.abc import Mapping
from typing import NoReturn

from studioctl import programs
from studioctl.errors import StudioctlError
from studioctl.programs import Program
from studioctl.target import Target, no_way_out, without_credentials

NAME = "session-manager-plugin"
VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/plugin-version-history.html
HIDES_TOKENS = "1.2.536.0"
SUPPORTED = "1.2.764.0"  # AWS says that it will soon stop serving earlier ones
INSTALL = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)
# Where AWS's packages put it; an editor that was not started from a shell has a short PATH.
PLACES = ("/usr/local/sessionmanagerplugin/bin", "/usr/local/bin", "/opt/homebrew/bin")


def find(environ: Mapping[str, str]) -> Program | None:
    """The plugin, on PATH or where AWS's packages put it."""
    path = os.pathsep.join((environ.get("PATH", os.defpath), *PLACES))
    return programs.find(NAME, {**environ, "PATH": path})


def require(environ: Mapping[str, str]) -> Program:
    """The plugin, fit for use.

    Raises:
        StudioctlError: It is missing, or too old to be told a token in secret.
    """
    found = find(environ)
    if found is None:
        raise StudioctlError(f"{NAME} was not found on PATH.", hint=f"install {SUPPORTED} or newer: {INSTALL}")
    if found.is_older_than(HIDES_TOKENS):
        raise StudioctlError(
            f"{found} takes the session's token from its command line, where everybody on this machine can read it.",
            hint=f"install {SUPPORTED} or newer: {INSTALL}",
        )
    return found


def become(program: Program, response: str, target: Target, environ: Mapping[str, str]) -> NoReturn:
    """Turns this process into the plugin. What it is told is StartSession's answer, as JSON."""
    inherited = without_credentials(environ, target) | no_way_out() if target.is_local else dict(environ)
    arguments = [NAME, VARIABLE, target.region, "StartSession", target.profile or ""]
    os.execve(program.path, arguments, inherited | {VARIABLE: response})  # noqa: S606 - no shell is wanted
