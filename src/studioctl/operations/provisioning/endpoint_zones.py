"""Whether AWS offers the interface endpoints that a closed network needs, and in which of its zones.

Not every service has endpoints in every zone, and AWS refuses one in a subnet of a zone that its service lacks.
https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.config.model import EnvironmentConfig
from studioctl.events import Noted, Work
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.endpoints import interfaces
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning.problem import Problem

if TYPE_CHECKING:
    from studioctl.aws.session import Session

TITLE = "the zones of endpoints"
MOST_ZONES = 6


@dataclass(frozen=True)
class EndpointZones:
    """Zones of the environment and of the services that it needs endpoints of.

    Args:
        ours: Zones in which the environment has, or will have, its subnets.
        region: All zones, in the order in which `availability_zones` counts them.
        offered: AWS's name of each service, and the zones in which it has endpoints; none for a service that the
            region lacks.
    """

    ours: frozenset[str]
    region: tuple[str, ...]
    offered: Mapping[str, frozenset[str]]

    def lacking(self) -> dict[str, tuple[str, ...]]:
        """Our zones in which a service has no endpoint, by service, if it has one in another of our zones."""
        lacking = {name: tuple(sorted(self.ours - theirs)) for name, theirs in self.offered.items()}
        return {name: zones for name, zones in lacking.items() if zones and self.offered[name] & self.ours}

    def notes(self) -> Iterator[str]:
        """Explain the effect of missing endpoints on apps in those zones."""
        for name, zones in self.lacking().items():
            where = ", ".join(zones)
            yield f"{name} has no endpoint in {where}: apps there reach it through another zone of the environment."

    def problems(self, config: EnvironmentConfig) -> Iterator[Problem]:
        """Find services without an endpoint in any of our zones."""
        for name, theirs in self.offered.items():
            if not theirs:
                place = "endpoints" if config.network.endpoints == "all" else "internet"
                words = f"AWS offers no endpoint of {name} in {config.region}"
                yield Problem(("network", place), f"{words}; {_without_endpoints(config)}")
            elif not theirs & self.ours:
                words = f"{name} has endpoints in {', '.join(sorted(theirs))}, and the environment's subnets are in"
                words += f" {', '.join(sorted(self.ours))}"
                yield Problem(("network", "availability_zones"), f"{words}; {self._remedy(config, theirs)}")

    def _remedy(self, config: EnvironmentConfig, theirs: frozenset[str]) -> str:
        more = range(config.network.availability_zones + 1, min(MOST_ZONES, len(self.region)) + 1)
        enough = next((count for count in more if theirs & set(self.region[:count])), None)
        return f"write availability_zones = {enough}" if enough else _without_endpoints(config)


def look(session: "Session", config: EnvironmentConfig) -> EndpointZones:
    """Asks AWS. Raises AwsError when it refuses to tell."""
    from studioctl.aws import endpoint_services  # noqa: PLC0415 (boto3 is needed only here)

    names = [service.in_region(config.region) for service in interfaces(config)]
    found = endpoint_services.offered(session, names)
    region = endpoint_services.zones(session)
    # A subnet stays in the zone in which it was made, whichever zones AWS has opened since.
    there = endpoint_services.zones_of_subnets(session, (ENVIRONMENT_TAG, config.name))
    ours = there | set(region[len(there) : config.network.availability_zones])
    return EndpointZones(frozenset(ours), region, {name: found.get(name, frozenset()) for name in names})


def place(environment: Environment, found: EndpointZones) -> None:
    """Leaves the subnets of lacking zones out of what Terraform is given; changes nothing where none lacks."""
    if lacking := found.lacking():
        environment.terraform.blueprint = blueprint.build(environment.config, lacking)


def place_again(environment: Environment) -> Work[None]:
    """Does so when nothing is planned but a removal, in documents that are written already."""
    from studioctl.aws.errors import DeniedError  # noqa: PLC0415 (boto3 is needed only here)

    if not interfaces(environment.config):
        return
    try:
        place(environment, look(environment.session, environment.config))
    except DeniedError as denied:
        yield Noted(f"Not looked at: {TITLE}. {denied.message}")
    else:
        environment.terraform.write()


def _without_endpoints(config: EnvironmentConfig) -> str:
    if config.network.internet == "none":
        return 'write internet = "nat", with which no endpoint is needed'
    return 'write endpoints = "needed"'
