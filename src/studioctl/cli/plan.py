"""`studioctl plan`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, RefusedError

if TYPE_CHECKING:
    from studioctl.operations.environment import Environment
    from studioctl.presentation.console import Terminal
    from studioctl.terraform.plan import PlanSummary


def plan(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    yes: options.Yes = False,
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
    """Show what [bold]up[/] would create, change and destroy, and whether it would refuse to. Nothing is changed.

    Exits with 0 when there is nothing to do and with 2 when there is.
    """
    if json and markdown:
        raise typer.BadParameter("--json and --markdown exclude each other.")
    from studioctl.cli import confirm, context
    from studioctl.cli.hints import repeating
    from studioctl.operations.costs import change
    from studioctl.operations.provisioning import durations, up
    from studioctl.operations.provisioning import reviewed as files
    from studioctl.presentation import costs
    from studioctl.presentation import review as presented
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow
    from studioctl.review.reviewing import review

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    summary = follow(up.plan(environment, move_state=move), terminal, verbose=verbose)
    reviewed = review(environment.config, environment.source, summary)
    cost = change.of_environment(environment, summary)
    if out is not None and summary.has_changes:
        files.store(files.of(environment, summary), out)
    seconds = durations.expected(environment.terraform.blueprint, summary, durations.known(environment))
    if json:
        priced = costs.planned_json(cost, environment.source)
        told = files.shown(environment, summary)
        typer.echo(dumps({**told, "expected_seconds": seconds, "cost": priced}))
    elif not markdown:
        presented.text(reviewed, summary, terminal.out, seconds=seconds)
        if summary.has_changes:
            costs.planned(cost, environment.source, terminal.out)
            _tell_addresses(terminal, summary, verbose=verbose)
        _tell_shortages(terminal, environment, summary, flags=context.repeated(config, local=local))
    refusal = _refusal(environment, summary) if summary.has_changes else None
    if markdown:
        title = f"Plan for {environment.config.name}: {environment.place}"
        why = refusal.message if refusal else ""
        money = costs.planned_lines(cost, environment.source)
        terminal.data(presented.markdown(reviewed, summary, title=title, money=money, refusal=why))
    if refusal:
        terminal.say(f"\nstudioctl up refuses this plan. {refusal.message}")
        terminal.say(f"Next:  {repeating(refusal.hint, context.repeated(config, local=local))}")
    if out is not None:
        _tell_of_file(terminal, out, has_changes=summary.has_changes, flags=context.repeated(config, local=local))
    if summary.has_changes:
        raise typer.Exit(ExitCode.CHANGES)


def _refusal(environment: "Environment", summary: "PlanSummary") -> RefusedError | None:
    """Why `up` would refuse the plan; None if it would not."""
    from studioctl.operations.provisioning import up

    try:
        up.cleared(environment, summary)
    except RefusedError as refusal:
        return refusal
    return None


def _tell_addresses(terminal: "Terminal", summary: "PlanSummary", *, verbose: bool) -> None:
    from studioctl.presentation.addresses import addresses

    if verbose:
        addresses(summary, terminal.out)


def _tell_shortages(terminal: "Terminal", environment: "Environment", summary: "PlanSummary", *, flags: str) -> None:
    """Below a plan that creates something: what the account may not have enough of."""
    from studioctl.operations import quotas
    from studioctl.presentation import quotas as view

    made = [change.type for change in summary.changes if change.action == "create"]
    view.short(quotas.shortages(environment, environment.terraform.blueprint, made), terminal, flags=flags)


def _tell_of_file(terminal: "Terminal", out: Path, *, has_changes: bool, flags: str) -> None:
    if has_changes:
        terminal.say(f"\nWrote {out}.")
        terminal.next_commands((f"studioctl up {shlex.quote(str(out))}{flags}", "apply exactly this, or nothing"))
    else:
        terminal.say(f"There is nothing to do, so {out} was not written.")
