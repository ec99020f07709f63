"""The root: commands, global flags, and the one place where errors become messages and exit codes."""

import functools
import inspect
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import typer

from studio_emulator.errors import EmulatorError
from studioctl.cli import (
    audit,
    backup,
    ci,
    connect,
    cost,
    docs,
    doctor,
    down,
    editor,
    emulator,
    explain,
    homes,
    iam,
    image,
    init,
    limits,
    logs,
    outputs,
    plan,
    quotas,
    report,
    restart,
    schema,
    secret,
    ssh,
    ssh_proxy,
    start,
    state,
    status,
    stop,
    synth,
    tune,
    ui,
    up,
    user,
    validate,
    version,
    why,
)
from studioctl.cli.group import Group, MisplacedOptionError
from studioctl.cli.hints import own, with_flags
from studioctl.cli.list import list_
from studioctl.cli.open import open_
from studioctl.cli.rehearsal import told
from studioctl.cli.streams import accept_every_character
from studioctl.cli.tree import lazily
from studioctl.cli.usage import in_words
from studioctl.disk import REASONS, REMEDIES
from studioctl.errors import (
    REHEARSE,
    WRITE_ONE,
    AbsentError,
    DeclinedError,
    ExitCode,
    InterruptedByUserError,
    StudioctlError,
)

FILE = "File"
ENVIRONMENT = "Environment"
DAILY = "Every day"
LOOK = "Look"
KEEP = "Secrets, images and copies"
MORE = "More"
PANELS = (FILE, ENVIRONMENT, DAILY, LOOK, KEEP, MORE)
DEBUG = "STUDIOCTL_DEBUG"
GOES_ON = "   (continues from here)"


class Root(Group):
    """Lists the commands panel by panel, and lets Ctrl-C come out of them; typer has other ideas of both."""

    def list_commands(self, ctx: Any) -> list[str]:
        places = {panel: place for place, panel in enumerate(PANELS)}
        panels = {name: str(getattr(command, "rich_help_panel", "")) for name, command in self.commands.items()}
        return sorted(super().list_commands(ctx), key=lambda name: places.get(panels[name], len(places)))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:  # typer would exit silently
            raise as_ours(stop) from None


