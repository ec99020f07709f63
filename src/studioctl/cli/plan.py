"""`studioctl plan`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, RefusedError

if TYPE_CHECKING:
    from studioctl.operations.environment import Environment
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.whole_plan import WholePlan
    from studioctl.terraform.plan import PlanSummary


def plan(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    yes: options.Yes = False,
    refresh: options.Refresh = False,
    verbose: options.PlanVerbose = False,
    backend_config: options.BackendConfig = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Also write the plan to a file, for: studioctl up FILE.", metavar="FILE"),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the plan as Markdown, for a pull request.")
    ] = False,
) -> None:
    """Show what [bold]up[/] would create, change and destroy, and whether it would refuse. Changes nothing.

    Exits with 0 when there is nothing to do and with 2 when there is; with --out, with 4 when [bold]up FILE --yes[/]
    would refuse it. FILE is written even then, unless nothing could be planned.
    """
    if json and markdown:
        raise typer.BadParameter("--json and --markdown exclude each other.")
    from studioctl.cli import confirm, context
    from studioctl.cli.hints import repeating
    from studioctl.operations.provisioning import reviewed as files
    from studioctl.operations.provisioning import up
    from studioctl.presentation import whole_plan
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow, waiting

    if out is not None:
        files.check(out)
    terminal, flags = Terminal(), context.repeated(config, local=local)
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    summary = follow(
        up.plan(environment, move_state=move, refresh=refresh or out is not None), terminal, verbose=verbose
    )
    with waiting(terminal, "Looking for who works and what would be lost"):
        refusal = _refusal(environment, summary, flags) if summary.has_changes else None
        found = whole_plan.look(environment, summary)
    if out is not None and summary.has_changes:
        files.store(files.of(environment, summary), out)
    repeat = partial(repeating, flags=flags, plan_file=out)
    if json:
        told = files.shown(environment, summary, found.now, repeat)
        typer.echo(dumps({**told, **_figures(found, refusal)}))
    elif markdown:
        terminal.data(found.markdown(refusal=refusal, repeat=repeat))
    elif refusal:
        found.refused(terminal.out, refusal, verbose=verbose)
    else:
        found.tell(terminal.out, verbose=verbose, repeat=repeat)
    if out is not None:
        command = repeat(" ".join(("studioctl up", *found.now.flags)))
        _tell_of_file(terminal, out, command, is_written=summary.has_changes, is_refused=refusal is not None)
    if summary.has_changes:
        is_refused = out is not None and (refusal is not None or found.now.flags)
        raise typer.Exit(ExitCode.REFUSED if is_refused else ExitCode.CHANGES)


def _figures(found: "WholePlan", refusal: RefusedError | None) -> dict[str, object]:
    """The part of `plan --json` that stands beside the plan."""
    from studioctl.presentation import costs
    from studioctl.presentation import quotas as quota_words

    return {
        "expected_seconds": found.expected.seconds if found.expected else None,
        "cost": costs.planned_json(found.cost, found.environment.source),
        "shortages": None if found.shortages is None else quota_words.as_json(found.shortages, {}),
        "refusal": {"message": refusal.message, "next": refusal.hint} if refusal else None,
        "flags": list(found.now.flags),
    }


def _refusal(environment: "Environment", summary: "PlanSummary", flags: str) -> RefusedError | None:
    """The reason why `up` would refuse the plan, whatever is said; None if it would not."""
    from studioctl.cli.hints import repeating
    from studioctl.operations.provisioning import up

    try:
        up.refuse_whatever_is_said(environment, summary)
    except RefusedError as refusal:
        refusal.hint = repeating(refusal.hint, flags)
        return refusal
    return None


def _tell_of_file(terminal: "Terminal", out: Path, command: str, *, is_written: bool, is_refused: bool) -> None:
    if not is_written:
        terminal.say(f"There is nothing to do, so {out} was not written.")
    elif is_refused:
        terminal.say(f"\nWrote {out}, for who reviews it: up refuses this plan, as said above.")
    else:
        terminal.say(f"\nWrote {out}.")
        terminal.next_commands((command, "apply exactly this, or nothing"))
