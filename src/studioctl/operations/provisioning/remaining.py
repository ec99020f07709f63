"""Finds resources that remain after `down`: in AWS, by the environment's tag and by name, not in any state."""

from collections.abc import Collection
from dataclasses import dataclass

from studioctl.aws.tagged import RECORD, listed, tagged
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming
from studioctl.operations.data.inventory import Holding
from studioctl.operations.data.kms_keys import is_named
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt
from studioctl.terraform.state_resources import KEY


@dataclass(frozen=True)
class Remain:
    """Something that is left: its ARN or id, and what Terraform or AWS calls its kind."""

    name: str
    kind: str


def records(environment: Environment) -> int:
    """The number of the environment's past jobs of which AWS keeps a record."""
    tags = listed(environment.session, (ENVIRONMENT_TAG, environment.config.name))
    return sum(RECORD.fullmatch(arn) is not None for arn in tags)


def remains(environment: Environment, kept: Collection[Holding]) -> tuple[Remain, ...]:
    """Find resources with the environment's tag, or with one of its names, that are not kept.

    Raises:
        AwsError: AWS refused a call.
    """
    addresses = {resource.address for resource in environment.terraform.blueprint.resources()}
    by_name = adopt.existing(environment, addresses)
    arns = tagged(environment.session, (ENVIRONMENT_TAG, environment.config.name))
    named = [Remain(identity, address.split(".")[0].removeprefix("aws_")) for address, identity in by_name.items()]
    others = [Remain(arn, arn.split(":")[2]) for arn in arns if not any(is_named(arn, found.name) for found in named)]
    names = [holding.name for holding in kept]
    if any(holding.kind == KEY for holding in kept):
        names.append(Naming.of(environment.config).key_alias)
    return tuple(r for r in (*named, *others) if not any(is_named(r.name, name) for name in names))
