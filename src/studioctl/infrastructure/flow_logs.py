"""A record of the connections in the VPC, by option. In a public domain the internet is not reached through it.

In CloudWatch, where `down` removes it with the rest and users of Studio cannot write: in the data bucket they could.
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
"""

from dataclasses import dataclass

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Block, Data, Module, Ref, Resource
from studioctl.infrastructure.naming import Naming
from studioctl.infrastructure.vpc import Vpc

RETENTION_DAYS = 90
AGGREGATION_SECONDS = 600  # the longest there is, and so the fewest records


@dataclass(frozen=True)
class FlowLogs:
    """The log's blocks; none where nobody wants it."""

    module: Module


def build(config: EnvironmentConfig, *, vpc: Vpc, account: Data, partition: Data, naming: Naming) -> FlowLogs:
    """The log of a VPC's connections, with the log group and the role that it needs."""
    wanted = config.network.flow_logs
    blocks = _blocks(config, vpc.vpc_id, account, partition, naming) if wanted else ()
    return FlowLogs(Module("flow_logs", "A record of the connections in the VPC.", blocks))


def _blocks(
    config: EnvironmentConfig, vpc_id: Ref | str, account: Data, partition: Data, naming: Naming
) -> tuple[Block, ...]:
    group = Resource(
        "aws_cloudwatch_log_group", "flow_logs", {"name": naming.flow_logs, "retention_in_days": RETENTION_DAYS}
    )
    trust = _trust(account, partition, config.region)
    role = Resource(
        "aws_iam_role",
        "flow_logs",
        {
            "name": naming.flow_logs,
            "description": f"What writes the flow logs of {naming.environment}",
            "assume_role_policy": trust.ref("json"),
            **config.iam.of_roles,
        },
    )
    streams = {
        "actions": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "resources": [f"{group.ref('arn')}:*"],
    }
    document = Data("aws_iam_policy_document", "flow_logs", {"statement": [streams]})
    policy = Resource(
        "aws_iam_role_policy",
        "flow_logs",
        {"name": "write", "role": role.ref("id"), "policy": document.ref("json")},
    )
    log = Resource(
        "aws_flow_log",
        "vpc",
        {
            "vpc_id": vpc_id,
            "traffic_type": "ALL",
            "log_destination": group.ref("arn"),
            "iam_role_arn": role.ref("arn"),
            "max_aggregation_interval": AGGREGATION_SECONDS,
            "depends_on": [policy.address],
        },
    )
    return group, trust, role, document, policy, log


def _trust(account: Data, partition: Data, region: str) -> Data:
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html: against the confused deputy.
    account_id = str(account.ref("account_id"))
    source = f"arn:{partition.ref('partition')}:ec2:{region}:{account_id}:vpc-flow-log/*"
    statement = {
        "actions": ["sts:AssumeRole"],
        "principals": [{"type": "Service", "identifiers": ["vpc-flow-logs.amazonaws.com"]}],
        "condition": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [account_id]},
            {"test": "ArnLike", "variable": "aws:SourceArn", "values": [source]},
        ],
    }
    why = "Only flow logs, and only of this account, may assume the role."
    return Data("aws_iam_policy_document", "flow_logs_trust", {"statement": [statement]}, why=why)
