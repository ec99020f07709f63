"""Small blueprints for tests."""

from typing import Any

from studioctl.infrastructure.block import Block, Blueprint, Data, Module, Output, Ref, Resource
from studioctl.target import LocalEndpoint, Target

AWS = Target("us-east-1", profile="acme-admin")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def local(port: int = 5000) -> Target:
    """The emulator at this port."""
    return Target("us-east-1", local=LocalEndpoint(f"http://127.0.0.1:{port}", "STUDIOCTLKEY", "its-secret"))


def blueprint(*modules: Module, **fields: Any) -> Blueprint:
    """An environment "demo" of these modules."""
    return Blueprint(
        **{"name": "demo", "region": "us-east-1", "profile": "acme-admin", "tags": {"team": "ml"}, **fields},
        modules=modules,
    )


def module(name: str, *blocks: Block) -> Module:
    """A module of these blocks."""
    return Module(name, f"The {name}.", blocks)


def network(cidr: str = "10.0.0.0/16", **tags: str) -> Module:
    """A VPC, and an output with its id."""
    vpc = Resource(
        "aws_vpc", "studio", {"cidr_block": cidr, "tags": {"Name": "demo", **tags}}, why="Everything lives here."
    )
    return module("vpc", vpc, Output("vpc_id", vpc.ref("id"), "Id of the VPC."))


def storage(bucket: str = "demo-data", **arguments: Any) -> Module:
    """A bucket, named after the account that is looked up."""
    account = Data("aws_caller_identity", "current", why="Whose account this is.")
    data = Resource(
        "aws_s3_bucket", "data", {"bucket": bucket, "tags": {"account": account.ref("account_id")}, **arguments}
    )
    return module("s3", account, data, Output("bucket", data.ref("bucket"), "Name of the bucket."))


def access(name: str = "demo-execution") -> Module:
    """A role."""
    trust = Ref("jsonencode(" + str(TRUST).replace("'", '"') + ")")
    return module("iam", Resource("aws_iam_role", "execution", {"name": name, "assume_role_policy": trust}))
