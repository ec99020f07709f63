"""`[network]`: the VPC that the domain lives in."""

from typing import Literal

from pydantic import Field, StrictBool

from studioctl.config.closed import Model
from studioctl.config.values import Cidr, SubnetId, SubnetPrefix, VpcId, Zones

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html
MOST_SUBNETS = 16


class ExistingVpc(Model):
    """A VPC that somebody else manages."""

    id: VpcId = Field(description="Its id.")
    subnet_ids: tuple[SubnetId, ...] = Field(
        description="Its subnets for Studio, each in another zone. They must be private if access is vpc-only.",
        json_schema_extra={"minItems": 1, "maxItems": MOST_SUBNETS},
    )


class Network(Model):
    """The domain's VPC."""

    access: Literal["public", "vpc-only"] = Field(
        "public",
        description="The network of apps: a SageMaker network with internet access, or only this VPC, in private"
        " subnets. It can change while no app runs.",
    )
    internet: Literal["nat", "none"] = Field(
        "nat",
        description="The route from private subnets to the internet (vpc-only): a NAT gateway, or none.",
    )
    endpoints: Literal["needed", "all", "elsewhere"] = Field(
        "needed",
        description="The VPC endpoints for AWS's services (vpc-only). With a NAT gateway only S3's, which is free, is"
        " needed. Without the internet all are needed, and you pay for each. For an existing VPC they may also be"
        " elsewhere: in another VPC, behind a transit gateway, a firewall or a peering. studioctl does not look"
        " for them there.",
    )

    cidr: Cidr = Field("10.0.0.0/16", description="The VPC's private IPv4 range, /16 to /24. It cannot change later.")
    availability_zones: Zones = Field(
        2, description="The number of zones, each with a subnet. It cannot decrease while an app runs."
    )
    subnet_prefix: SubnetPrefix | None = Field(
        None,
        description="Prefix length of each subnet, such as 24. If left out: a sixteenth of the VPC's range. It cannot"
        " change later.",
        examples=[20],
    )
    public_ips: StrictBool = Field(
        False,
        description="Whether instances in the subnets have a public address (public). Studio does not need one.",
    )
    flow_logs: StrictBool = Field(
        False,
        description="Whether connections in the VPC are logged, for 90 days, in CloudWatch. AWS charges by the GB. With"
        ' access = "public" these are only the ones to home directories: the others do not pass the VPC.',
    )
    vpc: ExistingVpc | None = Field(
        None,
        description="An existing VPC instead of a new one. studioctl creates only security groups in it.",
        examples=[{"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}],
    )

    @property
    def is_closed(self) -> bool:
        """Whether all traffic of apps stays in the VPC."""
        return self.access == "vpc-only"


# What describes a VPC that studioctl makes: keys that say nothing about one that exists.
OF_OUR_VPC = ("cidr", "availability_zones", "subnet_prefix", "public_ips", "flow_logs", "endpoints")


def default_of(key: str) -> object:
    """A key's value where the file does not give one."""
    return Network.model_fields[key].default
