"""`studioctl explain`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from studioctl.findings import Rule
    from studioctl.operations.explain import Explanation

LONGEST = 100_000  # characters; a message that somebody copied is shorter
Words = Annotated[
    list[str] | None,
    typer.Argument(
        help="A code such as ResourceInUse or QUO001, or a message. If left out, or -: read from standard input.",
        metavar="CODE|MESSAGE",
        show_default=False,
    ),
]


def explain(words: Words = None, json: options.Json = False) -> None:
    """Explain an error of AWS, Terraform or studioctl: its meaning, usual causes, and the commands to run.

    For example: [bold]studioctl explain DependencyViolation[/]
    """
    from studioctl.audit import least_privilege, rules
    from studioctl.errors import ExitCode, StudioctlError
    from studioctl.operations import explain as operation
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.explained import explained
    from studioctl.presentation.json import dumps

    given = " ".join(words or [])
    text = sys.stdin.read(LONGEST) if given in {"", "-"} and not sys.stdin.isatty() else given
    if not text.strip() or text == "-":
        raise StudioctlError(
            "There is no code and no message to explain.",
            hint="studioctl explain ResourceInUse   (or a message in quotes)",
            exit_code=ExitCode.USAGE,
        )
    found = operation.explain(text, map(_audited, (*rules.RULES, *least_privilege.RULES)))
    if json:
        typer.echo(dumps([each.to_json() for each in found]))
    else:
        explained(found, Terminal().out)


def _audited(rule: "Rule") -> "tuple[str, Explanation]":
    """One of the audit's rules, by its id."""
    from studioctl.operations.explain import Explanation

    ways = (rule.remedy, f"it costs: {rule.cost}")
    return rule.id, Explanation(f"{rule.id}: {rule.title}", rule.why, (), ("studioctl audit",), ways, rule.reference)
