"""Detaches file systems that a user may no longer mount, a step that Terraform cannot do."""

from collections.abc import Collection

from studioctl.catalog.kinds import PROFILE
from studioctl.events import Stage, Work
from studioctl.infrastructure.naming import label
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import ResourceChange

TIMEOUT = 1200.0  # seconds; what the provider allows a profile
CONFIGS = "user_settings[0].custom_file_system_config"


def lets_go_of_all(change: ResourceChange) -> bool:
    """Whether a profile had file systems and gets none: the provider sends no empty list, and AWS keeps the old one."""
    told = [each for each in change.attributes if each.path.startswith(CONFIGS)]
    gone = all(each.after in (None, [], ()) for each in told)
    return change.type == PROFILE and change.action == "update" and bool(told) and gone


def let_go(environment: Environment, labels: Collection[str]) -> Work[None]:
    """Makes the profiles of these labels mount nothing."""
    from studioctl.aws.wait import until  # noqa: PLC0415 (boto3 is needed only here)

    domain = environment.domain()
    if domain is None:
        return
    studio = environment.studio
    names = [user.name for user in environment.config.users if label(user.name) in labels]
    yield Stage("Detaching file systems")
    for name in names:
        studio.mount_nothing(domain.id, name)
    yield from until(
        lambda: all(it.status == "InService" for it in studio.user_profiles(domain.id) if it.name in names),
        subject=f"{len(names)} user profile{'s' if len(names) != 1 else ''}",
        action="update",
        timeout=TIMEOUT,
    )
