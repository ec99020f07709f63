"""A closed network: who can get in, what gets out and by which way; and that nothing is lost by closing it."""

import json
from typing import Any

import pytest
from tests.environments import environment
from tests.generated import ROOT
from tests.reachable import from_the_internet, policies, routes_of_studio

from studioctl.config.closed_network import MOST_ENDPOINTS
from studioctl.infrastructure import blueprint, endpoints, nat, vpc
from studioctl.infrastructure.block import Blueprint, Ref, Resource
from studioctl.infrastructure.iam import deployer
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.target import Target
from studioctl.terraform.document import render

NO_DOCKER = {"docker": False}
CUT_OFF = {"access": "vpc-only", "internet": "none"}
ACCOUNT = "${data.aws_caller_identity.current.account_id}"
SUBNETS = ["aws_subnet.private_1", "aws_subnet.private_2"]


def built(network: dict[str, Any], **sections: Any) -> Blueprint:
    return blueprint.build(environment(network=network, studio=NO_DOCKER, **sections))


def arguments(of: Blueprint, type_: str) -> dict[str, Any]:
    return {resource.label: resource.arguments for resource in of.resources() if resource.type == type_}


@pytest.mark.parametrize(
    "network",
    [{"access": "vpc-only"}, {"access": "vpc-only", "endpoints": "all"}, CUT_OFF, {**CUT_OFF, "flow_logs": True}],
)
def test_nothing_can_be_reached_from_the_internet(network: dict[str, Any]) -> None:
    assert from_the_internet(built(network, secrets={"github": {"username": "ada"}})) == []


def test_the_check_sees_what_is_open() -> None:
    group = Ref("aws_security_group.studio.id")
    rule = {"security_group_id": group, "cidr_ipv4": "0.0.0.0/0", "ip_protocol": "tcp"}
    careless = Resource("aws_vpc_security_group_ingress_rule", "ssh", rule)
    subnet = Resource("aws_subnet", "public_1", {"map_public_ip_on_launch": True})
    opened = built({})
    module = opened.modules[1]
    wrong = Blueprint(
        "acme-ml",
        "us-east-1",
        None,
        {},
        (*opened.modules, type(module)("wrong", "", (careless, subnet))),
    )

    assert from_the_internet(wrong) == [
        "aws_sagemaker_domain.studio: its apps are in a network with the internet",
        "aws_subnet.public_1: map_public_ip_on_launch",
        "aws_vpc_security_group_ingress_rule.ssh: lets in 0.0.0.0/0",
    ]


def test_studios_subnets_reach_the_internet_by_the_nat_gateway_alone_or_not_at_all() -> None:
    assert routes_of_studio(built({"access": "vpc-only"})) == dict.fromkeys(SUBNETS, "aws_nat_gateway.studio")
    assert routes_of_studio(built(CUT_OFF)) == dict.fromkeys(SUBNETS, "")
    public = routes_of_studio(built({}))
    assert set(public.values()) == {"aws_internet_gateway.studio"}


def test_without_the_internet_there_is_no_gateway_and_no_public_address() -> None:
    types = {resource.type for resource in built(CUT_OFF).resources()}

    assert not types & {"aws_internet_gateway", "aws_nat_gateway", "aws_eip", "aws_route"}


def test_the_table_of_endpoints_is_what_aws_lists_and_what_the_file_uses() -> None:
    everything = built(CUT_OFF, secrets={"github": {"username": "ada"}}, encryption={"customer_key": True})
    studio = ["sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr"]
    own = ["secretsmanager", "kms", "ssm", "ssmmessages"]

    assert list(policies(everything)) == [
        "com.amazonaws.us-east-1.s3",
        *(f"com.amazonaws.us-east-1.{name}" for name in studio[:2]),
        "aws.sagemaker.us-east-1.studio",
        *(f"com.amazonaws.us-east-1.{name}" for name in [*studio[2:], *own]),
    ]
    bare = blueprint.build(environment(network=CUT_OFF, studio={"docker": False, "remote_access": False}))
    assert set(policies(everything)) - set(policies(bare)) == {f"com.amazonaws.us-east-1.{name}" for name in own}


