"""Apps that Studio goes on hiding when a limit is lifted: AWS keeps what it is no longer told.

They are not shown again unasked: AWS does not tell which of them somebody hid by hand.
"""

from collections.abc import Iterator

from studioctl.infrastructure.iam.limits import ADDRESS
from studioctl.operations.environment import Environment
from studioctl.terraform.plan import PlanSummary


def still(environment: Environment, summary: PlanSummary) -> Iterator[str]:
    """A line about them, where the plan changes the limits and the file says nothing of apps.

    Raises:
        AwsError: AWS refused to tell how things are.
    """
    config = environment.config
    if config.studio.hidden_apps is not None or config.limits.apps is not None:
        return
    if all(change.address != ADDRESS or change.action == "create" for change in summary.changes):
        return
    domain = environment.domain()
    settings = environment.studio.described_domain(domain.id) if domain else {}
    pages = settings.get("DefaultUserSettings", {}).get("StudioWebPortalSettings", {})
    if hidden := pages.get("HiddenAppTypes"):
        names = ", ".join(sorted(hidden))
        yield f"Studio's pages go on hiding {names}: `hidden_apps = []` below [studio] shows them again"
