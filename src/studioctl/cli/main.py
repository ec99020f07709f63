"""The root: commands, global flags, and the one place where errors become messages and exit codes."""

import os
import sys
from typing import NoReturn

import typer

from studioctl.cli import (
    down,
    emulator,
    init,
    outputs,
    plan,
    schema,
    status,
    synth,
    up,
    validate,
    version,
)
from studioctl.errors import ExitCode, InterruptedByUserError, StudioctlError

ENVIRONMENT = "Environment"
LOOK = "Look"
FILE = "File"
MORE = "More"

app = typer.Typer(
    name="studioctl",
    help="An Amazon SageMaker Studio (Code Editor) environment from one TOML file.\n\n"
    "Begin with: [bold]studioctl init[/], then [bold]studioctl up --local[/] to rehearse it on this machine "
    "with no AWS account, then [bold]studioctl up[/].",
    epilog="Exit codes: 0 done, 1 failed, 2 plan found changes, 3 the file is wrong, 4 refused, 64 wrong usage, "
    "130 interrupted. Set STUDIOCTL_DEBUG=1 for tracebacks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("init", rich_help_panel=FILE)(init.init)
app.command("validate", rich_help_panel=FILE)(validate.validate)
app.command("schema", rich_help_panel=FILE)(schema.schema)
app.command("synth", rich_help_panel=FILE)(synth.synth)
app.command("plan", rich_help_panel=ENVIRONMENT)(plan.plan)
app.command("up", rich_help_panel=ENVIRONMENT)(up.up)
app.command("down", rich_help_panel=ENVIRONMENT)(down.down)
app.command("status", rich_help_panel=LOOK)(status.status)
app.command("outputs", rich_help_panel=LOOK)(outputs.outputs)
app.add_typer(emulator.app, name="emulator", rich_help_panel=MORE)
app.command("version", rich_help_panel=MORE)(version.version)


@app.callback()
def root(
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks of errors.", envvar="STUDIOCTL_DEBUG"),
) -> None:
    if debug:
        os.environ["STUDIOCTL_DEBUG"] = "1"


def main() -> NoReturn:
    """Runs the command line and exits with one of ExitCode's numbers."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code. Errors are printed on stderr, once."""
    # `--debug` is understood anywhere, not only before the command.
    if "--debug" in arguments:
        arguments = ["--debug", *(a for a in arguments if a != "--debug")]
    try:
        return int(app(arguments, prog_name="studioctl", standalone_mode=False) or ExitCode.OK)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except StudioctlError as error:
        return _report(error)
    except (typer.Abort, KeyboardInterrupt):
        return _report(InterruptedByUserError("Stopped.", hint="run the same command again to go on"))
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (or Python complains again at exit)
        return ExitCode.OK
    except Exception as error:  # a bug of ours; its traceback is only for a person who asks
        if os.environ.get("STUDIOCTL_DEBUG"):
            raise
        hint = "run it again with --debug, and report what it shows as an issue of studioctl"
        return _report(StudioctlError(f"studioctl has a bug: {type(error).__name__}: {error}", hint=hint))


def _report(error: StudioctlError) -> int:
    if os.environ.get("STUDIOCTL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    from studioctl.presentation.console import Terminal

    Terminal().error(error)
    return error.exit_code


def _wrong_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "studioctl"
    hint = f"{command} --help"
    return _report(StudioctlError(error.format_message(), hint=hint, exit_code=ExitCode.USAGE))
