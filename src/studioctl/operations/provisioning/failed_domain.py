"""Domains that AWS could not finish: removed with all that they left in the VPC, which Terraform would leave there.

Nobody has worked in such a domain. Its home file system is marked before anything goes, so that a run which is killed
in the middle can be followed by another: when the domain is gone, only the mark tells its home from one with files.
"""

from collections.abc import Iterator

from studioctl.aws import leftovers
from studioctl.aws.leftovers import DomainTraces
from studioctl.events import Work
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, unfinished_tags
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning.adopt import FAILED
from studioctl.operations.studio.delete import remove_studio


def clear(environment: Environment, *, replaced: bool) -> Work[None]:
    """Removes the domain if AWS could not finish it, and what a run that was killed at this left of another.

    Args:
        environment: The environment.
        replaced: Whether the plan makes the domain anew because its creation failed.

    Raises:
        AwsError: AWS refused. Running it again continues from there.
    """
    session = environment.session
    domain = environment.domain() if replaced else None
    traces = []
    if domain and domain.status == FAILED:
        for home in leftovers.home_file_systems(session, domain.arn):
            leftovers.mark(session, home, unfinished_tags(environment.config.name))
        yield from remove_studio(environment.studio, domain.id)
        traces.append(DomainTraces(domain.id, domain.arn))
    yield from leftovers.remove(session, [*traces, *_abandoned(environment)])


def _abandoned(environment: Environment) -> Iterator[DomainTraces]:
    """Find what deleted domains left in the environment's VPC, unless a home file system without the mark is in it."""
    session = environment.session
    vpcs = leftovers.vpcs_with(session, (ENVIRONMENT_TAG, environment.config.name))
    unused = leftovers.marked(session, unfinished_tags(environment.config.name))
    for trace in leftovers.in_vpcs(session, vpcs):
        homes = leftovers.home_file_systems(session, trace.domain_arn)
        if environment.studio.domain(trace.domain_id) is None and all(home in unused for home in homes):
            yield trace
