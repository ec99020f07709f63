"""The permissions that a user of Code Editor needs, and no others. Each statement has its reason and AWS's page."""

from studioctl.infrastructure.iam import jobs, studio, things
from studioctl.infrastructure.iam.scope import Holder, Scope
from studioctl.infrastructure.iam.statement import Policy


def for_everybody(scope: Scope) -> tuple[Policy, ...]:
    """The policies that say the same for every user."""
    return (
        studio.studio(scope),
        *((studio.remote_access(scope),) if scope.remote_access else ()),
    )


def for_holder(scope: Scope, holder: Holder) -> tuple[Policy, ...]:
    """The policies that differ from role to role."""
    return (
        things.buckets(scope, holder.user),
        things.images(scope, may_push=holder.may_push),
        jobs.jobs(scope, holder),
        *((things.secrets(holder.secret_arn),) if holder.secret_arn else ()),
    )
