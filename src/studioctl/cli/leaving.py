"""Copy or give up the data of a user who leaves, for `studioctl user remove`. Imported by that command only."""

import os
from dataclasses import dataclass
from pathlib import Path

from studioctl.cli import context, copying
from studioctl.operations.costs import rates
from studioctl.operations.data import backup, of_user
from studioctl.operations.data.backup import Copy, Plan
from studioctl.operations.data.of_user import Belonging
from studioctl.operations.environment import Account
from studioctl.presentation import backup as backup_views
from studioctl.presentation import people as views
from studioctl.presentation.console import Terminal
from studioctl.presentation.progress import follow, waiting


@dataclass(frozen=True)
class Copying:
    """Copies that are agreed on."""

    account: Account
    plan: Plan


def survey(file: Path, user: str, terminal: Terminal, *, local: bool) -> tuple[Belonging, ...]:
    """The data that the user has in AWS. It is shown."""
    account = context.account(file, local=local)
    with waiting(terminal, f"Looking for what '{user}' has"):
        found = of_user.belongings(account, user)
    views.belongings(user, found, terminal)
    return found


def planned(
    file: Path, user: str, found: tuple[Belonging, ...], where: str, terminal: Terminal, *, local: bool, delete: bool
) -> Copying | None:
    """The copies to take first, which are shown; refuses to lose what nobody agreed to lose."""
    place = copying.place(where)
    if place is None:
        if not delete:
            of_user.refuse_to_lose(user, found)
        return None
    account = context.account(file, local=local)
    with waiting(terminal, "Looking for what to copy"):
        plan = of_user.copies_planned(account, user, place, os.environ)
    backup_views.planned(plan, terminal)
    return Copying(account, plan)


def copy(wanted: Copying | None, terminal: Terminal, *, verbose: bool) -> tuple[Copy, ...]:
    """Takes the copies, and makes sure that they hold all there is."""
    if wanted is None:
        return ()
    copies = follow(backup.run(wanted.account, wanted.plan, os.environ, stop=True), terminal, verbose=verbose)
    backup_views.copied(copies, terminal, usd=rates.of_copies(wanted.account, copies))
    of_user.refuse_outdated(wanted.account, wanted.plan, copies)
    return copies
