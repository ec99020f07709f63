"""Finds this environment's AWS resources that Terraform's state does not list, by our tag or else by name.

AWS accepts tags in most calls that create a resource, so the resources of an interrupted run have them. Each method
returns the id that `terraform import` needs for its type, or None if the environment has no such resource.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from studioctl.aws import claims, databases, keys
from studioctl.aws.claims import Claim
from studioctl.aws.contents import bucket_contents
from studioctl.aws.errors import DeniedError, MissingError, translated
from studioctl.aws.session import Session
from studioctl.aws.studio import Studio

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, RouteTableTypeDef


_PROFILES, _SPACES = "profiles", "spaces"
_ROLE, _POLICY = "aws_iam_role", "aws_iam_policy"


class Belongings:
    """The belongings of one environment in one account and region.

    Args:
        session: The account.
        tag: Key and value of the tag that everything of the environment carries.
    """

    def __init__(self, session: Session, tag: tuple[str, str]) -> None:
        self._session = session
        self._tag = tag
        self._asked = Counter[str]()
        self._names: dict[str, frozenset[str] | None] = {}
        self._attached: dict[str, frozenset[str]] = {}

    @cached_property
    def studio(self) -> Studio:
        """SageMaker Studio in this account."""
        return Studio(self._session)

    def vpc(self, name: str) -> str | None:
        """The VPC with this `Name`."""
        with translated():
            found = self._session.client("ec2").describe_vpcs(Filters=self._named(name))["Vpcs"]
        return min((vpc["VpcId"] for vpc in found), default=None)

    def subnet(self, name: str, vpc_id: str) -> str | None:
        """The subnet with this `Name` in a VPC."""
        with translated():
            found = self._session.client("ec2").describe_subnets(Filters=self._named(name, vpc_id))["Subnets"]
        return min((subnet["SubnetId"] for subnet in found), default=None)

    def internet_gateway(self, name: str) -> str | None:
        """The internet gateway with this `Name`, attached or not."""
        with translated():
            answer = self._session.client("ec2").describe_internet_gateways(Filters=self._named(name))
        return min((gateway["InternetGatewayId"] for gateway in answer["InternetGateways"]), default=None)

    def route_table(self, name: str, vpc_id: str) -> str | None:
        """The route table with this `Name` in a VPC."""
        with translated():
            found = self._session.client("ec2").describe_route_tables(Filters=self._named(name, vpc_id))["RouteTables"]
        return min((table["RouteTableId"] for table in found), default=None)

    def address(self, name: str) -> str | None:
        """The allocation of the public address with this `Name`."""
        with translated():
            found = self._session.client("ec2").describe_addresses(Filters=self._named(name))["Addresses"]
        return min((address["AllocationId"] for address in found), default=None)

    def nat_gateway(self, name: str) -> str | None:
        """The NAT gateway with this `Name`; AWS shows one that is gone for an hour."""
        lives: FilterTypeDef = {"Name": "state", "Values": ["pending", "available"]}
        with translated():
            answer = self._session.client("ec2").describe_nat_gateways(Filters=[*self._named(name), lives])
        return min((gateway["NatGatewayId"] for gateway in answer["NatGateways"]), default=None)

    def vpc_endpoint(self, name: str, vpc_id: str) -> str | None:
        """The endpoint with this `Name` in a VPC."""
        lives: FilterTypeDef = {"Name": "vpc-endpoint-state", "Values": ["pendingAcceptance", "pending", "available"]}
        with translated():
            answer = self._session.client("ec2").describe_vpc_endpoints(Filters=[*self._named(name, vpc_id), lives])
        return min((endpoint["VpcEndpointId"] for endpoint in answer["VpcEndpoints"]), default=None)

    def flow_log(self, vpc_id: str) -> str | None:
        """Our flow log of a VPC. AWS refuses a second one with the same destination."""
        filters = [self._named("")[0], {"Name": "resource-id", "Values": [vpc_id]}]
        with translated():
            found = self._session.client("ec2").describe_flow_logs(Filters=filters)["FlowLogs"]  # type: ignore[arg-type]
        return min((log["FlowLogId"] for log in found), default=None)

    def log_group(self, name: str) -> str | None:
        """The log group of this name, if it carries our tag."""
        return name if claims.log_group(self._session, name, self._tag) is Claim.OURS else None

    def route(self, table_id: str, cidr: str) -> str | None:
        """The route to a range of addresses in a route table."""
        routes = [route for table in self._tables(table_id) for route in table["Routes"]]
        there = any(route.get("DestinationCidrBlock") == cidr for route in routes)
        return f"{table_id}_{cidr}" if there else None

    def route_table_association(self, subnet_id: str, table_id: str) -> str | None:
        """The association of a subnet with a route table."""
        links = [link for table in self._tables(table_id) for link in table["Associations"]]
        return f"{subnet_id}/{table_id}" if any(link.get("SubnetId") == subnet_id for link in links) else None

    def security_group(self, name: str, vpc_id: str) -> str | None:
        """The security group of this name in a VPC, where names are unique. In a VPC of others it may be theirs."""
        filters: Sequence[FilterTypeDef] = [
            self._named(name)[0],
            {"Name": "group-name", "Values": [name]},
            {"Name": "vpc-id", "Values": [vpc_id]},
        ]
        with translated():
            found = self._session.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return next((group["GroupId"] for group in found), None)

    def security_group_rule(self, group_id: str, *, egress: bool, wanted: Mapping[str, str]) -> str | None:
        """The rule of a group that says this: AWS refuses a second one that does."""
        filters: Sequence[FilterTypeDef] = [{"Name": "group-id", "Values": [group_id]}]
        with translated():
            rules = self._session.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        for rule in rules:
            if rule["IsEgress"] == egress and all(str(_of_rule(rule, key)) == value for key, value in wanted.items()):
                return rule["SecurityGroupRuleId"]
        return None

    def secret(self, name: str) -> str | None:
        """The secret with this name, unless it is being deleted."""
        try:
            with translated():
                found: Mapping[str, Any] = self._session.client("secretsmanager").describe_secret(SecretId=name)
        except MissingError:
            return None
        return str(found["ARN"]) if "DeletedDate" not in found and self._is_ours(found.get("Tags", ())) else None

    def bucket(self, name: str) -> str | None:
        """The bucket of this name. S3 is told tags only afterwards, so one without any tag is ours while it is empty.

        One with other tags, or with data and no tags, somebody else in this account made.
        """
        s3 = self._session.client("s3")
        with translated():
            if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
                return None
        try:
            with translated():
                tags: Sequence[Mapping[str, Any]] = s3.get_bucket_tagging(Bucket=name)["TagSet"]
        except MissingError:  # NoSuchTagSet
            return name if bucket_contents(self._session, name) is None else None
        return name if self._is_ours(tags) else None

    def key(self) -> str | None:
        """The id of the KMS key, preferably one with an alias. A key that is being deleted does not count."""
        usable = [key for key in keys.tagged(self._session, self._tag) if key.deletion_at is None]
        return min(usable, key=lambda key: (not key.aliases, key.id)).id if usable else None

    def key_alias(self, name: str) -> str | None:
        """This alias of a KMS key, even if the key is being deleted."""
        return name if keys.named(self._session, name, self._tag) else None

    def role(self, name: str) -> str | None:
        """The role of this name."""
        if not self._may_exist(_ROLE, name, lambda: claims.iam_names(self._session, _ROLE)):
            return None
        return name if claims.role(self._session, name, self._tag) is Claim.OURS else None

    def role_mark(self, name: str, key: str) -> str:
        """The value of a tag on the role with this name; empty if we have no such role, or it has no such tag."""
        try:
            with translated():
                tags = self._session.client("iam").get_role(RoleName=name)["Role"].get("Tags", ())
        except MissingError:
            return ""
        return next((tag["Value"] for tag in tags if tag["Key"] == key), "") if self._is_ours(tags) else ""

    def policy(self, name: str) -> str | None:
        """ARN of the customer managed policy of this name."""
        if not self._may_exist(_POLICY, name, lambda: claims.iam_names(self._session, _POLICY)):
            return None
        is_ours = claims.policy(self._session, name, self._tag) is Claim.OURS
        return claims.policy_arn(self._session, name) if is_ours else None

    def role_policy(self, role: str, name: str) -> str | None:
        """A role's inline policy, which goes only with its role, and its role only after it."""
        try:
            with translated():
                self._session.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        except MissingError:
            return None
        return f"{role}:{name}"

    def topic(self, name: str) -> str | None:
        """ARN of the SNS topic of this name."""
        identity, sns = self._session.identity, self._session.client("sns")
        arn = f"arn:{identity.partition}:sns:{sns.meta.region_name}:{identity.account_id}:{name}"
        try:
            with translated():
                return arn if self._is_ours(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]) else None
        except MissingError:
            return None

    def alarm(self, name: str) -> str | None:
        """The CloudWatch alarm of this name."""
        cloudwatch = self._session.client("cloudwatch")
        with translated():
            arns = [each["AlarmArn"] for each in cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]]
            tags = [cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] for arn in arns]
        return name if any(map(self._is_ours, tags)) else None

    def function(self, name: str) -> str | None:
        """The Lambda function of this name."""
        try:
            with translated():
                found = self._session.client("lambda").get_function(FunctionName=name)
        except MissingError:
            return None
        return name if found.get("Tags", {}).get(self._tag[0]) == self._tag[1] else None

    def schedule(self, name: str) -> str | None:
        """The schedule of this name. A schedule has no tags, so its name has to do."""
        try:
            with translated():
                self._session.client("scheduler").get_schedule(Name=name)
        except MissingError:
            return None
        return f"default/{name}"

    def database(self, name: str) -> str | None:
        """The cluster of Aurora of this name."""
        return name if databases.cluster(self._session, name, self._tag) else None

    def database_instance(self, name: str) -> str | None:
        """The instance of this name."""
        try:
            with translated():
                found = self._session.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        except MissingError:
            return None
        return name if self._is_ours(found.get("TagList", ())) else None

    def database_subnets(self, name: str) -> str | None:
        """The group of subnets of this name."""
        try:
            with translated():
                groups = self._session.client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)
        except MissingError:
            return None
        return name if self._is_tagged(groups["DBSubnetGroups"][0]["DBSubnetGroupArn"]) else None

    def database_parameters(self, name: str) -> str | None:
        """The group of parameters of this name."""
        try:
            with translated():
                groups = self._session.client("rds").describe_db_cluster_parameter_groups(
                    DBClusterParameterGroupName=name
                )
        except MissingError:
            return None
        return name if self._is_tagged(groups["DBClusterParameterGroups"][0]["DBClusterParameterGroupArn"]) else None

    def _is_tagged(self, arn: str) -> bool:
        with translated():
            tags = self._session.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"]
        return self._is_ours(tags)

    def policy_attachment(self, role: str, policy_arn: str) -> str | None:
        """The attachment of a policy to a role; AWS is asked once for each role."""
        if role not in self._attached:
            self._attached[role] = claims.attached_policies(self._session, role)
        return f"{role}/{policy_arn}" if policy_arn in self._attached[role] else None

    def repository(self, name: str) -> str | None:
        """The image repository of this name."""
        return name if claims.repository(self._session, name, self._tag) is Claim.OURS else None

    def lifecycle_config(self, name: str) -> str | None:
        """The lifecycle configuration of this name, which holds the environment's name and the content's digest."""
        try:
            with translated():
                self._session.client("sagemaker").describe_studio_lifecycle_config(StudioLifecycleConfigName=name)
        except MissingError:
            return None
        return name

    def image(self, name: str) -> str | None:
        """SageMaker's image of this name, which holds the environment's name and the content's digest."""
        try:
            with translated():
                self._session.client("sagemaker").describe_image(ImageName=name)
        except MissingError:
            return None
        return name

    def image_version(self, image: str) -> str | None:
        """The newest version of an image, as `<image>,<number>`, unless AWS could not make it.

        One that failed blocks nothing: the next gets another number, and an image takes its versions with it.
        """
        number, status = self._newest_version(image) or (0, "")
        return f"{image},{number}" if status in {"CREATING", "CREATED"} else None

    def image_version_status(self, image: str) -> str | None:
        """The status of the newest version of an image; None if it has no version."""
        found = self._newest_version(image)
        return found[1] if found else None

    def _newest_version(self, image: str) -> tuple[int, str] | None:
        try:
            with translated():
                found = self._session.client("sagemaker").describe_image_version(ImageName=image)
        except MissingError:
            return None
        return found["Version"], found["ImageVersionStatus"]

    def app_image_config(self, name: str) -> str | None:
        """The configuration of this name for an image of the environment's."""
        try:
            with translated():
                self._session.client("sagemaker").describe_app_image_config(AppImageConfigName=name)
        except MissingError:
            return None
        return name

    def domain(self, name: str) -> str | None:
        """Id of the domain of this name."""
        found = self.studio.find_domain(name, tag=self._tag)
        return found.id if found else None

    def user_profile(self, domain_id: str, name: str) -> str | None:
        """ARN of the user profile of this name in a domain."""
        if not self._may_exist(_PROFILES, name, lambda: (it.name for it in self.studio.user_profiles(domain_id))):
            return None
        try:
            with translated():
                found = self._session.client("sagemaker").describe_user_profile(
                    DomainId=domain_id, UserProfileName=name
                )
        except MissingError:
            return None
        return found["UserProfileArn"]

    def space(self, domain_id: str, name: str) -> str | None:
        """ARN of the space of this name in a domain."""
        if not self._may_exist(_SPACES, name, lambda: (it.name for it in self.studio.spaces(domain_id))):
            return None
        try:
            with translated():
                found = self._session.client("sagemaker").describe_space(DomainId=domain_id, SpaceName=name)
        except MissingError:
            return None
        return found["SpaceArn"]

    def _may_exist(self, kind: str, name: str, listed: Callable[[], Iterable[str]]) -> bool:
        """Whether a name is worth a call. Of many, AWS is asked for a list; it does not tell them apart by case."""
        self._asked[kind] += 1
        if self._asked[kind] <= claims.FEW:
            return True
        if kind not in self._names:
            try:
                self._names[kind] = frozenset(each.casefold() for each in listed())
            except DeniedError:  # who may not list them asks for each
                self._names[kind] = None
        known = self._names[kind]
        return known is None or name.casefold() in known

    def _named(self, name: str, vpc_id: str | None = None) -> "list[FilterTypeDef]":
        ours: FilterTypeDef = {"Name": f"tag:{self._tag[0]}", "Values": [self._tag[1]]}
        named: FilterTypeDef = {"Name": "tag:Name", "Values": [name]}
        inside: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc_id or ""]}
        return [ours, named, inside] if vpc_id else [ours, named]

    def _tables(self, table_id: str) -> "list[RouteTableTypeDef]":
        filters: Sequence[FilterTypeDef] = [{"Name": "route-table-id", "Values": [table_id]}]
        with translated():
            return self._session.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]

    def _is_ours(self, tags: Sequence[Mapping[str, Any]]) -> bool:
        key, value = self._tag
        return any(tag.get("Key") == key and tag.get("Value") == value for tag in tags)


def _of_rule(rule: Mapping[str, Any], key: str) -> Any:
    """A rule's value by the name that Terraform has for it."""
    members = {
        "cidr_ipv4": rule.get("CidrIpv4"),
        "cidr_ipv6": rule.get("CidrIpv6"),
        "ip_protocol": rule.get("IpProtocol"),
        "from_port": rule.get("FromPort"),
        "to_port": rule.get("ToPort"),
        "referenced_security_group_id": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
    }
    return members[key]
