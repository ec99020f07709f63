"""The network's part of the deployer's policy: EC2 gives ids, so tags say what is the environment's."""

from collections.abc import Iterator

from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement
from studioctl.infrastructure.naming import ENVIRONMENT_TAG

EC2 = f"{ACTIONS}/list_amazonec2.html"
# What others may have put into the network, which down must not break.
_OF_OTHERS = (
    "CarrierGateways",
    "EgressOnlyInternetGateways",
    "Instances",
    "NatGateways",
    "TransitGatewayVpcAttachments",
    "VpcEndpoints",
    "VpcPeeringConnections",
    "VpnGateways",
)
TAGGING = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for a network of the environment's own."""
    made, also = _made(deployment), _also(deployment)
    kinds = tuple(made.values())
    yield Statement(
        "NetworkLook",
        tuple(f"ec2:{action}" for action in _looks(deployment)),
        ("*",),
        "The network is found and watched; AWS allows these on everything alone.",
        EC2,
    )
    yield Statement(
        "NetworkAttributes",
        ("ec2:DescribeVpcAttribute",),
        deployment.arns("ec2", "vpc/*"),
        "Whether a VPC resolves names.",
        EC2,
    )
    yield Statement(
        "NetworkNew",
        tuple(f"ec2:{action}" for action in made),
        deployment.arns("ec2", *(f"{kind}/*" for kind in kinds)),
        "Each part of the network is created with the environment's tag.",
        EC2,
        deployment.becomes_ours,
    )
    yield Statement(
        "NetworkTags",
        ("ec2:CreateTags",),
        deployment.arns("ec2", *(f"{kind}/*" for kind in (*kinds, "security-group-rule"))),
        "Tags are put on as something is created, and on nothing else.",
        TAGGING,
        (Condition("StringEquals", "ec2:CreateAction", (*made, *_rules())),),
    )
    yield Statement(
        "DefaultGroup",
        ("ec2:CreateTags",),
        deployment.arns("ec2", "security-group/*"),
        "AWS makes a VPC's default security group, without tags; up gives it the environment's, and empties it.",
        EC2,
        (*deployment.becomes_ours, Condition("Null", f"aws:ResourceTag/{ENVIRONMENT_TAG}", ("true",))),
    )
    yield Statement(
        "NetworkOwn",
        tuple(f"ec2:{action}" for action in also),
        deployment.arns("ec2", *(f"{kind}/*" for kind in kinds)),
        "What has the tag is built upon, changed and removed.",
        EC2,
        deployment.ours,
    )


def _rules() -> tuple[str, ...]:
    return ("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress")


def _has_nat(deployment: Deployment) -> bool:
    network = deployment.config.network
    return network.access == "vpc-only" and network.internet == "nat"


def _is_private(deployment: Deployment) -> bool:
    return deployment.config.network.access == "vpc-only"


def _made(deployment: Deployment) -> dict[str, str]:
    """The actions that create something, and what."""
    network = deployment.config.network
    return {
        "CreateRouteTable": "route-table",
        "CreateSecurityGroup": "security-group",
        "CreateSubnet": "subnet",
        "CreateVpc": "vpc",
        **({"CreateInternetGateway": "internet-gateway"} if network.internet == "nat" else {}),
        **({"AllocateAddress": "elastic-ip", "CreateNatGateway": "natgateway"} if _has_nat(deployment) else {}),
        **({"CreateVpcEndpoint": "vpc-endpoint"} if _is_private(deployment) else {}),
        **({"CreateFlowLogs": "vpc-flow-log"} if network.flow_logs else {}),
    }


def _also(deployment: Deployment) -> tuple[str, ...]:
    """The actions on what exists already."""
    network, made = deployment.config.network, _made(deployment)
    builds_upon = ("CreateFlowLogs", "CreateNatGateway", "CreateRouteTable", "CreateSecurityGroup", "CreateSubnet")
    return (
        *(action for action in (*builds_upon, "CreateVpcEndpoint") if action in made),
        *_rules(),
        "AssociateRouteTable",
        "CreateRoute",
        "CreateTags",
        "DeleteRoute",
        "DeleteRouteTable",
        "DeleteSecurityGroup",
        "DeleteSubnet",
        "DeleteTags",
        "DeleteVpc",
        "DisassociateRouteTable",
        "ModifyVpcAttribute",
        "ReplaceRoute",
        "ReplaceRouteTableAssociation",
        "RevokeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
        *(("ModifySubnetAttribute",) if network.public_ips else ()),
        *(
            ("AttachInternetGateway", "DeleteInternetGateway", "DetachInternetGateway")
            if network.internet == "nat"
            else ()
        ),
        *(("DeleteNatGateway", "DisassociateAddress", "ReleaseAddress") if _has_nat(deployment) else ()),
        *(("DeleteVpcEndpoints", "ModifyVpcEndpoint") if _is_private(deployment) else ()),
        *(("DeleteFlowLogs",) if network.flow_logs else ()),
    )


def _looks(deployment: Deployment) -> tuple[str, ...]:
    network = deployment.config.network
    return (
        *(f"Describe{each}" for each in _OF_OTHERS),
        "DescribeInternetGateways",
        "DescribeNetworkAcls",
        "DescribeRouteTables",
        "DescribeSecurityGroupRules",
        *(("DescribeFlowLogs",) if network.flow_logs else ()),
        *(("DescribeAddresses", "DescribeAddressesAttribute") if _has_nat(deployment) else ()),
        *(("DescribePrefixLists", "DescribeVpcEndpointServices") if _is_private(deployment) else ()),
    )
