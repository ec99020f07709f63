"""`python -m studio_emulator`: the emulator for any AWS client."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from studio_emulator import faults, server
from studio_emulator.errors import EmulatorError
from studio_emulator.settings import EmulatorSettings

EXAMPLE = """\
example:
  python -m studio_emulator start
  eval "$(python -m studio_emulator env)"
  aws sagemaker list-domains
  python -m studio_emulator stop
"""
WRONG = 64  # sysexits' EX_USAGE


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code: 0 done, 1 failed, 64 wrong usage."""
    given = parser().parse_args(arguments)
    commands: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "start": _start,
        "stop": _stop,
        "status": _status,
        "env": _env,
        "inventory": _inventory,
        "faults": _faults,
    }
    try:
        return commands[given.command](given)
    except EmulatorError as error:
        print(f"Error: {error.message}\nNext:  {error.hint}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = _Parser(
        prog="python -m studio_emulator",
        description="Amazon SageMaker Studio, and what AWS puts around it, on 127.0.0.1.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser("start", help="start it in the background, if it is not running")
    start.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    start.add_argument(
        "--settings",
        type=_settings,
        default=EmulatorSettings(),
        metavar="JSON",
        help='how it behaves, such as {"transition_seconds": 5}; the keys are the fields of'
        " studio_emulator.settings.EmulatorSettings",
    )
    commands.add_parser("stop", help="stop it; everything in it is gone")
    commands.add_parser("status", help="say whether it is running, as JSON; exits with 1 when it is not")
    env = commands.add_parser("env", help="print the variables that point AWS clients at it, for a shell's eval")
    env.add_argument("--region", default="us-east-1", help="the clients' region")
    env.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser("inventory", help="print everything that exists in it, as JSON")
    wrong = commands.add_parser("faults", help="print what is made to go wrong, or replace it by a file's content")
    wrong.add_argument("file", nargs="?", type=Path, help="TOML, or JSON when its name ends so; an empty file clears")
    return top


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG, f"Error: {message}\nNext:  {self.prog} --help\n")


def _settings(text: str) -> EmulatorSettings:
    try:
        return EmulatorSettings.from_json(text)
    except (TypeError, ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _start(given: argparse.Namespace) -> int:
    running = server.start(port=given.port, settings=given.settings)
    print(f"running at {running.endpoint_url}, process {running.pid}, log {running.log_path}")
    return 0


def _stop(_: argparse.Namespace) -> int:
    print("stopped" if server.stop() else "it was not running")
    return 0


def _status(_: argparse.Namespace) -> int:
    running = server.find()
    print(json.dumps({"running": running is not None, "endpoint_url": running.endpoint_url if running else None}))
    return 0 if running else 1


def _env(given: argparse.Namespace) -> int:
    variables = server.environment(server.start(), given.region)
    lines = (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    print(json.dumps(variables, indent=2) if given.json else "\n".join(lines))
    return 0


def _inventory(_: argparse.Namespace) -> int:
    print(json.dumps(server.inventory(server.start()), indent=2))
    return 0


def _faults(given: argparse.Namespace) -> int:
    running = server.start()
    if given.file is None:
        print(json.dumps(server.faults(running), indent=2))
        return 0
    hint = "the keys of [[faults]] are the fields of studio_emulator.faults.Fault"
    if not given.file.is_file():
        raise EmulatorError(f"{given.file} is not a file.", hint=hint)
    try:
        wanted = faults.loads(given.file.read_text(), is_json=given.file.suffix == ".json")
    except (OSError, TypeError, ValueError) as error:
        raise EmulatorError(f"{given.file} holds no faults: {error}", hint=hint) from None
    server.set_faults(running, wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
