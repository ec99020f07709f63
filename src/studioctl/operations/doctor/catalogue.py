"""Every check there is, in the order in which people read them."""

from studioctl.operations.doctor import account, drift, engine, file, limits, machine, names, quotas, remote
from studioctl.operations.doctor.check import Group
from studioctl.operations.doctor.examination import ITSELF, LEFT_OUT, NOT_CHECKED
from studioctl.operations.doctor.finding import Rule

GROUPS: tuple[Group, ...] = (
    file.GROUP,
    engine.GROUP,
    machine.GROUP,
    account.GROUP,
    remote.GROUP,
    quotas.GROUP,
    names.GROUP,
    drift.GROUP,
    limits.GROUP,
)


def rules() -> dict[str, tuple[Rule, ...]]:
    """All rules by the title of their group, each once."""
    by_group = {
        group.title: tuple(dict.fromkeys(rule for check in group.checks for rule in check.rules)) for group in GROUPS
    }
    return {**by_group, ITSELF: (NOT_CHECKED, LEFT_OUT)}