app = typer.Typer(
    name="studioctl",
    cls=Root,
    help="An Amazon SageMaker Studio (Code Editor, JupyterLab) environment from one TOML file.\n\n"
    "Begin with: [bold]studioctl init[/], then [bold]studioctl up --local[/] to rehearse it on this machine "
    "with no AWS account, then [bold]studioctl up[/].",
    epilog="Exit codes: 0 done, 1 failed, 2 plan found changes or audit findings, 3 the file is wrong, 4 refused, "
    "64 wrong usage, 130 interrupted. Set STUDIOCTL_DEBUG=1 for tracebacks.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("init", rich_help_panel=FILE)(init.init)
app.command("validate", rich_help_panel=FILE)(validate.validate)
app.command("schema", rich_help_panel=FILE)(schema.schema)
app.command("synth", rich_help_panel=FILE)(synth.synth)
app.command("cost", rich_help_panel=FILE)(cost.cost)
app.command("plan", rich_help_panel=ENVIRONMENT)(plan.plan)
app.command("up", rich_help_panel=ENVIRONMENT)(up.up)
app.command("down", rich_help_panel=ENVIRONMENT)(down.down)
app.command("start", rich_help_panel=DAILY)(start.start)
app.command("stop", rich_help_panel=DAILY)(stop.stop)
app.command("restart", rich_help_panel=DAILY)(restart.restart)
app.command("open", rich_help_panel=DAILY)(open_)
app.command("connect", rich_help_panel=DAILY)(connect.connect)
app.command("ssh", rich_help_panel=DAILY, cls=ssh.WithRemoteCommand)(ssh.ssh)
app.command("backup", rich_help_panel=KEEP)(backup.backup)
app.command("status", rich_help_panel=LOOK)(status.status)
app.command("logs", rich_help_panel=LOOK)(logs.logs)
app.command("outputs", rich_help_panel=LOOK)(outputs.outputs)
app.command("doctor", rich_help_panel=LOOK)(doctor.doctor)
app.command("quotas", rich_help_panel=LOOK)(quotas.quotas)
app.command("list", rich_help_panel=LOOK)(list_)
app.command("audit", rich_help_panel=LOOK)(audit.audit)
app.command("report", rich_help_panel=LOOK)(report.report)
app.command("ui", rich_help_panel=LOOK)(ui.ui)
app.command("why", rich_help_panel=LOOK)(why.why)
app.command("explain", rich_help_panel=LOOK)(explain.explain)
app.add_typer(tune.app, name="tune", rich_help_panel=DAILY)
app.add_typer(editor.app, name="editor", rich_help_panel=FILE)
app.add_typer(user.app, name="user", rich_help_panel=FILE)
app.add_typer(homes.app, name="homes", rich_help_panel=KEEP)
app.add_typer(image.app, name="image", rich_help_panel=KEEP)
app.add_typer(limits.app, name="limits", rich_help_panel=KEEP)
app.add_typer(secret.app, name="secret", rich_help_panel=KEEP)
app.add_typer(iam.app, name="iam", rich_help_panel=MORE)
app.add_typer(ci.app, name="ci", rich_help_panel=MORE)
app.add_typer(state.app, name="state", rich_help_panel=MORE)
app.add_typer(emulator.app, name="emulator", rich_help_panel=MORE)
app.command("ssh-proxy", hidden=True)(ssh_proxy.ssh_proxy)  # for ssh, not for people
app.command("docs", rich_help_panel=MORE)(docs.docs)
app.command("version", rich_help_panel=MORE)(version.version)


@app.command("help", rich_help_panel=MORE, context_settings={"ignore_unknown_options": True})
def help_(
    context: typer.Context,
    command: list[str] | None = typer.Argument(None, help="The command.", metavar="COMMAND", show_default=False),
) -> None:
    """Show the help of a command: [bold]studioctl help state restore[/] is [bold]studioctl state restore --help[/]."""
    root: Any = context.find_root().command
    words = [word for word in command or [] if not word.startswith("-")]  # `help up --local`
    root.main([*words, "--help"], prog_name="studioctl", standalone_mode=False)


def _let_paragraphs_flow(commands: typer.Typer) -> None:
    """Lets the terminal break the lines of help; typer keeps a docstring's own breaks after the first paragraph."""
    for command in commands.registered_commands:
        paragraphs = (inspect.getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
    for group in commands.registered_groups:
        if group.typer_instance:
            _let_paragraphs_flow(group.typer_instance)


_let_paragraphs_flow(app)


def _print_version(asked: bool) -> None:
    if asked:
        import studioctl

        typer.echo(f"studioctl {studioctl.__version__}")
        raise typer.Exit


@app.callback()
def root(
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks of errors.", envvar=DEBUG),
    _version: bool = typer.Option(
        False, "--version", help="Show studioctl's version.", callback=_print_version, is_eager=True
    ),
) -> None:
    if debug:
        os.environ[DEBUG] = "1"
    else:
        os.environ.pop(DEBUG, None)


@functools.cache
def tree() -> Any:
    """The root with all commands. They are made when they are looked at."""
    return lazily(app)


def main() -> NoReturn:
    """Runs the command line and exits with one of ExitCode's numbers."""
    accept_every_character()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code. Errors are printed on stderr, once."""
    typed = arguments
    # `--debug` is understood anywhere, not only before the command.
    if "--debug" in (before_dashes := own(arguments)):
        arguments = ["--debug", *(a for a in before_dashes if a != "--debug"), *arguments[len(before_dashes) :]]
    if "down" in before_dashes:
        arguments = _completed(arguments, "--delete-data", "all")
    if "cost" in before_dashes:
        arguments = _completed(arguments, "--month", "this")
    try:
        code = int(tree()(arguments, prog_name="studioctl", standalone_mode=False) or ExitCode.OK)
        sys.stdout.flush()  # a full disk behind `> file` is told here, not by Python at exit
    except BrokenPipeError:
        _drop_output()
        return ExitCode.OK
    except DeclinedError as answer:
        from studioctl.presentation.console import Terminal

        Terminal().say(answer.message)
        return answer.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (nothing may end in a traceback unasked)
        if os.environ.get(DEBUG):
            import traceback

            traceback.print_exception(error)
        from studioctl.presentation.console import Terminal

        ours = as_ours(error, typed)
        if isinstance(error, OSError) and error.errno in REASONS:
            _drop_output()
        _say_what_to_type(ours, typed, arguments)
        Terminal().error(ours)
        return ours.exit_code
    return code


def _say_what_to_type(error: StudioctlError, typed: list[str], arguments: list[str]) -> None:
    """Makes the hint's commands such that they can be typed as they are; tells wrong values in plain words."""
    if error.exit_code == ExitCode.USAGE:
        error.message = in_words(error.message, typed)
    if isinstance(error, InterruptedByUserError) and error.hint.endswith(GOES_ON):
        # Terraform plans for `up` and for `down`: only what was typed says which of them goes on.
        error.hint = f"studioctl {shlex.join(typed)}{GOES_ON}"
    elif not isinstance(error, MisplacedOptionError):  # which has every flag
        error.hint = with_flags(error.hint, arguments)
    if REHEARSE in error.hint and not ("--ask" not in arguments and _takes("--local", arguments)):
        error.hint = error.hint.replace(REHEARSE, "")
    if error.hint == WRITE_ONE and _takes("--env", arguments):
        error.hint += with_flags("; or, for one that exists, add --env NAME: studioctl list shows them", arguments)
    if isinstance(error, AbsentError):
        told(error, typed)


def _typed(arguments: Sequence[str]) -> tuple[str, Any]:
    """The command on a command line: its words, such as "studioctl state unlock", and typer's description of it."""
    words, command = ["studioctl"], tree()
    for word in own(list(arguments)):
        if found := getattr(command, "commands", {}).get(word):
            words, command = [*words, word], found
    return " ".join(words), command


def _takes(option: str, arguments: list[str]) -> bool:
    """Whether the command that is typed has such an option."""
    return any(option in parameter.opts for parameter in _typed(arguments)[1].params)


def _drop_output() -> None:
    """Send the rest of stdout nowhere, because nobody reads it: Python would complain of it once more at exit."""
    with suppress(OSError, ValueError):  # it may have no file behind it
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _completed(arguments: list[str], option: str, value: str) -> list[str]:
    """The arguments, in which an option that may stand alone has its value."""
    followed = zip(arguments, [*arguments[1:], "-"], strict=True)
    return [f"{word}={value}" if word == option and after.startswith("-") else word for word, after in followed]


def as_ours(error: BaseException, typed: Sequence[str] = ()) -> StudioctlError:
    """Return any error as one with a message and a next step."""
    match error:
        case StudioctlError():
            return error
        case EmulatorError():
            from studioctl.operations import emulation

            return emulation.as_ours(error)
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context else _typed(typed)[0]
            message = error.format_message()
            for word in (each for each in typed if not each.isprintable()):
                message = message.replace(repr(word), f"'{word}'")  # accents of another locale, as they were typed
            return StudioctlError(message, hint=f"{command} --help", exit_code=ExitCode.USAGE)
        case typer.Abort() | KeyboardInterrupt():
            return InterruptedByUserError("Stopped.", hint="run the same command again to go on")
        case OSError():
            return _refused_by_the_system(error)
        case _:
            hint = "run it again with --debug, and report what it shows as an issue of studioctl"
            return StudioctlError(f"studioctl has a bug: {type(error).__name__}: {error}", hint=hint)


def _refused_by_the_system(error: OSError) -> StudioctlError:
    number = error.errno or 0
    if number in REASONS:
        place = f", so '{error.filename}' could not be written" if error.filename else ""
        hint = f"{REMEDIES[number]}, then run the same command again: it continues from here"
        return StudioctlError(f"{REASONS[number]}{place}.", hint=hint)
    place = f"{error.filename}: " if error.filename else ""
    hint = "check the path and its permissions, then run the same command again"
    return StudioctlError(f"{place}{error.strerror or error}", hint=hint)
