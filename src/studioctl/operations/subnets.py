"""A domain's subnets, which Terraform's provider could change only by replacing the domain.

AWS changes them in place, and refuses to take one away while apps run.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html
"""

from collections.abc import Collection

from studioctl.events import Work
from studioctl.infrastructure import nat
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate
from studioctl.terraform.plan import PlanSummary, ResourceChange

SUBNET = "aws_subnet"


def leaves(change: ResourceChange) -> bool:
    """Whether this takes a subnet from the domain: the NAT gateway's own was never the domain's."""
    return change.type == SUBNET and change.destroys and change.address != nat.SUBNET


def leave(environment: Environment, summary: PlanSummary) -> Work[None]:
    """Takes the domain, and the home file system, out of the subnets that the plan destroys."""
    gone = {change.address for change in summary.changes if leaves(change)}
    estate = Estate(environment.terraform.state())
    subnet_ids = {str(attributes["id"]) for address, attributes in estate.resources(SUBNET) if address in gone}
    for domain_id in estate.ids("aws_sagemaker_domain") if subnet_ids else ():
        domain = environment.studio.domain(domain_id)
        yield from _move(environment, domain_id, environment.studio.subnets(domain_id) - subnet_ids)
        if domain and domain.home_file_system_id:  # AWS does not say whether UpdateDomain removes the mount target
            from studioctl.aws.leftovers import unmount_from  # noqa: PLC0415 (boto3 is needed only here)

            unmount_from(environment.session, domain.home_file_system_id, subnet_ids)


def join(environment: Environment) -> Work[None]:
    """Puts the domain into every subnet that there is. AWS is asked only when the state says that one is missing."""
    estate = Estate(environment.terraform.state())
    wanted = {str(attributes["id"]) for address, attributes in estate.resources(SUBNET) if address != nat.SUBNET}
    for domain in estate.attributes("aws_sagemaker_domain"):
        if not wanted <= set(domain.get("subnet_ids") or ()):
            yield from _move(environment, str(domain["id"]), environment.studio.subnets(str(domain["id"])) | wanted)


def _move(environment: Environment, domain_id: str, subnet_ids: Collection[str]) -> Work[None]:
    from studioctl.aws.wait import until  # noqa: PLC0415 (boto3 is needed only here)
    from studioctl.operations.removal import TIMEOUT, settle  # noqa: PLC0415

    studio = environment.studio
    before = studio.subnets(domain_id)
    if not before or set(subnet_ids) == before:
        return
    yield from settle(studio, domain_id)
    studio.change_subnets(domain_id, subnet_ids)

    def is_there() -> bool:
        domain = studio.domain(domain_id)
        return domain is None or domain.status != "Updating"

    yield from until(is_there, subject=f"subnets of domain {domain_id}", action="update", timeout=TIMEOUT)
