"""The flags that several commands share, each described once."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import completion

Config = Annotated[
    Path, typer.Option("--config", "-c", help="Your environment's file.", envvar="STUDIOCTL_CONFIG", metavar="FILE")
]
Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        help="Name of an environment in AWS, instead of a file: found by its tag, in the region of AWS_REGION or your"
        " profile. Needs neither the file nor Terraform.",
        envvar="STUDIOCTL_ENV",
        metavar="NAME",
        show_default=False,
    ),
]
Local = Annotated[
    bool, typer.Option("--local", help="Act on the emulator on this machine instead of AWS.", envvar="STUDIOCTL_LOCAL")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print each line as a JSON object.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation, for scripts.")]
Adopt = Annotated[
    str | None,
    typer.Option(
        "--adopt",
        help="Take over the existing environment of this name, which has no record here.",
        metavar="NAME",
        show_default=False,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also show what is read and looked up.")]
PlanVerbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also show Terraform's addresses, and what is read and looked up.")
]
Refresh = Annotated[
    bool,
    typer.Option(
        "--refresh",
        help="Also ask AWS about resources that the last `up` left unchanged. See: studioctl docs fast-plans.",
    ),
]
BackendConfig = Annotated[
    list[str] | None,
    typer.Option(
        "--backend-config",
        help="Setting of the S3 state that is not in the file: KEY=VALUE, or a backend.hcl. Repeatable; remembered.",
        metavar="KEY=VALUE|FILE",
    ),
]
Space = Annotated[
    str | None,
    typer.Argument(
        help="Name of the space. If left out: the only one, or you are asked.",
        metavar="SPACE",
        show_default=False,
        autocompletion=completion.spaces,
    ),
]
InstanceType = Annotated[
    str | None,
    typer.Option(
        "--instance-type",
        help="Instance type for this run, such as ml.t3.xlarge.",
        metavar="TYPE",
        show_default=False,
        autocompletion=completion.instance_types,
    ),
]
Recovery = Annotated[
    bool,
    typer.Option(
        "--recovery", help="For repairs: with an empty home beside the volume, and without the lifecycle script."
    ),
]
WhatIfType = Annotated[
    str | None,
    typer.Option(
        "--instance-type",
        help="What if every space ran on this?",
        metavar="TYPE",
        show_default=False,
        autocompletion=completion.instance_types,
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        help="A host of this machine or its network that scripts may reach, too. Repeatable.", metavar="HOST[:PORT]"
    ),
]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until it is done, or only until AWS has accepted it.")
]

DEFAULT_CONFIG = Path("studio.toml")


def config_flag(file: Path) -> str:
    """The flag that names this file again: " --config team.toml", and nothing for the default."""
    return "" if file == DEFAULT_CONFIG else f" --config {shlex.quote(str(file))}"
