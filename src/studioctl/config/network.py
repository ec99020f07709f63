"""`[network]`: the VPC that the domain lives in."""

from typing import Literal

from pydantic import Field, StrictBool

from studioctl.config.closed import Model
from studioctl.config.values import Cidr, SubnetId, SubnetPrefix, VpcId, Zones

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html
MOST_SUBNETS = 16


class ExistingVpc(Model):
    """A VPC that somebody else looks after."""

    id: VpcId = Field(description="Its id.")
    subnet_ids: tuple[SubnetId, ...] = Field(
        description="Subnets of it for Studio, each in another zone; private ones if access is vpc-only.",
        json_schema_extra={"minItems": 1, "maxItems": MOST_SUBNETS},
    )


class Network(Model):
    """The VPC that the domain lives in."""

    access: Literal["public", "vpc-only"] = Field(
        "public",
        description="How apps reach everything: through a SageMaker network with the internet, or only through"
        " this VPC, in private subnets. It can be changed while no app runs.",
    )
    internet: Literal["nat", "none"] = Field(
        "nat",
        description="The way from private subnets to the internet (vpc-only): a NAT gateway, or none at all.",
    )
    endpoints: Literal["needed", "all", "elsewhere"] = Field(
        "needed",
        description="Which private ways to AWS there are (vpc-only): with a NAT gateway only S3's, which is free, is"
        " needed; without the internet all are, and each is paid for. In a VPC that exists they may also be elsewhere:"
        " in another VPC, behind a transit gateway, a firewall or a peering, where nobody looks for them.",
    )

    cidr: Cidr = Field("10.0.0.0/16", description="The VPC's private IPv4 range, /16 to /24. It cannot change later.")
    availability_zones: Zones = Field(
        2, description="In how many zones there is a subnet. Fewer than before: not while an app runs."
    )
    subnet_prefix: SubnetPrefix | None = Field(
        None,
        description="Prefix length of each subnet, such as 24. Left out: a sixteenth of the VPC's range. It cannot"
        " change later.",
        examples=[20],
    )
    public_ips: StrictBool = Field(
        False,
        description="Whether the subnets give a public address to what is started in them (public). Nothing of Studio"
        " needs one.",
    )
    flow_logs: StrictBool = Field(
        False,
        description="Whether connections in the VPC are logged, for 90 days, in CloudWatch. AWS charges by the GB. With"
        ' access = "public" these are only the ones to home directories: the others do not pass the VPC.',
    )
    vpc: ExistingVpc | None = Field(
        None,
        description="A VPC that exists already, instead of a new one. Nothing but security groups is made in it.",
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
