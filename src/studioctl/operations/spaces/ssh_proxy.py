"""Carrying ssh to a space. ssh waits for it at every connection, so it loads as little as it can."""

from collections.abc import Mapping
from typing import NoReturn

from studioctl.aws.remote import SpaceArn, start_session
from studioctl.errors import ExitCode, StudioctlError
from studioctl.remote import plugin
from studioctl.target import Target


def carry(target: Target, arn: str, environ: Mapping[str, str]) -> NoReturn:
    """Opens a session and becomes the plugin that carries it: what ssh starts as its ProxyCommand.

    Raises:
        StudioctlError: There is no fit plugin, or AWS refused.
    """
    program = plugin.require(environ)
    session = start_session(target, arn)
    plugin.become(program, session.response(), target, environ)


def parse_arn(text: str) -> SpaceArn:
    """Raises StudioctlError for what is not the ARN of a space."""
    found = SpaceArn.parse(text)
    if found is None:
        raise StudioctlError(
            f"'{text}' is not the ARN of a space: arn:aws:sagemaker:<region>:<account>:space/<domain>/<space>",
            hint="studioctl outputs shows the spaces' ARNs",
            exit_code=ExitCode.USAGE,
        )
    return found
