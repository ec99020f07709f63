"""Functions that `studioctl backup` and `studioctl down --backup` share. Only those commands import it."""

import os
from collections.abc import Collection

from studioctl.operations.costs import rates
from studioctl.operations.data import backup
from studioctl.operations.data.backup import Copy, Place, Plan
from studioctl.operations.data.inventory import HOME
from studioctl.operations.environment import Account
from studioctl.operations.provisioning.down import Teardown
from studioctl.presentation import backup as views
from studioctl.presentation.console import Terminal
from studioctl.presentation.progress import follow, waiting


def place(text: str) -> Place | None:
    """The destination of copies; None if there is none."""
    return Place.parse(text) if text else None


def plan_before(account: Account, found: Teardown, where: Place, terminal: Terminal) -> Plan:
    """Plan and show the copies made before the removal. Refuse to lose data that the user did not allow to delete."""
    backup.refuse_doomed_place(where, found.doomed_buckets)
    with waiting(terminal, "Looking for what to copy"):
        plan = backup.plan(account, where, os.environ)
    backup.refuse_doomed_key(plan, [key.id for key in found.after(plan).retiring])
    backup.refuse_unreadable(plan, found.delete)
    views.planned(plan, terminal)
    views.rates(plan, terminal, per_hour=rates.of_starts(account, plan))
    return plan


def run(
    account: Account, plan: Plan, terminal: Terminal, *, delete: Collection[str], verbose: bool
) -> tuple[Copy, ...]:
    """Copies; afterwards nothing runs in what was copied."""
    work = backup.run(account, plan, os.environ, stop=True, homes_go=HOME in delete)
    copies = follow(work, terminal, verbose=verbose)
    views.copied(copies, terminal, usd=rates.of_copies(account, copies))
    return copies
