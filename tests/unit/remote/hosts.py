"""Hosts for tests, and what the real ssh makes of a configuration."""

import subprocess
from pathlib import Path

from studioctl.remote.host import Host
from studioctl.target import Target

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def host_of(space: str, *, domain: str = "d-abc", profile: str | None = None, environment: str = "acme-ml") -> Host:
    """The host of a space on AWS."""
    return Host.of(space, f"{ACCOUNT}:space/{domain}/{space}", environment, Target("us-east-1", profile))


def understood(path: Path, alias: str) -> dict[str, str]:
    """The settings by which the real ssh would reach a host."""
    done = subprocess.run(["ssh", "-F", path, "-G", alias], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