def test_a_token_of_one_users_own_needs_the_way_to_secrets_too() -> None:
    users = [{"name": "ada", "github": {"username": "ada"}}]
    theirs = built(CUT_OFF, users=users, iam={"per_user_roles": True})

    assert "com.amazonaws.us-east-1.secretsmanager" in policies(theirs)


def test_with_a_nat_gateway_only_the_free_endpoint_is_made_unless_all_are_wanted() -> None:
    assert list(policies(built({"access": "vpc-only"}))) == ["com.amazonaws.us-east-1.s3"]
    every = policies(built({"access": "vpc-only", "endpoints": "all"}))
    assert every.keys() == policies(built(CUT_OFF)).keys()
    assert policies(built({})) == {}


def test_there_is_room_for_every_endpoint_that_there_can_be() -> None:
    stores = {"secrets": {"github": {"username": "ada"}}, "encryption": {"customer_key": True}}
    config = environment(network=CUT_OFF, studio=NO_DOCKER, **stores)

    assert len(endpoints.interfaces(config)) <= MOST_ENDPOINTS


def test_an_interface_endpoint_answers_by_aws_own_name_in_each_subnet_to_studio_alone() -> None:
    everything = built(CUT_OFF)
    api = arguments(everything, "aws_vpc_endpoint")["sagemaker_api"]

    assert api["private_dns_enabled"] is True
    assert [str(subnet) for subnet in api["subnet_ids"]] == [f"${{{subnet}.id}}" for subnet in SUBNETS]
    assert [str(group) for group in api["security_group_ids"]] == ["${aws_security_group.endpoints.id}"]
    rule = arguments(everything, "aws_vpc_security_group_ingress_rule")["endpoints"]
    assert (rule["from_port"], rule["to_port"]) == (443, 443)
    assert str(rule["referenced_security_group_id"]) == "${aws_security_group.studio.id}"


def test_s3_takes_data_to_no_other_account() -> None:
    own = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:*"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:ResourceAccount": ACCOUNT}},
    }
    arn = "arn:${data.aws_partition.current.partition}:s3:::"
    storage = {"extra_buckets": ["acme-shared"]}

    assert policies(built(CUT_OFF, storage=storage))["com.amazonaws.us-east-1.s3"] == [
        own,
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [f"{arn}acme-shared", f"{arn}acme-shared/*"],
        },
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:GetObject"],
            "Resource": [f"{arn}prod-us-east-1-starport-layer-bucket/*"],
        },
    ]
    by_nat = policies(built({"access": "vpc-only"}))["com.amazonaws.us-east-1.s3"]
    assert [statement["Action"] for statement in by_nat] == [["s3:*"], ["s3:Get*", "s3:List*"]]


