"""Every check there is, in the order in which people read them."""

from studioctl.findings import Rule
from studioctl.operations.doctor import (
    account,
    database,
    drift,
    engine,
    file,
    identity_center,
    limits,
    machine,
    names,
    quotas,
    remote,
)
from studioctl.operations.doctor.check import Group
from studioctl.operations.doctor.examination import ITSELF, LEFT_OUT, NOT_CHECKED

GROUPS: tuple[Group, ...] = (
    file.GROUP,
    engine.GROUP,
    machine.GROUP,
    account.GROUP,
    remote.GROUP,
    quotas.GROUP,
    names.GROUP,
    drift.GROUP,
    identity_center.GROUP,
    limits.GROUP,
    database.GROUP,
)


def rules() -> dict[str, tuple[Rule, ...]]:
    """All rules by the title of their group, each once."""
    by_group = {
        group.title: tuple(dict.fromkeys(rule for check in group.checks for rule in check.rules)) for group in GROUPS
    }
    return {**by_group, ITSELF: (NOT_CHECKED, LEFT_OUT)}
