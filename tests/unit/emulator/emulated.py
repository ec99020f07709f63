"""Helpers of the emulator's tests: clients, a network, a role, and short words for long calls."""

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from studio_emulator import controls, server
from studio_emulator.server import RunningEmulator

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_efs import EFSClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sagemaker import SageMakerClient

T = TypeVar("T")
REGION = "eu-west-1"
SESSION = boto3.Session()
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@cache
def client(emulator: RunningEmulator, service: str, region: str = REGION) -> Any:
    """A client that leaves validation to the server and does not try again. Kept: making one takes long."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return SESSION.client(  # type: ignore[call-overload]
        service, region_name=region, endpoint_url=emulator.endpoint_url, config=config, **key_of(emulator)
    )


def key_of(emulator: RunningEmulator) -> Any:
    """The administrator's key, as arguments of a client."""
    return dict(zip(("aws_access_key_id", "aws_secret_access_key"), emulator.key, strict=True))


@dataclass(frozen=True)
class Answer:
    """An answer of the emulator to a request that no SDK made."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def signed(
    emulator: RunningEmulator, service: str, method: str, path: str, body: str | bytes, headers: Mapping[str, str]
) -> dict[str, str]:
    """The headers of a request that carries the emulator's key."""
    data = body.encode() if isinstance(body, str) else body
    given = {"Host": f"127.0.0.1:{emulator.port}", "Content-Length": str(len(data)), **headers}
    request = AWSRequest(method, f"{emulator.endpoint_url}{path}", headers=given, data=data)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(Credentials(*emulator.key), service, REGION).add_auth(request)
    return dict(request.headers.items())


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """The code and the message of the error that a call must raise."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("The call was not refused")


def patiently(call: Callable[[], T], seconds: float = 60) -> T:
    """Repeat a call until it is no longer refused, and return its answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except ClientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def eventually(look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 60) -> T:
    """Look until what is seen is wanted. Raises AssertionError with what was seen last."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen


@contextmanager
def standing(emulator: RunningEmulator) -> Iterator[None]:
    """Within it nothing falls due: what AWS does in a moment is still to come, however slow this machine is."""
    controls.clock(emulator, {"stand": True})
    try:
        yield
    finally:
        server.own(emulator, "DELETE", "clock")


def gone(look: Callable[[], object]) -> None:
    """Look until AWS says ResourceNotFound."""

    def code() -> str:
        try:
            look()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    eventually(code, lambda seen: seen == "ResourceNotFound")


@dataclass(frozen=True)
class Studio:
    """Clients, and the ids of a network and a role that exist. Every name has the suffix `tag`."""

    sagemaker: "SageMakerClient"
    ec2: "EC2Client"
    efs: "EFSClient"
    iam: "IAMClient"
    centre: Any  # of IAM Identity Center
    people: Any  # its directory
    tag: str
    vpc_id: str
    subnet_ids: list[str]
    group_id: str
    role_arn: str

    def domain(self, **changes: Any) -> str:
        """Make a domain and wait for it; returns its id."""
        domain_id = str(self.begun_domain(**changes)["DomainId"])
        self.wait_domain(domain_id)
        return domain_id

    def begun_domain(self, **changes: Any) -> dict[str, Any]:
        """Ask for a domain; returns the answer, while AWS may still be making it."""
        request: dict[str, Any] = {
            "DomainName": f"domain-{uuid.uuid4().hex[:8]}",
            "AuthMode": "IAM",
            "DefaultUserSettings": {"ExecutionRole": self.role_arn},
            "VpcId": self.vpc_id,
            "SubnetIds": self.subnet_ids,
        }
        return dict(self.sagemaker.create_domain(**(request | changes)))

    def signed_up(self, user_name: str, domain_id: str) -> Callable[[], object]:
        """Adds somebody to IAM Identity Center; returns what assigns them to the application of a domain."""
        (instance,) = self.centre.list_instances()["Instances"]
        user = self.people.create_user(
            IdentityStoreId=instance["IdentityStoreId"],
            UserName=user_name,
            DisplayName=user_name,
            Name={"GivenName": user_name, "FamilyName": "Acme"},
        )["UserId"]
        arn = self.sagemaker.describe_domain(DomainId=domain_id)["SingleSignOnApplicationArn"]
        return lambda: self.centre.create_application_assignment(
            ApplicationArn=arn, PrincipalId=user, PrincipalType="USER"
        )

    def wait_domain(self, domain_id: str) -> None:
        """Until it is InService."""
        eventually(lambda: self.sagemaker.describe_domain(DomainId=domain_id)["Status"], is_in_service)

    def profile(self, domain_id: str, name: str = "ada", **settings: Any) -> str:
        """Make a user profile and wait for it; returns its name."""
        extra: Any = {"UserSettings": settings} if settings else {}
        self.sagemaker.create_user_profile(DomainId=domain_id, UserProfileName=name, **extra)
        eventually(
            lambda: self.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name)["Status"],
            is_in_service,
        )
        return name

    def space(self, domain_id: str, name: str = "editor", owner: str = "ada", **settings: Any) -> str:
        """Make a private Code Editor space and wait for it; returns its name."""
        space_settings: Any = {"AppType": "CodeEditor"} | settings
        self.sagemaker.create_space(
            DomainId=domain_id,
            SpaceName=name,
            OwnershipSettings={"OwnerUserProfileName": owner},
            SpaceSharingSettings={"SharingType": "Private"},
            SpaceSettings=space_settings,
        )
        self.wait_space(domain_id, name)
        return name

    def wait_space(self, domain_id: str, name: str = "editor") -> None:
        """Until it is InService."""
        eventually(lambda: self.sagemaker.describe_space(DomainId=domain_id, SpaceName=name)["Status"], is_in_service)

    def app(self, domain_id: str, space: str = "editor", **request: Any) -> dict[str, Any]:
        """Start Code Editor in a space and wait for it; returns what names it."""
        key: dict[str, Any] = {
            "DomainId": domain_id,
            "SpaceName": space,
            "AppType": "CodeEditor",
            "AppName": "default",
        }
        self.sagemaker.create_app(**key, **request)
        eventually(lambda: self.sagemaker.describe_app(**key)["Status"], is_in_service)
        return key

    def stop(self, key: dict[str, Any]) -> None:
        """Delete an app and wait until it is Deleted."""
        self.sagemaker.delete_app(**key)
        eventually(lambda: self.sagemaker.describe_app(**key)["Status"], lambda status: status == "Deleted")

    def script(self, name: str, text: str = "#!/bin/bash\n", app_type: Any = "CodeEditor") -> str:
        """Make a lifecycle configuration; returns its ARN."""
        answer = self.sagemaker.create_studio_lifecycle_config(
            StudioLifecycleConfigName=f"{name}-{self.tag}",
            StudioLifecycleConfigContent=base64.b64encode(text.encode()).decode(),
            StudioLifecycleConfigAppType=app_type,
        )
        return answer["StudioLifecycleConfigArn"]

    def nfs_groups(self, domain_id: str) -> dict[str, dict[str, Any]]:
        """The domain's two groups by direction, as DescribeSecurityGroups shows them."""
        groups = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}])
        return {
            direction: dict(group)
            for direction in ("inbound", "outbound")
            for group in groups["SecurityGroups"]
            if group["GroupName"] == f"security-group-for-{direction}-nfs-{domain_id}"
        }


def is_in_service(status: str) -> bool:
    """A wanted status."""
    return status == "InService"


def new_studio(emulator: RunningEmulator, region: str = REGION) -> Studio:
    """A network with two subnets in two zones, a security group and a role, all new."""
    tag = uuid.uuid4().hex[:8]
    ec2: EC2Client = client(emulator, "ec2", region)
    iam: IAMClient = client(emulator, "iam", region)
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{region}{zone}")
        for number, zone in enumerate("ab")
    ]
    return Studio(
        sagemaker=client(emulator, "sagemaker", region),
        ec2=ec2,
        efs=client(emulator, "efs", region),
        iam=iam,
        centre=client(emulator, "sso-admin", region),
        people=client(emulator, "identitystore", region),
        tag=tag,
        vpc_id=vpc_id,
        subnet_ids=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
        group_id=ec2.create_security_group(GroupName=f"studio-{tag}", Description="Studio", VpcId=vpc_id)["GroupId"],
        role_arn=iam.create_role(RoleName=f"studio-{tag}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"],
    )