def test_every_other_endpoint_serves_this_account_alone() -> None:
    found = policies(built(CUT_OFF, secrets={"github": {"username": "ada"}}, encryption={"customer_key": True}))
    del found["com.amazonaws.us-east-1.s3"]
    (studio,) = found.pop("aws.sagemaker.us-east-1.studio")

    assert studio["Resource"] == [f"arn:${{data.aws_partition.current.partition}}:sagemaker:us-east-1:{ACCOUNT}:*"]
    for name in ("ssm", "ssmmessages"):
        (remote,) = found.pop(f"com.amazonaws.us-east-1.{name}")
        assert remote["Condition"] == {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}
        assert all(action.startswith(f"{name}:") and "*" not in action for action in remote["Action"])
    for service, (statement, *pulling) in found.items():
        assert statement["Condition"]["StringEquals"] == {"aws:PrincipalAccount": ACCOUNT}, service
        others = statement["Condition"].get("StringEqualsIfExists")
        assert (others is None) == (".sagemaker." in service or service.endswith(".kms")), service
        # AWS's own images are in other accounts. They are pulled by this account, and nothing is pushed there.
        assert bool(pulling) == (".ecr." in service), service
        for more in pulling:
            assert more["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
            assert {action.partition(":")[2][:8] for action in more["Action"]} == {"BatchChe", "BatchGet", "GetDownl"}


def test_each_users_apps_reach_each_other_and_nobody_elses() -> None:
    everything = built({"access": "vpc-only"}, users=[{"name": "ada"}, {"name": "grace"}])
    for way in ("ingress", "egress"):
        rules = arguments(everything, f"aws_vpc_security_group_{way}_rule")
        for user in ("user_ada", "user_grace"):
            own = f"${{aws_security_group.{user}.id}}"
            assert str(rules[user]["security_group_id"]) == str(rules[user]["referenced_security_group_id"]) == own
            assert (rules[user]["from_port"], rules[user]["to_port"]) == (8192, 65535)
    worn = arguments(everything, "aws_sagemaker_user_profile")["ada"]["user_settings"]["security_groups"]
    assert [str(group) for group in worn] == ["${aws_security_group.studio.id}", "${aws_security_group.user_ada.id}"]
    domain = arguments(everything, "aws_sagemaker_domain")["studio"]
    assert domain["app_network_access_type"] == "VpcOnly"
    assert [str(group) for group in domain["default_user_settings"]["security_groups"]] == [
        "${aws_security_group.studio.id}"
    ]


def test_without_the_internet_studio_may_only_reach_aws_and_the_home() -> None:
    rules = arguments(built({**CUT_OFF, "cidr": "10.9.0.0/16"}), "aws_vpc_security_group_egress_rule")
    of_studio = {label: rule for label, rule in rules.items() if label.startswith("studio")}

    assert {label: (rule["cidr_ipv4"], rule["from_port"], rule["to_port"]) for label, rule in of_studio.items()} == {
        "studio_https": ("0.0.0.0/0", 443, 443),
        "studio_nfs": ("10.9.0.0/16", 2049, 2049),
    }


@pytest.mark.parametrize("network", [{}, {"access": "vpc-only"}])
def test_the_default_group_of_the_vpc_is_emptied(network: dict[str, Any]) -> None:
    emptied = arguments(built(network), "aws_default_security_group")["studio"]

    assert emptied.keys() == {"vpc_id", "tags"}


def test_an_environment_that_is_closed_or_opened_keeps_its_subnets() -> None:
    opened, closed = built({}), built({"access": "vpc-only"})
    there, back = closed.modules[1].moved, opened.modules[1].moved

    assert there == {
        "aws_subnet.public_1": "aws_subnet.private_1",
        "aws_subnet.public_2": "aws_subnet.private_2",
        "aws_route_table.public": "aws_route_table.private",
        "aws_route_table_association.public_1": "aws_route_table_association.private_1",
        "aws_route_table_association.public_2": "aws_route_table_association.private_2",
        "aws_route.internet": "aws_route.nat",
    }
    assert back == {after: before for before, after in there.items()}
    for number in (1, 2):
        ranges = [
            arguments(of, "aws_subnet")[f"{word}_{number}"]["cidr_block"]
            for of, word in ((opened, "public"), (closed, "private"))
        ]
        assert ranges[0] == ranges[1]
    document = json.loads(render(closed, Target("us-east-1"))["vpc.tf.json"])
    assert document["moved"][0] == {"from": "aws_subnet.public_1", "to": "aws_subnet.private_1"}


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/20", "192.168.4.0/24"])
def test_the_nat_gateways_subnet_is_nobody_elses(cidr: str) -> None:
    network = environment(network={"access": "vpc-only", "cidr": cidr, "availability_zones": 6}).network

    assert not any(nat.subnet_range(network).overlaps(studios) for studios in vpc.subnet_ranges(network))


def test_in_a_vpc_that_exists_only_security_groups_are_made() -> None:
    given = {"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}
    existing = built({"access": "vpc-only", "vpc": given})
    domain = arguments(existing, "aws_sagemaker_domain")["studio"]

    assert not {"vpc", "endpoints", "flow_logs"} & {module.name for module in existing.modules}
    assert (domain["vpc_id"], domain["subnet_ids"]) == (given["id"], given["subnet_ids"])
    assert "subnet_ids" not in domain["lifecycle"]["ignore_changes"]
    groups = arguments(existing, "aws_security_group")
    assert {group["vpc_id"] for group in groups.values()} == {given["id"]}
    assert groups.keys() == {"studio", "user_ada"}


def test_flow_logs_are_kept_for_ninety_days_and_written_by_a_role_for_that_alone() -> None:
    everything = built({"flow_logs": True})
    assert arguments(everything, "aws_cloudwatch_log_group")["flow_logs"]["retention_in_days"] == 90
    assert arguments(everything, "aws_flow_log")["vpc"]["traffic_type"] == "ALL"
    (module,) = [module for module in everything.modules if module.name == "flow_logs"]
    documents = {block.label: block.arguments for block in module.blocks if block.address.startswith("data.")}  # type: ignore[union-attr]
    (trust,) = documents["flow_logs_trust"]["statement"]
    assert [condition["variable"] for condition in trust["condition"]] == ["aws:SourceAccount", "aws:SourceArn"]
    assert documents["flow_logs"]["statement"][0]["resources"] == ["${aws_cloudwatch_log_group.flow_logs.arn}:*"]
    assert "flow_logs" not in {module.name for module in built({}).modules}


def test_the_flow_logs_role_has_the_boundary_that_every_role_has() -> None:
    boundary = "arn:aws:iam::123456789012:policy/ml-boundary"
    roles = arguments(built({"flow_logs": True}, iam={"permissions_boundary": boundary}), "aws_iam_role")

    assert {label: role.get("permissions_boundary") for label, role in roles.items()} == {
        "execution": boundary,
        "flow_logs": boundary,
    }


def test_every_role_is_below_the_path_and_is_named_so_where_an_arn_is_written() -> None:
    sections: dict[str, Any] = {"limits": {"monthly_usd": 100.0}, "iam": {"role_path": "/ml/", "per_user_roles": True}}
    below = built({"flow_logs": True}, **sections)
    assert {role["path"] for role in arguments(below, "aws_iam_role").values()} == {"/ml/"}
    assert "path" not in arguments(built({}), "aws_iam_role")["execution"]

    config = environment(network={"access": "vpc-only", "flow_logs": True}, **sections)
    named = {
        resource
        for statement in deployer.statements(Deployment(config, "aws", "123456789012"))
        for resource in statement.resources
        if ":role/" in resource
    }
    assert {arn.partition(":role")[2] for arn in named} == {
        "/ml/acme-ml-execution",
        "/ml/acme-ml-execution-*",
        "/ml/acme-ml-flow-logs",
        "/ml/acme-ml-guard",
        "/ml/acme-ml-guard-schedule",
    }
    assert ":role/ml/acme-ml-execution*" in repr([module.blocks for module in below.modules])


def test_the_table_of_endpoints_in_the_docs_is_complete() -> None:
    page = (ROOT / "docs/explanation/closed-network.md").read_text(encoding="utf-8")
    every = (*endpoints.ALWAYS, endpoints.SECRETS, endpoints.KEY, *endpoints.REMOTE)

    for service in every:
        assert f"| `{service.in_region('<region>')}` |" in page
        assert f"<{service.source}>" in page
    assert page.count("| `com.amazonaws.<region>.") + page.count("| `aws.sagemaker.<region>.") == len(every) + 1
