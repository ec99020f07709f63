"""The workers' user of the database of studies in a plan: `up` makes it by RDS's Data API, after all else."""

from dataclasses import replace

from studioctl.infrastructure.database import CLUSTER, WORKER
from studioctl.operations.data import databases
from studioctl.operations.environment import Environment
from studioctl.terraform import plan as plans
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange


def complete(environment: Environment, summary: PlanSummary) -> PlanSummary:
    """The plan, with the user where it is lacking: a run may have been killed before it was made.

    Raises:
        AwsError: AWS refused to tell.
    """
    if not environment.config.tuning.has_database:
        return summary
    changes = {change.address: change for change in summary.changes}
    known = changes.get(CLUSTER)
    if known is not None and known.action == "delete":
        return summary
    if (known is None or known.action == "update") and not databases.lacks_user(databases.of(environment)):
        return summary
    modules = plans.addresses(environment.terraform.blueprint)
    kind, label = CLUSTER.split(".")
    made = AttributeChange("workers_user", None, WORKER, by_api=True)
    change = known or ResourceChange(CLUSTER, kind, label, modules[CLUSTER], "update")
    changes[CLUSTER] = replace(change, attributes=(*change.attributes, made))
    return replace(summary, changes=plans.ordered(changes.values(), modules), has_changes=True)
