"""Refusing to take roles, bucket and network away from jobs that run: before anything goes."""

from collections.abc import Iterable

from studioctl.aws import jobs
from studioctl.errors import RefusedError
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.environment import Environment


def refuse_running(environment: Environment, command: str) -> tuple[str, ...]:
    """Goes on where no job and no endpoint of the environment runs.

    Returns:
        What could not be looked at, and why.

    Raises:
        RefusedError: It names each, and how it ends. Nothing was changed.
    """
    name = environment.config.name
    found, unseen = jobs.running(
        environment.session, Naming.of(environment.config).job_prefix(), (ENVIRONMENT_TAG, name)
    )
    if found:
        raise RefusedError(
            f"These run in '{name}', and what they need would go:\n"
            + "\n".join(f"  {each}" for each in found)
            + "\nNothing was changed.",
            hint=f"{'; '.join(_endings(found, environment.target.aws_flags))}; then: {command}",
        )
    return unseen


def _endings(found: Iterable[jobs.Running], aws_flags: str) -> list[str]:
    """The command for each study, and for each that belongs to none."""
    commands = (
        f"studioctl tune stop --study {each.study}" if each.study else f"aws sagemaker {each.ending}{aws_flags}"
        for each in found
    )
    return list(dict.fromkeys(commands))
